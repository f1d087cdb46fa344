// Where two texts differ: stretches to mark, and fields of JSON.

const MOST_TOKENS = 150;
const LEAST_SHARED = 4;

// The stretches of each text, from and to, that the other one does not have; none where they are equal.
const unlike = (one, other) => {
  const { start, end } = sharedEnds(one, other);
  const middles = [one, other].map((text) => text.slice(start, text.length - end));
  const tokens = middles.map((text) => text.match(/[\p{L}\p{N}_]+|\s+|./gsu) ?? []);
  const shared = tokens.every(({ length }) => length > 1 && length <= MOST_TOKENS) ? sharedRuns(...tokens) : [];
  return [0, 1].map((side) => {
    const stretches = [];
    let from = start;
    for (const run of [...shared, { at: middles.map(({ length }) => length), length: 0 }]) {
      const to = start + run.at[side];
      if (to > from) stretches.push([from, to]);
      from = to + run.length;
    }
    return stretches;
  });
};

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

// What both have in the same order, as runs of characters with their place in either; runs too short to be more than chance are left out.
const sharedRuns = (left, right) => {
  const width = right.length + 1;
  const longest = new Uint16Array((left.length + 1) * width);
  for (let i = left.length - 1; i >= 0; i -= 1) {
    for (let j = right.length - 1; j >= 0; j -= 1) {
      const at = i * width + j;
      longest[at] = left[i] === right[j] ? longest[at + width + 1] + 1 : Math.max(longest[at + width], longest[at + 1]);
    }
  }
  const runs = [];
  const place = [0, 0];
  let [i, j, run] = [0, 0, null];
  while (i < left.length && j < right.length) {
    const at = i * width + j;
    if (left[i] === right[j]) {
      if (!run) runs.push((run = { at: [...place], length: 0 }));
      run.length += left[i].length;
      place[0] += left[i].length;
      place[1] += right[j].length;
      i += 1;
      j += 1;
    } else {
      run = null;
      if (longest[at + width] >= longest[at + 1]) place[0] += left[i++].length;
      else place[1] += right[j++].length;
    }
  }
  return runs.filter(({ length }) => length >= LEAST_SHARED);
};

// The fields in which two JSON values differ, each with both of its values; null where a text is none.
const changedFields = (left, right) => {
  try {
    const [one, other] = [JSON.parse(left), JSON.parse(right)];
    if (![one, other].every((each) => each && typeof each === "object")) return null;
    const changes = [];
    compareValues(one, other, "", changes);
    return changes;
  } catch {
    return null; // a text that is no JSON is shown as it is
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

// A line of events or metrics as people read it: its name first, then what else it has that is not the same in every line.
const IN_EVERY_LINE = ["ts", "session", "step"];
const readableLine = (kind, text) => {
  if (kind !== "events" && kind !== "metrics") return text;
  try {
    const line = JSON.parse(text);
    const name = kind === "events" ? line.event : line.metric;
    if (typeof name !== "string") return text;
    const { value, unit, event, metric, ...others } = line;
    if (kind === "metrics") return [name, "=", told(value), ...(unit ? [unit] : []), ...fieldsTold(others)].join(" ");
    return [name, ...fieldsTold({ ...others, ...(value === undefined ? {} : { value }), ...(unit === undefined ? {} : { unit }) })].join(" ");
  } catch {
    return text;
  }
};

const told = (value) => (typeof value === "string" ? value : JSON.stringify(value));
const isEmpty = (value) => value === null || value === false || (typeof value === "object" && !Object.keys(value).length);
const fieldsTold = (fields) => Object.entries(fields)
  .filter(([name, value]) => !IN_EVERY_LINE.includes(name) && !isEmpty(value))
  .map(([name, value]) => `${name}=${told(value)}`);
