// The step inspector: what each step was given, said and left, on both sides, line against line.
// It is built when a reader unfolds it, and a stream is decoded when a reader picks it.

const KINDS = ["config", "events", "metrics", "log", "printed", "artifacts"];
const WHOLE_RUN = "*";
const MODES = { raw: "raw", normalized: "normalized", rules: "only what rules changed" };
const inspectors = new Map();

const stepName = (part) => part.step ?? WHOLE_RUN;
const stepTitle = (part) => part.step ?? "the run as a whole";

// Counts stand in the order of the signs: = ~ ≠ < >
const differingIn = ({ counts }) => counts[2] + counts[3] + counts[4];
const markOf = (streams) => {
  const differing = streams.reduce((total, each) => total + differingIn(each), 0);
  if (differing) return `≠ ${number(differing)}`;
  if (streams.some((each) => each.left_out || each.cut)) return "…";
  return streams.some((each) => each.counts[1]) ? "~" : "=";
};

class Inspector {
  constructor(element) {
    this.element = element;
    this.mode = "normalized";
    this.unified = chosenView ? chosenView === "as-unified" : narrowScreen.matches;
    this.unfolded = new Set();
    this.items = [];
    this.hits = new Map();
    this.current = -1;
    this.picked = 0;
    this.searched = 0;
    this.root = made("div", "lane-tool");
    element.append(this.root);
    element.classList.add("is-built");
  }

  // Read the directory, build what is around the rows, and show the first stream that differs.
  async start() {
    this.root.replaceChildren(made("p", "quiet", "Reading the lines of this manifest …"));
    try {
      this.directory = await directoryOf(this.element);
    } catch (error) {
      this.fail(error);
      return;
    }
    const { parts, first } = this.directory;
    for (const part of parts) part.streams.sort((one, other) => KINDS.indexOf(one.kind) - KINDS.indexOf(other.kind));
    this.build();
    const differs = (part) => part.streams.some(differingIn);
    await this.pickPart(parts.find((part) => first && part.step === first) ?? parts.find(differs) ?? parts[0]);
  }

  fail(error) {
    const where = this.directory?.directories ?? [];
    const elsewhere = where.length ? `The sessions are in ${where.join(" and ")}` : "The session directories have them";
    this.root.replaceChildren(made("p", "notice", `${error.message}. ${elsewhere}.`));
  }

  build() {
    const { parts } = this.directory;
    this.targets = this.directory.targets;
    this.steps = picker("Step", parts.map((part) => [stepName(part), ""]), (name) => this.pickPart(parts.find((part) => stepName(part) === name)));
    this.kinds = picker("Kind of lines", [], () => {});
    this.modes = picker("Text", Object.entries(MODES), (mode) => { this.mode = mode; this.arrange(); });
    this.layouts = picker("Layout", [["side", "side by side"], ["unified", "unified"]], (name) => { this.unified = name === "unified"; this.arrange(); });
    this.only = made("input");
    this.only.type = "checkbox";
    this.only.addEventListener("change", () => this.arrange());
    const only = made("label", "lane-only");
    only.append(this.only, " only differences");
    this.place = spoken("quiet");
    const walk = group("Differences", button("‹ previous", () => this.walk(-1)), button("next difference ›", () => this.walk(1)), this.place);
    this.find = searchField("Find in the lines of this manifest", () => this.search());
    this.find.addEventListener("keydown", (event) => { if (event.key === "Enter") this.nextHit(event.shiftKey ? -1 : 1); });
    this.found = spoken("quiet");
    this.note = made("p", "quiet lane-note");
    this.table = made("div", "lane-table");
    this.table.setAttribute("role", "table");
    this.list = virtualList({ draw: (at) => this.draw(at), choose: (step) => this.choose(this.current + step) });
    this.detail = made("div", "lane-detail");
    this.detail.setAttribute("aria-live", "polite");
    const bar = made("div", "lane-bar");
    bar.append(this.modes.element, this.layouts.element, only, walk);
    const finding = made("div", "lane-bar");
    finding.append(this.find, this.found);
    this.root.replaceChildren(this.steps.element, this.kinds.element, bar, finding, this.note, this.table, this.detail);
  }

