// Rows out of blocks, what of them is shown under the switches, and where the two sides of a row differ.

const STANDINGS = {
  "=": { key: "same", symbol: "=", word: "the same" },
  "~": { key: "set-aside", symbol: "~", word: "set aside by a rule" },
  "≠": { key: "changed", symbol: "≠", word: "differs" },
  "<": { key: "left", symbol: "−", word: "left only" },
  ">": { key: "right", symbol: "+", word: "right only" },
};
const DIFFERING = "≠<>";
const CONTEXT = 3;
const BOTH = 0;
const LEFT = 1;
const RIGHT = 2;

// All rows of a stream: sign, numbers of both sides (0 where a side has no such line), and the rest, taken apart when it is shown.
const rowsOf = (blocks) => {
  const rows = [];
  let left = 1;
  let right = 1;
  for (const block of blocks) {
    for (const line of block.split("\n")) {
      const sign = line[0];
      if (sign === "@") {
        [left, right] = line.slice(1).split(",").map(Number);
        continue;
      }
      const row = { sign, left: sign === ">" ? 0 : left, right: sign === "<" ? 0 : right, line };
      if (row.left) left += 1;
      if (row.right) right += 1;
      rows.push(row);
    }
  }
  return rows;
};

const fieldsOf = (row) => {
  const [left, right, leftNormal, rightNormal, rules] = row.line.slice(1).split("\t");
  const other = right ?? (row.sign === "=" ? left : "");
  return {
    raw: [left, other],
    normalized: [leftNormal || left, rightNormal || other],
    rules: rules ? rules.split(",").map(Number) : [],
  };
};

const touchedByRules = (row) => row.sign === "~" || row.line.split("\t").length > 2;

// How a link names a row: by its line on the left, or on the right where the left has none.
const rowName = (row) => (row.left ? `L${row.left}` : `R${row.right}`);

// The items of a list: a row (with the side, where sides stand below each other), or a fold of rows that are not wanted.
const itemsOf = (rows, { wanted, context, unified, twoLines, unfolded }) => {
  const items = [];
  const push = (at) => {
    const sign = rows[at].sign;
    if (unified && twoLines(rows[at])) items.push({ at, side: LEFT }, { at, side: RIGHT });
    else items.push({ at, side: sign === "<" ? LEFT : sign === ">" ? RIGHT : BOTH });
  };
  const pushRange = (from, to) => { for (let at = from; at < to; at += 1) push(at); };
  let at = 0;
  while (at < rows.length) {
    if (wanted(rows[at])) {
      push(at);
      at += 1;
      continue;
    }
    let end = at;
    while (end < rows.length && !wanted(rows[end])) end += 1;
    const from = at === 0 ? 0 : at + context;
    const to = end === rows.length ? end : end - context;
    if (to - from < 2 || unfolded.has(at)) pushRange(at, end);
    else {
      pushRange(at, from);
      items.push({ fold: at, from, to });
      pushRange(to, end);
    }
    at = end;
  }
  return items;
};

// Where two texts differ: what they share at the start and at the end.
const sharedEnds = (one, other) => {
  const most = Math.min(one.length, other.length);
  let start = 0;
  while (start < most && one[start] === other[start]) start += 1;
  if (start > 0 && /[\uD800-\uDBFF]/.test(one[start - 1])) start -= 1;
  let end = 0;
  while (end < most - start && one[one.length - 1 - end] === other[other.length - 1 - end]) end += 1;
  if (end > 0 && /[\uDC00-\uDFFF]/.test(one[one.length - end])) end -= 1;
  return { start, end };
};

// The names of the fields in which two JSON objects differ, with both values; null where a text is none.
const changedFields = (left, right) => {
  try {
    const [one, other] = [JSON.parse(left), JSON.parse(right)];
    if (![one, other].every((each) => each && typeof each === "object")) return null;
    const changes = [];
    compareValues(one, other, "", changes);
    return changes;
  } catch {
    return null;
  }
};

const compareValues = (one, other, path, changes) => {
  const deeper = [one, other].every((each) => each && typeof each === "object" && Array.isArray(each) === Array.isArray(one));
  if (!deeper) {
    if (JSON.stringify(one) !== JSON.stringify(other)) changes.push([path || "(the value)", JSON.stringify(one), JSON.stringify(other)]);
    return;
  }
  for (const name of new Set([...Object.keys(one), ...Object.keys(other)])) {
    const own = (each) => (Object.hasOwn(each, name) ? each[name] : undefined);
    compareValues(own(one), own(other), Array.isArray(one) ? `${path}[${name}]` : path ? `${path}.${name}` : name, changes);
  }
};
