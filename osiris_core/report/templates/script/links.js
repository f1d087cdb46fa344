// Links into the page: what the address names is unfolded, whatever filter hides it, and scrolled to.

// The name in the address; one that is written wrongly names nothing.
const named = () => {
  try {
    return decodeURIComponent(location.hash.slice(1));
  } catch {
    return "";
  }
};

const reveal = () => {
  const target = byId(named());
  if (!target) return;
  for (let each = target; each; each = each.parentElement) {
    if (each.tagName === "DETAILS") each.open = true;
    each.hidden = false;
  }
  if (target.classList.contains("manifest") && !isShown(target)) byId("show-all").click();
  target.scrollIntoView();
};

addEventListener("hashchange", reveal);
reveal();
