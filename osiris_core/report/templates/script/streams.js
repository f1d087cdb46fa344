// What a directory says of the steps of a manifest and of their streams, in words, and how an address names them.

const KINDS = ["config", "events", "metrics", "log", "printed", "artifacts"];
const WHOLE_RUN = "*";

const stepName = (part) => part.step ?? WHOLE_RUN;
const stepTitle = (part) => part.step ?? "the run as a whole";
const lineLink = (manifest, ...rest) => `#${[manifest, ...rest].map(encodeURIComponent).join("/")}`;

// Counts stand in the order of the signs: = ~ ! < >
const differingIn = ({ counts }) => counts[2] + counts[3] + counts[4];
const markOf = (streams) => {
  const differing = streams.reduce((total, each) => total + differingIn(each), 0);
  if (differing) return `≠ ${number(differing)}`;
  if (streams.some((each) => each.left_out || each.cut)) return "…";
  return streams.some((each) => each.counts[1]) ? "~" : "=";
};

// What a stream lacks in this page, in sentences; nothing where it is whole.
const missingOf = ({ cut, left_out: leftOut }, shown, directories) => [
  ...(cut ? [`Not all: ${cut}.`] : []),
  ...(leftOut ? [`${number(shown)} of ${plural(shown + leftOut, "row")} are in this page, which would grow too large; all are in ${directories.join(" and ")}.`] : []),
].join(" ");
