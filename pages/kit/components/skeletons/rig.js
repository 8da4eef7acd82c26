// One camera for all lanes: they are seen from the same side and at the same scale.
const FIELD = 32;
const TAN = Math.tan((FIELD * Math.PI) / 360);
const CAMERAS = { follow: "Follow", orbit: "Orbit", top: "Top" };
const STEEPEST = (89 * Math.PI) / 180;
const ASIDE = (35 * Math.PI) / 180;
const DOWN = (12 * Math.PI) / 180;

class Rig {
  constructor() {
    this.aim("follow");
  }

  // Follow keeps the root in the middle; orbit and top show all of the way.
  aim(mode) {
    this.mode = mode;
    this.yaw = mode === "top" ? 0 : ASIDE;
    this.pitch = mode === "top" ? STEEPEST : mode === "orbit" ? 2 * DOWN : DOWN;
    this.zoom = 1;
  }

  turn(yaw, pitch) {
    this.yaw += yaw;
    this.pitch = Math.min(STEEPEST, Math.max(-0.05, this.pitch + pitch));
  }

  magnify(factor) {
    this.zoom = Math.min(8, Math.max(0.25, this.zoom * factor));
  }

  // For a lane at a time: the point that is looked at, and the eye's distance from it in metres. The
  // upper `head` px of the cell hold its name; the body stays below them.
  look(clips, lane, time, { width, height, head }) {
    const follows = this.mode === "follow";
    const [x, z] = follows ? clips.followed(lane, time) : lane.middle;
    const wide = follows ? clips.reach : clips.radius;
    const [sin, cos] = [Math.sin(this.pitch), Math.cos(this.pitch)];
    // Half of what must be seen up and down, and across.
    const tall = (clips.high / 2) * Math.abs(cos) + wide * Math.abs(sin) + 0.1;
    const room = Math.max(height - head, height / 2);
    const fit = Math.max((tall * height) / room, ((wide + 0.1) * height) / width) / TAN + (follows ? 0 : 0.4 * wide * cos);
    const far = fit / this.zoom;
    const raised = (far * TAN * (height - room)) / height;
    const { up } = this.axes();
    const middle = [x, this.mode === "top" ? 0 : clips.high / 2, z];
    return { at: middle.map((part, k) => part + raised * up[k]), far };
  }

  // Unit vectors from what is looked at: to the right, up, and towards the eye.
  axes() {
    const [sy, cy, sp, cp] = [Math.sin(this.yaw), Math.cos(this.yaw), Math.sin(this.pitch), Math.cos(this.pitch)];
    return { right: [cy, 0, -sy], up: [-sy * sp, cp, -cy * sp], back: [sy * cp, sp, cy * cp] };
  }
}
