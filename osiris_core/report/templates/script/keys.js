// The keyboard: one key for each thing that a reader does often. No key is taken while somebody types, or with a modifier.

const TYPED_INTO = "input:not([type=radio], [type=checkbox], [type=button]), textarea, select, [contenteditable]";
const help = byId("help");

const follows = (item, here) => Boolean(here.compareDocumentPosition(item) & Node.DOCUMENT_POSITION_FOLLOWING);

// The item after (`by` is 1) or before where the reader is; the first one where there is no place yet.
const neighbour = (items, by) => {
  const here = document.activeElement ?? document.body;
  const others = items.filter((each) => each !== here && !each.contains(here));
  if (here === document.body) return by > 0 ? items[0] : undefined;
  return by > 0 ? others.find((each) => follows(each, here)) : others.findLast((each) => !follows(each, here));
};

// Bring an element into sight and to the keyboard, unfolding what hides it.
const goTo = (element, block = "nearest") => {
  if (!element) return;
  const inside = element.tagName === "SUMMARY" ? element.parentElement : element;
  const manifest = inside.parentElement.closest(".manifest");
  if (manifest) prepare(manifest);
  for (let each = inside.parentElement; each; each = each.parentElement) if (each.tagName === "DETAILS") each.open = true;
  if (element.tabIndex < 0) element.tabIndex = -1;
  element.focus({ preventScroll: true });
  element.scrollIntoView({ block });
};

const showHelp = () => {
  help.showModal();
  byId("help-close").focus();
};

const listedSummaries = (only = "") => inOrder.filter((each) => !each.hidden && each.matches(`.manifest${only}`)).map(lineOf);
const listedDifferences = () => all(".manifest:not([hidden]) .finding");

const currentManifest = () => document.activeElement?.closest(".manifest")
  ?? inOrder.find((each) => !each.hidden && isOpen(each))
  ?? inOrder.find((each) => !each.hidden);

const goToFailing = (by) => goTo(neighbour(listedSummaries(".fails"), by), "start");

const fold = () => {
  const manifest = document.activeElement?.closest(".manifest");
  if (manifest) lineOf(manifest).click();
};

const KEYS = {
  "/": () => search?.focus(),
  j: () => goTo(neighbour(listedSummaries(), 1)),
  k: () => goTo(neighbour(listedSummaries(), -1)),
  n: () => goTo(neighbour(listedDifferences(), 1), "start"),
  p: () => goTo(neighbour(listedDifferences(), -1), "start"),
  o: fold,
  f: () => byId(byId("show-failing")?.checked ? "show-all" : "show-failing")?.click(),
  t: () => nextTheme(),
  c: () => {
    const manifest = currentManifest();
    if (manifest) prepare(manifest);
    manifest?.querySelector(".copy")?.click();
  },
  "?": showHelp,
};

const escape = () => {
  if (document.activeElement !== search) return;
  if (search.value) ask("", "pushState");
  else search.blur();
};

if (search) {
  byId("help-open").addEventListener("click", showHelp);
  byId("help-close").addEventListener("click", () => help.close());
  byId("previous")?.addEventListener("click", () => goToFailing(-1));
  byId("next")?.addEventListener("click", () => goToFailing(1));
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey || help.open) return;
    if (event.key === "Escape") escape();
    if (event.target.matches?.(TYPED_INTO) || !byId("keys-on").checked || !Object.hasOwn(KEYS, event.key)) return;
    event.preventDefault();
    KEYS[event.key]();
  });
}
