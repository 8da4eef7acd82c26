// What is pointed at, in focus and chosen.
const choosing = {
  // What lies at a point of the canvas: a row, and its span or counter there.
  hit([x, y]) {
    const frame = this.frame;
    const row = this.rows.find((one) => y + frame.top >= one.y && y + frame.top < one.y + one.height);
    if (!row) return null;
    const time = timeOf(frame, x);
    const reach = (3 / frame.width) * this.length;
    const span = row.type === "lane" && x >= frame.left ? this.spans.at(row.lane, time, reach) : null;
    return { row, span, time, counter: row.type === "counter" && x >= frame.left ? row.counter : -1, label: x < frame.left };
  },

  point(at) {
    const found = at && this.hit(at);
    const changed = (found?.span ?? null) !== (this.hover?.span ?? null);
    this.hover = found;
    this.part("marks").classList.toggle("over", found?.span != null || found?.row.type === "group");
    if (changed) this.drawMarks();
    if (changed || found?.counter >= 0 || !found) writeReadout(this);
  },

  click(at) {
    const found = this.hit(at);
    if (found?.row.type === "group") this.foldRow(found.row);
    else if (found?.span != null) this.choose(found.span);
    else if (!found?.label) this.choose(null);
  },

  choose(span, reveal = false) {
    const before = this.state.selected;
    this.state.selected = span;
    if (span !== null) this.focusSpan(span, reveal);
    this.drawMarks();
    writeChosen(this);
    if (before !== span) this.report("selected", { value: span === null ? null : this.spans.place[span], count: Date.now() });
  },

  focusSpan(span, reveal = true) {
    const lane = this.spans.laneOf(span);
    const row = rowOfLane(this.data, this.rows, lane);
    this.focusOn({ row: row.key, span, time: this.spans.start[span] }, reveal);
  },

  focusOn(focus, reveal = true) {
    const { data, spans } = this;
    this.state.focus = focus;
    this.hover = null;
    const row = this.focusRow();
    if (reveal && focus.span !== null) this.reveal(focus.span);
    else if (reveal) this.revealRow(row);
    if (focus.span !== null) this.say(spanSentence(data, spans, focus.span));
    else if (row.type === "counter") this.say(counterSentence(data, row.counter, focus.time));
    else if (row.type === "group") this.say(`Group ${row.name}, ${row.lanes.length} lanes, ${row.folded ? "folded" : "open"}`);
    else this.say(`${laneName(data, row.lane)}, no spans`);
    this.draw(true);
    writeReadout(this);
  },

  focusRow() {
    return this.rows.find(({ key }) => key === this.state.focus?.row);
  },

  // Zooming by key keeps the span with the focus where it is.
  focusX() {
    const { frame, state } = this;
    const x = state.focus ? xOf(frame, state.focus.time) : -1;
    return x >= frame.left && x <= frame.left + frame.width ? x : frame.left + frame.width / 2;
  },

  say(text) {
    this.part("spoken").textContent = text;
  },

  letGo() {
    if (this.state.range) this.state.range = null;
    else {
      this.state.focus = null;
      this.choose(null);
    }
    writeSums(this);
    writeReadout(this);
    this.draw();
  },
};
