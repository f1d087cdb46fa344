// What every part of the script uses. The files of this directory are one script: they share these names, and nothing else has them.
// The page is complete without it. It reads text and sets properties; it never makes markup out of text.

const all = (selector, root = document) => [...root.querySelectorAll(selector)];
const byId = (id) => document.getElementById(id);
const manifests = all(".manifest");

// What an element carries as JSON, over what stands for it where the page was cut or changed: all else goes on working.
const dataOf = (id, otherwise) => {
  try {
    return { ...otherwise, ...JSON.parse(byId(id).textContent) };
  } catch {
    return otherwise;
  }
};

// Make an element with a class and text; the only way in which this script adds to the page.
const made = (tag, className = "", text = "") => {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text) element.textContent = text;
  return element;
};

// A text as it is compared in a search: upper case makes one of what is written in several ways (ß and ss, both sigmas, i with and
// without its dot), and takes some letters apart; so it comes before a letter with its accent is made one character.
const APART = /[\u0300-\u036F\u1161-\u11C2\u3099\u309A]/u;
const folded = (text) => {
  const upper = text.toUpperCase();
  return (APART.test(upper) ? upper.normalize("NFC") : upper).replaceAll("İ", "I").replaceAll("ẞ", "SS");
};

// What cannot be seen has marks in the page: so has what a reader pastes.
const UNSEEN = /(?! )[\p{Cf}\p{Zs}\p{Zl}\p{Zp}\u034F\u115F\u1160\u17B4\u17B5\u180B-\u180F\u2800\u3164\uFE00-\uFE0F\uFFA0\u{E0100}-\u{E01EF}]/gu;
const withMarks = (text) => text.replaceAll("\t", "⇥").replace(UNSEEN, (each) => `⟨U+${each.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}⟩`);
const sought = (typed) => folded(withMarks(typed));

// A place to cut a text, at or before the one given: never within a character.
const cutAt = (text, place) => (/[\uDC00-\uDFFF]/u.test(text[place] ?? "") ? place - 1 : place);

// What a reader typed, or an address has, as it is told again.
const MOST_TOLD = 100;
const shortened = (text) => withMarks(text.length > MOST_TOLD ? `${text.slice(0, cutAt(text, MOST_TOLD))}…` : text);
