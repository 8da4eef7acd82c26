// The bodies in WebGL: each lane is a scene of its own, drawn through its part of one canvas. `fine`
// smooths edges, which costs a processor that must do the card's work half of its pictures.
class Solid {
  constructor(three, screen, fine, lost) {
    this.kind = "webgl";
    this.three = three;
    this.canvas = document.createElement("canvas");
    this.canvas.setAttribute("aria-hidden", "true");
    const context = this.canvas.getContext("webgl2", { antialias: fine });
    if (!context) throw new Error("no WebGL");
    this.renderer = new three.WebGLRenderer({ canvas: this.canvas, context });
    this.renderer.setPixelRatio(fine ? Math.min(2, devicePixelRatio) : 1);
    this.renderer.autoClear = false;
    this.camera = new three.PerspectiveCamera(FIELD);
    this.canvas.addEventListener("webglcontextlost", lost);
    this.lost = lost;
    this.rooms = [];
    screen.replaceChildren(this.canvas);
  }

  load(clips, theme) {
    this.unload();
    this.clips = clips;
    this.theme = Object.fromEntries(Object.entries(theme).map(([name, colour]) => [name, new this.three.Color(colour)]));
    this.rooms = clips.lanes.map((lane) => new Room(this.three, clips, lane, this.theme));
  }

  resize(width, height) {
    this.renderer.setSize(width, height);
  }

  draw(time, places, rig, trailing) {
    const { renderer } = this;
    renderer.setScissorTest(false);
    renderer.setClearColor(this.theme.paper);
    renderer.clear();
    renderer.setScissorTest(true);
    renderer.setClearColor(this.theme.panel);
    this.rooms.forEach((room, i) => {
      const cell = places.cells[i];
      room.fill(time, trailing);
      room.aim(this.camera, time, cell, rig);
      const part = [cell.x, places.height - cell.y - cell.height, cell.width, cell.height];
      renderer.setViewport(...part);
      renderer.setScissor(...part);
      renderer.clear();
      renderer.render(room.scene, this.camera);
    });
  }

  unload() {
    for (const room of this.rooms) room.dispose();
    this.rooms = [];
  }

  // A browser allows few contexts: this one is given back at once.
  destroy() {
    this.canvas.removeEventListener("webglcontextlost", this.lost);
    this.unload();
    this.renderer.dispose();
    this.renderer.forceContextLoss();
    this.canvas.remove();
  }
}
