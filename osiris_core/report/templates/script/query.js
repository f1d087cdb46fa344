// The language of the search: `v:divergent step:write "exact text" -word`. Text in, meaning out; nothing here touches the page.
// All terms have to hold; several values of one key are alternatives; a `-` before a term asks for its opposite.

const searched = dataOf("search-index", { keys: {}, verdicts: [], facts: [], of: [] });
const TERM = /(-?)(?:([a-z]+):)?(?:"([^"]*)"?|([^\s"]+))/giu;
const UNFINISHED = /^-?[a-z]+:$/iu;

const keyNamed = (word) => Object.keys(searched.keys).find((name) => name === word || searched.keys[name] === word);

// The terms of a query: `key` is empty for text; `unknown` is a key that there is not, whose term is searched as text; `typed` are
// the values as they were written.
const termsOf = (query) => [...query.matchAll(TERM)].flatMap(([whole, minus, word, quoted, plain]) => {
  const key = word ? keyNamed(word.toLowerCase()) : "";
  const negated = minus === "-";
  const value = quoted ?? plain;
  const term = (...typed) => ({ key: key ?? "", negated, typed, values: typed.map(sought) });
  if (key) return term(...(quoted === undefined ? value.split(",").filter(Boolean) : [value]));
  if (word) return { ...term(whole.slice(minus.length)), unknown: word };
  return !value || (UNFINISHED.test(plain ?? "") && keyNamed(value.slice(0, -1).toLowerCase())) ? [] : term(value);
});

// The facts of a manifest as `key -> values`, as they are compared; they are sorted when they are first asked for.
const sortedFacts = [];
const factsOf = (place) => {
  if (sortedFacts[place]) return sortedFacts[place];
  const facts = new Map();
  for (const each of searched.of[place] ?? []) {
    const [key, value] = searched.facts[each];
    if (!facts.has(key)) facts.set(key, []);
    facts.get(key).push(folded(value));
  }
  return (sortedFacts[place] = facts);
};

// A verdict is named by its beginning, everything else by any part of it.
const fits = (key, fact, value) => (key === "verdict" || key === "is" ? fact.startsWith(value) : fact.includes(value));

const termHolds = (term, facts, text) => term.values.some((value) => (
  term.key ? (facts.get(term.key) ?? []).some((fact) => fits(term.key, fact, value)) : text().includes(value)
));

// Whether terms hold of a manifest; `text` returns its text, and is asked only where the terms need it.
const queryHolds = (terms, facts, text) => {
  const asked = terms.filter((term) => !term.negated);
  const keys = new Set(asked.map((term) => term.key).filter(Boolean));
  return [...keys].every((key) => asked.some((term) => term.key === key && termHolds(term, facts, text)))
    && asked.every((term) => term.key || termHolds(term, facts, text))
    && !terms.some((term) => term.negated && termHolds(term, facts, text));
};

// How many letters have to be changed, added or taken away to make one word of the other.
const distanceOf = (one, other) => {
  let row = [...Array(other.length + 1).keys()];
  for (let i = 1; i <= one.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= other.length; j += 1) {
      next.push(Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + (one[i - 1] === other[j - 1] ? 0 : 1)));
    }
    row = next;
  }
  return row[other.length];
};

// The word that was probably meant: near as a whole, or in its beginning; or nothing.
const LONGEST = 120;
const nearestOf = (word, candidates) => {
  if (word.length > LONGEST) return "";
  const far = (each) => Math.min(distanceOf(word, each.toLowerCase()), distanceOf(word, each.toLowerCase().slice(0, word.length)) + 0.5);
  const [best] = candidates.slice(0, 500).map((each) => [far(each), each]).sort((a, b) => a[0] - b[0]);
  return best && best[0] <= Math.max(1, word.length / 2) ? best[1] : "";
};

const meant = (word, candidates, form) => {
  const near = nearestOf(word, candidates);
  return near ? `; perhaps ${form(near)} was meant` : "";
};

// What is wrong with a query, in a sentence, or nothing: a key that there is not, a value that nothing here has.
const troubleOf = (terms) => {
  for (const { key, unknown, typed, values } of terms) {
    if (unknown) {
      const names = Object.entries(searched.keys).flat().filter(Boolean);
      return `There is no key ${shortened(unknown)}:${meant(unknown.toLowerCase(), names, (near) => `${near}:`)}. It is searched as text.`;
    }
    const known = key ? searched.facts.filter((fact) => fact[0] === key).map((fact) => fact[1]) : [];
    for (const [place, value] of (key ? values : []).entries()) {
      if (known.some((fact) => fits(key, folded(fact), value))) continue;
      const word = typed[place].toLowerCase();
      if (key === "verdict" && searched.verdicts.includes(word)) return `No manifest here is ${word}.`;
      return `Nothing here has ${key}:${shortened(typed[place])}${meant(word, key === "verdict" ? searched.verdicts : known, (near) => `${key}:${near}`)}.`;
    }
  }
  return "";
};
