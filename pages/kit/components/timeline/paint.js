// Rows of a timeline on a canvas. A frame is the window and where it lies: from a to b in time, from
// ``left`` over ``width`` px, rows from ``top`` on over ``height`` px.
const look = { family: "sans-serif" };
const STRENGTHS = [0.45, 0.63, 0.82, 1];
const DIM = 0.16;
const PATTERN_FROM = 9;
const LONGEST = 160; // signs of a name that are tried at all

function font(size, weight = 400) {
  return `${weight} ${size}px ${look.family}`;
}

function xOf(frame, time) {
  return frame.left + ((time - frame.a) / (frame.b - frame.a)) * frame.width;
}

function timeOf(frame, x) {
  return frame.a + ((x - frame.left) / frame.width) * (frame.b - frame.a);
}

function fitted(context, text, width) {
  if (text.length <= LONGEST && context.measureText(text).width <= width) return text;
  let most = Math.min(LONGEST, text.length);
  while (most > 1 && context.measureText(`${text.slice(0, most)}…`).width > width) most -= 1;
  return `${text.slice(0, most)}…`;
}

// Rectangles by colour and strength, so that each colour is set once.
class Batch {
  constructor(kinds) {
    this.kinds = kinds;
    this.fills = Array.from({ length: kinds.length * STRENGTHS.length * 2 }, () => []);
    this.wide = [];
  }

  add(kind, strength, dim, x, y, width, height) {
    this.fills[(dim ? 0 : this.kinds.length * STRENGTHS.length) + kind * STRENGTHS.length + strength].push(x, y, width, height);
    if (strength === STRENGTHS.length - 1 && width >= PATTERN_FROM) this.wide.push({ kind, dim, x, y, width, height });
  }

  paint(context, patterns) {
    const { kinds, fills } = this;
    const half = kinds.length * STRENGTHS.length;
    fills.forEach((rects, key) => {
      if (!rects.length) return;
      context.fillStyle = kinds[Math.floor((key % half) / STRENGTHS.length)].colour;
      context.globalAlpha = STRENGTHS[key % STRENGTHS.length] * (key < half ? DIM : 1);
      for (let k = 0; k < rects.length; k += 4) context.fillRect(rects[k], rects[k + 1], rects[k + 2], rects[k + 3]);
    });
    for (const { kind, dim, x, y, width, height } of this.wide) {
      if (!patterns[kind]) continue;
      context.globalAlpha = dim ? DIM : 1;
      context.fillStyle = patterns[kind];
      context.fillRect(x, y, width, height);
    }
    this.write(context);
    context.globalAlpha = 1;
  }

  // The longest name that fits, on plain ground.
  write(context) {
    context.font = font(11, 500);
    context.textAlign = "left";
    context.textBaseline = "middle";
    const widths = this.kinds.map(({ name, short }) => [name, short].map((text) => [text, context.measureText(text).width]));
    for (const { kind, dim, x, y, width, height } of this.wide) {
      const fits = dim ? null : widths[kind].find(([, wide]) => wide + 6 <= width);
      if (!fits || height < 12) continue;
      const [text, wide] = fits;
      const left = x + Math.min(5, (width - wide) / 2);
      context.globalAlpha = 1;
      context.fillStyle = this.kinds[kind].colour;
      context.fillRect(left - 2, y + 1, wide + 4, height - 2);
      context.fillStyle = this.kinds[kind].text;
      context.fillText(text, left, y + height / 2 + 0.5);
    }
  }
}

// One lane. Spans narrower than a column share it: the colour is that of the kind with most time
// there (of what the search found, if anything), its strength how busy the column is.
function addLane(batch, spans, lane, frame, y, height, marks, column) {
  const scale = frame.width / (frame.b - frame.a);
  const [right, until] = [frame.left + frame.width, spans.from[lane + 1]];
  const times = new Float64Array(batch.kinds.length);
  let run = null;
  let [open, busy, found] = [-1, 0, false];
  const endRun = () => {
    // What was found is a little wider, to be seen between what is pale.
    if (run) batch.add(run.kind, run.strength, run.dim, run.x, y, run.width + (marks && !run.dim ? 1 : 0), height);
    run = null;
  };
  const close = () => {
    if (open < 0) return;
    let kind = 0;
    for (let k = 1; k < times.length; k++) if (times[k] > times[kind]) kind = k;
    const strength = Math.min(STRENGTHS.length - 1, Math.floor((busy / column) * STRENGTHS.length));
    const [x, dim] = [frame.left + open * column, Boolean(marks) && !found];
    if (run && run.x + run.width === x && run.kind === kind && run.strength === strength && run.dim === dim) run.width += column;
    else {
      endRun();
      run = { kind, strength, dim, x, width: column };
    }
    times.fill(0);
    [open, busy, found] = [-1, 0, false];
  };
  for (let i = spans.after(lane, frame.a); i < until && spans.start[i] < frame.b; i++) {
    const x0 = Math.max(frame.left - 4, frame.left + (spans.start[i] - frame.a) * scale);
    const x1 = Math.min(right + 4, frame.left + (spans.end(i) - frame.a) * scale);
    if (x1 - x0 >= column) {
      close();
      endRun();
      const [from, to] = [Math.round(x0), Math.round(x1)];
      const wide = Math.max(1, to - from - (to - from > 3 ? 1 : 0));
      batch.add(spans.kind[i], STRENGTHS.length - 1, Boolean(marks) && !marks[i], from, y, wide, height);
      continue;
    }
    const at = Math.max(0, Math.floor((x0 - frame.left) / column));
    if (at !== open) {
      close();
      open = at;
    }
    // What has no length is still to be seen.
    const weight = spans.duration[i] > 0 ? Math.max(x1 - x0, 1e-6) : column;
    if (marks?.[i] && !found) {
      times.fill(0);
      found = true;
    }
    if (!found || marks[i]) times[spans.kind[i]] += weight;
    busy += weight;
  }
  close();
  endRun();
}

