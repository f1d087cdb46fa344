// The search of an inspector: a text in all streams of its manifest.

class Finder {
  // `here` returns the stream in sight, `found` is told its hits when they are others, `next` goes from hit to hit.
  constructor(streams, { here, found, next }) {
    Object.assign(this, { streams, here, found, hits: new Map(), asked: 0 });
    this.field = searchField("Find in the lines of this manifest", () => this.search());
    this.field.addEventListener("keydown", (event) => { if (event.key === "Enter") next(event.shiftKey ? -1 : 1); });
    this.said = spoken("quiet");
    this.bar = made("div", "lane-bar");
    this.bar.append(this.field, this.said);
  }

  hitsOf(stream) {
    return this.hits.get(stream) ?? [];
  }

  async search() {
    const asked = (this.asked += 1);
    const text = sought(this.field.value);
    const hits = new Map();
    if (text) {
      this.said.textContent = "searching …";
      try {
        for (const stream of this.streams) {
          hits.set(stream, await hitsIn(stream, text));
          await breath();
          if (asked !== this.asked) return;
        }
      } catch (error) {
        this.said.textContent = error.message;
        return;
      }
    }
    this.hits = hits;
    const own = this.hitsOf(this.here());
    const total = [...hits.values()].reduce((sum, each) => sum + each.length, 0);
    this.said.textContent = text ? `${plural(total, "line")}, ${number(own.length)} of them here; Enter for the next` : "";
    this.found(own);
  }
}
