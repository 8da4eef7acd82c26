// Which spans a search means: words in kinds and details, or a number that a detail is equal to.
// "row: 17" asks one detail only. Gives a mark for each span and the spans found by time, or null.
function findSpans(data, spans, query) {
  let needle = query.trim().toLowerCase();
  if (!needle) return null;
  const cut = needle.indexOf(":");
  const named = cut < 0 ? -1 : data.details.findIndex(({ name }) => name.toLowerCase() === needle.slice(0, cut).trim());
  if (named >= 0) needle = needle.slice(cut + 1).trim();
  const number = needle === "" ? NaN : Number(needle.replace("−", "-"));
  const marks = new Uint8Array(spans.count);
  const mark = (codes, wanted) => {
    for (let i = 0; i < spans.count; i++) if (wanted[codes[i]]) marks[i] = 1;
  };
  const has = (text) => text.toLowerCase().includes(needle);
  if (named < 0) mark(spans.kind, data.kinds.map(({ name }) => has(name)));
  data.details.forEach(({ words }, k) => {
    if (named >= 0 && named !== k) return;
    const column = data.arrays[`detail${k}`];
    if (words) mark(column, words.map(has));
    else if (!Number.isNaN(number)) for (let i = 0; i < spans.count; i++) if (column[i] === number) marks[i] = 1;
  });
  const found = [];
  for (const i of spans.byPlace) if (marks[i]) found.push(i);
  return { marks, found };
}

// The search box of the view.
const finding = {
  search(query, write = false) {
    this.state.query = query;
    if (write) this.part("query").value = query;
    this.found = findSpans(this.data, this.spans, query);
    this.match = null;
    const count = this.found?.found.length ?? 0;
    this.part("count").textContent = this.found ? `${whole(count)} found` : "";
    for (const name of ["next", "previous"]) Object.assign(this.part(name), { disabled: !count, hidden: !this.found });
    this.draw();
  },

  // The next span that was found, from the focus on; after the last comes the first.
  nextMatch(way) {
    const found = this.found?.found;
    if (!found?.length) return;
    if (this.match === null) {
      const from = this.state.focus?.time ?? this.state.window.a;
      const next = found.findIndex((i) => this.spans.start[i] >= from);
      this.match = way > 0 ? (next < 0 ? 0 : next) : (next < 0 ? found.length : next) - 1;
    } else this.match += way;
    this.match = (this.match + found.length) % found.length;
    this.part("count").textContent = `${whole(this.match + 1)} of ${whole(found.length)}`;
    this.focusSpan(found[this.match]);
  },
};