function paintRows(context, data, spans, rows, frame, { patterns, marks, ticks, focus, column }) {
  const { theme } = data;
  context.clearRect(0, 0, frame.left + frame.width, frame.height);
  context.save();
  context.beginPath();
  context.rect(frame.left, 0, frame.width, frame.height);
  context.clip();
  context.fillStyle = theme.grid;
  for (const { at } of ticks) context.fillRect(Math.round(xOf(frame, at)), 0, 1, frame.height);
  const batch = new Batch(data.kinds);
  const visible = rows.filter((row) => row.y + row.height > frame.top && row.y < frame.top + frame.height);
  for (const row of visible) {
    const [y, high] = [row.y + row.above - frame.top, row.height - row.above];
    if (row.type === "lane") addLane(batch, spans, row.lane, frame, y + 3, high - 6, marks, column);
    else if (row.type === "counter") paintCounter(context, data, row.counter, frame, y + 6, high - 12);
    else if (row.folded && row.lanes.length) {
      const share = busyShare(spans, row.lanes, frame.a, frame.b, Math.floor(frame.width));
      paintShare(context, share, frame.left, y + 4, row.height - 8, theme.muted);
    }
  }
  batch.paint(context, patterns);
  context.restore();
  for (const row of visible) paintLabel(context, data, row, frame, row.key === focus);
}

// A quantity holds until it changes: a line of steps over a pale ground.
function paintCounter(context, data, counter, frame, y, height) {
  const { [`time${counter}`]: times, [`value${counter}`]: values } = data.arrays;
  const [low, high] = counterRange(data, counter);
  const place = (value) => y + height - ((value - low) / (high - low || 1)) * height;
  const first = Math.max(0, pointAt(data, counter, frame.a));
  if (!times.length) return;
  const line = new Path2D();
  const zero = place(0);
  let before = null;
  let x = 0;
  for (let i = first; i < times.length && times[i] <= frame.b; i++) {
    x = Math.max(frame.left - 2, xOf(frame, times[i]));
    if (before === null) line.moveTo(x, place(values[i]));
    else {
      line.lineTo(x, before);
      line.lineTo(x, place(values[i]));
    }
    before = place(values[i]);
  }
  if (before === null) return;
  line.lineTo(frame.left + frame.width + 2, before);
  const ground = new Path2D(line);
  ground.lineTo(frame.left + frame.width + 2, zero);
  ground.lineTo(Math.max(frame.left - 2, xOf(frame, times[first])), zero);
  context.fillStyle = data.theme.accent;
  context.globalAlpha = 0.14;
  context.fill(ground);
  context.globalAlpha = 1;
  context.strokeStyle = data.theme.accent;
  context.lineWidth = 1.5;
  context.stroke(line);
}

// How busy lanes are, column by column of one px: those of a folded group, or all in the overview.
function paintShare(context, share, left, y, height, colour) {
  context.fillStyle = colour;
  context.globalAlpha = 0.6;
  for (let c = 0; c < share.length; c++) {
    const high = share[c] && Math.max(1, share[c] * height);
    if (high) context.fillRect(left + c, y + height - high, 1, high);
  }
  context.globalAlpha = 1;
}

// Patterns as canvas paints them, in the colour of text on the kind; null where plain.
const STROKES = {
  "/": [[-1, 3, 3, -1], [0, 8, 8, 0], [5, 9, 9, 5]],
  "\\": [[-1, 5, 3, 9], [0, 0, 8, 8], [5, -1, 9, 3]],
  "-": [[0, 4, 8, 4]],
  "|": [[4, 0, 4, 8]],
};
STROKES.x = [...STROKES["/"], ...STROKES["\\"]];
STROKES["+"] = [...STROKES["-"], ...STROKES["|"]];

function patternOf(context, { pattern, text }) {
  if (!pattern) return null;
  const tile = document.createElement("canvas");
  tile.width = tile.height = 8;
  const ink = tile.getContext("2d");
  ink.globalAlpha = 0.3;
  ink.strokeStyle = ink.fillStyle = text;
  ink.beginPath();
  if (pattern === ".") ink.arc(4, 4, 1.3, 0, 7);
  for (const [x0, y0, x1, y1] of STROKES[pattern] ?? []) {
    ink.moveTo(x0, y0);
    ink.lineTo(x1, y1);
  }
  if (pattern === ".") ink.fill();
  else ink.stroke();
  return context.createPattern(tile, "repeat");
}
