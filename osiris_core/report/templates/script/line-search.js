// Search in the lines of all manifests, in slices, so that the page stays alive; every hit is a link to its line.

const HITS_SHOWN = 200;
const lineSearch = byId("line-search");
let lineSearchAsked = 0;

// Every stream of the page, manifest by manifest, as far as its lines are in it.
const searchAll = async (text, isWanted) => {
  const found = [];
  for (const element of all(".lines[data-lines]")) {
    const directory = await directoryOf(element);
    const streams = directory.parts.flatMap((part) => part.streams.map((stream) => ({ part, stream })));
    const places = [];
    for (const { part, stream } of streams) {
      const hits = await hitsIn(stream, text);
      if (hits.length) places.push({ part, stream, hits });
      await breath();
      if (!isWanted()) return null;
    }
    if (places.length) found.push({ element, places, total: places.reduce((sum, each) => sum + each.hits.length, 0) });
  }
  return found;
};

const HIT_CHARACTERS = 300;
const beginningOf = (text) => text.slice(0, cutAt(text, HIT_CHARACTERS));

const hitElement = (element, { part, stream }, row) => {
  const item = made("li");
  const link = made("a", "", `${stepTitle(part)}, ${stream.kind} ${rowName(row)}`);
  link.href = lineLink(element.dataset.manifest, stepName(part), stream.kind, rowName(row));
  const { raw } = fieldsOf(row);
  item.append(link, " ", made("code", "", beginningOf(row.left ? raw[0] : raw[1])));
  return item;
};

const drawFound = async (list, found) => {
  let room = HITS_SHOWN;
  for (const { element, places, total } of found) {
    const items = made("ul");
    for (const place of places) {
      if (!room) break;
      const shown = new Set(place.hits.slice(0, room));
      const rows = rowsOf(await Promise.all(place.stream.blocks.map(blockAt)), shown);
      items.append(...rows.map((row) => hitElement(element, place, row)));
      room -= shown.size;
    }
    const part = made("li");
    const link = made("a", "", element.dataset.name);
    link.href = `#${element.dataset.manifest}`;
    part.append(link, made("span", "quiet", ` ${plural(total, "line")}`), items);
    list.append(part);
  }
};

// Decode everything while the reader still types; what cannot be decoded is told by the search.
const warmUp = () => { searchAll("\u0000", () => !lineSearchAsked).catch(() => {}); };

const runLineSearch = async (text, said, list) => {
  const asked = (lineSearchAsked += 1);
  if (!text) {
    said.textContent = "";
    list.replaceChildren();
    return;
  }
  said.textContent = "searching …";
  try {
    const found = await searchAll(text, () => asked === lineSearchAsked);
    if (!found) return;
    const total = found.reduce((sum, each) => sum + each.total, 0);
    const shown = total > HITS_SHOWN ? `; the first ${HITS_SHOWN} are shown` : "";
    said.textContent = total ? `${plural(total, "line")} in ${plural(found.length, "manifest")}${shown}` : "no line has it";
    list.replaceChildren();
    await drawFound(list, found);
  } catch (error) {
    said.textContent = `${error.message}.`;
  }
};

if (lineSearch && all(".lines[data-lines]").length) {
  const said = spoken("quiet");
  const list = made("ul", "line-hits");
  const field = searchField("Find in the lines of all manifests", () => runLineSearch(sought(field.value), said, list));
  field.addEventListener("focus", warmUp, { once: true });
  lineSearch.append(field, " ", said, list);
  lineSearch.hidden = false;
}
