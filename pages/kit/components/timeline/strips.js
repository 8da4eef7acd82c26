// The two strips above the lanes: the whole with the window in it, and the axis.
const OVERVIEW_HIGH = 34;
const AXIS_HIGH = 24;

function paintOverview(context, data, share, whole, frame) {
  const { theme } = data;
  context.clearRect(0, 0, whole.left + whole.width, OVERVIEW_HIGH);
  context.fillStyle = theme.panel;
  context.fillRect(whole.left, 0, whole.width, OVERVIEW_HIGH);
  paintShare(context, share, whole.left, 3, OVERVIEW_HIGH - 5, theme.muted);
  const [x0, x1] = [xOf(whole, frame.a), Math.max(xOf(whole, frame.a) + 2, xOf(whole, frame.b))];
  context.fillStyle = theme.paper;
  context.globalAlpha = 0.66;
  context.fillRect(whole.left, 0, x0 - whole.left, OVERVIEW_HIGH);
  context.fillRect(x1, 0, whole.left + whole.width - x1, OVERVIEW_HIGH);
  context.globalAlpha = 1;
  context.strokeStyle = theme.accent;
  context.lineWidth = 1.5;
  context.strokeRect(x0 + 0.75, 0.75, Math.max(1, x1 - x0 - 1.5), OVERVIEW_HIGH - 1.5);
  context.fillStyle = theme.muted;
  context.font = font(12);
  context.textBaseline = "middle";
  context.textAlign = "left";
  context.fillText(fitted(context, "Whole", whole.left - 8), 0, OVERVIEW_HIGH / 2);
}

function paintAxis(context, data, frame, { ticks, base }) {
  const { theme } = data;
  context.clearRect(0, 0, frame.left + frame.width, AXIS_HIGH);
  context.font = font(12);
  context.textBaseline = "middle";
  context.fillStyle = theme.muted;
  context.textAlign = "left";
  context.fillText(fitted(context, base || "Time", frame.left - 8), 0, AXIS_HIGH / 2);
  context.textAlign = "center";
  let free = frame.left;
  for (const { at, text } of ticks) {
    const x = xOf(frame, at);
    const half = context.measureText(text).width / 2;
    const middle = Math.min(Math.max(x, frame.left + half), frame.left + frame.width - half);
    context.fillStyle = theme.grid;
    context.fillRect(Math.round(x), AXIS_HIGH - 4, 1, 4);
    if (middle - half < free) continue;
    context.fillStyle = theme.muted;
    context.fillText(text, middle, AXIS_HIGH / 2 - 1);
    free = middle + half + 12;
  }
  context.fillStyle = theme.grid;
  context.fillRect(frame.left, AXIS_HIGH - 1, frame.width, 1);
}
