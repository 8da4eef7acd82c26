// Names of rows: beside the lanes, or in a line above those whose name is too long to stand there.
const ABOVE_HIGH = 16;
const BESIDE = { gap: 14, least: 64, heading: 84, name: 112, most: 220, share: 0.24 };

// How wide the names beside are; rows with longer ones get a line more, and those below move down.
// A heading has the whole width while its group is open.
function placeNames(context, data, rows, width) {
  const most = (narrow) => Math.min(Math.max(narrow, BESIDE.share * width), BESIDE.most);
  let [widest, down] = [BESIDE.least, 0];
  for (const row of rows) {
    const wide = nameWidth(context, data, row);
    row.y += down;
    if (row.type === "group") widest = Math.max(widest, Math.min(wide, most(BESIDE.heading)));
    else if (wide <= most(BESIDE.name)) widest = Math.max(widest, wide);
    else {
      row.above = ABOVE_HIGH;
      row.height += ABOVE_HIGH;
      down += ABOVE_HIGH;
    }
  }
  return Math.ceil(widest);
}

function nameWidth(context, data, { name, inset = 14, counter }) {
  context.font = font(12, 600);
  const texts = counter >= 0 ? [name, counterScale(data, counter)] : [name];
  return Math.max(...texts.map((text) => context.measureText(text.slice(0, LONGEST)).width)) + inset + BESIDE.gap;
}

function paintLabel(context, data, row, frame, strong) {
  const { theme } = data;
  const [y, room] = [row.y - frame.top, frame.left - 10];
  context.fillStyle = theme.grid;
  context.fillRect(0, y + row.height - 1, row.type === "group" ? frame.left + frame.width : frame.left, row.type === "group" ? 1 : 0);
  context.textAlign = "left";
  context.textBaseline = "middle";
  context.fillStyle = strong ? theme.accent : row.type === "group" ? theme.ink : theme.muted;
  context.font = font(12, strong || row.type === "group" ? 600 : 400);
  if (row.type === "group") {
    context.fillText(row.folded ? "▸" : "▾", 0, y + row.height / 2);
    const most = row.folded ? room - 12 : frame.left + frame.width - 20;
    context.fillText(fitted(context, row.name, most), 14, y + row.height / 2);
  } else if (row.above) paintNameAbove(context, data, row, frame, y + 1 + row.above / 2);
  else if (row.type === "lane") context.fillText(fitted(context, row.name, room - row.inset), row.inset, y + row.height / 2);
  else {
    context.fillText(fitted(context, row.name, room - row.inset), row.inset, y + row.height / 2 - 8);
    context.font = font(11);
    context.fillStyle = theme.muted;
    context.fillText(fitted(context, counterScale(data, row.counter), room - row.inset), row.inset, y + row.height / 2 + 8);
  }
}

// The name in the colour and font that are set, then the scale of a counter.
function paintNameAbove(context, data, row, frame, y) {
  const name = fitted(context, row.name, frame.left + frame.width - row.inset);
  context.fillText(name, row.inset, y);
  if (row.type !== "counter") return;
  const x = row.inset + context.measureText(name).width + 8;
  context.font = font(11);
  context.fillStyle = data.theme.muted;
  context.fillText(fitted(context, counterScale(data, row.counter), frame.left + frame.width - x), x, y);
}
