// Which manifests are shown: the radio buttons work by style alone; here are the text search, its count, and unfolding.

const search = byId("search");
const texts = new Map();

const textOf = (manifest) => {
  if (!texts.has(manifest)) texts.set(manifest, manifest.textContent.toLowerCase());
  return texts.get(manifest);
};

const count = () => {
  const visible = manifests.filter(isShown).length;
  byId("shown").textContent = visible === manifests.length ? "" : `${visible} of ${manifests.length} shown`;
};

const filter = () => {
  const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  for (const each of manifests) each.hidden = !words.every((word) => textOf(each).includes(word));
  count();
};

const unfold = (open) => {
  for (const each of manifests) if (isShown(each)) each.open = open;
};

if (search) {
  const button = byId("unfold");
  all(".bar").forEach((each) => { each.hidden = false; });
  search.addEventListener("input", filter);
  all("input[name=show]").forEach((each) => each.addEventListener("change", count));
  button.addEventListener("click", () => {
    const open = button.textContent === "unfold all";
    unfold(open);
    button.textContent = open ? "fold all" : "unfold all";
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && document.activeElement !== search) {
      event.preventDefault();
      search.focus();
    } else if (event.key === "Escape" && document.activeElement === search) {
      search.value = "";
      filter();
    }
  });
  filter();
}
