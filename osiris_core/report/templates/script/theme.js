// The colours that were chosen are chosen again, as far as the browser remembers anything for a file; the choice itself works by style alone.

const THEME = "osiris-report-theme";
const themes = all("input", document.querySelector(".themes"));

const rememberTheme = (id) => {
  try {
    localStorage.setItem(THEME, id);
  } catch { // the browser keeps nothing for this page: the choice holds until it is left
    return;
  }
};

const rememberedTheme = () => {
  try {
    return localStorage.getItem(THEME);
  } catch { // as above
    return null;
  }
};

const nextTheme = () => {
  const next = themes[(themes.findIndex((each) => each.checked) + 1) % themes.length];
  next.checked = true;
  rememberTheme(next.id);
};

for (const each of themes) {
  each.checked = each.id === (rememberedTheme() ?? "theme-auto");
  each.addEventListener("change", () => rememberTheme(each.id));
}
if (!themes.some((each) => each.checked)) themes[0].checked = true;
