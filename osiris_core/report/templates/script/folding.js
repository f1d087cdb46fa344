// Manifests fold and unfold: one in full is a `details`, one in brief a line and a body, which the script makes to fold like that.

const lineOf = (manifest) => manifest.querySelector(":scope > summary, :scope > .line a");
const isOpen = (manifest) => manifest.hasAttribute("open");

const setOpen = (manifest, open) => {
  if (open) prepare(manifest);
  if (manifest.tagName === "DETAILS") {
    manifest.open = open;
    return;
  }
  manifest.toggleAttribute("open", open);
  manifest.classList.toggle("is-folded", !open);
  manifest.lastElementChild.hidden = open ? false : "until-found";
  lineOf(manifest).setAttribute("aria-expanded", String(open));
};

// What a manifest has of the script, it gets when it is unfolded first: a page of a thousand is not gone through before it is shown.
const prepared = new WeakSet();
const prepare = (manifest) => {
  if (prepared.has(manifest)) return;
  prepared.add(manifest);
  all("div.lines", manifest).forEach(foldLines);
  showDiffs(manifest);
  offerCopies(manifest);
  watchBoxes(all(".scroll", manifest));
};

const unfolded = (element) => {
  if (element.matches(".manifest")) prepare(element);
  if (element.matches(".lines[data-lines]") && element.dataset.folded === undefined) inspectorOf(element);
};

// This event does not rise, but it comes down.
document.addEventListener("toggle", ({ target }) => { if (target.open) unfolded(target); }, true);

document.addEventListener("click", (event) => {
  const line = event.target.closest(".in-brief > .line");
  if (!line || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  setOpen(line.parentElement, !isOpen(line.parentElement));
});

// The line of one in brief takes the blank key as a `summary` does.
document.addEventListener("keydown", (event) => {
  if (event.key !== " " || !event.target.matches(".in-brief > .line a")) return;
  event.preventDefault();
  event.target.click();
});

// The browser is about to show something that it found in there.
document.addEventListener("beforematch", ({ target }) => { if (target.matches(".in-brief > .body")) setOpen(target.parentElement, true); });

for (const each of all(".in-brief > .line a")) each.setAttribute("aria-expanded", "false");
manifests.filter(isOpen).forEach(prepare);
