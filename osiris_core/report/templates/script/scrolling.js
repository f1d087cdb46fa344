// What is wider than its place can be scrolled with the keyboard, too: it takes the focus, and says what it is.

const titleOf = (box) => {
  const heading = box.closest("section, details, article")?.querySelector("h2, h3, h4, summary");
  return (box.dataset.title ?? heading?.textContent ?? "table").trim().replace(/\s+/g, " ");
};

const offer = (box) => {
  if (box.scrollWidth <= box.clientWidth || box.hasAttribute("tabindex")) return;
  box.tabIndex = 0;
  box.setAttribute("role", "group");
  box.setAttribute("aria-label", `${titleOf(box)}, scrolls`);
};

const scrolling = new ResizeObserver((entries) => entries.forEach((each) => offer(each.target)));
const watchBoxes = (boxes) => boxes.forEach((box) => scrolling.observe(box));

watchBoxes(all(".scroll").filter((box) => !box.closest(".manifest")));
