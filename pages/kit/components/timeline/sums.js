// What happens between two times: spans and time of each kind, and how busy each lane is.
// A span that reaches beyond counts with the part inside.
function sumsOf(data, spans, [a, b]) {
  const kinds = data.kinds.map((_, kind) => ({ kind, count: 0, time: 0 }));
  const lanes = [];
  for (let lane = 0; lane < spans.lanes; lane++) {
    let busy = 0;
    for (let i = spans.after(lane, a); i < spans.from[lane + 1] && spans.start[i] < b; i++) {
      const inside = Math.min(spans.end(i), b) - Math.max(spans.start[i], a);
      kinds[spans.kind[i]].count += 1;
      kinds[spans.kind[i]].time += inside;
      busy += inside;
    }
    lanes.push({ lane, share: busy / (b - a) });
  }
  return {
    kinds: kinds.filter(({ count }) => count).sort((one, other) => other.time - one.time),
    lanes: lanes.sort((one, other) => other.share - one.share),
    count: kinds.reduce((all, { count }) => all + count, 0),
  };
}

// The range that the view sums up.
const measuring = {
  setRange(one, other) {
    this.state.range = [Math.min(one, other), Math.max(one, other)];
    this.drawMarks();
  },

  endRange() {
    const { range } = this.state;
    if (range && range[0] === range[1]) this.state.range = null;
    this.say(writeSums(this));
    if (this.measuring) this.toggleMeasuring();
    this.drawMarks();
  },

  measureWindow() {
    const { a, b } = this.state.window;
    this.setRange(a, b);
    this.endRange();
  },

  toggleMeasuring() {
    this.measuring = !this.measuring;
    this.part("measure").setAttribute("aria-pressed", String(this.measuring));
    this.part("marks").classList.toggle("measuring", this.measuring);
  },
};
