// Draws the block: the grid of each block, stems, marks of what is lost or clipped, and the codes.
const ROOM = { left: 58, right: 66, top: 12, bottom: 68 };

function number(value, digits = 4) {
  if (value === 0) return "0";
  const size = Math.abs(value);
  const text = size >= 1e5 || size < 1e-3 ? value.toExponential(digits - 2) : Number(value.toPrecision(digits)).toString();
  return text.replaceAll("-", "−").replace("e+", "e");
}

function geometry(width, height, count, limit) {
  const plot = { left: ROOM.left, top: ROOM.top, width: width - ROOM.left - ROOM.right, height: height - ROOM.top - ROOM.bottom };
  const pitch = plot.width / count;
  return {
    plot,
    pitch,
    x: (slot) => plot.left + (slot + 0.5) * pitch,
    y: (value) => plot.top + (plot.height / 2) * (1 - value / limit),
    value: (y) => limit * (1 - (2 * (y - plot.top)) / plot.height),
  };
}

function paint(context, scene) {
  const { data, result, at, focus, family } = scene;
  const { theme } = data;
  context.clearRect(0, 0, context.canvas.width, context.canvas.height);
  const font = (size, weight = "") => `${weight} ${size}px ${family}`;
  drawAxes(context, scene, font);
  for (const block of result.blocks) drawGrid(context, scene, block);
  drawBlocks(context, scene, font);
  result.cells.forEach((cell, slot) => drawStem(context, scene, cell, slot, slot === focus));
  drawCodes(context, scene, font);
  if (focus !== null) drawHandle(context, theme, at.x(focus), at.y(clampTo(result.cells[focus].x, data.limit)));
}

function clampTo(value, limit) {
  return Math.min(limit, Math.max(-limit, value));
}

function drawAxes(context, { data, at, order, focus }, font) {
  const { plot } = at;
  context.font = font(12);
  context.fillStyle = data.theme.muted;
  context.textAlign = "right";
  context.textBaseline = "middle";
  for (const part of [-1, -0.5, 0, 0.5, 1]) {
    context.fillText(number(part * data.limit), plot.left - 8, at.y(part * data.limit));
  }
  context.save();
  context.translate(9, plot.top + plot.height / 2);
  context.rotate(-Math.PI / 2);
  context.textAlign = "center";
  context.fillText(data.value_title + (data.unit && ` [${data.unit}]`), 0, 0);
  context.restore();
  context.textAlign = "center";
  const stride = Math.ceil(26 / at.pitch);
  order.forEach((place, slot) => {
    if (slot === focus || (slot % stride === 0 && Math.abs(slot - focus) * at.pitch > 20)) {
      context.fillText(String(place), at.x(slot), plot.top + plot.height + 38);
    }
  });
  context.fillText(data.position_title, plot.left + plot.width / 2, plot.top + plot.height + 56);
}

// The numbers that can be stored, as lines; where they lie closer than 3 px, as a darker band.
function drawGrid(context, { data, at }, block) {
  if (!block.scale) return;
  const { codes } = data.grid;
  const [left, right] = [at.x(block.start) - at.pitch / 2, at.x(block.start + block.cells.length - 1) + at.pitch / 2];
  const inside = (y) => Math.min(at.plot.top + at.plot.height, Math.max(at.plot.top, y));
  const heights = codes.map((code) => at.y(code * block.scale + block.offset));
  context.fillStyle = data.theme.step;
  const fill = (top, bottom, alpha) => {
    context.globalAlpha = alpha;
    context.fillRect(left, inside(top), right - left, inside(bottom) - inside(top));
  };
  fill(heights.at(-1), heights[0], 0.08);
  let band = null; // the lowest line of a run that is too dense to draw
  heights.forEach((y, i) => {
    const dense = y - (heights[i + 1] ?? -Infinity) < 3;
    if (dense) band ??= y;
    else if (band !== null) {
      fill(y, band, 0.14);
      band = null;
    } else if (inside(y) === y) fill(Math.round(y) - 0.5, Math.round(y) + 0.5, 0.5);
  });
  context.globalAlpha = 1;
}

// Cuts between blocks, and for each the exponent above it and one step at the right edge.
function drawBlocks(context, { data, result, at, focus }, font) {
  const { theme } = data;
  const { plot } = at;
  context.fillStyle = theme.ink;
  for (const block of result.blocks.slice(1)) context.fillRect(Math.round(at.x(block.start) - at.pitch / 2) - 0.5, plot.top - 6, 1, plot.height + 34);
  context.fillStyle = theme.muted;
  context.fillRect(plot.left, Math.round(at.y(0)) - 0.5, plot.width, 1);
  const block = blockOf(result, focus ?? 0);
  if (!block.scale) return;
  const unit = block.scale * (data.grid.codes.find((code) => code > 0) ?? 1);
  const [low, high] = [at.y(block.offset), at.y(block.offset + unit)];
  const edge = plot.left + plot.width + 6;
  context.strokeStyle = context.fillStyle = theme.step;
  context.lineWidth = 2;
  context.beginPath();
  context.moveTo(edge, low);
  context.lineTo(edge + 6, low);
  context.moveTo(edge, high);
  context.lineTo(edge + 6, high);
  context.moveTo(edge + 3, low);
  context.lineTo(edge + 3, high);
  context.stroke();
  context.font = font(12, "600");
  context.textAlign = "left";
  context.textBaseline = "bottom";
  context.fillText("step", edge + 11, (low + high) / 2 + 1);
  context.textBaseline = "top";
  context.fillText(number(unit, 4), edge + 11, (low + high) / 2 + 1);
}

