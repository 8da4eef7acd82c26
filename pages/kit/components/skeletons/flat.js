// The bodies on a plain canvas: where WebGL is missing or slow, and until its library is loaded.
const RIM = 1.5; // px

class Flat {
  constructor(screen) {
    this.kind = "canvas";
    this.canvas = document.createElement("canvas");
    this.canvas.setAttribute("aria-hidden", "true");
    screen.replaceChildren(this.canvas);
  }

  load(clips, theme) {
    this.clips = clips;
    this.theme = theme;
    this.floors = clips.lanes.map((lane) => ({ ...floorOf(lane), way: wayOf(clips, lane) }));
  }

  resize(width, height) {
    resize(this.canvas, width, height);
  }

  destroy() {
    this.canvas.remove();
  }

  draw(time, { cells, width, height }, rig, trailing) {
    const context = scaled(this.canvas);
    context.clearRect(0, 0, width, height);
    this.clips.lanes.forEach((lane, i) => {
      const cell = cells[i];
      context.save();
      context.beginPath();
      context.rect(cell.x, cell.y, cell.width, cell.height);
      context.clip();
      context.fillStyle = this.theme.panel;
      context.fillRect(cell.x, cell.y, cell.width, cell.height);
      const pen = new FlatPen(context, this.theme, view2d(this.clips, lane, time, cell, rig));
      pen.floor(this.floors[i]);
      drawBody(pen, this.clips, lane, time, trailing);
      pen.finish();
      context.restore();
    });
  }
}

// A lane as the shared camera sees it. `seen` turns metres into px across and down from the middle
// of the cell for one metre of distance, and the distance from the eye; `on` divides by it.
function view2d(clips, lane, time, cell, rig) {
  const { at, far } = rig.look(clips, lane, time, cell);
  const { right, up, back } = rig.axes();
  const sharp = cell.height / (2 * TAN);
  const [x0, y0] = [cell.x + cell.width / 2, cell.y + cell.height / 2];
  const dot = (axis, x, y, z) => axis[0] * (x - at[0]) + axis[1] * (y - at[1]) + axis[2] * (z - at[2]);
  return {
    near: far / 50,
    sharp,
    seen: (x, y, z) => [sharp * dot(right, x, y, z), -sharp * dot(up, x, y, z), far - dot(back, x, y, z)],
    on: ([across, down, away]) => [x0 + across / away, y0 + down / away],
  };
}

// A line cut off before the eye: its ends in px, or null where nothing of it is seen.
function cutLine({ near, on }, from, to) {
  if (from[2] < near && to[2] < near) return null;
  const share = (near - from[2]) / (to[2] - from[2]);
  const edge = from.map((part, k) => part + share * (to[k] - part));
  return [on(from[2] < near ? edge : from), on(to[2] < near ? edge : to)];
}

class FlatPen {
  constructor(context, theme, view) {
    Object.assign(this, { context, theme, view, later: [] });
  }

  // The squares, and the way that the root takes over them.
  floor({ lines, way }) {
    const steps = way.slice(1).map(([x, z], k) => [...way[k], x, z]);
    this.onFloor(lines, this.theme.muted, 0.25);
    this.onFloor(steps, this.theme.accent, 0.8);
  }

  onFloor(lines, colour, alpha) {
    const { context, view } = this;
    context.lineWidth = 1;
    context.strokeStyle = colour;
    context.globalAlpha = alpha;
    context.beginPath();
    for (const [x0, z0, x1, z1] of lines) {
      const ends = cutLine(view, view.seen(x0, 0, z0), view.seen(x1, 0, z1));
      if (!ends) continue;
      context.moveTo(...ends[0]);
      context.lineTo(...ends[1]);
    }
    context.stroke();
    context.globalAlpha = 1;
  }

  seen(pose, joint) {
    return this.view.seen(pose[3 * joint], pose[3 * joint + 1], pose[3 * joint + 2]);
  }

  // A bone in px. Its ends are round, to meet those of others; a rim of some px stays beside it.
  line(from, to, radius, rim, colour, alpha) {
    const { context, view } = this;
    const ends = cutLine(view, from, to);
    if (!ends) return;
    context.globalAlpha = alpha;
    context.lineCap = rim ? "butt" : "round";
    context.strokeStyle = colour;
    context.lineWidth = Math.max(1, (2 * radius * view.sharp) / Math.max(view.near, (from[2] + to[2]) / 2)) + rim;
    context.beginPath();
    context.moveTo(...ends[0]);
    context.lineTo(...ends[1]);
    context.stroke();
    context.globalAlpha = 1;
  }

  faint(pose, a, b, radius, colour, alpha) {
    this.line(this.seen(pose, a), this.seen(pose, b), radius, 0, this.theme[colour], alpha);
  }

  // Solid parts wait until all are known: what is farther is painted first. A rim of the ground's
  // colour tells a limb from the one behind it.
  rod(pose, a, b, radius, colour) {
    const [from, to] = [this.seen(pose, a), this.seen(pose, b)];
    this.later.push({
      away: (from[2] + to[2]) / 2,
      paint: () => {
        this.line(from, to, radius, 2 * RIM, this.theme.panel, 1);
        this.line(from, to, radius, 0, this.theme[colour], 1);
      },
    });
  }

  ball(pose, joint, radius, colour, light) {
    const place = this.seen(pose, joint);
    if (place[2] < this.view.near) return;
    const [x, y] = this.view.on(place);
    const size = Math.max(1, (radius * this.view.sharp) / place[2]);
    // In front of the rods that end in it.
    this.later.push({
      away: place[2] - radius,
      paint: () => {
        this.circle(x, y, size, this.theme[colour], 1);
        if (light > 0) this.circle(x, y, size, this.theme.lit, light);
      },
    });
  }

  circle(x, y, radius, colour, alpha) {
    const { context } = this;
    context.globalAlpha = alpha;
    context.fillStyle = colour;
    context.beginPath();
    context.arc(x, y, radius, 0, 7);
    context.fill();
    context.globalAlpha = 1;
  }

  disc(x, z, radius, colour) {
    const { context, view } = this;
    if (view.seen(x, 0, z)[2] < view.near + radius) return;
    context.fillStyle = this.theme[colour];
    context.globalAlpha = 0.55;
    context.beginPath();
    for (let k = 0; k < 20; k++) {
      const angle = (k * Math.PI) / 10;
      context.lineTo(...view.on(view.seen(x + radius * Math.cos(angle), 0, z + radius * Math.sin(angle))));
    }
    context.fill();
    context.globalAlpha = 1;
  }

  finish() {
    this.later.sort((one, other) => other.away - one.away);
    for (const { paint } of this.later) paint();
  }
}
