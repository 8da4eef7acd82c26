// The timeline view: what is shown, chosen, searched and measured, and what the page hears of it.

// What outlives a remount of the component, by its key.
const remembered = new Map();
const REST_MS = 300;
const SLOW_MS = 20;

class TimelineView {
  constructor(root) {
    this.root = root.querySelector(".timeline");
    this.part = (name) => this.root.querySelector(`.${name}`);
    this.pointers = new Map();
    this.hover = null;
    this.rangeFrom = null;
    this.measuring = false;
    const buttons = {
      in: () => this.zoom(1.6),
      out: () => this.zoom(1 / 1.6),
      reset: () => this.reset(),
      fold: () => this.foldAll(),
      measure: () => this.toggleMeasuring(),
      ask: () => this.toggleHelp(),
      next: () => this.nextMatch(1),
      previous: () => this.nextMatch(-1),
    };
    for (const [name, act] of Object.entries(buttons)) this.part(name).onclick = act;
    const query = this.part("query");
    query.oninput = () => this.search(query.value);
    query.onkeydown = (event) => {
      if (event.key === "Enter") this.nextMatch(event.shiftKey ? -1 : 1);
      else if (event.key === "Escape") {
        this.search("", true);
        this.part("marks").focus();
      } else return;
      event.preventDefault();
      event.stopPropagation();
    };
    this.part("help").textContent = HELP;
    this.part("marks").addEventListener("keydown", (event) => pressKey(this, event));
    listen(this);
    this.resizing = new ResizeObserver(() => this.layout());
    this.resizing.observe(this.root);
    document.fonts?.ready.then(() => this.data && this.layout());
  }

  destroy() {
    this.resizing.disconnect();
    clearTimeout(this.resting);
    cancelAnimationFrame(this.asked);
  }

  update(data, report) {
    this.data = data;
    this.report = report;
    const before = remembered.get(data.id);
    const same = before?.address === data.address;
    if (!same || this.of !== data.address) {
      this.spans = new Spans(data);
      this.of = data.address;
      this.hover = null;
    } else Object.assign(this.spans, { cause: data.arrays.cause });
    const { first, last, shortest } = this.spans;
    const room = Math.max(last - first, 1e-9) * 0.01;
    this.whole = last >= first ? { a: first - room, b: last + room } : { a: 0, b: 1 };
    this.least = Math.max((this.whole.b - this.whole.a) * 1e-8, Math.min(shortest, this.whole.b - this.whole.a) / 50);
    this.state = same
      ? before
      : {
          address: data.address,
          window: { ...this.whole },
          selected: null,
          focus: null,
          range: null,
          query: "",
          folded: before?.folded ?? new Set(),
          numbers: before?.numbers ?? { selected: -1, window: -1 },
        };
    remembered.set(data.id, this.state);
    this.take(data);
    for (const [name, colour] of Object.entries(data.theme)) this.root.style.setProperty(`--${name}`, colour);
    look.family = getComputedStyle(this.root).fontFamily;
    this.part("title").textContent = data.label;
    this.part("marks").setAttribute(
      "aria-label",
      `${data.alt || data.label}. ${whole(this.spans.count)} spans on ${data.lanes.length} lanes` +
        `${data.counters.length ? `, ${data.counters.length} counters` : ""}. Arrow keys go from span to span, Enter chooses, question mark lists all keys.`,
    );
    this.part("fold").hidden = !data.lanes.some(([, group]) => group);
    this.patterns = null;
    writeLegend(this);
    this.search(this.state.query, true);
    this.layout();
    writeChosen(this);
    writeSums(this);
    writeReadout(this);
  }

  // What the page wants chosen or shown.
  take({ pushed, pushed_window: shownWindow }) {
    const { numbers } = this.state;
    if (pushed.number !== numbers.selected) {
      numbers.selected = pushed.number;
      const i = pushed.value === null ? undefined : this.spans.byPlace[pushed.value];
      this.state.selected = i ?? null;
      this.wanted = i ?? null;
    }
    if (shownWindow.number !== numbers.window) {
      numbers.window = shownWindow.number;
      const [a, b] = shownWindow.value ?? [this.whole.a, this.whole.b];
      this.state.window = this.bounded(a, b);
      this.wanted = null;
    }
  }

  get length() {
    return this.state.window.b - this.state.window.a;
  }

  layout() {
    const { data } = this;
    const stage = this.part("stage");
    if (!data || this.root.clientWidth <= 6) return;
    this.rows = rowsOf(data, this.state.folded);
    const last = this.rows.at(-1);
    const total = last.y + last.height;
    this.high = Math.min(total, data.height);
    stage.style.height = `${this.high}px`;
    const width = stage.clientWidth;
    const left = this.labelWidth(width);
    this.size = { left, width: width - left - 2 };
    this.part("rest").style.height = `${total - this.high}px`;
    for (const name of ["pane", "plot", "marks"]) this.part(name).style.height = `${this.high}px`;
    for (const name of ["plot", "marks"]) resize(this.part(name), width, this.high);
    resize(this.part("overview"), width, OVERVIEW_HIGH);
    resize(this.part("axis"), width, AXIS_HIGH);
    if (this.wanted != null) this.reveal(this.wanted);
    this.wanted = null;
    this.draw();
  }

