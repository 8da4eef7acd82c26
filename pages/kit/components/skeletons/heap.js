// Many equal shapes in one mesh: filled anew for every picture, each with its place and colour.
class Heap {
  constructor(three, geometry, material, most) {
    this.matrices = new Float32Array(16 * most);
    this.colours = new Float32Array(4 * most);
    this.mesh = new three.InstancedMesh(geometry, material, most);
    this.mesh.instanceMatrix = new three.InstancedBufferAttribute(this.matrices, 16);
    this.colour = new three.InstancedBufferAttribute(this.colours, 4);
    for (const attribute of [this.mesh.instanceMatrix, this.colour]) attribute.setUsage(three.DynamicDrawUsage);
    geometry.setAttribute("color", this.colour);
    this.mesh.frustumCulled = false;
    this.most = most;
  }

  begin() {
    this.count = 0;
  }

  // Columns x, y, z of the shape's own axes, and its middle.
  add(x, y, z, middle, { r, g, b }, alpha) {
    if (this.count >= this.most) return;
    const [at, tint] = [16 * this.count, 4 * this.count];
    this.matrices.set([x[0], x[1], x[2], 0, y[0], y[1], y[2], 0, z[0], z[1], z[2], 0, middle[0], middle[1], middle[2], 1], at);
    this.colours.set([r, g, b, alpha], tint);
    this.count += 1;
  }

  end() {
    this.mesh.count = this.count;
    this.mesh.visible = this.count > 0;
    this.mesh.instanceMatrix.needsUpdate = true;
    this.colour.needsUpdate = true;
  }
}

// Writes what bodies.js draws into the heaps.
class SolidPen {
  constructor(three, heaps, theme) {
    Object.assign(this, { heaps, theme });
    this.mixed = new three.Color();
  }

  rod(pose, a, b, radius, colour) {
    this.cylinder(this.heaps.rods, pose, a, b, radius, colour, 1);
  }

  faint(pose, a, b, radius, colour, alpha) {
    this.cylinder(this.heaps.faint, pose, a, b, radius, colour, alpha);
  }

  // From joint a to joint b; the other two axes are any that stand upright on the bone.
  cylinder(heap, pose, a, b, radius, colour, alpha) {
    const along = [0, 1, 2].map((k) => pose[3 * b + k] - pose[3 * a + k]);
    const middle = [0, 1, 2].map((k) => (pose[3 * b + k] + pose[3 * a + k]) / 2);
    const long = Math.hypot(...along);
    if (long < 1e-6) return;
    const steep = Math.abs(along[1]) > 0.9 * long;
    const side = scaledTo(cross(along, steep ? [1, 0, 0] : [0, 1, 0]), radius);
    const other = scaledTo(cross(side, along), radius);
    heap.add(side, along, other, middle, this.theme[colour], alpha);
  }

  ball(pose, joint, radius, colour, light) {
    const middle = [pose[3 * joint], pose[3 * joint + 1], pose[3 * joint + 2]];
    this.mixed.copy(this.theme[colour]).lerp(this.theme.lit, light);
    this.heaps.balls.add([radius, 0, 0], [0, radius, 0], [0, 0, radius], middle, this.mixed, 1);
  }

  disc(x, z, radius, colour) {
    this.heaps.discs.add([radius, 0, 0], [0, 1, 0], [0, 0, radius], [x, 0.004, z], this.theme[colour], 0.55);
  }
}

function cross(a, b) {
  return [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
}

function scaledTo(vector, length) {
  const long = Math.hypot(...vector) || 1;
  return vector.map((part) => (part / long) * length);
}
