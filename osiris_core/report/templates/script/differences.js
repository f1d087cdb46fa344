// Side by side or unified: without the script each difference has its own choice; with it one choice holds for all, and for the session.

const DIFF_VIEW = "osiris-report-view";
const narrowScreen = matchMedia("(max-width: 44rem)");

// A browser may refuse to remember anything for a file: then the choice holds until the page is left.
const rememberedView = () => {
  try {
    return sessionStorage.getItem(DIFF_VIEW) ?? "";
  } catch {
    return "";
  }
};

const rememberView = (view) => {
  try {
    sessionStorage.setItem(DIFF_VIEW, view);
  } catch {
    chosenView = view;
  }
};

let chosenView = rememberedView();

const showDiffsAs = (view) => {
  for (const each of all(`.${view}`)) each.checked = true;
};

const showDiffsByWidth = () => {
  if (!chosenView) showDiffsAs(narrowScreen.matches ? "as-unified" : "as-split");
};

addEventListener("change", (event) => {
  const view = ["as-split", "as-unified"].find((each) => event.target.classList.contains(each));
  if (!view) return;
  chosenView = view;
  rememberView(view);
  showDiffsAs(view);
});

narrowScreen.addEventListener("change", showDiffsByWidth);
if (["as-split", "as-unified"].includes(chosenView)) showDiffsAs(chosenView);
else {
  chosenView = "";
  showDiffsByWidth();
}
