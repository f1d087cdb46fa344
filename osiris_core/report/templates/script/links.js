// Links into the page: what the address names is unfolded, whatever filter hides it, and scrolled to.

const reveal = () => {
  const target = byId(decodeURIComponent(location.hash.slice(1)));
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
