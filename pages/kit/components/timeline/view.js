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
    clearTimeout(this.settling);
    clearTimeout(this.hinting);
    cancelAnimationFrame(this.asked);
    this.asked = null;
  }

  update(data, report) {
    this.data = data;
    this.report = report;
    const before = remembered.get(data.id);
    const same = before?.address === data.address;
    if (!same || this.of !== data.address) {
      this.spans = new Spans(data);
      this.of = data.address;
      this.share = null;
      this.hover = null;
    }
    const { shortest } = this.spans;
    const { first, last } = reachOf(data, this.spans);
    const room = (last - first || 1) * 0.01;
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
    const left = placeNames(this.context("plot"), data, this.rows, stage.clientWidth);
    const last = this.rows.at(-1);
    const total = last.y + last.height;
    this.high = Math.min(total, data.height);
    stage.style.height = `${this.high}px`;
    const width = stage.clientWidth;
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

  get frame() {
    return { ...this.state.window, ...this.size, top: this.part("stage").scrollTop, height: this.high };
  }

  get wholeFrame() {
    return { ...this.whole, ...this.size };
  }

  // Painted by the processor: thousands of small rectangles are quicker there than on a slow card.
  context(name) {
    return scaled(this.part(name), { willReadFrequently: true });
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
      const plot = this.context("plot");
      this.patterns ??= data.kinds.map((kind) => patternOf(plot, kind));
      const rough = this.moving && this.slow;
      paintRows(plot, data, spans, rows, frame, {
        patterns: this.patterns,
        marks: this.found?.marks ?? null,
        ticks: marked.ticks,
        focus: state.focus?.row,
        column: rough ? 2 : 1,
      });
      paintAxis(this.context("axis"), data, frame, marked);
      paintOverview(this.context("overview"), data, this.overviewShare(), this.wholeFrame, frame);
      if (!rough) this.slow = performance.now() - began > SLOW_MS;
      clearTimeout(this.settling);
      if (rough) this.settling = setTimeout(() => this.draw(), REST_MS / 2);
    }
    paintMarks(this.context("marks"), data, spans, rows, frame, {
      hover: this.hover?.span ?? null,
      focus: state.focus?.span ?? null,
      selected: state.selected,
      range: state.range,
    });
    this.part("reset").disabled = state.window.a === this.whole.a && state.window.b === this.whole.b;
  }

  // How busy all lanes are over the whole; counted once for each width.
  overviewShare() {
    const { data, spans, whole } = this;
    const columns = Math.floor(this.size.width);
    if (this.share?.length !== columns) this.share = busyShare(spans, [...data.lanes.keys()], whole.a, whole.b, columns);
    return this.share;
  }

  toggleHelp() {
    const help = this.part("help");
    help.hidden = !help.hidden;
    this.part("ask").setAttribute("aria-expanded", String(!help.hidden));
    if (!help.hidden) this.say(HELP);
  }
}

Object.assign(TimelineView.prototype, windowing, choosing, folding, finding, measuring);

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