function blockOf(result, slot) {
  return result.blocks.findLast((block) => block.start <= slot);
}

function drawStem(context, { data, at }, cell, slot, focused) {
  const { theme } = data;
  const x = at.x(slot);
  const size = Math.max(2.5, Math.min(6, at.pitch / 2.6));
  const [exact, kept] = [at.y(clampTo(cell.x, data.limit)), at.y(clampTo(cell.kept, data.limit))];
  context.lineWidth = Math.max(1.25, Math.min(3, at.pitch / 5));
  context.strokeStyle = theme.kept;
  context.beginPath();
  context.moveTo(x, at.y(0));
  context.lineTo(x, kept);
  context.stroke();
  if (cell.lost) return mark(context, "lost", theme, x, exact, size);
  mark(context, "kept", theme, x, kept, size * 0.75);
  if (Math.abs(exact - kept) > 1 || focused) mark(context, "exact", theme, x, exact, size);
  if (cell.clipped) mark(context, cell.x > 0 ? "clipped" : "clipped below", theme, x, kept + (cell.x > 0 ? -12 : 12), 6);
}

// The marks differ by shape: diamond, ring, cross, triangle.
function mark(context, kind, theme, x, y, size) {
  context.lineWidth = 2;
  context.beginPath();
  if (kind === "lost") {
    context.strokeStyle = theme.lost;
    context.moveTo(x - size * 0.8, y - size * 0.8);
    context.lineTo(x + size * 0.8, y + size * 0.8);
    context.moveTo(x - size * 0.8, y + size * 0.8);
    context.lineTo(x + size * 0.8, y - size * 0.8);
    context.stroke();
  } else if (kind === "exact") {
    context.strokeStyle = theme.ink;
    context.lineWidth = 1.5;
    context.arc(x, y, size, 0, 2 * Math.PI);
    context.stroke();
  } else if (kind === "kept") {
    context.fillStyle = theme.kept;
    context.moveTo(x, y - size * 1.2);
    context.lineTo(x + size * 1.2, y);
    context.lineTo(x, y + size * 1.2);
    context.lineTo(x - size * 1.2, y);
    context.fill();
  } else {
    const up = kind === "clipped" ? -1 : 1;
    context.fillStyle = theme.clipped;
    context.moveTo(x - size, y - (up * size) / 2);
    context.lineTo(x + size, y - (up * size) / 2);
    context.lineTo(x, y + up * size);
    context.fill();
  }
}

// The ring with two arrows around the stem that can be moved.
function drawHandle(context, theme, x, y) {
  context.strokeStyle = context.fillStyle = theme.accent;
  context.lineWidth = 2.5;
  context.beginPath();
  context.arc(x, y, 10, 0, 2 * Math.PI);
  context.stroke();
  for (const up of [-1, 1]) {
    context.beginPath();
    context.moveTo(x - 4.5, y + up * 13);
    context.lineTo(x + 4.5, y + up * 13);
    context.lineTo(x, y + up * 18);
    context.fill();
  }
}

// The stored code under each stem, as a number where there is room, else as a filled cell.
function drawCodes(context, { data, result, at, focus }, font) {
  const top = at.plot.top + at.plot.height + 8;
  const { theme } = data;
  const texts = result.cells.map(({ code }) => number(code, 3));
  context.font = font(12);
  const widest = Math.max(...texts.map((text) => context.measureText(text).width));
  const roomy = at.pitch >= Math.max(15, widest + 4);
  context.textAlign = "center";
  context.textBaseline = "middle";
  result.cells.forEach((cell, slot) => {
    const [left, width] = [at.x(slot) - at.pitch / 2, Math.max(1, at.pitch - 1)];
    const focused = slot === focus;
    if (cell.code === 0) {
      context.strokeStyle = cell.lost ? theme.lost : theme.grid;
      context.lineWidth = 1;
      context.strokeRect(left + 1, top + 0.5, Math.max(1, width - 1), 19);
    } else {
      context.fillStyle = focused ? theme.accent : theme.kept;
      context.fillRect(left + 0.5, top, width, 20);
    }
    if (roomy) {
      context.fillStyle = cell.code === 0 ? (cell.lost ? theme.lost : theme.muted) : theme.paper;
      context.fillText(texts[slot], left + at.pitch / 2, top + 11);
    }
  });
  context.fillStyle = theme.muted;
  context.textAlign = "right";
  context.fillText("code", at.plot.left - 8, top + 11);
}
