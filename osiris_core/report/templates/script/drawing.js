// A row as elements: in the list on one line, and below it whole.

const SHOWN_BEFORE = 24;
const SHARED_AT_MOST = 48;

// What a row shows on each side: the text, and which stretches of it are marked. Under "only what rules changed" a side is held
// against what the rules made of it, else against the other side.
const shownOf = (row, mode, kind) => {
  const { raw, normalized } = fieldsOf(row);
  const texts = mode === "normalized" ? normalized.map((text) => readableLine(kind, text)) : raw;
  if (mode === "rules") return texts.map((text, side) => ({ text, marks: unlike(text, normalized[side])[0] }));
  return marked(texts, row);
};

// Two texts with their differences marked, where a row has both.
const marked = (texts, row) => {
  const marks = row.left && row.right && texts[0] !== texts[1] ? unlike(...texts) : [[], []];
  return texts.map((text, side) => ({ text, marks: marks[side] }));
};

// Where both sides share a long start, the list leaves it out, so that the difference is in sight.
const appendMarked = (parent, { text, marks }, className, whole) => {
  const first = marks[0]?.[0] ?? 0;
  let from = !whole && first > SHARED_AT_MOST ? cutAt(text, first - SHOWN_BEFORE) : 0;
  if (from) parent.append(made("span", "quiet", "…"));
  for (const [start, stop] of marks) {
    parent.append(text.slice(from, start), made("mark", className, text.slice(start, stop)));
    from = stop;
  }
  parent.append(text.slice(from));
};

const cell = (className, text = "", role = "cell") => {
  const element = made("span", className, text);
  element.setAttribute("role", role);
  return element;
};

const lineNumber = (value) => cell("lane-number", value ? String(value) : "");

const sideCell = (row, side, shown, mode) => {
  const has = side ? row.right : row.left;
  const element = cell(`lane-text value-${side + 1}${has ? "" : " is-nothing"}`);
  if (has) appendMarked(element, shown[side], row.sign === "~" || mode === "rules" ? "is-set-aside" : "", false);
  return element;
};

const signCell = (row, side) => {
  const standing = STANDINGS[row.sign];
  const element = cell("lane-sign");
  const symbol = row.sign === CHANGED && side !== BOTH ? (side === LEFT ? "−" : "+") : standing.symbol;
  element.append(symbol);
  element.title = standing.word;
  element.setAttribute("aria-label", standing.word);
  return element;
};

const rowElement = (row, side, { mode, unified, kind }) => {
  const element = made("div", `lane-row is-${STANDINGS[row.sign].key}${side === LEFT ? " of-left" : side === RIGHT ? " of-right" : ""}`);
  element.setAttribute("role", "row");
  const shown = shownOf(row, mode, kind);
  if (unified) {
    element.append(lineNumber(side === RIGHT ? 0 : row.left), lineNumber(side === LEFT ? 0 : row.right), signCell(row, side), sideCell(row, side === RIGHT ? 1 : 0, shown, mode));
  } else {
    element.append(lineNumber(row.left), sideCell(row, 0, shown, mode), signCell(row, BOTH), lineNumber(row.right), sideCell(row, 1, shown, mode));
  }
  return element;
};

const foldElement = (text, unfold) => {
  const element = made("div", "lane-row lane-fold");
  element.setAttribute("role", "row");
  const inside = cell("lane-folded");
  inside.append(button(`⋯ ${text}`, unfold));
  element.append(inside);
  return element;
};

const headElement = (targets, unified) => {
  const element = made("div", "lane-row lane-head");
  element.setAttribute("role", "row");
  const head = (className, text, unseen = "") => {
    const inside = cell(className, text, "columnheader");
    if (unseen) inside.append(made("span", "unseen", unseen));
    return inside;
  };
  const [left, right = ""] = targets;
  const sign = head("lane-sign", "", "how it stands");
  if (unified) element.append(head("lane-number side-1", "", `line of ${left}`), head("lane-number side-2", "", `line of ${right}`), sign, head("lane-text", "text"));
  else element.append(head("lane-number", "", `line of ${left}`), head("lane-text side-1", left), sign, head("lane-number", "", `line of ${right}`), head("lane-text side-2", right || "no second target"));
  return element;
};

// A row in full: both sides raw and, where rules changed them, normalized; the fields that differ; the rules with their reasons.
const detailOf = (row, { targets, rules, kind, link }) => {
  const { raw, normalized, rules: used } = fieldsOf(row);
  const parts = [made("p", "lane-title")];
  const here = made("a", "here", "#");
  here.href = link;
  here.setAttribute("aria-label", "Link to this line");
  parts[0].append(here, ` ${kind}, `, made("b", "", `${STANDINGS[row.sign].symbol} ${STANDINGS[row.sign].word}`));
  parts.push(sides(row, raw, targets, row.sign === "~" ? "is-set-aside" : ""));
  if (normalized.some((text, side) => text !== raw[side])) {
    parts.push(made("p", "quiet", "What rules made of it, and what was compared:"), sides(row, normalized, targets, ""));
  }
  const changes = row.left && row.right && row.sign !== "=" ? changedFields(normalized[0], normalized[1]) : null;
  if (changes?.length) parts.push(changesTable(changes, targets));
  if (used.length) {
    const list = made("ul", "lane-rules");
    for (const at of used) {
      const [name, reason] = rules[at] ?? [`rule ${at}`, ""];
      const item = made("li");
      item.append(made("code", "", name), reason ? ` — ${reason}` : "");
      list.append(item);
    }
    parts.push(made("p", "quiet", used.length === 1 ? "The rule that changed it:" : "The rules that changed it:"), list);
  }
  return parts;
};

const sides = (row, texts, targets, className) => {
  const list = made("dl", "values");
  const shown = marked(texts, row);
  targets.forEach((target, side) => {
    const at = side ? row.right : row.left;
    const box = made("div", `value-${side + 1}`);
    const value = made("dd");
    if (at) {
      const copy = button("copy", () => copyFrom(copy), "copy");
      const text = made("code", "lane-whole-text");
      appendMarked(text, shown[side], className, true);
      value.append(text, " ", copy);
    } else {
      value.append(made("em", "quiet", "no such line"));
    }
    box.append(made("dt", "", at ? `${target}, line ${number(at)}` : target), value);
    list.append(box);
  });
  return list;
};

const changesTable = (changes, targets) => {
  const table = made("table", "pairs");
  const head = table.createTHead().insertRow();
  for (const text of ["field", ...targets]) {
    const th = made("th", "", text);
    th.scope = "col";
    head.append(th);
  }
  const body = table.createTBody();
  for (const [path, left, right] of changes) {
    const line = body.insertRow();
    const name = made("th", "", path);
    name.scope = "row";
    line.append(name, made("td", "", left ?? "—"), made("td", "", right ?? "—"));
  }
  const scroll = made("div", "scroll");
  scroll.append(table);
  watchBoxes([scroll]);
  return scroll;
};
