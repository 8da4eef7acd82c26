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
