// The buttons that copy: a command, the way to a manifest, and what is known of it as text. Where the browser refuses, the command is selected instead.

const SAID_MS = 1500;
const asText = dataOf("as-text", {});

// What cannot be seen is copied as the mark that stands for it, which the button says.
const MARKED = /[⟨⇥↵]|·$/mu;

const saidOn = (button, word) => {
  button.dataset.word ??= button.textContent;
  button.textContent = word;
  setTimeout(() => { button.textContent = button.dataset.word; }, SAID_MS);
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

for (const button of all(".copy")) {
  button.hidden = false;
  button.addEventListener("click", () => copyFrom(button));
}
for (const button of all(".copy-link")) {
  button.hidden = false;
  button.addEventListener("click", () => copyOf(button, `${location.href.split("#")[0]}#${button.closest(".manifest").id}`));
}
for (const button of all(".copy-text")) {
  button.hidden = false;
  button.addEventListener("click", () => copyOf(button, asText[button.closest(".manifest").id]));
}
