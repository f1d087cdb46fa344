// A list of any number of rows of one height, of which only those in sight are elements.

const ROW_PX = 22;
const ROWS_AROUND = 12;

// `draw` makes the element of an item. The list scrolls like any other part of the page; arrow keys move its current item.
const virtualList = ({ draw, choose }) => {
  const viewport = made("div", "lane-rows");
  const whole = made("div", "lane-whole");
  viewport.append(whole);
  viewport.tabIndex = 0;
  viewport.setAttribute("role", "rowgroup");
  whole.setAttribute("role", "presentation");
  let count = 0;
  let drawn = new Map();
  let asked = 0;

  const show = () => {
    asked = 0;
    const first = Math.max(0, Math.floor(viewport.scrollTop / ROW_PX) - ROWS_AROUND);
    const last = Math.min(count, Math.ceil((viewport.scrollTop + viewport.clientHeight) / ROW_PX) + ROWS_AROUND);
    const kept = new Map();
    for (let at = first; at < last; at += 1) {
      let element = drawn.get(at);
      if (!element) {
        element = draw(at);
        element.style.top = `${at * ROW_PX}px`;
        element.setAttribute("aria-rowindex", at + 2);
      }
      kept.set(at, element);
    }
    for (const [at, element] of drawn) if (!kept.has(at)) element.remove();
    drawn = kept;
    let next = whole.firstChild;
    for (const element of kept.values()) {
      if (element === next) next = next.nextSibling;
      else whole.insertBefore(element, next);
    }
  };

  const list = {
    element: viewport,
    fill: (length) => {
      count = length;
      drawn.forEach((element) => element.remove());
      drawn = new Map();
      whole.style.height = `${count * ROW_PX}px`;
      viewport.classList.toggle("is-short", count * ROW_PX < 480);
      show();
    },
    redraw: () => list.fill(count),
    scrollTo: (at) => {
      const top = at * ROW_PX;
      const inSight = top >= viewport.scrollTop && top + ROW_PX <= viewport.scrollTop + viewport.clientHeight;
      if (!inSight) viewport.scrollTop = Math.max(0, top - viewport.clientHeight / 3);
      show();
    },
    elementAt: (at) => drawn.get(at),
  };

  viewport.addEventListener("scroll", () => { asked ||= requestAnimationFrame(show); });
  viewport.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    choose(step);
  });
  return list;
};