  labelWidth(width) {
    const context = this.part("plot").getContext("2d");
    context.font = font(12, 600);
    const widest = this.rows.reduce((most, { name, inset = 14 }) => Math.max(most, context.measureText(name).width + inset), 0);
    return Math.ceil(Math.min(Math.max(64, widest + 14), Math.max(84, 0.24 * width), 220));
  }

  get frame() {
    return { ...this.state.window, ...this.size, top: this.part("stage").scrollTop, height: this.high };
  }

  get wholeFrame() {
    return { ...this.whole, ...this.size };
  }

  // Everything is painted anew, once a frame of the screen; only the marks where only they changed.
  draw(moving = false) {
    this.stale = true;
    this.moving = moving;
    this.drawMarks();
  }

  drawMarks() {
    this.asked ??= requestAnimationFrame(() => {
      this.asked = null;
      this.paint();
    });
  }

  paint() {
    const { data, spans, state, rows } = this;
    if (!this.size || !this.root.isConnected) return;
    const frame = this.frame;
    if (this.stale) {
      this.stale = false;
      const began = performance.now();
      const marked = ticksOf(data, frame);
      const plot = scaled(this.part("plot"), { willReadFrequently: true });
      this.patterns ??= data.kinds.map((kind) => patternOf(plot, kind));
      const rough = this.moving && this.slow;
      paintRows(plot, data, spans, rows, frame, {
        patterns: this.patterns,
        marks: this.found?.marks ?? null,
        ticks: marked.ticks,
        focus: state.focus?.row,
        column: rough ? 2 : 1,
      });
      paintAxis(scaled(this.part("axis")), data, frame, marked);
      paintOverview(scaled(this.part("overview")), data, spans, this.wholeFrame, frame);
      if (!rough) this.slow = performance.now() - began > SLOW_MS;
      clearTimeout(this.settling);
      if (rough) this.settling = setTimeout(() => this.draw(), REST_MS / 2);
    }
    const context = scaled(this.part("marks"), { willReadFrequently: true });
    paintMarks(context, data, spans, rows, frame, {
      hover: this.hover?.span ?? null,
      focus: state.focus?.span ?? null,
      selected: state.selected,
      range: state.range,
    });
    this.part("reset").disabled = state.window.a === this.whole.a && state.window.b === this.whole.b;
  }

  // A window within the whole and not shorter than can be told apart.
  bounded(a, b) {
    const long = Math.min(this.whole.b - this.whole.a, Math.max(this.least, b - a));
    const middle = (a + b) / 2;
    const start = Math.min(this.whole.b - long, Math.max(this.whole.a, b - a === long ? a : middle - long / 2));
    return { a: start, b: start + long };
  }

  show(a, b) {
    this.state.window = this.bounded(a, b);
    this.draw(true);
    clearTimeout(this.resting);
    this.resting = setTimeout(() => this.report("window", { value: [this.state.window.a, this.state.window.b], count: Date.now() }), REST_MS);
  }

  move(time) {
    this.show(this.state.window.a + time, this.state.window.b + time);
  }

  zoom(factor, x = this.frame.left + this.frame.width / 2) {
    const time = timeOf(this.frame, x);
    const long = Math.min(this.whole.b - this.whole.a, Math.max(this.least, this.length / factor));
    const share = (time - this.state.window.a) / this.length;
    this.show(time - share * long, time - share * long + long);
  }

  reset() {
    this.show(this.whole.a, this.whole.b);
    this.state.window = { ...this.whole };
  }

  fit(span) {
    if (span === null || span === undefined) return;
    const long = Math.max(this.spans.duration[span], this.least / 4);
    this.show(this.spans.start[span] - long, this.spans.start[span] + 2 * long);
  }

  // A span comes into sight, with its row; its folded group stays folded.
  reveal(span) {
    const { a, b } = this.state.window;
    const [from, to] = [this.spans.start[span], this.spans.end(span)];
    if (to < a || from > b) this.show(from - this.length / 3, from + (2 * this.length) / 3);
    this.revealRow(rowOfLane(this.data, this.rows, this.spans.laneOf(span)));
  }

  revealRow(row) {
    const stage = this.part("stage");
    if (row.y < stage.scrollTop) stage.scrollTop = row.y;
    else if (row.y + row.height > stage.scrollTop + this.high) stage.scrollTop = row.y + row.height - this.high;
  }

  // What lies at a point of the canvas: a row, and its span or counter there.
  hit([x, y]) {
    const frame = this.frame;
    const row = this.rows.find((one) => y + frame.top >= one.y && y + frame.top < one.y + one.height);
    if (!row) return null;
    const time = timeOf(frame, x);
    const reach = (3 / frame.width) * this.length;
    const span = row.type === "lane" && x >= frame.left ? this.spans.at(row.lane, time, reach) : null;
    return { row, span, time, counter: row.type === "counter" && x >= frame.left ? row.counter : -1, label: x < frame.left };
  }

