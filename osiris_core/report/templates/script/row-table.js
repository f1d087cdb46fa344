// The rows of one stream under the switches: which text, in which layout, all of them or those that differ. One row is the current
// one, which is shown whole below the list.

const MODES = { raw: "raw", normalized: "normalized", rules: "only what rules changed" };

// The place before or after `now` in ascending places; at the end it begins again.
const nextPlace = (places, now, step) => {
  const next = step > 0 ? places.find((place) => place > now) : places.findLast((place) => place < now);
  return next ?? places.at(step > 0 ? 0 : -1);
};

class RowTable {
  // `rules` are pairs of a name and its reason; `linkTo` makes the address of a row.
  constructor(targets, rules, linkTo) {
    Object.assign(this, { targets, rules, linkTo, mode: "normalized", rows: [], differing: [], items: [], current: -1 });
    this.unified = diffView() === "as-unified";
    this.unfolded = new Set();
    this.hits = new Set();
    this.place = spoken("quiet");
    this.element = made("div", "lane-table");
    this.element.setAttribute("role", "table");
    this.list = virtualList({ draw: (at) => this.draw(at), choose: (step) => this.choose(this.current + step) });
    this.detail = made("div", "lane-detail");
    this.detail.setAttribute("aria-live", "polite");
    this.bar = this.switches();
  }

  switches() {
    this.modes = picker("Text", Object.entries(MODES), (mode) => { this.mode = mode; this.arrange(); });
    this.layouts = picker("Layout", [["side", "side by side"], ["unified", "unified"]], (name) => { this.unified = name === "unified"; this.arrange(); });
    this.only = made("input");
    this.only.type = "checkbox";
    this.only.addEventListener("change", () => this.arrange());
    const only = made("label", "lane-only");
    only.append(this.only, " only differences");
    const walk = group("Differences", button("‹ previous", () => this.walk(-1)), button("next difference ›", () => this.walk(1)), this.place);
    const bar = made("div", "lane-bar");
    bar.append(this.modes.element, this.layouts.element, only, walk);
    return bar;
  }

  // Show the rows of a stream, its first difference as the current one; `hits` are what a search found among them.
  fill(rows, { kind, title, hits }) {
    Object.assign(this, { rows, kind, title, hits: new Set(hits), current: -1 });
    this.differing = rows.flatMap((row, at) => (DIFFERING.includes(row.sign) ? [at] : []));
    this.only.checked = this.differing.length > 0;
    this.unfolded.clear();
    this.arrange();
    this.walk(1);
  }

  // Work out which items the list has under the switches, and show them; the chosen row stays chosen.
  arrange() {
    const { chosen } = this;
    const rules = this.mode === "rules";
    const differs = (row) => DIFFERING.includes(row.sign);
    this.items = itemsOf(this.rows, {
      wanted: rules ? touchedByRules : this.only.checked ? differs : () => true,
      context: rules ? 0 : CONTEXT,
      unified: this.unified,
      twoLines: (row) => row.sign === CHANGED || (row.sign === "~" && this.mode !== "normalized"),
      unfolded: this.unfolded,
    });
    this.modes.press(this.mode);
    this.layouts.press(this.unified ? "unified" : "side");
    this.only.disabled = rules;
    this.element.className = `lane-table${this.unified ? " is-unified" : ""}${this.targets.length < 2 ? " is-alone" : ""}`;
    this.element.setAttribute("aria-rowcount", this.items.length + 1);
    this.element.setAttribute("aria-label", this.title);
    this.list.element.setAttribute("aria-label", `Rows of ${this.kind}`);
    this.element.replaceChildren(headElement(this.targets, this.unified), this.list.element);
    this.current = -1;
    this.list.fill(this.items.length);
    this.choose(chosen === undefined ? -1 : this.itemOf(chosen));
  }

  itemOf(row) {
    return this.items.findIndex((item) => item.at === row);
  }

  draw(at) {
    const item = this.items[at];
    if (item.at === undefined) {
      const folded = item.to - item.from;
      const text = this.mode === "rules" ? `${plural(folded, "line")} that no rule changed` : plural(folded, "equal line");
      return foldElement(text, () => this.unfold(item.fold));
    }
    const element = rowElement(this.rows[item.at], item.side, this);
    element.classList.toggle("is-hit", this.hits.has(item.at));
    element.classList.toggle("is-current", at === this.current);
    element.addEventListener("click", () => this.choose(at));
    return element;
  }

  mark(hits) {
    this.hits = new Set(hits);
    this.list.redraw();
  }

  unfold(from) {
    this.unfolded.add(from);
    this.arrange();
    this.list.element.focus();
  }

  // Make an item the current one, and show it in full.
  choose(at) {
    this.list.elementAt(this.current)?.classList.remove("is-current");
    this.current = Math.max(-1, Math.min(at, this.items.length - 1));
    const item = this.items[this.current];
    if (item) this.list.scrollTo(this.current);
    this.list.elementAt(this.current)?.classList.add("is-current");
    this.explain(this.rows[item?.at]);
    this.sayPlace(item?.at);
  }

  explain(row) {
    const { targets, rules, title: kind } = this;
    if (row) this.detail.replaceChildren(...detailOf(row, { targets, rules, kind, link: this.linkTo(row) }));
    else this.detail.replaceChildren(made("p", "quiet", this.rows.length ? "Pick a line to see it whole, with the rules that changed it." : "There is no line."));
  }

  sayPlace(row) {
    const at = this.differing.indexOf(row);
    this.place.textContent = this.differing.length ? `${at < 0 ? "" : `${number(at + 1)} of `}${plural(this.differing.length, "difference")}` : "no difference";
  }

  get chosen() {
    return this.items[this.current]?.at;
  }

  // The next row that differs, from the current one on.
  walk(step) {
    const row = nextPlace(this.differing, this.chosen ?? -1, step);
    if (row !== undefined) this.choose(this.itemOf(row));
  }

  nextHit(step) {
    const row = nextPlace([...this.hits], this.chosen ?? -1, step);
    if (row !== undefined) this.showRow(row);
  }

  // Show a row, whatever switch hides it.
  showRow(row) {
    if (this.itemOf(row) < 0) {
      if (this.mode === "rules") this.mode = "normalized";
      this.only.checked = false;
      this.arrange();
    }
    this.choose(this.itemOf(row));
  }
}
