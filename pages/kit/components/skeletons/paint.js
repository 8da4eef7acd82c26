// How each kind of strip is painted, frame by frame from left to right.
const GRIP_PX = 8; // at the end of a segment that can be dragged

function paintStrip(context, data, strip, width) {
  context.clearRect(0, 0, width, strip.tall);
  context.fillStyle = data.theme.panel;
  context.fillRect(0, 0, width, strip.tall);
  PAINTERS[strip.kind](context, data, strip, width);
}

const PAINTERS = { line: paintLine, heat: paintHeat, segments: paintSegments, ticks: paintTicks };

function paintLine(context, data, { values, low, high, tall }, width) {
  const place = (value) => tall - 3 - ((value - low) / (high - low || 1)) * (tall - 6);
  const line = new Path2D();
  let open = false;
  values.forEach((value, frame) => {
    if (!Number.isFinite(value)) open = false;
    else {
      const [x, y] = [placeOf(data, width, frame), place(value)];
      if (open) line.lineTo(x, y);
      else line.moveTo(x, y);
      open = true;
    }
  });
  context.strokeStyle = data.theme.accent;
  context.lineWidth = 1.5;
  context.lineJoin = "round";
  context.stroke(line);
}

// One pixel a cell, enlarged without smoothing.
function paintHeat(context, data, { values, rows, count, low, step, tall }, width) {
  const { lut } = data.arrays;
  const image = new ImageData(count, rows);
  values.forEach((value, at) => {
    if (!Number.isFinite(value)) return;
    const code = Math.min(255, Math.round(((value - low) / (254 * step)) * 255));
    image.data.set([lut[3 * code], lut[3 * code + 1], lut[3 * code + 2], 255], 4 * at);
  });
  const small = document.createElement("canvas");
  [small.width, small.height] = [count, rows];
  small.getContext("2d").putImageData(image, 0, 0);
  context.imageSmoothingEnabled = false;
  context.drawImage(small, 0, 0, (count / data.frames) * width, tall);
}

// Equal labels have equal colours; two bars at an end say that it can be dragged.
function paintSegments(context, data, { values, labels, tall, grips = [] }, width) {
  const family = getComputedStyle(context.canvas).fontFamily;
  context.font = `12px ${family}`;
  context.textBaseline = "middle";
  const kinds = [...new Set(labels)];
  const gripped = new Set(grips.map(([number]) => number));
  for (let at = 0; 2 * at < values.length; at++) {
    const label = labels[at] ?? "";
    const { colour, text } = data.segments[(labels.length ? kinds.indexOf(label) : at) % data.segments.length];
    const from = (values[2 * at] / data.frames) * width;
    const to = ((values[2 * at + 1] + 1) / data.frames) * width;
    context.fillStyle = colour;
    context.fillRect(from, 1, Math.max(1, to - from - 1), tall - 2);
    context.fillStyle = text;
    const grip = gripped.has(at) && to - from > 2 * GRIP_PX;
    if (grip) for (const x of [to - 4, to - 7]) context.fillRect(x, 7, 1, tall - 14);
    const said = fitting(context, label, String(at + 1), to - from - (grip ? 7 + GRIP_PX : 7));
    context.fillText(said, from + 4, tall / 2 + 0.5);
  }
}

function paintTicks(context, data, { values, tall }, width) {
  context.fillStyle = data.theme.ink;
  for (const frame of values) context.fillRect(Math.round(placeOf(data, width, frame)) - 1, 2, 2, tall - 4);
}

// A label that fits, at least half of it, else the segment's number, which is read out with the label.
function fitting(context, label, number, room) {
  const wide = (text) => context.measureText(text).width;
  if (label && wide(label) <= room) return label;
  let keep = label.length - 1;
  while (keep > 0 && wide(`${label.slice(0, keep)}…`) > room) keep -= 1;
  if (keep >= label.length / 2) return `${label.slice(0, keep)}…`;
  return label && wide(number) <= room ? number : "";
}

// The axis of all strips, in seconds.
function paintSeconds(context, data, width, family) {
  context.clearRect(0, 0, width, AXIS_HIGH);
  context.font = `12px ${family}`;
  context.fillStyle = data.theme.muted;
  context.textBaseline = "middle";
  const seconds = (data.frames - 1) / data.fps;
  const step = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100].find((one) => one * width >= 64 * seconds) ?? 200;
  for (let k = 0; k * step <= seconds; k++) {
    const text = `${Number((k * step).toFixed(1))} s`;
    const x = placeOf(data, width, k * step * data.fps);
    const half = context.measureText(text).width / 2;
    context.fillRect(Math.round(x), 0, 1, 3);
    context.fillText(text, Math.min(width - 2 * half, Math.max(0, x - half)), 11);
  }
}
