// The viewer: what is played, from where it is seen, and what the page hears of it.

// What outlives a remount of the component, by its key.
const remembered = new Map();
const REST_MS = 350;
const TOLD_MS = 250;

class Viewer {
  constructor(root) {
    this.root = root.querySelector(".skeletons");
    this.part = (name) => this.root.querySelector(`.${name}`);
    this.leaving = new AbortController();
    const { signal } = this.leaving;
    this.strips = new Strips(
      this.part("strips"),
      (frame, final, lane) => {
        if (final && lane >= 0) this.state.lane = lane;
        this.scrub(frame);
        if (final) this.rest();
      },
      (segment, frame) => this.report("moved", { value: [segment, frame], count: Date.now() }),
    );
    this.renderer = new Flat(this.part("screen"));
    this.root.addEventListener("keydown", (event) => pressKey(this, event), { signal });
    listen(this, this.part("screen"), signal);
    buildControls(this);
    this.resizing = new ResizeObserver(() => this.layout());
    this.resizing.observe(this.root);
    this.seeing = new IntersectionObserver(([entry]) => {
      this.seen = entry.isIntersecting;
      this.clock.before = null;
      this.ask();
    });
    this.seen = true;
  }

  get clock() {
    return this.state.clock;
  }

  // The context is given back, timers end, listeners go.
  destroy() {
    this.gone = true;
    this.leaving.abort();
    this.resizing.disconnect();
    this.seeing.disconnect();
    cancelAnimationFrame(this.asked);
    clearTimeout(this.resting);
    this.renderer.destroy();
    this.clock.before = null;
  }

  update(data, report) {
    this.data = data;
    this.report = report;
    this.recall(data);
    this.clips = new Clips(data);
    for (const [name, colour] of Object.entries(data.theme)) this.root.style.setProperty(`--${name}`, colour);
    this.part("title").textContent = data.title;
    this.part("title").hidden = !data.title;
    this.part("alt").textContent = data.alt;
    this.part("screen").setAttribute("aria-label", `${data.alt} ${summary(data)} Space plays, arrows step.`);
    this.part("scrub").max = String(this.clock.last);
    this.renderer.load(this.clips, data.theme);
    this.strips.load(data);
    this.writeNames();
    this.layout();
    this.showState();
    this.seeing.observe(this.root);
    this.enrich(data.library);
  }

  // The playhead and camera stay under the same key; what the page wants comes on top.
  recall(data) {
    const before = remembered.get(data.id);
    this.state = before ?? {
      clock: new Clock(data.frames, data.fps),
      rig: new Rig(),
      lane: 0,
      trailing: data.lanes.some((_, i) => `trail${i}` in data.arrays),
      number: 0,
    };
    remembered.set(data.id, this.state);
    this.clock.fit(data.frames, data.fps);
    this.state.lane = Math.min(this.state.lane, data.lanes.length - 1);
    if (data.pushed.number === this.state.number) return;
    this.state.number = data.pushed.number;
    if (!data.pushed.value) return;
    this.clock.pause();
    this.clock.go(data.pushed.value[1]);
  }

  layout() {
    const width = this.root.clientWidth - 4;
    if (!this.data || width <= 0) return;
    this.places = cellsOf(this.data.lanes.length, width, this.data.height);
    this.renderer.resize(width, this.places.height);
    this.root.dataset.renderer = this.renderer.kind;
    const names = [...this.part("names").children];
    this.places.cells.forEach(({ x, y, width: wide }, i) => {
      Object.assign(names[i].style, { left: `${x}px`, top: `${y}px`, maxWidth: `${wide}px` });
    });
    const head = Math.max(...names.map((name) => name.offsetHeight));
    for (const cell of this.places.cells) cell.head = head;
    this.strips.layout();
    this.draw();
  }

  // A picture at the next turn of the screen; while it plays, one after the other.
  ask() {
    if (this.gone) return;
    this.asked ??= requestAnimationFrame((now) => {
      this.asked = null;
      if (this.clock.playing && this.seen) {
        this.clock.advance(now);
        if (!this.clock.playing) this.rest();
      }
      this.draw(now);
    });
  }

  draw(now = performance.now()) {
    if (!this.places || !this.root.isConnected) return;
    const { clock, state } = this;
    this.renderer.draw(clock.frame, this.places, state.rig, state.trailing);
    this.strips.show(clock.frame);
    if (!clock.playing || now - (this.told ?? 0) > TOLD_MS || this.frame !== Math.round(clock.frame)) this.tell(now);
    if (!clock.playing || !this.seen) return;
    this.judge();
    this.ask();
  }

  // What can be read from outside: words, slider, and counts of drawn and dropped pictures.
  tell(now) {
    const { clock, data } = this;
    this.told = now;
    this.frame = Math.round(clock.frame);
    const words = data.counted ? momentIn(data, this.frame) : `${momentIn(data, this.frame)} · frame ${this.frame}`;
    const scrub = this.part("scrub");
    scrub.value = String(this.frame);
    scrub.setAttribute("aria-valuetext", data.counted ? words : `${words} of ${clock.last}`);
    this.part("time").textContent = words;
    data.lanes.forEach(({ frames }, i) => {
      this.part("names").children[i].classList.toggle("over", this.frame > frames - 1);
    });
    Object.assign(this.root.dataset, {
      frame: this.frame,
      playing: clock.playing,
      drawn: clock.drawn,
      dropped: clock.dropped,
    });
  }

  showState() {
    showControls(this);
    writeLegend(this.part("legend"), this.clips, this.state.trailing, quality === 0);
    [...this.part("names").children].forEach((name, i) => {
      if (this.data.lanes.length > 1) name.setAttribute("aria-pressed", String(i === this.state.lane));
    });
    this.ask();
  }
}

function summary({ lanes, frames, fps, counted }) {
  const long = counted ? `${frames} ${counted}s` : `${((frames - 1) / fps).toFixed(1)} seconds`;
  return `${lanes.length} ${lanes.length === 1 ? "lane" : "lanes in step"}, ${long}.`;
}