  point(at) {
    const found = at && this.hit(at);
    const changed = (found?.span ?? null) !== (this.hover?.span ?? null);
    this.hover = found;
    this.part("marks").classList.toggle("over", found?.span != null || found?.row.type === "group");
    if (changed) this.drawMarks();
    if (changed || found?.counter >= 0 || !found) writeReadout(this);
  }

  click(at) {
    const found = this.hit(at);
    if (found?.row.type === "group") this.foldRow(found.row);
    else if (found?.span != null) this.choose(found.span);
    else if (!found?.label) this.choose(null);
  }

  choose(span, reveal = false) {
    const before = this.state.selected;
    this.state.selected = span;
    if (span !== null) this.focusSpan(span, reveal);
    this.drawMarks();
    writeChosen(this);
    if (before !== span) this.report("selected", { value: span === null ? null : this.spans.place[span], count: Date.now() });
  }

  focusSpan(span, reveal = true) {
    const lane = this.spans.laneOf(span);
    const row = rowOfLane(this.data, this.rows, lane);
    this.focusOn({ row: row.key, span, time: this.spans.start[span] }, reveal);
  }

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
  }

  focusRow() {
    return this.rows.find(({ key }) => key === this.state.focus?.row);
  }

  // Zooming by key keeps the span with the focus where it is.
  focusX() {
    const { frame, state } = this;
    const x = state.focus ? xOf(frame, state.focus.time) : -1;
    return x >= frame.left && x <= frame.left + frame.width ? x : frame.left + frame.width / 2;
  }

  say(text) {
    this.part("spoken").textContent = text;
  }

  letGo() {
    if (this.state.range) this.state.range = null;
    else {
      this.state.focus = null;
      this.choose(null);
    }
    writeSums(this);
    writeReadout(this);
    this.draw();
  }

  foldRow(row) {
    if (!row) return;
    const name = row.type === "group" ? row.name : row.type === "counter" ? COUNTERS : this.data.lanes[row.lane][1];
    if (!name) return;
    const { folded } = this.state;
    const now = !folded.delete(name);
    if (now) folded.add(name);
    this.layout();
    const heading = this.rows.find(({ type, name: of }) => type === "group" && of === name);
    if (this.state.focus && heading) this.state.focus = { ...this.state.focus, row: heading.key, span: null };
    this.say(`${name} ${now ? "folded" : "open"}`);
  }

  foldAll() {
    const { folded } = this.state;
    const groups = this.rows.filter(({ type }) => type === "group");
    const open = groups.some((row) => !row.folded);
    for (const { name } of groups) {
      if (open) folded.add(name);
      else folded.delete(name);
    }
    this.state.focus = null;
    this.layout();
  }

  search(query, write = false) {
    this.state.query = query;
    if (write) this.part("query").value = query;
    this.found = findSpans(this.data, this.spans, query);
    this.match = null;
    const count = this.found?.found.length ?? 0;
    this.part("count").textContent = this.found ? `${whole(count)} found` : "";
    for (const name of ["next", "previous"]) this.part(name).disabled = !count;
    this.draw();
  }

  // The next span that was found, from the focus on; after the last comes the first.
  nextMatch(way) {
    const found = this.found?.found;
    if (!found?.length) return;
    if (this.match === null) {
      const from = this.state.focus?.time ?? this.state.window.a;
      const next = found.findIndex((i) => this.spans.start[i] >= from);
      this.match = way > 0 ? (next < 0 ? 0 : next) : (next < 0 ? found.length : next) - 1;
    } else this.match += way;
    this.match = (this.match + found.length) % found.length;
    this.part("count").textContent = `${whole(this.match + 1)} of ${whole(found.length)}`;
    this.focusSpan(found[this.match]);
  }

  setRange(one, other) {
    this.state.range = [Math.min(one, other), Math.max(one, other)];
    this.drawMarks();
  }

  endRange() {
    const { range } = this.state;
    if (range && range[0] === range[1]) this.state.range = null;
    this.say(writeSums(this));
    if (this.measuring) this.toggleMeasuring();
    this.drawMarks();
  }

  measureWindow() {
    const { a, b } = this.state.window;
    this.setRange(a, b);
    this.endRange();
  }

  toggleMeasuring() {
    this.measuring = !this.measuring;
    this.part("measure").setAttribute("aria-pressed", String(this.measuring));
    this.part("marks").classList.toggle("measuring", this.measuring);
  }

  toggleHelp() {
    const help = this.part("help");
    help.hidden = !help.hidden;
    this.part("ask").setAttribute("aria-expanded", String(!help.hidden));
    if (!help.hidden) this.say(HELP);
  }
}

// Streamlit calls this at every change of the data, with the same parent.
const views = new WeakMap();

export default function (component) {
  const { data, parentElement, setStateValue } = component;
  let view = views.get(parentElement);
  if (!view?.root.isConnected) {
    view?.destroy();
    view = new TimelineView(parentElement);
    views.set(parentElement, view);
  }
  view.update(unpack(data), setStateValue);
  return () => view.destroy();
}
