// What is drawn of one lane at a time, as rods, balls and discs in metres; both renderers read it.
const BONE = 0.024;
const JOINT = 0.036;
const HEAD = 0.085;
const FAINT_BONE = 0.015;
const GHOST = 0.45;
const DISC = 0.11;

// pen: rod(pose, a, b, radius, colour), ball(pose, joint, radius, colour, light),
// faint(pose, a, b, radius, colour, alpha), disc(x, z, radius, colour).
function drawBody(pen, clips, lane, time, trailing) {
  const { data, bones, joints } = clips;
  const frame = Math.min(lane.frames - 1, Math.round(time));
  const trail = trailing ? trailOf(clips, lane, frame) : [];
  const size = 3 * joints;
  for (const { frame: other, weight } of trail) {
    const pose = lane.positions.subarray(other * size, (other + 1) * size);
    for (const [a, b] of bones) pen.faint(pose, a, b, FAINT_BONE, lane.trail ? "lit" : "muted", weight);
  }
  if (lane.ghost) {
    const pose = clips.pose(lane, time, lane.ghost);
    for (const [a, b] of bones) pen.faint(pose, a, b, FAINT_BONE, "muted", GHOST);
  }
  const pose = clips.pose(lane, time);
  for (const [a, b] of bones) pen.rod(pose, a, b, BONE, sideOf(data, b));
  for (let joint = 0; joint < joints; joint++) {
    const light = lane.light ? lane.light[frame * joints + joint] / 255 : 0;
    const radius = clips.heads[joint] ? HEAD : JOINT;
    pen.ball(pose, joint, radius + light * 0.055, sideOf(data, joint), light);
  }
  if (!lane.contacts) return;
  data.feet.forEach((joint, k) => {
    if (lane.contacts[4 * frame + k]) pen.disc(pose[3 * joint], pose[3 * joint + 2], DISC, "accent");
  });
}

function sideOf(data, joint) {
  return data.sides[joint] < 0 ? "left" : data.sides[joint] > 0 ? "right" : "ink";
}

// The lines of the floor below a lane: [[x0, z0, x1, z1]], whole metres or steps of 2, 5, 10 ...
const MARGIN_M = 3;
const MOST_LINES = 40;

function floorOf(lane) {
  const [x0, x1] = [lane.low[0] - MARGIN_M, lane.top[0] + MARGIN_M];
  const [z0, z1] = [lane.low[2] - MARGIN_M, lane.top[2] + MARGIN_M];
  const longest = Math.max(x1 - x0, z1 - z0);
  let step = 1;
  for (const factor of [2, 2.5, 2, 2, 2.5, 2, 2, 2.5, 2]) if (longest / step > MOST_LINES) step *= factor;
  const [left, right] = [Math.floor(x0 / step) * step, Math.ceil(x1 / step) * step];
  const [near, far] = [Math.floor(z0 / step) * step, Math.ceil(z1 / step) * step];
  const lines = [];
  for (let x = left; x <= right + 1e-6; x += step) lines.push([x, near, x, far]);
  for (let z = near; z <= far + 1e-6; z += step) lines.push([left, z, right, z]);
  return { lines, step };
}

// The way of the root on the floor: [x, z] of each frame.
function wayOf(clips, { positions, frames }) {
  const size = 3 * clips.joints;
  return Array.from({ length: frames }, (_, frame) => [positions[frame * size], positions[frame * size + 2]]);
}
