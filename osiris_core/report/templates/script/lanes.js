// The step inspector: what each step was given, said and left, on both sides, line against line.
// It is built when a reader unfolds it, and a stream is decoded when a reader picks it.

const inspectors = new Map();

class Inspector {
  constructor(element) {
    this.element = element;
    this.picked = 0;
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
    const { parts, targets, rules } = this.directory;
    this.steps = picker("Step", parts.map((part) => [stepName(part), ""]), (name) => this.pickPart(parts.find((part) => stepName(part) === name)));
    this.kinds = picker("Kind of lines", [], () => {});
    this.table = new RowTable(targets, rules, (row) => lineLink(this.element.dataset.manifest, stepName(this.part), this.stream.kind, rowName(row)));
    this.finder = new Finder(parts.flatMap((part) => part.streams), {
      here: () => this.stream,
      found: (hits) => { this.label(); this.table.mark(hits); },
      next: (step) => this.table.nextHit(step),
    });
    this.note = made("p", "quiet lane-note");
    this.root.replaceChildren(this.steps.element, this.kinds.element, this.table.bar, this.finder.bar, this.note, this.table.element, this.table.detail);
  }

  // Words on the buttons: name, mark, lines of both sides, and how many the search found.
  label() {
    const put = (element, name, streams, quiet) => {
      const mark = markOf(streams);
      const found = streams.reduce((total, each) => total + this.finder.hitsOf(each).length, 0);
      element.replaceChildren(made("b", mark.startsWith("≠") ? "is-different" : "quiet", mark), ` ${name}`);
      if (quiet) element.append(made("span", "quiet", ` ${quiet}`));
      if (found) element.append(" ", made("span", "tag", `${number(found)} found`));
    };
    const { parts, targets } = this.directory;
    for (const part of parts) put(this.steps.buttons.get(stepName(part)), stepTitle(part), part.streams, "");
    for (const stream of this.part.streams) {
      const totals = stream.totals.slice(0, Math.max(1, targets.length)).map(number);
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
    sayAddress("");
    let rows;
    try {
      rows = rowsOf(await Promise.all(stream.blocks.map(blockAt)));
    } catch (error) {
      this.fail(error);
      return;
    }
    if (picked !== this.picked) return;
    this.stream = stream;
    this.kinds.press(stream.kind);
    this.note.textContent = missingOf(stream, rows.length, this.directory.directories);
    this.note.hidden = !this.note.textContent;
    this.table.fill(rows, { kind: stream.kind, title: `${stream.kind} of ${stepTitle(this.part)}`, hits: this.finder.hitsOf(stream) });
  }

  // Follow a link to a line; what it names and is not here is said.
  async show(step, kind, line) {
    const part = this.directory?.parts.find((each) => stepName(each) === step);
    if (part) await this.pickPart(part, kind);
    if (!this.stream) return;
    const row = this.table.rows.findIndex((each) => `L${each.left}` === line || `R${each.right}` === line);
    if (part && line && row >= 0) this.table.showRow(row);
    this.root.scrollIntoView();
    sayAddress(this.missing(part, { step, kind, line: row < 0 ? line : "" }), this.root);
  }

  // What of an address is not here, in a sentence, or nothing; `line` is one that was not found.
  missing(part, { step, kind, line }) {
    if (!part) return `The address names the step ${shortened(step)}, and there are no lines of such a step here.`;
    const shown = this.stream.kind;
    if (kind && shown !== kind) return `The address names ${shortened(kind)} of ${stepTitle(part)}, which is not here; this is the ${shown} of ${stepTitle(part)}.`;
    const count = plural(this.table.rows.length, "line");
    return line ? `The address names ${shortened(line)}, which is none of the ${count} that this page has of the ${shown} of ${stepTitle(part)}.` : "";
  }
}

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

// In brief, the page has no details for the lines of a manifest, of which a thousand take a browser long: it gets one here.
const foldLines = (place) => {
  const whole = made("details", "fold lines");
  const summary = made("summary");
  Object.assign(whole.dataset, place.dataset);
  const [counted, ...around] = place.children;
  summary.append(...counted.childNodes);
  whole.append(summary, ...around);
  place.replaceWith(whole);
};

const linesOf = (manifest) => all(".lines").find((each) => each.dataset.manifest === manifest && each.dataset.lines);

// Where an address goes on behind the name of a manifest, it names lines: step, kind of lines, line.
const revealLines = async (manifest, [step, kind, line]) => {
  const element = linesOf(manifest);
  if (!element) {
    sayAddress("The address names lines of this manifest, and this page has none of it.", byId(manifest).querySelector(":scope > .body"));
    return;
  }
  element.open = true;
  const inspector = await inspectorOf(element);
  await inspector.show(step, kind, line);
};
