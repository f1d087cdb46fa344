// Links into the page: what the address names is unfolded, whatever filter hides it, and scrolled to.
// Behind the name of a manifest an address may name lines: #manifest/step/kind of lines/line.

// What the address names, in its parts; one that is written wrongly names nothing.
const named = () => {
  try {
    return location.hash.slice(1).split("/").map(decodeURIComponent);
  } catch {
    return [""];
  }
};

const reveal = () => {
  const [name, ...rest] = named();
  const target = byId(name);
  if (!target) return;
  for (let each = target; each; each = each.parentElement) {
    if (each.tagName === "DETAILS") each.open = true;
    each.hidden = false;
  }
  if (target.classList.contains("manifest") && !isShown(target)) byId("show-all").click();
  all(":scope > .lines", target).forEach((each) => { each.open = true; });
  target.scrollIntoView();
  if (rest.length) revealLines(name, rest);
};

addEventListener("hashchange", reveal);
reveal();
