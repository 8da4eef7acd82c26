// The lanes in metres, from the codes of the message; a pose at any time between two frames.
const SMOOTH_S = 0.5;

class Clips {
  constructor(data) {
    this.data = data;
    this.joints = data.parents.length;
    this.frames = data.frames;
    this.lanes = data.lanes.map((lane, i) => this.lane(lane, i));
    this.bones = data.parents.map((parent, joint) => [parent, joint]).filter(([parent]) => parent >= 0);
    const inner = new Set(data.parents);
    // A joint of the middle without a child is the head.
    this.heads = data.sides.map((side, joint) => side === 0 && !inner.has(joint));
    this.weighs = this.lanes.some(({ trail }) => trail);
    this.measure();
  }

  lane(said, i) {
    const { arrays } = this.data;
    const positions = metres(arrays[`positions${i}`], said);
    return {
      ...said,
      positions,
      ghost: arrays[`ghost${i}`] ? metres(arrays[`ghost${i}`], said) : null,
      light: arrays[`light${i}`] ?? null,
      trail: arrays[`trail${i}`] ?? null,
      contacts: arrays[`contacts${i}`] ?? null,
      path: smoothPath(positions, this.joints, said.frames, Math.round(SMOOTH_S * this.data.fps)),
      pose: new Float32Array(3 * this.joints),
    };
  }

  // How far bodies reach from their root, how high they are, and the room that each lane covers.
  measure() {
    this.reach = 0.3;
    this.high = 0.5;
    this.radius = 0.5;
    for (const lane of this.lanes) {
      const [low, top] = [[Infinity, Infinity, Infinity], [-Infinity, -Infinity, -Infinity]];
      const { positions } = lane;
      for (let at = 0; at < positions.length; at++) {
        low[at % 3] = Math.min(low[at % 3], positions[at]);
        top[at % 3] = Math.max(top[at % 3], positions[at]);
      }
      for (let at = 0; at < positions.length; at += 3) {
        const frame = Math.floor(at / 3 / this.joints);
        const across = Math.hypot(positions[at] - lane.path[2 * frame], positions[at + 2] - lane.path[2 * frame + 1]);
        this.reach = Math.max(this.reach, across);
      }
      lane.low = low;
      lane.top = top;
      lane.middle = [(low[0] + top[0]) / 2, (low[2] + top[2]) / 2];
      this.high = Math.max(this.high, top[1]);
      this.radius = Math.max(this.radius, Math.hypot(top[0] - low[0], top[2] - low[2]) / 2);
    }
  }

  // The pose of a lane at a time in frames, written into lane.pose; the last pose stays.
  pose(lane, time, positions = lane.positions) {
    const at = Math.min(time, lane.frames - 1);
    const first = Math.floor(at);
    const share = at - first;
    const size = 3 * this.joints;
    const [a, b] = [first * size, Math.min(first + 1, lane.frames - 1) * size];
    for (let k = 0; k < size; k++) lane.pose[k] = positions[a + k] + share * (positions[b + k] - positions[a + k]);
    return lane.pose;
  }

  // Where the camera looks when it follows: the smoothed way of the root, [x, z].
  followed(lane, time) {
    const at = Math.min(time, lane.frames - 1);
    const first = Math.floor(at);
    const next = Math.min(first + 1, lane.frames - 1);
    const share = at - first;
    return [0, 1].map((k) => lane.path[2 * first + k] + share * (lane.path[2 * next + k] - lane.path[2 * first + k]));
  }
}

function metres(codes, { step, middle }) {
  const made = new Float32Array(codes.length);
  for (let k = 0; k < codes.length; k++) made[k] = codes[k] * step[k % 3] + middle[k % 3];
  return made;
}

// The root on the floor (frames, 2), each frame the mean of its neighbours up to `wide` frames off.
function smoothPath(positions, joints, frames, wide) {
  const path = new Float32Array(2 * frames);
  for (let frame = 0; frame < frames; frame++) {
    const reach = Math.min(wide, frame, frames - 1 - frame);
    for (let other = frame - reach; other <= frame + reach; other++) {
      path[2 * frame] += positions[3 * joints * other] / (2 * reach + 1);
      path[2 * frame + 1] += positions[3 * joints * other + 2] / (2 * reach + 1);
    }
  }
  return path;
}
