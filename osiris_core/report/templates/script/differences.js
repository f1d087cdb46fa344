// Side by side or unified: without the script each difference has its own choice; with it one choice holds for all, and for the session.
// Nothing is done before a manifest is unfolded: what the browser remembers takes it as long to tell as hundreds of manifests to show.

const DIFF_VIEW = "osiris-report-view";
const DIFF_VIEWS = ["as-split", "as-unified"];
const narrowScreen = matchMedia("(max-width: 44rem)");

// A browser may refuse to remember anything for a file: then the choice holds until the page is left.
const rememberedView = () => {
  try {
    return sessionStorage.getItem(DIFF_VIEW);
  } catch {
    return null;
  }
};

const rememberView = (view) => {
  chosen = view;
  try {
    sessionStorage.setItem(DIFF_VIEW, view);
  } catch { // as above
    return;
  }
};

let chosen = null; // nothing was asked yet; empty where nothing was chosen
const chosenView = () => (chosen ??= DIFF_VIEWS.find((each) => each === rememberedView()) ?? "");
const diffView = () => chosenView() || (narrowScreen.matches ? "as-unified" : "as-split");

const showDiffs = (root = document) => {
  if (!root.querySelector(".as-split")) return;
  for (const each of all(`.${diffView()}`, root)) each.checked = true;
};

addEventListener("change", (event) => {
  const view = DIFF_VIEWS.find((each) => event.target.classList.contains(each));
  if (!view) return;
  rememberView(view);
  showDiffs();
});

narrowScreen.addEventListener("change", () => showDiffs());