  // Words on the buttons: name, mark, lines of both sides, and how many the search found.
  label() {
    const put = (element, name, streams, quiet) => {
      const mark = markOf(streams);
      const found = streams.reduce((total, each) => total + (this.hits.get(each)?.length ?? 0), 0);
      element.replaceChildren(made("b", mark.startsWith("≠") ? "is-different" : "quiet", mark), ` ${name}`);
      if (quiet) element.append(made("span", "quiet", ` ${quiet}`));
      if (found) element.append(" ", made("span", "tag", `${number(found)} found`));
    };
    for (const part of this.directory.parts) put(this.steps.buttons.get(stepName(part)), stepTitle(part), part.streams, "");
    for (const stream of this.part.streams) {
      const totals = stream.totals.slice(0, Math.max(1, this.targets.length)).map(number);
      put(this.kinds.buttons.get(stream.kind), stream.kind, [stream], totals.join(" | "));
    }
  }

  async pickPart(part, kind) {
    this.part = part;
    this.steps.press(stepName(part));
    const { streams } = part;
    const fresh = picker("Kind of lines", streams.map((each) => [each.kind, ""]), (name) => this.pickStream(streams.find((each) => each.kind === name)));
    this.kinds.element.replaceWith(fresh.element);
    this.kinds = fresh;
    this.label();
    const usual = streams.find(differingIn) ?? streams.find((each) => each.kind === "log") ?? streams[0];
    await this.pickStream(streams.find((each) => each.kind === kind) ?? usual);
  }

  async pickStream(stream) {
    const picked = (this.picked += 1);
    try {
      const blocks = await Promise.all(stream.blocks.map(blockAt));
      if (picked !== this.picked) return;
      this.rows = rowsOf(blocks);
    } catch (error) {
      this.fail(error);
      return;
    }
    this.stream = stream;
    this.differing = this.rows.flatMap((row, at) => (DIFFERING.includes(row.sign) ? [at] : []));
    this.kinds.press(stream.kind);
    this.unfolded.clear();
    this.current = -1;
    this.only.checked = differingIn(stream) > 0;
    this.markHits();
    this.sayWhatIsMissing();
    this.arrange();
    this.walk(1);
  }

  sayWhatIsMissing() {
    const { cut, left_out: leftOut } = this.stream;
    const said = cut ? [`Not all: ${cut}.`] : [];
    const { length } = this.rows;
    if (leftOut) said.push(`${number(length)} of ${plural(length + leftOut, "row")} are in this page, which would grow too large; all are in ${this.directory.directories.join(" and ")}.`);
    this.note.textContent = said.join(" ");
    this.note.hidden = !said.length;
  }

  // Work out which items the list has under the switches, and show them; the chosen row stays chosen.
  arrange() {
    const chosen = this.items[this.current]?.at;
    const rules = this.mode === "rules";
    const differs = (row) => DIFFERING.includes(row.sign);
    this.items = itemsOf(this.rows, {
      wanted: rules ? touchedByRules : this.only.checked ? differs : () => true,
      context: rules ? 0 : CONTEXT,
      unified: this.unified,
      twoLines: (row) => row.sign === "≠" || (row.sign === "~" && this.mode !== "normalized"),
      unfolded: this.unfolded,
    });
    this.modes.press(this.mode);
    this.layouts.press(this.unified ? "unified" : "side");
    this.only.disabled = rules;
    this.table.className = `lane-table${this.unified ? " is-unified" : ""}${this.targets.length < 2 ? " is-alone" : ""}`;
    this.table.setAttribute("aria-rowcount", this.items.length + 1);
    this.table.setAttribute("aria-label", `${this.stream.kind} of ${stepTitle(this.part)}`);
    this.list.element.setAttribute("aria-label", `Rows of ${this.stream.kind}`);
    this.table.replaceChildren(headElement(this.targets, this.unified), this.list.element);
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
    const element = rowElement(this.rows[item.at], item.side, { mode: this.mode, unified: this.unified, kind: this.stream.kind });
    element.classList.toggle("is-hit", this.hitRows.has(item.at));
    element.classList.toggle("is-current", at === this.current);
    element.addEventListener("click", () => this.choose(at));
    return element;
  }

