// The buttons that copy a command; where the browser refuses, the command is selected instead.

const SAID_MS = 1500;

const copyFrom = async (button) => {
  const said = button.textContent;
  const code = button.parentElement.querySelector("code");
  try {
    await navigator.clipboard.writeText(code.textContent);
    button.textContent = "copied";
  } catch {
    getSelection().selectAllChildren(code);
    button.textContent = "selected";
  }
  setTimeout(() => { button.textContent = said; }, SAID_MS);
};

for (const button of all(".copy")) {
  button.hidden = false;
  button.addEventListener("click", () => copyFrom(button));
}
