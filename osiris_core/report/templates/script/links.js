// The address says what is seen: `#?q=...&by=...` is a query and an order, everything else the id of a part, which is unfolded whatever hides it.
// Behind the name of a manifest an address may name lines: #manifest/step/kind of lines/line.

// What the address names, in its parts; one that is written wrongly is one name, which nothing has.
const named = (hash) => {
  try {
    return hash.split("/").map(decodeURIComponent);
  } catch {
    return [hash];
  }
};

// What the address names and is not here: said in the part that is shown instead, or else above the manifests.
const unfound = made("p", "notice");
unfound.setAttribute("role", "status");

const sayAddress = (sentence, beside = null) => {
  unfound.remove();
  unfound.textContent = sentence;
  if (sentence) (beside ?? byId("manifests")).prepend(unfound);
};

// An address from another report, or from an older page: its manifest is shown, if that is here. Of two that the address begins with, as
// of two results of one name, it is the one with the longer id.
const revealInstead = (name) => {
  const meant = manifests.filter((each) => name.startsWith(`${each.id}-`));
  const manifest = meant.sort((one, other) => other.id.length - one.id.length)[0];
  if (manifest) reveal([manifest.id]);
  const what = `The address names #${shortened(name)}, which this page does not have`;
  sayAddress(manifest ? `${what}; this is the manifest of it.` : `${what}: it may be of another report.`, manifest?.querySelector(".body"));
};

const reveal = ([name, ...rest]) => {
  const target = byId(name);
  if (!target) {
    if (name) revealInstead(name);
    return;
  }
  const manifest = target.closest(".manifest");
  if (search && manifest?.hidden) ask("");
  if (manifest) setOpen(manifest, true);
  for (let each = target; each; each = each.parentElement) {
    if (each.tagName === "DETAILS") each.open = true;
    each.hidden = false;
  }
  all(":scope > .lines", target).forEach((each) => { each.open = true; });
  target.scrollIntoView();
  if (rest[0]) revealLines(name, rest);
};

const followQuery = (asked) => {
  const by = asked.get("by") ?? "";
  arrange(by);
  ask(asked.get("q") ?? "");
  if (order !== by) sayAddress(`The address asks for the order ${shortened(by)}, which this page does not have.`);
};

const follow = () => {
  sayAddress("");
  const hash = location.hash.slice(1);
  if (search && (!hash || hash.startsWith("?"))) followQuery(new URLSearchParams(hash.slice(1)));
  else reveal(named(hash));
};

addEventListener("hashchange", follow);
// A link to where the address already is changes nothing in it, and leads there all the same.
document.addEventListener("click", (event) => {
  const link = event.target.closest("a[href^='#']");
  if (link?.hash && link.hash === location.hash && !event.defaultPrevented && !(event.ctrlKey || event.metaKey || event.shiftKey)) follow();
});
follow();