  // Mark in the list what the search found in this stream.
  markHits() {
    this.hitRows = new Set(this.hits.get(this.stream));
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
    this.explain(item);
    this.sayPlace();
  }

  explain(item) {
    if (item?.at === undefined) {
      this.detail.replaceChildren(made("p", "quiet", this.rows.length ? "Pick a line to see it whole, with the rules that changed it." : "There is no line."));
      return;
    }
    const row = this.rows[item.at];
    const { rules } = this.directory;
    this.detail.replaceChildren(...detailOf(row, { targets: this.targets, rules, kind: `${this.stream.kind} of ${stepTitle(this.part)}`, link: this.linkTo(row) }));
  }

  linkTo(row) {
    return lineLink(this.element.dataset.manifest, stepName(this.part), this.stream.kind, rowName(row));
  }

  // The next row that differs, from the current one on; at the end it begins again.
  walk(step) {
    const { differing } = this;
    const now = this.items[this.current]?.at ?? -1;
    const next = step > 0 ? differing.find((row) => row > now) : differing.findLast((row) => row < now);
    const row = next ?? differing.at(step > 0 ? 0 : -1);
    if (row !== undefined) this.choose(this.itemOf(row));
  }

  sayPlace() {
    const { differing } = this;
    const at = differing.indexOf(this.items[this.current]?.at);
    this.place.textContent = differing.length ? `${at < 0 ? "" : `${number(at + 1)} of `}${plural(differing.length, "difference")}` : "no difference";
  }

  // Find a text in all streams of the manifest; the buttons then say where it is.
  async search() {
    const text = this.find.value.toLowerCase();
    const searched = (this.searched += 1);
    const hits = new Map();
    if (text) {
      this.found.textContent = "searching …";
      try {
        for (const part of this.directory.parts) {
          for (const stream of part.streams) {
            hits.set(stream, await hitsIn(stream, text));
            await breath();
            if (searched !== this.searched) return;
          }
        }
      } catch (error) {
        this.found.textContent = error.message;
        return;
      }
    }
    this.hits = hits;
    this.markHits();
    const total = [...hits.values()].reduce((sum, each) => sum + each.length, 0);
    const own = hits.get(this.stream)?.length ?? 0;
    this.found.textContent = text ? `${plural(total, "line")}, ${number(own)} of them here; Enter for the next` : "";
    this.label();
    this.list.redraw();
  }

  nextHit(step) {
    const hits = this.hits.get(this.stream) ?? [];
    const now = this.items[this.current]?.at ?? -1;
    const next = (step > 0 ? hits.find((row) => row > now) : hits.findLast((row) => row < now)) ?? hits.at(step > 0 ? 0 : -1);
    if (next !== undefined) this.showRow(next);
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

  // Follow a link to a line; what it names and is not here is passed over.
  async show(step, kind, line) {
    const part = this.directory?.parts.find((each) => stepName(each) === step);
    if (!part) return;
    await this.pickPart(part, kind);
    const row = this.rows?.findIndex((each) => `L${each.left}` === line || `R${each.right}` === line) ?? -1;
    if (line && row >= 0) this.showRow(row);
    this.root.scrollIntoView();
  }
}

const lineLink = (manifest, ...rest) => `#${[manifest, ...rest].map(encodeURIComponent).join("/")}`;

// The inspector of an element, built when it is first asked for; settled once its first stream is shown.
const inspectorOf = async (element) => {
  if (!inspectors.has(element)) {
    const inspector = new Inspector(element);
    inspectors.set(element, { inspector, ready: inspector.start() });
  }
  const { inspector, ready } = inspectors.get(element);
  await ready;
  return inspector;
};

const linesOf = (manifest) => all(".lines").find((each) => each.dataset.manifest === manifest && each.dataset.lines);

// Where an address goes on behind the name of a manifest, it names lines: step, kind of lines, line.
const revealLines = async (manifest, [step, kind, line]) => {
  const element = linesOf(manifest);
  if (!element) return;
  element.open = true;
  const inspector = await inspectorOf(element);
  await inspector.show(step, kind, line);
};

for (const element of all(".lines[data-lines]")) {
  element.addEventListener("toggle", () => { if (element.open && element.dataset.folded === undefined) inspectorOf(element); });
}
