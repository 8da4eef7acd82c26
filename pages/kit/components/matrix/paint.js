// Draws one panel: cells, numbers in cells, block lines, labels, crosshair and the chosen cell.
const FEW = 400; // matrices of at most this many cells may print their numbers
const STRIDES = [1, 2, 4, 5, 8, 10, 16, 20, 25, 32, 50, 64, 100, 128, 200, 256, 500];

// The whole matrix as an image of one pixel a cell, made once for each set of data.
function rasterise(data, panel) {
  const [rows, columns] = data.shape;
  const image = new ImageData(columns, rows);
  for (let i = 0; i < rows * columns; i++) {
    const code = codeAt(data, panel * rows * columns + i);
    if (code === 255) continue; // no value: transparent
    image.data.set(data.arrays.lut.subarray(3 * code, 3 * code + 3), 4 * i);
    image.data[4 * i + 3] = 255;
  }
  const canvas = document.createElement("canvas");
  canvas.width = columns;
  canvas.height = rows;
  canvas.getContext("2d").putImageData(image, 0, 0);
  return canvas;
}

// Position on the colour scale, 0..254, or 255 where there is no value.
function codeAt(data, i) {
  const cell = data.arrays.cells[i];
  if (!data.exact) return cell;
  const { low, high, log } = data.scale;
  if (!Number.isFinite(cell) || (log && cell <= 0)) return 255;
  const position = log
    ? (Math.log(cell) - Math.log(low)) / (Math.log(high) - Math.log(low))
    : (cell - low) / (high - low);
  return Math.round(254 * Math.min(1, Math.max(0, position)));
}

// The number of a cell; from 8-bit codes it is known to about one part in 254.
function valueAt(data, i) {
  const cell = data.arrays.cells[i];
  if (data.exact) return cell;
  if (cell === 255) return NaN;
  const { low, high, log } = data.scale;
  const t = cell / 254;
  return log ? low * (high / low) ** t : low + t * (high - low);
}

// A stride that leaves at least `room` px between labels.
function strideFor(cell, room) {
  return STRIDES.find((stride) => stride * cell >= room) ?? Math.ceil(room / cell);
}

function label(axis, i) {
  return axis.labels ? visible(axis.labels[i]) : String(i);
}

// Blanks in token texts are made visible; names of layers and heads keep their inner spaces.
function visible(text) {
  const marked = text.replaceAll("\n", "⏎").replaceAll("\t", "⇥");
  return marked.trim() ? marked.replace(/^ +| +$/g, (blanks) => "·".repeat(blanks.length)) : "·".repeat(marked.length) || "∅";
}

function shorten(context, text, room) {
  if (context.measureText(text).width <= room) return text;
  let end = text.length;
  while (end > 1 && context.measureText(text.slice(0, end) + "…").width > room) end--;
  return text.slice(0, end) + "…";
}

// box: where the cells lie in CSS px; view: the cells shown, [r0, r1) x [c0, c1), fractional.
function paint(context, data, panel, image, box, view, mark) {
  const { theme, shape: [rows, columns] } = data;
  const cw = box.width / (view.c1 - view.c0);
  const ch = box.height / (view.r1 - view.r0);
  const x = (column) => box.left + (column - view.c0) * cw;
  const y = (row) => box.top + (row - view.r0) * ch;
  context.clearRect(0, 0, context.canvas.width, context.canvas.height);
  context.save();
  context.beginPath();
  context.rect(box.left, box.top, box.width, box.height);
  context.clip();
  // Cells smaller than a pixel are averaged, so that no column vanishes between two pixels.
  context.imageSmoothingEnabled = Math.min(cw, ch) * devicePixelRatio < 1;
  context.imageSmoothingQuality = "high";
  context.drawImage(image, x(0), y(0), columns * cw, rows * ch);
  if (Math.min(cw, ch) >= 12) gaps(context, data, box, view, x, y);
  if (rows * columns <= FEW) numbers(context, data, panel, x, y, cw, ch);
  blockLines(context, data, box, x, y, cw, ch);
  if (mark.hover) crosshair(context, theme, box, x, y, cw, ch, mark.hover);
  if (mark.selected) {
    outline(context, x(mark.selected.column), y(mark.selected.row), cw, ch, theme.paper, 6);
    outline(context, x(mark.selected.column), y(mark.selected.row), cw, ch, theme.accent, 3);
  }
  context.restore();
  if (mark.selected) pointers(context, theme, box, x, y, cw, ch, mark.selected);
  rowLabels(context, data, box, view, y, ch, mark);
  columnLabels(context, data, box, view, x, cw, mark);
}

