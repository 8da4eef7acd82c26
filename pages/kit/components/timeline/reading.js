// What is written below the lanes: legend, the span at the pointer, the chosen one, sums.
const HELP =
  "W and S zoom, A and D move. Arrows left and right go to the previous and next span, up and down to another lane, " +
  "Home and End to the first and last span. Enter chooses, Escape lets go. / searches, n and Shift+n go through what was found. " +
  "c goes to what a span waited for, f fits the window to the span, g folds its group, 0 shows the whole. " +
  "Sums: r for the window, [ and ] from and to the span, Shift with left and right moves the end; " +
  "or hold Shift and drag. The wheel zooms once the timeline has the focus, or with Ctrl.";
const MOST_LANES = 12;
const MOST_KINDS = 20;

function element(tag, text = "", name = "") {
  const made = document.createElement(tag);
  made.textContent = text;
  if (name) made.className = name;
  return made;
}

function swatch(kind, wide = 22) {
  const mark = document.createElement("canvas");
  mark.setAttribute("aria-hidden", "true");
  resize(mark, wide, 12);
  const context = scaled(mark);
  context.fillStyle = kind.colour;
  context.fillRect(0, 0, wide, 12);
  const pattern = patternOf(context, kind);
  if (pattern) {
    context.fillStyle = pattern;
    context.fillRect(0, 0, wide, 12);
  }
  return mark;
}

function writeLegend(view) {
  const { data } = view;
  view.part("legend").replaceChildren(
    ...data.kinds.map((kind) => {
      const item = document.createElement("li");
      const button = element("button");
      button.type = "button";
      const meaning = data.meanings[kind.name];
      const short = kind.short === kind.name ? "" : ` (${kind.short})`;
      button.append(swatch(kind), element("span", kind.name + short + (meaning ? `: ${meaning}` : "")));
      button.title = "Search for these";
      button.onclick = () => view.search(kind.name, true);
      item.append(button);
      return item;
    }),
  );
}

function laneName(data, lane) {
  const [name, group] = data.lanes[lane];
  return group ? `${group}, ${name}` : name;
}

function detailText(data, k, i) {
  const { words } = data.details[k];
  const value = data.arrays[`detail${k}`][i];
  if (words) return words[value];
  return Number.isInteger(value) ? whole(value) : shown(value, 6);
}

// What a span waited for, or null: how long, because of what, since which span.
function waitOf(data, spans, i) {
  const cause = spans.cause.length ? spans.cause[i] : -1;
  const reason = data.because < 0 ? "" : detailText(data, data.because, i);
  if (cause < 0 && !reason) return null;
  const told = data.waited < 0 ? NaN : data.arrays[`detail${data.waited}`][i];
  const time = Number.isFinite(told) ? told : cause < 0 ? NaN : spans.start[i] - spans.start[cause];
  const long = Number.isFinite(time) ? ` ${lasting(data, time)}` : "";
  return { said: `waited${long}${reason ? ` for ${reason}` : ""}`, cause };
}

function spanSentence(data, spans, i) {
  const wait = waitOf(data, spans, i);
  const cause = wait?.cause >= 0 ? ` since ${data.kinds[spans.kind[wait.cause]].name} at ${moment(data, spans.start[wait.cause])}` : "";
  return (
    `${data.kinds[spans.kind[i]].name} on ${laneName(data, spans.laneOf(i))}, ` +
    `from ${moment(data, spans.start[i])}, lasts ${lasting(data, spans.duration[i])}${wait ? `, ${wait.said}${cause}` : ""}`
  );
}

function counterSentence(data, counter, time) {
  const at = pointAt(data, counter, time);
  const { name, unit } = data.counters[counter];
  const value = at < 0 ? "nothing yet" : `${shown(data.arrays[`value${counter}`][at])} ${unit}`.trim();
  return `${name} at ${moment(data, time)}: ${value}`;
}

function writeReadout(view) {
  const { data, spans, hover } = view;
  const line = view.part("readout");
  const i = hover?.span ?? view.state.focus?.span ?? null;
  line.replaceChildren();
  if (i !== null) {
    const details = data.details.map(({ name }, k) => [name, detailText(data, k, i)]);
    line.append(element("b", data.kinds[spans.kind[i]].name), element("span", spanSentence(data, spans, i).slice(data.kinds[spans.kind[i]].name.length)));
    line.append(element("span", details.map(([name, text]) => (text ? ` · ${name} ${text}` : "")).join(""), "faint"));
  } else if (hover?.counter >= 0) line.append(element("span", counterSentence(data, hover.counter, hover.time)));
  else line.append(element("span", "Point at a span to read it; click to choose it. Drag to move, hold Shift and drag for sums.", "faint"));
}

