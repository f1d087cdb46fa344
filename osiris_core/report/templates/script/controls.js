// Buttons of the parts that the script builds.

const button = (text, act, className = "") => {
  const element = made("button", className, text);
  element.type = "button";
  element.addEventListener("click", act);
  return element;
};

const group = (label, ...children) => {
  const element = made("div", "picks");
  element.setAttribute("role", "group");
  element.setAttribute("aria-label", label);
  element.append(...children);
  return element;
};

// Buttons of which one is pressed: `names` are pairs of a name and its text, `act` is told the name.
const picker = (label, names, act) => {
  const buttons = new Map(names.map(([name, text]) => [name, button(text, () => act(name))]));
  const press = (name) => buttons.forEach((each, own) => each.setAttribute("aria-pressed", String(own === name)));
  return { element: group(label, ...buttons.values()), press, buttons };
};

const searchField = (label, act) => {
  const field = made("input");
  Object.assign(field, { type: "search", placeholder: `${label} …`, autocomplete: "off", spellcheck: false });
  field.setAttribute("aria-label", label);
  field.addEventListener("input", act);
  field.addEventListener("keydown", (event) => event.stopPropagation()); // what is typed here is no key of the page
  return field;
};

// What is said aloud when it changes.
const spoken = (className) => {
  const element = made("output", className);
  element.setAttribute("aria-live", "polite");
  return element;
};

const number = (count) => count.toLocaleString("en");
const plural = (count, one) => `${number(count)} ${one}${count === 1 ? "" : "s"}`;
