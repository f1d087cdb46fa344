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

const unpack = async (number) => {
  if (!globalThis.DecompressionStream) throw new Error("this browser is too old to unpack the lines of this page (it has no DecompressionStream)");
  try {
    const packed = new Blob([bytesOf(byId(`bulk-${number}`).textContent)]);
    const text = await new Response(packed.stream().pipeThrough(new DecompressionStream("gzip"))).text();
    return text.split("\u001e");
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

// A block as it is searched, whole and in lines.
const searchableAt = async (address) => {
  const key = address.join(".");
  if (!searchable.has(key)) {
    const text = folded(await blockAt(address));
    searchable.set(key, { text, lines: text.split("\n").filter((line) => line[0] !== "@") });
  }
  return searchable.get(key);
};

// Which rows of a stream have a text in them, on whichever side, raw or normalized; `text` is folded, too.
const hitsIn = async (stream, text) => {
  const hits = [];
  let before = 0;
  for (const address of stream.blocks) {
    const block = await searchableAt(address);
    if (block.text.includes(text)) block.lines.forEach((line, at) => { if (lineHas(line, text)) hits.push(before + at); });
    before += block.lines.length;
  }
  return hits;
};

// Sign and rules of a row are no text of it.
const lineHas = (line, text) => line.includes(text) && line.slice(1).split("\t", 4).some((field) => field.includes(text));

// Leave the browser time to draw and to listen, once more than a moment has passed.
const SLICE_MS = 12;
let sliceStarted = 0;
const breath = async () => {
  if (performance.now() - sliceStarted < SLICE_MS) return;
  await new Promise((resume) => { setTimeout(resume); });
  sliceStarted = performance.now();
};
