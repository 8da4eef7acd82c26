// One lane in WebGL: one mesh of all balls, one of all rods, one of what is faint, discs and floor.
class Room {
  constructor(three, clips, lane, theme) {
    Object.assign(this, { clips, lane });
    const scene = (this.scene = new three.Scene());
    scene.fog = new three.Fog(theme.panel, 1, 2);
    this.sun = new three.DirectionalLight(0xffffff, 1.9);
    scene.add(new three.AmbientLight(0xffffff, 1.7), this.sun, this.sun.target);
    const shaded = new three.MeshLambertMaterial({ vertexColors: true });
    const clear = new three.MeshBasicMaterial({ vertexColors: true, transparent: true, depthWrite: false });
    for (const material of [shaded, clear]) material.fog = false;
    const rod = (sides) => new three.CylinderGeometry(1, 1, 1, sides, 1, true);
    const bones = clips.bones.length;
    const poses = 1 + (lane.ghost ? 1 : 0) + MOST_POSES;
    this.heaps = {
      balls: new Heap(three, new three.IcosahedronGeometry(1, 2), shaded, clips.joints),
      rods: new Heap(three, rod(8), shaded, bones),
      faint: new Heap(three, rod(4), clear, bones * poses),
      discs: new Heap(three, flatDisc(three), clear, 4),
    };
    const way = wayOf(clips, lane);
    const steps = way.slice(1).map(([x, z], k) => [...way[k], x, z]);
    this.lines = [linesOn(three, floorOf(lane).lines, 0, theme.muted, 0.4), linesOn(three, steps, 0.003, theme.accent, 0.8)];
    scene.add(...this.lines, ...Object.values(this.heaps).map(({ mesh }) => mesh));
    this.pen = new SolidPen(three, this.heaps, theme);
  }

  fill(time, trailing) {
    for (const heap of Object.values(this.heaps)) heap.begin();
    drawBody(this.pen, this.clips, this.lane, time, trailing);
    for (const heap of Object.values(this.heaps)) heap.end();
  }

  // The shared camera looks at this lane; the light stays at the eye's side.
  aim(camera, time, cell, rig) {
    const { at, far } = rig.look(this.clips, this.lane, time, cell);
    const { up, back } = rig.axes();
    camera.aspect = cell.width / cell.height;
    camera.near = far / 50;
    camera.far = 3 * far + 30;
    camera.up.set(...up);
    camera.position.set(at[0] + far * back[0], at[1] + far * back[1], at[2] + far * back[2]);
    camera.lookAt(...at);
    camera.updateProjectionMatrix();
    this.scene.fog.near = far;
    this.scene.fog.far = 2.5 * far + 8;
    this.sun.position.set(at[0] + 2 * back[0] - back[2], at[1] + 4, at[2] + 2 * back[2] + back[0]);
    this.sun.target.position.set(...at);
  }

  dispose() {
    for (const mesh of [...this.lines, ...Object.values(this.heaps).map((heap) => heap.mesh)]) {
      mesh.geometry.dispose();
      mesh.material.dispose();
      mesh.dispose?.();
    }
  }
}

// Lines [[x0, z0, x1, z1]] at a height over the floor.
function linesOn(three, lines, height, color, opacity) {
  const points = lines.flatMap(([x0, z0, x1, z1]) => [x0, height, z0, x1, height, z1]);
  const geometry = new three.BufferGeometry();
  geometry.setAttribute("position", new three.BufferAttribute(new Float32Array(points), 3));
  return new three.LineSegments(geometry, new three.LineBasicMaterial({ color, opacity, transparent: true }));
}

function flatDisc(three) {
  const geometry = new three.CircleGeometry(1, 24);
  geometry.rotateX(-Math.PI / 2);
  return geometry;
}
