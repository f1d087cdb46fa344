// Rows out of blocks, and what of them is shown under the switches.

const STANDINGS = {
  "=": { key: "same", symbol: "=", word: "the same" },
  "~": { key: "set-aside", symbol: "~", word: "set aside by a rule" },
  "!": { key: "changed", symbol: "≠", word: "differs" },
  "<": { key: "left", symbol: "−", word: "left only" },
  ">": { key: "right", symbol: "+", word: "right only" },
};
const CHANGED = "!";
const DIFFERING = "!<>";
const CONTEXT = 3;
const BOTH = 0;
const LEFT = 1;
const RIGHT = 2;

// Rows of a stream: sign, numbers of both sides (0 where a side has no such line), and the rest, taken apart when it is shown. All of
// them, or those in `wanted`, a set of their places among all.
const rowsOf = (blocks, wanted = null) => {
  const rows = [];
  let [left, right, place] = [1, 1, 0];
  for (const block of blocks) {
    for (let at = 0, end = 0; at <= block.length; at = end + 1) {
      end = block.indexOf("\n", at);
      if (end < 0) end = block.length;
      const sign = block[at];
      if (sign === "@") {
        [left, right] = block.slice(at + 1, end).split(",").map(Number);
        continue;
      }
      if (!wanted || wanted.has(place)) rows.push({ sign, left: sign === ">" ? 0 : left, right: sign === "<" ? 0 : right, line: block.slice(at, end) });
      if (sign !== ">") left += 1;
      if (sign !== "<") right += 1;
      place += 1;
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
