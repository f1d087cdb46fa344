// In which order manifests are listed. What fails stands first in the page; any other order is a list of its own, into which they are
// moved, and from which they come back. Which comes before which was decided when the page was made.

const LINES_OF_A_BATCH = 20;
const orders = dataOf("orders", {});
const chooser = byId("order");
const homes = all(".batch").map((batch) => [batch, [...batch.children]]);

let order = "";
let batches = homes.map(([batch]) => batch);
let inOrder = manifests;

// What the order goes by, at the end of each line that does not say it anyway.
const sayMeasures = (texts) => {
  for (const [place, { firstElementChild: line }] of manifests.entries()) {
    if (texts.length) line.dataset.measure = texts[place];
    else delete line.dataset.measure;
  }
};

const goHome = () => {
  for (const [batch, own] of homes) batch.append(...own);
  return homes.map(([batch]) => batch);
};

// In a large page batches that are out of sight are not drawn, whatever is in them.
const moveInto = (listing, moved) => {
  const isLarge = manifests.some((each) => each.matches(".in-brief"));
  const filled = [];
  for (let start = 0; start < moved.length; start += LINES_OF_A_BATCH) {
    const batch = made("div", isLarge ? "batch lazy" : "batch");
    batch.append(...moved.slice(start, start + LINES_OF_A_BATCH));
    filled.push(batch);
  }
  listing.append(...filled);
  for (const [batch] of homes) batch.hidden = true;
  return filled;
};

// List the manifests in another order, or with an empty name in that of the page; `list` has to be asked then what is to be seen of them.
const arrange = (name) => {
  const chosen = Object.hasOwn(orders, name) ? orders[name] : null;
  if (order === (chosen ? name : "")) return;
  const focused = document.activeElement;
  const listing = byId("ordered");
  order = chosen ? name : "";
  inOrder = chosen ? chosen.places.map((place) => manifests[place]) : manifests;
  const before = all(":scope > .batch", listing);
  batches = chosen ? moveInto(listing, inOrder) : goHome();
  before.forEach((each) => each.remove());
  sayMeasures(chosen?.texts ?? []);
  listing.classList.toggle("measured", Boolean(chosen?.texts.length));
  byId("measure").textContent = chosen?.column ?? "";
  byId("group-ordered").textContent = chosen ? `${plural(manifests.length, "manifest")} ${chosen.heading}` : "";
  chooser.value = order;
  if (document.activeElement !== focused) focused.focus({ preventScroll: true }); // it was in what was moved
};

chooser?.addEventListener("change", () => {
  arrange(chooser.value);
  ask(search.value, "pushState");
  if (byId("manifests").getBoundingClientRect().top < 0) byId("manifests").scrollIntoView();
});
