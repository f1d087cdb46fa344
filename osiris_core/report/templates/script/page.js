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

document.documentElement.classList.add("scripted");
