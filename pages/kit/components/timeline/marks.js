// What lies over the lanes: the range, the span at the pointer, the chosen one and its cause.
function paintMarks(context, data, spans, rows, frame, { hover, focus, selected, range }) {
  const { theme } = data;
  context.clearRect(0, 0, frame.left + frame.width, frame.height);
  context.save();
  context.beginPath();
  context.rect(frame.left - 1, 0, frame.width + 2, frame.height);
  context.clip();
  if (range) paintRange(context, frame, range, theme.accent);
  const box = (i) => {
    const row = rowOfLane(data, rows, spans.laneOf(i));
    const x0 = xOf(frame, spans.start[i]);
    const x1 = Math.max(x0 + 3, xOf(frame, spans.end(i)));
    return { x0, x1, y: row.y + row.above - frame.top + 3, high: row.height - row.above - 6 };
  };
  const outline = (i, colour, width, room) => {
    const { x0, x1, y, high } = box(i);
    const left = Math.max(frame.left - 20, x0 - room);
    context.strokeStyle = colour;
    context.lineWidth = width;
    context.strokeRect(left, y - room, Math.min(frame.left + frame.width + 20, x1 + room) - left, high + 2 * room);
  };
  if (hover !== null) outline(hover, theme.ink, 1, 0.5);
  if (focus !== null && focus !== selected) outline(focus, theme.accent, 2, 1);
  if (selected !== null) {
    const cause = spans.cause.length ? spans.cause[selected] : -1;
    if (cause >= 0) {
      outline(cause, theme.muted, 1.5, 1);
      paintArrow(context, frame, box(cause), box(selected), theme);
    }
    outline(selected, theme.paper, 4, 1.5);
    outline(selected, theme.ink, 2, 1.5);
  }
  context.restore();
}

function paintRange(context, frame, [a, b], colour) {
  const [x0, x1] = [xOf(frame, a), xOf(frame, b)];
  context.fillStyle = colour;
  context.globalAlpha = 0.12;
  context.fillRect(x0, 0, x1 - x0, frame.height);
  context.globalAlpha = 1;
  for (const x of [x0, x1]) context.fillRect(Math.round(x) - 1, 0, 1.5, frame.height);
}

// From the start of the cause to the start of what waited.
function paintArrow(context, frame, from, to, theme) {
  const near = (x) => Math.min(frame.left + frame.width + 400, Math.max(frame.left - 400, x));
  const [x0, x1] = [near(from.x0), near(to.x0)];
  const [y0, y1] = [from.y + from.high / 2, to.y + to.high / 2];
  const bend = Math.max(16, Math.min(120, Math.abs(x1 - x0) / 2));
  const path = new Path2D();
  path.moveTo(x0, y0);
  path.bezierCurveTo(x0 + bend, y0 + (y1 === y0 ? -from.high : 0), x1 - bend, y1 + (y1 === y0 ? -from.high : 0), x1 - 3, y1);
  const head = new Path2D();
  head.moveTo(x1, y1);
  head.lineTo(x1 - 8, y1 - 4.5);
  head.lineTo(x1 - 8, y1 + 4.5);
  head.closePath();
  for (const [colour, width] of [[theme.paper, 5], [theme.ink, 1.75]]) {
    context.strokeStyle = context.fillStyle = colour;
    context.lineWidth = width;
    context.stroke(path);
    context.lineJoin = "round";
    context.lineWidth = width > 2 ? 4 : 0.5;
    context.stroke(head);
    context.fill(head);
  }
  context.beginPath();
  context.arc(x0, y0, 3, 0, 7);
  context.fill();
}
