// The buttons that copy: a command, the way to a manifest, and what is known of it as text. Where the browser refuses, the command is selected instead.

const SAID_MS = 1500;

// What cannot be seen is copied as the mark that stands for it, which the button says.
const MARKED = /[⟨⇥↵]|·$/mu;

// What a button says for a moment; what it said before does not end that early.
const endings = new WeakMap();
const saidOn = (button, word) => {
  button.dataset.word ??= button.textContent;
  button.textContent = word;
  clearTimeout(endings.get(button));
  endings.set(button, setTimeout(() => { button.textContent = button.dataset.word; }, SAID_MS));
};

const copied = async (button, text, instead, marks = false) => {
  try {
    await navigator.clipboard.writeText(text);
    saidOn(button, marks ? "copied, with marks" : "copied");
  } catch {
    instead();
  }
};

const copyFrom = (button) => {
  const code = button.parentElement.querySelector("code");
  return copied(button, code.textContent, () => {
    getSelection().selectAllChildren(code);
    saidOn(button, "selected");
  }, MARKED.test(code.textContent));
};

const copyOf = (button, text) => copied(button, text, () => saidOn(button, "the browser refuses"));

// A command in brief is a `code` alone: a button has no place in it.
const framed = (code) => {
  const frame = made("p", code.className);
  code.className = "";
  code.replaceWith(frame);
  frame.append(code);
};

// Put the buttons of a manifest where they belong: the page has none that would do nothing without the script.
const offerCopies = (manifest) => {
  for (const code of all("code.command", manifest)) framed(code);
  for (const command of all(".command", manifest)) {
    const copy = button("copy", () => copyFrom(copy), "copy");
    command.append(" ", copy);
  }
  for (const link of all(".copy-link", manifest)) {
    link.hidden = false;
    link.addEventListener("click", () => copyOf(link, `${location.href.split("#")[0]}#${manifest.id}`));
  }
  for (const text of all(".copy-text", manifest)) {
    text.hidden = false;
    text.addEventListener("click", () => copyOf(text, dataOf("as-text", {})[manifest.id]));
  }
};
