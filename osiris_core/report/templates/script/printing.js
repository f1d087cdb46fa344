// On paper nothing is folded away.

addEventListener("beforeprint", () => {
  showDiffs();
  for (const each of all("details:not([open])")) {
    each.dataset.folded = "";
    each.open = true;
  }
});

addEventListener("afterprint", () => {
  for (const each of all("details[data-folded]")) {
    each.open = false;
    delete each.dataset.folded;
  }
});