function gaps(context, data, box, view, x, y) {
  context.strokeStyle = data.theme.paper;
  context.lineWidth = 1;
  context.beginPath();
  for (let column = Math.ceil(view.c0); column <= view.c1; column++) {
    context.moveTo(x(column), box.top);
    context.lineTo(x(column), box.top + box.height);
  }
  for (let row = Math.ceil(view.r0); row <= view.r1; row++) {
    context.moveTo(box.left, y(row));
    context.lineTo(box.left + box.width, y(row));
  }
  context.stroke();
}

function numbers(context, data, panel, x, y, cw, ch) {
  const [rows, columns] = data.shape;
  if (cw < 30 || ch < 15) return;
  context.font = font(12);
  context.textAlign = "center";
  context.textBaseline = "middle";
  for (let i = 0; i < rows * columns; i++) {
    const at = panel * rows * columns + i;
    const code = codeAt(data, at);
    if (code === 255) continue;
    const text = shown(valueAt(data, at), 3);
    if (context.measureText(text).width > cw - 6) continue;
    const [r, g, b] = data.arrays.lut.subarray(3 * code, 3 * code + 3);
    context.fillStyle = luminance(r, g, b) > 0.18 ? "#000000" : "#ffffff";
    context.fillText(text, x(i % columns) + cw / 2, y(Math.floor(i / columns)) + ch / 2 + 1);
  }
}

