// Which renderer draws: WebGL once its library is there, fine or rough, else the plain canvas.
const JUDGED = 150; // pictures of the screen, 2.5 s
const TOO_MANY = 0.5; // of them dropped
const STALLED = 30; // pictures dropped since the one before, half a second
const STALLS = 3; // of that kind at most
const QUALITIES = ["canvas", "rough", "fine"];
let library = null;
let quality = null;

const rendering = {
  async enrich(address) {
    if (this.renderer.kind === "webgl" || quality === 0) return;
    try {
      library ??= import(new URL(address, document.baseURI).href);
      this.three = await library;
      quality ??= onCard() ? 2 : 1;
      if (!this.gone && this.renderer.kind !== "webgl") this.choose();
    } catch {
      quality = 0;
      this.choose();
    }
  },

  // The renderer of the present quality; the next lower one where it cannot be made.
  choose() {
    const screen = this.part("screen");
    let made = null;
    while (!made) {
      try {
        made = quality ? new Solid(this.three, screen, QUALITIES[quality] === "fine", () => this.lower()) : new Flat(screen);
      } catch {
        quality -= 1;
      }
    }
    this.renderer.destroy();
    this.renderer = made;
    made.load(this.clips, this.data.theme);
    this.layout();
    this.showState();
  },

  lower() {
    quality = Math.max(0, quality - 1);
    this.choose();
  },

  // While it plays: where most pictures come too late, a cheaper way of drawing serves better.
  judge() {
    const { drawn, dropped } = this.clock;
    this.judged ??= { drawn, dropped };
    const late = dropped - this.judged.dropped;
    const all = late + drawn - this.judged.drawn;
    if (dropped - (this.lately ?? dropped) >= STALLED) this.stalls = (this.stalls ?? 0) + 1;
    this.lately = dropped;
    const stalled = this.stalls > STALLS;
    if (all < JUDGED && !stalled) return;
    this.judged = { drawn, dropped };
    this.stalls = 0;
    if (this.renderer.kind === "webgl" && (stalled || late > TOO_MANY * all)) this.lower();
  },
};

Object.assign(Viewer.prototype, rendering);

// Whether WebGL runs on a graphics card and not on the processor.
function onCard() {
  const probe = document.createElement("canvas").getContext("webgl2", { failIfMajorPerformanceCaveat: true });
  probe?.getExtension("WEBGL_lose_context")?.loseContext();
  return Boolean(probe);
}
