// Rings and names over the map; a view is x and y of its middle and pixels per unit.
const MOST_NAMES = 30;
const TURN = 2 * Math.PI;

// Nodes in cells of a fixed grid, so that the pointer finds its neighbour without a search.
class Grid {
  constructor(x, y) {
    this.side = Math.max(1, Math.ceil(Math.sqrt(x.length / 4)));
    this.cells = new Map();
    for (let i = 0; i < x.length; i++) {
      const key = this.key(this.cell(x[i]), this.cell(y[i]));
      if (!this.cells.has(key)) this.cells.set(key, []);
      this.cells.get(key).push(i);
    }
  }

  // Positions are within -1 and 1.
  cell(value) {
    return Math.min(this.side - 1, Math.max(0, Math.floor(((value + 1) / 2) * this.side)));
  }

  key(column, row) {
    return row * this.side + column;
  }

  // All nodes in the rectangle, cell by cell.
  *within(x0, x1, y0, y1) {
    for (let row = this.cell(y0); row <= this.cell(y1); row++) {
      for (let column = this.cell(x0); column <= this.cell(x1); column++) {
        yield* this.cells.get(this.key(column, row)) ?? [];
      }
    }
  }
}

function toScreen(view, size, x, y) {
  return [size.width / 2 + (x - view.x) * view.scale, size.height / 2 - (y - view.y) * view.scale];
}

function toGraph(view, size, px, py) {
  return [view.x + (px - size.width / 2) / view.scale, view.y - (py - size.height / 2) / view.scale];
}

// Nodes grow a little when the view comes near.
function nearness(data, view) {
  return Math.min(1.8, Math.max(0.7, Math.sqrt(view.scale / data.unit)));
}

// Hollow nodes are ghosts: once there, gone now. All are of one size, small where the others are.
const ghostRadius = (data) => Math.min(4, 0.6 * data.large);
const [GHOST, ABSENT] = [1, 2];

function presenceOf(data, frame, i) {
  return data.arrays.presence.length ? data.arrays.presence[frame * data.count + i] : 0;
}

// Radius in px of node i: 255 steps of weight over the area.
function radiusOf(data, frame, view, i) {
  if (presenceOf(data, frame, i) === GHOST) return nearness(data, view) * ghostRadius(data);
  const weight = data.arrays.weight[frame * data.count + i] / 255;
  return nearness(data, view) * (data.small + (data.large - data.small) * Math.sqrt(weight));
}

// The kind of node i; it may change from frame to frame.
function kindOf(data, frame, i) {
  const { kind } = data.arrays;
  return data.kinds[kind[kind.length > data.count ? frame * data.count + i : i]];
}

function shapePath(context, shape, x, y, r) {
  if (shape === "square") context.rect(x - r * 0.9, y - r * 0.9, r * 1.8, r * 1.8);
  else if (shape === "diamond") {
    context.moveTo(x, y - r * 1.25);
    context.lineTo(x + r * 1.25, y);
    context.lineTo(x, y + r * 1.25);
    context.lineTo(x - r * 1.25, y);
    context.closePath();
  } else {
    context.moveTo(x + r, y);
    context.arc(x, y, r, 0, TURN);
  }
}

// Marked nodes: the same in all frames, or those of this one.
function marksOf(data, frame) {
  const { marked, marked_from } = data.arrays;
  return marked_from.length ? marked.subarray(marked_from[frame], marked_from[frame + 1]) : marked;
}

// Nodes that come with this frame, where they come one after the other.
function arrivalsOf(data, frame) {
  const found = [];
  data.arrays.born.forEach((born, i) => born === frame && found.push(i));
  return found;
}

function isThere(data, frame, i) {
  return !data.arrays.born.length || data.arrays.born[i] <= frame;
}

// Rings: marked nodes (a double line), nodes that just came (a broken one), then the chosen ones,
// then the one under the pointer.
function paintRings(context, data, frame, view, size, { selected, hover }) {
  const ring = (i, colour, width, room) => {
    if (presenceOf(data, frame, i) === ABSENT) return;
    const [px, py] = toScreen(view, size, data.arrays.x[i], data.arrays.y[i]);
    const r = radiusOf(data, frame, view, i) + room;
    context.beginPath();
    shapePath(context, kindOf(data, frame, i).shape, px, py, r);
    context.strokeStyle = colour;
    context.lineWidth = width;
    context.stroke();
  };
  const marks = marksOf(data, frame);
  for (const i of marks) {
    ring(i, data.theme.paper, 4, 3);
    ring(i, data.marked_colour, 2.5, 3);
  }
  context.setLineDash([4, 3]);
  for (const i of arrivalsOf(data, frame)) ring(i, data.edge_kinds[data.fresh_edge]?.colour ?? data.theme.ink, 2.5, 4);
  context.setLineDash([]);
  for (const i of selected) ring(i, data.theme.accent, 3, marks.includes(i) ? 7 : 4);
  if (hover !== null) ring(hover, data.theme.ink, 1.5, 2);
}

// Names where they cover no other name: what the visitor points at first, then by weight.
function paintNames(context, data, frame, view, size, chosen, order) {
  const taken = [];
  context.textBaseline = "middle";
  let named = 0;
  const write = (i, strong) => {
    if (presenceOf(data, frame, i) === ABSENT) return;
    const [px, py] = toScreen(view, size, data.arrays.x[i], data.arrays.y[i]);
    if (px < 0 || py < 0 || px > size.width || py > size.height) return;
    context.font = `${strong ? 600 : 400} 12px ${look.family}`;
    const text = data.labels[i].length > 36 ? `${data.labels[i].slice(0, 35)}…` : data.labels[i];
    const wide = context.measureText(text).width;
    const left = px + radiusOf(data, frame, view, i) + 5;
    const start = left + wide > size.width ? px - radiusOf(data, frame, view, i) - 5 - wide : left;
    const box = [start - 2, start + wide + 2, py - 8, py + 8];
    if (taken.some((one) => one[0] < box[1] && box[0] < one[1] && one[2] < box[3] && box[2] < one[3])) return;
    taken.push(box);
    context.lineWidth = 3;
    context.strokeStyle = data.theme.paper;
    context.strokeText(text, start, py);
    context.fillStyle = strong ? data.theme.ink : data.theme.muted;
    context.fillText(text, start, py);
    named += 1;
  };
  for (const i of chosen) write(i, true);
  for (const i of order) {
    if (named >= MOST_NAMES + chosen.length) break;
    if (!chosen.includes(i)) write(i, false);
  }
}

function paintLasso(context, corners, colour) {
  context.beginPath();
  corners.forEach(([x, y], i) => (i ? context.lineTo(x, y) : context.moveTo(x, y)));
  context.strokeStyle = colour;
  context.lineWidth = 1.5;
  context.setLineDash([5, 4]);
  context.stroke();
  context.setLineDash([]);
}