function writeChosen(view) {
  const { data, spans, state } = view;
  const part = view.part("chosen");
  const i = state.selected;
  part.hidden = i === null;
  part.replaceChildren();
  if (i === null) return;
  const list = document.createElement("dl");
  const add = (name, text) => {
    const pair = document.createElement("div");
    pair.append(element("dt", name), element("dd", text));
    list.append(pair);
  };
  add("Lane", laneName(data, spans.laneOf(i)));
  add("Start", moment(data, spans.start[i]));
  add("Duration", moment(data, spans.duration[i]));
  add("End", moment(data, spans.end(i)));
  data.details.forEach(({ name }, k) => add(name, detailText(data, k, i) || "none"));
  const meaning = data.meanings[data.kinds[spans.kind[i]].name];
  part.append(element("h4", data.kinds[spans.kind[i]].name + (meaning ? `: ${meaning}` : "")), list);
  const wait = waitOf(data, spans, i);
  if (!wait) return;
  const sentence = element("p", `${wait.said[0].toUpperCase()}${wait.said.slice(1)}${wait.cause >= 0 ? " since " : "."}`);
  if (wait.cause >= 0) {
    const cause = element("button", `${data.kinds[spans.kind[wait.cause]].name} at ${moment(data, spans.start[wait.cause])}`, "link");
    cause.type = "button";
    cause.onclick = () => view.choose(wait.cause, true);
    sentence.append(cause, element("span", ` on ${laneName(data, spans.laneOf(wait.cause))}.`));
  }
  part.append(sentence);
}

function table(caption, heads, rows) {
  const made = document.createElement("table");
  const top = document.createElement("tr");
  heads.forEach((text, k) => {
    const cell = element("th", text, k ? "number" : "");
    cell.scope = "col";
    top.append(cell);
  });
  const [head, body] = [document.createElement("thead"), document.createElement("tbody")];
  head.append(top);
  for (const [first, ...numbers] of rows) {
    const row = document.createElement("tr");
    const cell = document.createElement("td");
    if (typeof first === "string") cell.textContent = first;
    else {
      const name = element("div", "", "kind");
      name.append(...first);
      cell.append(name);
    }
    row.append(cell, ...numbers.map((text) => element("td", text, "number")));
    body.append(row);
  }
  made.append(element("caption", caption), head, body);
  return made;
}

function writeSums(view) {
  const { data, spans, state } = view;
  const part = view.part("sums");
  part.hidden = !state.range;
  part.replaceChildren();
  if (!state.range) return "";
  const [a, b] = state.range;
  const sums = sumsOf(data, spans, state.range);
  const title = `${momentWithin(data, a, b - a)} to ${momentWithin(data, b, b - a)}: ${lasting(data, b - a)}, ${whole(sums.count)} spans`;
  const kinds = sums.kinds.slice(0, MOST_KINDS).map(({ kind, count, time }) => [
    [swatch(data.kinds[kind], 16), element("span", data.kinds[kind].name)],
    whole(count),
    lasting(data, time),
    percent(time / (b - a) / spans.lanes),
  ]);
  const busiest = sums.lanes.slice(0, MOST_LANES).map(({ lane, share }) => [laneName(data, lane), percent(share)]);
  const tables = element("div", "", "tables");
  const more = spans.lanes - busiest.length;
  const rarer = sums.kinds.length - kinds.length;
  tables.append(
    table(`By kind; the share is of the time of all lanes${rarer > 0 ? `; ${rarer} more kinds take less` : ""}`, ["Kind", "Count", "Total time", "Share"], kinds),
    table(more > 0 ? `Busiest lanes; ${more} more are less busy` : "Busy share of each lane", ["Lane", "Busy"], busiest),
  );
  part.append(element("h4", title), tables);
  const most = sums.kinds[0];
  return title + (most ? `, most of it ${data.kinds[most.kind].name}: ${lasting(data, most.time)}` : "");
}
