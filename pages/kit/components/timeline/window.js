// The window in time: move, zoom, and bring something into sight.
const windowing = {
  // A window within the whole and not shorter than can be told apart.
  bounded(a, b) {
    const long = Math.min(this.whole.b - this.whole.a, Math.max(this.least, b - a));
    const middle = (a + b) / 2;
    const start = Math.min(this.whole.b - long, Math.max(this.whole.a, b - a === long ? a : middle - long / 2));
    return { a: start, b: start + long };
  },

  show(a, b) {
    this.state.window = this.bounded(a, b);
    this.draw(true);
    clearTimeout(this.resting);
    this.resting = setTimeout(() => this.report("window", { value: [this.state.window.a, this.state.window.b], count: Date.now() }), REST_MS);
  },

  move(time) {
    this.show(this.state.window.a + time, this.state.window.b + time);
  },

  zoom(factor, x = this.frame.left + this.frame.width / 2) {
    const time = timeOf(this.frame, x);
    const long = Math.min(this.whole.b - this.whole.a, Math.max(this.least, this.length / factor));
    const share = (time - this.state.window.a) / this.length;
    this.show(time - share * long, time - share * long + long);
  },

  reset() {
    this.show(this.whole.a, this.whole.b);
    this.state.window = { ...this.whole };
  },

  fit(span) {
    if (span === null || span === undefined) return;
    const long = Math.max(this.spans.duration[span], this.least / 4);
    this.show(this.spans.start[span] - long, this.spans.start[span] + 2 * long);
  },

  // A span comes into sight, with its row; its folded group stays folded.
  reveal(span) {
    const { a, b } = this.state.window;
    const [from, to] = [this.spans.start[span], this.spans.end(span)];
    if (to < a || from > b) this.show(from - this.length / 3, from + (2 * this.length) / 3);
    this.revealRow(rowOfLane(this.data, this.rows, this.spans.laneOf(span)));
  },

  revealRow(row) {
    const stage = this.part("stage");
    if (row.y < stage.scrollTop) stage.scrollTop = row.y;
    else if (row.y + row.height > stage.scrollTop + this.high) stage.scrollTop = row.y + row.height - this.high;
  },
};
