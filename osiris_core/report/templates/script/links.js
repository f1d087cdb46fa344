// The address says what is seen: `#?q=...` is a query, everything else the id of a part, which is unfolded whatever hides it.
// Behind the name of a manifest an address may name lines: #manifest/step/kind of lines/line.

// What the address names, in its parts; one that is written wrongly names nothing.
const named = (hash) => {
  try {
    return hash.split("/").map(decodeURIComponent);
  } catch {
    return [""];
  }
};

const reveal = ([name, ...rest]) => {
  const target = byId(name);
  if (!target) return;
  if (search && target.closest(".manifest")?.hidden) ask("");
  for (let each = target; each; each = each.parentElement) {
    if (each.tagName === "DETAILS") each.open = true;
    each.hidden = false;
  }
  all(":scope > .lines", target).forEach((each) => { each.open = true; });
  target.scrollIntoView();
  if (rest.length) revealLines(name, rest);
};

const follow = () => {
  const hash = location.hash.slice(1);
  if (search && (!hash || hash.startsWith("?"))) ask(new URLSearchParams(hash.slice(1)).get("q") ?? "");
  else reveal(named(hash));
};

addEventListener("hashchange", follow);
follow();
