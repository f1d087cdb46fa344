// Which manifests are listed: the query decides, and the counts of the verdicts write into it. Without the script they work by style alone.
// Text is looked for in what the page shows of a manifest, and then in its lines, as far as the page has them.

const search = byId("search");
const texts = new Map();
const SUGGESTIONS = 12;
const TYPING_MS = 150;

const textOf = (manifest) => {
  if (!texts.has(manifest)) texts.set(manifest, folded(manifest.textContent));
  return texts.get(manifest);
};

let narrowed = false;
let listedIn = batches;

// A batch of which some manifests are hidden is drawn wherever it is, because its height is another one than the style supposes.
const list = (listed) => {
  if (!narrowed && listedIn === batches && listed.size === manifests.length) return;
  listedIn = batches;
  narrowed = listed.size < manifests.length;
  for (const each of manifests) if (each.hidden === listed.has(each)) each.hidden = !each.hidden;
  for (const batch of batches) {
    const hidden = [...batch.children].filter((each) => each.hidden).length;
    batch.hidden = hidden === batch.children.length;
    batch.classList.toggle("is-part", hidden > 0);
  }
  for (const each of all(".listing")) each.hidden = !each.querySelector(".batch:not([hidden])");
};

const sayTrouble = (trouble) => {
  byId("trouble").textContent = trouble;
  byId("trouble").hidden = !trouble;
};

const say = (terms, listed, byLines = "") => {
  byId("shown").textContent = terms.length ? `${number(listed.size)} of ${number(manifests.length)} manifests${byLines}` : "";
  sayTrouble(troubleOf(terms));
  byId("reset").hidden = !terms.length;
};

// The radio button that says the same as a query, where one does.
const radioOf = (terms) => {
  const [only, ...others] = terms.filter((term) => term.key === "verdict" || term.key === "is");
  const plain = only && !others.length && !only.negated && only.values.length === 1;
  return (plain && byId(`show-${only.typed[0].toLowerCase()}`)) || byId("show-all");
};

// The manifests that hold what is asked for, with their lines: nothing where a later query came in between.
const foundInLines = async (terms, isWanted) => {
  const asked = new Set(terms.filter((term) => !term.key && !term.negated).map((term) => term.values[0]));
  if (!asked.size || !all(".lines[data-lines]").length) return [];
  const holding = [];
  for (const text of asked) {
    const found = await searchAll(text, isWanted);
    if (!found) return [];
    holding.push([text, new Set(found.map((each) => each.element.dataset.manifest))]);
  }
  const others = terms.filter((term) => term.key || term.negated);
  return manifests.filter((each, place) => (
    queryHolds(others, factsOf(place), () => textOf(each)) && holding.every(([text, names]) => names.has(each.id) || textOf(each).includes(text))
  ));
};

let asking = 0;

const apply = async () => {
  const terms = termsOf(search.value);
  const listed = new Set(terms.length ? manifests.filter((each, place) => queryHolds(terms, factsOf(place), () => textOf(each))) : manifests);
  asking += 1;
  const mine = asking;
  radioOf(terms).checked = true;
  list(listed);
  say(terms, listed);
  const shown = listed.size;
  try {
    for (const each of await foundInLines(terms, () => mine === asking)) listed.add(each);
  } catch (error) {
    if (mine === asking) sayTrouble(`${error.message}; so not all lines were searched.`);
    return;
  }
  if (mine !== asking || listed.size === shown) return;
  list(listed);
  say(terms, listed, `, ${number(listed.size - shown)} by their lines`);
};

const addressOf = (query) => {
  const asked = new URLSearchParams({ ...(query && { q: query }), ...(order && { by: order }) });
  return asked.size ? `#?${asked}` : "";
};

const putInAddress = (query, how) => {
  if (addressOf(query) === location.hash) return;
  sayAddress("");
  try {
    history[how](null, "", addressOf(query) || location.href.split("#")[0]);
  } catch { // the browser takes no address that long, or no more of them for now: what is listed is right all the same
    return;
  }
};

// What is typed is one view, which replaces itself in the history, but not what was seen before it.
const isQuery = (hash) => hash.startsWith("#?");

// List what a query asks for; `how` is `pushState` or `replaceState` where the address has to say so, too.
const ask = (query, how = "") => {
  if (search.value !== query) search.value = query;
  if (how) putInAddress(query, how);
  apply();
};

// What the last, unfinished word of a query could become.
const suggest = () => {
  const word = search.value.split(/\s/u).at(-1);
  const before = search.value.slice(0, search.value.length - word.length);
  const [, key, begun] = word.match(/^-?([a-z]*):?(.*)$/isu) ?? [];
  const name = word.includes(":") && keyNamed(key.toLowerCase());
  const quoted = (value) => (/[\s",]/u.test(value) ? `"${value.replaceAll('"', "")}"` : value);
  const whole = name
    ? searched.facts.filter((fact) => fact[0] === name && fits(name, folded(fact[1]), sought(begun))).map((fact) => `${name}:${quoted(fact[1])}`)
    : Object.keys(searched.keys).filter((each) => word && each.startsWith(word.toLowerCase())).map((each) => `${each}:`);
  byId("suggestions").replaceChildren(...whole.slice(0, SUGGESTIONS).map((each) => {
    const option = made("option");
    option.value = before + each;
    return option;
  }));
};

const unfold = (button) => {
  const open = button.textContent === "unfold all";
  for (const each of manifests) if (!each.hidden) setOpen(each, open);
  button.textContent = open ? "fold all" : "unfold all";
};

const withoutVerdict = (query) => query.replace(/(^|\s)-?(?:v|verdict|is):(?:"[^"]*"?|\S*)/giu, " ").trim().replace(/\s+/gu, " ");

const askByRadio = (radio) => {
  const name = radio.id.slice("show-".length);
  const term = { all: "", failing: "is:failing" }[name] ?? `v:${name}`;
  ask([term, withoutVerdict(search.value)].filter(Boolean).join(" "), "pushState");
};

if (search) {
  let typing = 0;
  byId("bar").hidden = false;
  document.querySelector(".filters").classList.add("by-script");
  search.addEventListener("input", () => {
    suggest();
    clearTimeout(typing);
    typing = setTimeout(() => ask(search.value, isQuery(location.hash) ? "replaceState" : "pushState"), manifests.length > 50 ? TYPING_MS : 0);
  });
  byId("reset").addEventListener("click", () => ask("", "pushState"));
  byId("unfold").addEventListener("click", (event) => unfold(event.currentTarget));
  for (const radio of all("input", document.querySelector(".filters"))) radio.addEventListener("change", () => askByRadio(radio));
  for (const example of all("#help .example")) {
    example.addEventListener("click", () => {
      byId("help").close();
      ask(example.textContent, "pushState");
    });
  }
}
