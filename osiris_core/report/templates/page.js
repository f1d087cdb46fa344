"use strict";
// Adds comfort to a page that is complete without it: text filter, deep links, unfolding, copying, printing.
// It only reads text and sets properties; it never makes markup.
(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const byId = (id) => document.getElementById(id);
  const manifests = all(".manifest");
  const search = byId("search");
  const shown = byId("shown");
  const texts = new Map();

  const textOf = (manifest) => {
    if (!texts.has(manifest)) texts.set(manifest, manifest.textContent.toLowerCase());
    return texts.get(manifest);
  };

  const count = () => {
    const visible = manifests.filter((each) => each.offsetParent !== null).length;
    shown.textContent = visible === manifests.length ? "" : `${visible} of ${manifests.length} shown`;
  };

  const filter = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const each of manifests) each.hidden = !words.every((word) => textOf(each).includes(word));
    count();
  };

  const reveal = () => {
    const target = byId(decodeURIComponent(location.hash.slice(1)));
    if (!target) return;
    for (let each = target; each; each = each.parentElement) {
      if (each.tagName === "DETAILS") each.open = true;
      each.hidden = false;
    }
    if (target.classList.contains("manifest") && target.offsetParent === null) byId("show-all").click();
    target.scrollIntoView();
  };

  const unfold = (open) => {
    for (const each of manifests) if (each.offsetParent !== null) each.open = open;
  };

  const copyFrom = async (button) => {
    const said = button.textContent;
    try {
      await navigator.clipboard.writeText(button.parentElement.querySelector("code").textContent);
      button.textContent = "copied";
    } catch (refusal) {
      getSelection().selectAllChildren(button.parentElement.querySelector("code"));
      button.textContent = "selected";
    }
    setTimeout(() => { button.textContent = said; }, 1500);
  };

  if (search) {
    const button = byId("unfold");
    all(".tools").forEach((each) => { each.hidden = false; });
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

  for (const button of all(".copy")) {
    button.hidden = false;
    button.addEventListener("click", () => copyFrom(button));
  }

  addEventListener("hashchange", reveal);
  addEventListener("beforeprint", () => {
    for (const each of all("details")) {
      if (!each.open) {
        each.dataset.folded = "";
        each.open = true;
      }
    }
  });
  addEventListener("afterprint", () => {
    for (const each of all("details[data-folded]")) {
      each.open = false;
      delete each.dataset.folded;
    }
  });
  reveal();
})();
