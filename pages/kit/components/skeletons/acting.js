// What a visitor can do: play, step, turn, choose; and when the page is told.
const acting = {
  toggle() {
    if (this.clock.playing) {
      this.clock.pause();
      this.rest();
    } else this.clock.play();
    this.showState();
  },

  // Under the finger: the body follows at once, the page hears of it when the finger leaves.
  scrub(frame) {
    const played = this.clock.playing;
    this.clock.pause();
    this.clock.go(frame);
    if (played) this.showState();
    else this.ask();
  },

  step(frame) {
    this.scrub(frame);
    clearTimeout(this.resting);
    this.resting = setTimeout(() => this.rest(), REST_MS);
  },

  // The visitor came to rest on a frame of a lane.
  rest() {
    clearTimeout(this.resting);
    const { clock, state } = this;
    this.strips.show(clock.frame);
    const { data } = this;
    const moment = momentIn(data, clock.frame);
    const words = data.counted ? moment : `Frame ${Math.round(clock.frame)}, ${moment}`;
    this.part("spoken").textContent = [words, this.strips.sentence()].filter(Boolean).join("; ");
    this.showState();
    this.report("chosen", { value: [state.lane, Math.round(clock.frame)], count: Date.now() });
  },

  chooseLane(lane) {
    this.state.lane = lane;
    this.clock.pause();
    this.rest();
  },

  turn(yaw, pitch) {
    this.state.rig.turn(yaw, pitch);
    this.ask();
  },

  magnify(factor) {
    this.state.rig.magnify(factor);
    this.ask();
  },

  aim(mode) {
    this.state.rig.aim(mode);
    this.showState();
  },

  toggleTrail() {
    this.state.trailing = !this.state.trailing;
    this.showState();
  },

  toggleLoop() {
    this.clock.loop = !this.clock.loop;
    this.showState();
  },

  // Names over the lanes; where there are several, each chooses its lane. They are kept while they
  // say the same, so that the focus stays.
  writeNames() {
    const said = JSON.stringify(this.data.lanes.map(({ name, under }) => [name, under]));
    if (said === this.named) return;
    this.named = said;
    const { lanes } = this.data;
    this.part("names").replaceChildren(
      ...lanes.map(({ name, under }, i) => {
        const label = named(lanes.length > 1 ? "button" : "div", "lane");
        const head = document.createElement("b");
        head.append(name, named("span", "ended", " · ended"));
        label.append(head, ...(under ? [named("span", "under", under)] : []));
        if (lanes.length > 1) {
          label.type = "button";
          label.onclick = () => this.chooseLane(i);
        }
        return label;
      }),
    );
  },
};

Object.assign(Viewer.prototype, acting);

// Streamlit calls this at every change of the data, with the same parent. It calls what is returned
// when the component leaves, but also late, for a call that another one has overtaken.
const viewers = new WeakMap();

export default function (component) {
  const { data, parentElement, setStateValue } = component;
  let viewer = viewers.get(parentElement);
  if (!viewer?.root.isConnected || viewer.gone) {
    viewer?.destroy();
    viewer = new Viewer(parentElement);
    viewers.set(parentElement, viewer);
  }
  viewer.update(unpack(data), setStateValue);
  const turn = (viewer.turns = (viewer.turns ?? 0) + 1);
  return () => viewer.turns === turn && viewer.destroy();
}
