// Rows out of blocks, and what of them is shown under the switches.

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
