// The lines that the page carries: chunks of compressed text, decoded when somebody asks for them, each once.
// What is in a chunk is described in osiris_core/report/bulk. It is text like any other, and stays that.

const unpackedChunks = new Map();
const searchable = new Map();

// Uint8Array.from(atob(text), f) takes ten times as long as this loop.
const bytesOf = (base64) => {
  if (Uint8Array.fromBase64) return Uint8Array.fromBase64(base64);
  const binary = atob(base64);
  const bytes = new Uint8Array(binary.length);
  for (let at = 0; at < binary.length; at += 1) bytes[at] = binary.charCodeAt(at);
  return bytes;
};

// A stream that is written and read by hand: over a blob and a response the same takes twice the time.
const inflated = async (bytes) => {
  const { writable, readable } = new DecompressionStream("gzip");
  const writer = writable.getWriter();
  for (const step of [writer.write(bytes), writer.close()]) step.catch(() => {}); // what is wrong with the bytes, the reader is told, too
  const reader = readable.getReader();
  const decoder = new TextDecoder();
  let text = "";
  for (let part = await reader.read(); !part.done; part = await reader.read()) text += decoder.decode(part.value, { stream: true });
  return text + decoder.decode();
};

const unpack = async (number) => {
  if (!globalThis.DecompressionStream) throw new Error("this browser is too old to unpack the lines of this page (it has no DecompressionStream)");
  try {
    return (await inflated(bytesOf(byId(`bulk-${number}`).textContent))).split("\u001e");
  } catch (error) {
    throw new Error(`part ${number} of the lines in this page cannot be read, as if the file had been cut or changed (${error.name})`);
  }
};

const chunkOf = (number) => {
  if (!unpackedChunks.has(number)) unpackedChunks.set(number, unpack(number));
  return unpackedChunks.get(number);
};

const blockAt = async ([chunk, place]) => {
  const block = (await chunkOf(chunk))[place];
  if (block === undefined) throw new Error(`part ${chunk} of the lines in this page is not whole`);
  return block;
};

// The directory of a manifest, from the address that its element carries.
const directoryOf = async (element) => JSON.parse(await blockAt(element.dataset.lines.split(".").map(Number)));

// A block as it is searched: as one text, because to take it apart takes more time than to search it.
const searchableAt = async (address) => {
  const key = address.join(".");
  if (!searchable.has(key)) searchable.set(key, folded(await blockAt(address)));
  return searchable.get(key);
};

// How many rows begin in a stretch of a block, from the beginning of a line on.
const rowsBetween = (block, from, to) => {
  let rows = 0;
  for (let at = from; at < to; at = block.indexOf("\n", at) + 1 || to) if (block[at] !== "@") rows += 1;
  return rows;
};

// Sign and rules of a row are no text of it.
const lineHas = (line, text) => line[0] !== "@" && line.slice(1).split("\t", 4).some((field) => field.includes(text));

// Which rows of a block have a text in them: only lines that have it are looked at, and those between are counted.
const rowsWith = (block, text) => {
  const rows = [];
  let [row, counted] = [0, 0];
  for (let found = block.indexOf(text); found >= 0; found = block.indexOf(text, counted)) {
    const start = block.lastIndexOf("\n", found) + 1;
    row += rowsBetween(block, counted, start);
    const end = block.indexOf("\n", found);
    counted = end < 0 ? block.length : end + 1;
    const line = block.slice(start, end < 0 ? undefined : end);
    if (lineHas(line, text)) rows.push(row);
    if (line[0] !== "@") row += 1;
    if (end < 0) break;
  }
  return rows;
};

// Which rows of a stream have a text in them, on whichever side, raw or normalized; `text` is folded, too.
const hitsIn = async (stream, text) => {
  const hits = [];
  let before = 0;
  for (const address of stream.blocks) {
    const block = await searchableAt(address);
    for (const row of rowsWith(block, text)) hits.push(before + row);
    before += rowsBetween(block, 0, block.length);
    await breath();
  }
  return hits;
};

// Leave the browser time to draw and to listen, once more than a moment has passed.
const SLICE_MS = 12;
let sliceStarted = 0;
const breath = async () => {
  if (performance.now() - sliceStarted < SLICE_MS) return;
  await (globalThis.scheduler?.yield?.() ?? new Promise((resume) => { setTimeout(resume); }));
  sliceStarted = performance.now();
};