// WCAG: black and white reach the same contrast at a luminance of about 0.18.
function luminance(...channels) {
  const [r, g, b] = channels.map((c) =>
    c <= 10.3 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4,
  );
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function blockLines(context, data, box, x, y, cw, ch) {
  const [atRows, atColumns] = data.boundaries;
  context.strokeStyle = data.theme.ink;
  context.globalAlpha = 0.55;
  context.lineWidth = 1;
  context.beginPath();
  // Lines closer than 4 px would hide the cells; they come with the zoom.
  if (spacing(atRows) * ch >= 4) {
    for (const row of atRows) {
      context.moveTo(box.left, Math.round(y(row)) - 0.5);
      context.lineTo(box.left + box.width, Math.round(y(row)) - 0.5);
    }
  }
  if (spacing(atColumns) * cw >= 4) {
    for (const column of atColumns) {
      context.moveTo(Math.round(x(column)) - 0.5, box.top);
      context.lineTo(Math.round(x(column)) - 0.5, box.top + box.height);
    }
  }
  context.stroke();
  context.globalAlpha = 1;
}

function spacing(places) {
  let least = Infinity;
  for (let i = 1; i < places.length; i++) least = Math.min(least, places[i] - places[i - 1]);
  return least;
}

function crosshair(context, theme, box, x, y, cw, ch, { row, column }) {
  for (const [colour, width] of [[theme.paper, 3], [theme.ink, 1]]) {
    context.strokeStyle = colour;
    context.globalAlpha = 0.75;
    context.lineWidth = width;
    context.beginPath();
    context.setLineDash(width === 1 ? [3, 3] : []);
    const cx = x(column) + cw / 2;
    const cy = y(row) + ch / 2;
    const [rx, ry] = [Math.max(cw / 2, 4), Math.max(ch / 2, 4)];
    context.moveTo(box.left, cy);
    context.lineTo(cx - rx, cy);
    context.moveTo(cx + rx, cy);
    context.lineTo(box.left + box.width, cy);
    context.moveTo(cx, box.top);
    context.lineTo(cx, cy - ry);
    context.moveTo(cx, cy + ry);
    context.lineTo(cx, box.top + box.height);
    context.stroke();
    context.setLineDash([]);
    context.globalAlpha = 1;
    outline(context, x(column), y(row), cw, ch, colour, width + 0.5);
  }
}

// A frame of at least 8 px, so that a tiny cell can be found.
function outline(context, left, top, cw, ch, colour, width) {
  const [w, h] = [Math.max(cw, 8), Math.max(ch, 8)];
  context.strokeStyle = colour;
  context.lineWidth = width;
  context.strokeRect(left + (cw - w) / 2, top + (ch - h) / 2, w, h);
}

// Small triangles at the edges say where the chosen cell is, by shape and not by colour alone.
function pointers(context, theme, box, x, y, cw, ch, { row, column }) {
  const cx = x(column) + cw / 2;
  const cy = y(row) + ch / 2;
  context.fillStyle = theme.accent;
  if (cx >= box.left && cx <= box.left + box.width) {
    context.beginPath();
    context.moveTo(cx - 5, box.top - 8);
    context.lineTo(cx + 5, box.top - 8);
    context.lineTo(cx, box.top - 1);
    context.fill();
  }
  if (cy >= box.top && cy <= box.top + box.height) {
    const right = box.left + box.width;
    context.beginPath();
    context.moveTo(right + 8, cy - 5);
    context.lineTo(right + 8, cy + 5);
    context.lineTo(right + 1, cy);
    context.fill();
  }
}

function rowLabels(context, data, box, view, y, ch, mark) {
  context.font = font(12);
  context.textAlign = "right";
  context.textBaseline = "middle";
  const stride = strideFor(ch, 15);
  for (let row = Math.ceil(view.r0 - 0.5); row < view.r1 - 0.4; row++) {
    const current = row === mark.hover?.row || row === mark.selected?.row;
    if (row % stride && !current) continue;
    if (!current && near(row, [mark.hover?.row, mark.selected?.row], 15 / ch)) continue;
    context.fillStyle = current ? data.theme.ink : data.theme.muted;
    const text = shorten(context, label(data.rows, row), box.left - 28);
    context.fillText(text, box.left - 6, y(row) + ch / 2);
  }
  context.save();
  context.translate(8, box.top + box.height / 2);
  context.rotate(-Math.PI / 2);
  context.textAlign = "center";
  context.fillStyle = data.theme.muted;
  context.fillText(shorten(context, data.rows.title, box.height + 20), 0, 0);
  context.restore();
}

function columnLabels(context, data, box, view, x, cw, mark) {
  context.font = font(12);
  context.textAlign = "center";
  context.textBaseline = "top";
  const [rows, columns] = data.shape;
  // In a map of few cells each column has its label, cut to the cell.
  const most = rows * columns <= FEW && cw >= 40 ? cw - 10 : 96;
  const widest = data.columns.labels
    ? Math.min(most, Math.max(...data.columns.labels.map((t) => context.measureText(visible(t)).width)))
    : context.measureText(String(columns - 1)).width;
  const stride = strideFor(cw, widest + 10);
  const below = box.top + box.height;
  for (let column = Math.ceil(view.c0 - 0.5); column < view.c1 - 0.4; column++) {
    const current = column === mark.hover?.column || column === mark.selected?.column;
    if (column % stride && !current) continue;
    const kept = [mark.hover?.column, mark.selected?.column];
    if (!current && near(column, kept, (widest + 8) / cw)) continue;
    context.fillStyle = current ? data.theme.ink : data.theme.muted;
    context.fillText(shorten(context, label(data.columns, column), most), x(column) + cw / 2, below + 6);
  }
  context.fillStyle = data.theme.muted;
  context.fillText(shorten(context, data.columns.title, box.width + box.left), box.left + box.width / 2, below + 23);
}

function near(at, others, distance) {
  return others.some((other) => other !== undefined && other !== at && Math.abs(other - at) < distance);
}

// The font of the page; set once by the view.
const look = { family: "system-ui, sans-serif" };

function font(size) {
  return `${size}px ${look.family}`;
}

// The colour bar: a strip with ticks in true units.
function paintBar(context, data, width) {
  const { lut } = data.arrays;
  const inset = 18;
  const length = width - 2 * inset;
  context.clearRect(0, 0, context.canvas.width, context.canvas.height);
  for (let i = 0; i < 255; i++) {
    context.fillStyle = `rgb(${lut[3 * i]}, ${lut[3 * i + 1]}, ${lut[3 * i + 2]})`;
    context.fillRect(inset + (i * length) / 255, 2, length / 255 + 0.6, 10);
  }
  context.font = font(12);
  context.textAlign = "center";
  context.textBaseline = "top";
  context.fillStyle = data.theme.muted;
  let free = -Infinity;
  for (const [place, text] of data.scale.ticks) {
    const at = inset + place * length;
    const half = context.measureText(text).width / 2;
    if (at - half < free) continue;
    context.fillRect(at - 0.5, 12, 1, 3);
    context.fillText(text, at, 17);
    free = at + half + 8;
  }
}
