// The matrix view: sizes, pointer, keyboard, zoom and the chosen cell.

// What outlives a remount of the component, by its key: zoom, focus cell and chosen cell.
const remembered = new Map();

class MatrixView {
  constructor(root) {
    this.root = root.querySelector(".matrix");
    this.part = (name) => this.root.querySelector(`.${name}`);
    this.canvases = [];
    this.pointers = new Map();
    this.hover = null;
    this.part("in").onclick = () => this.zoom(1.6);
    this.part("out").onclick = () => this.zoom(1 / 1.6);
    this.part("reset").onclick = () => this.reset();
    this.resizing = new ResizeObserver(() => this.layout());
    this.resizing.observe(this.root);
    document.fonts?.ready.then(() => this.data && this.layout());
  }

  destroy() {
    this.resizing.disconnect();
  }

  update(data, report) {
    this.data = data;
    this.report = report;
    const [rows, columns] = data.shape;
    const before = remembered.get(data.id);
    const shape = `${data.panels.length}x${rows}x${columns}`;
    if (before?.shape === shape) this.state = before;
    else {
      const whole = { r0: 0, r1: rows, c0: 0, c1: columns };
      this.state = { shape, view: whole, selected: null, focus: null, number: -1 };
      this.hover = null;
      remembered.set(data.id, this.state);
      if (before) this.state.number = before.number;
      if (before && data.pushed.number === before.number) this.state.selected = inside(before.selected, data);
    }
    if (data.pushed.number !== this.state.number) {
      this.state.number = data.pushed.number;
      const at = data.pushed.value;
      this.state.selected = at && { panel: at[0], row: at[1], column: at[2] };
      this.reveal(this.state.selected);
    }
    this.images = data.panels.map((_, panel) => rasterise(data, panel));
    for (const [name, colour] of Object.entries(data.theme)) this.root.style.setProperty(`--${name}`, colour);
    look.family = getComputedStyle(this.root).fontFamily;
    this.part("title").textContent = data.title;
    this.part("scale-title").textContent = data.scale.title;
    // Small matrices need no zoom.
    this.part("tools").hidden = Math.max(rows, columns) <= 32;
    this.build();
    this.layout();
    this.say();
  }

  build() {
    const { data } = this;
    const holder = this.part("panels");
    if (holder.childElementCount !== data.panels.length) {
      holder.replaceChildren();
      this.canvases = data.panels.map((_, panel) => {
        const figure = document.createElement("div");
        figure.className = "panel";
        const heading = document.createElement("h4");
        const canvas = document.createElement("canvas");
        canvas.className = "cells";
        canvas.tabIndex = 0;
        canvas.setAttribute("role", "application");
        canvas.setAttribute("aria-roledescription", "matrix");
        this.listen(canvas, panel);
        figure.append(heading, canvas);
        holder.append(figure);
        return canvas;
      });
    }
    const [rows, columns] = data.shape;
    this.canvases.forEach((canvas, panel) => {
      const name = data.panels[panel];
      canvas.previousSibling.textContent = name;
      canvas.previousSibling.hidden = !name;
      canvas.setAttribute(
        "aria-label",
        `${data.alt}${name ? `. ${name}` : ""}. ${rows} rows (${data.rows.title}), ${columns} columns (${data.columns.title}). ` +
          "Arrow keys move, Enter chooses, plus and minus zoom.",
      );
    });
  }

  // How large the cells of one panel are, from the width there is.
  layout() {
    const { data } = this;
    if (!data) return;
    const total = this.root.clientWidth - 4;
    if (total <= 0) return;
    const [rows, columns] = data.shape;
    const few = rows * columns <= FEW;
    const count = data.panels.length;
    const across = data.stacked ? 1 : Math.max(1, Math.min(count, Math.floor((total + 20) / 260)));
    const panel = Math.floor((total - 20 * (across - 1)) / across);
    const left = this.labelRoom(panel);
    const [top, right, bottom] = [10, 12, 42];
    let cw = Math.min((panel - left - right) / columns, few ? 72 : 36);
    // Panels that had to go below each other for want of width are lower, to stay in view.
    const lowered = across < count && !data.stacked ? 0.65 : 1;
    let ch = Math.min((lowered * data.height) / rows, few ? 34 : 24);
    // Whole device pixels keep the cells equal; below eight pixels that would waste the width.
    const snap = (size) => (size >= 8 ? Math.floor(size * devicePixelRatio) / devicePixelRatio : size);
    [cw, ch] = [snap(cw), snap(ch)];
    this.box = { left, top, width: cw * columns, height: ch * rows };
    const size = { width: left + this.box.width + right, height: top + this.box.height + bottom };
    for (const canvas of this.canvases) resize(canvas, size.width, size.height);
    this.barWidth = Math.min(360, total - 8);
    resize(this.part("bar"), this.barWidth, 34);
    this.draw();
  }

  labelRoom(panel) {
    const { rows, shape } = this.data;
    const context = this.canvases[0].getContext("2d");
    context.font = font(12);
    const texts = rows.labels ? rows.labels.map(visible) : [String(shape[0] - 1)];
    const widest = texts.reduce((most, text) => Math.max(most, context.measureText(text).width), 0);
    return Math.ceil(Math.min(widest, 110, panel / 4)) + 30;
  }

  draw() {
    if (this.frame) return;
    this.frame = requestAnimationFrame(() => {
      this.frame = null;
      const { data, state, box } = this;
      if (!box) return;
      this.canvases.forEach((canvas, panel) => {
        const context = scaled(canvas);
        paint(context, data, panel, this.images[panel], box, state.view, { hover: this.hover, selected: state.selected });
        canvas.classList.toggle("zoomed", this.zoomed());
      });
      paintBar(scaled(this.part("bar")), data, this.barWidth);
      this.part("reset").disabled = this.part("out").disabled = !this.zoomed();
    });
  }

  // The line below the matrix: where the pointer is and what every panel holds there.
  say(aloud = false) {
    const { data, state } = this;
    const at = this.hover ?? state.selected;
    const line = this.part("readout");
    line.replaceChildren();
    const add = (text, tag = "span") => {
      const part = document.createElement(tag);
      part.textContent = text;
      if (tag === "span") part.className = "faint";
      line.append(part);
    };
    if (!at) {
      add("Point at a cell to read it; click or press Enter to choose it.");
      this.part("spoken").textContent = "";
      return;
    }
    const [rows, columns] = data.shape;
    const cell = at.row * columns + at.column;
    [[data.rows, at.row], [data.columns, at.column]].forEach(([axis, i], which) => {
      const text = place(axis, i);
      const said = text.toLowerCase().startsWith(axis.title.toLowerCase());
      add((which ? " · " : "") + (said ? "" : `${axis.title} `));
      add(text, "b");
    });
    data.panels.forEach((name, panel) => {
      const number = valueAt(data, panel * rows * columns + cell);
      add(` · ${name || data.value} `);
      const about = data.exact || !Number.isFinite(number) ? "" : "about ";
      add(about + shown(number, data.exact ? 4 : 3) + (data.unit && ` ${data.unit}`), "b");
    });
    data.readouts.forEach((plane, i) => {
      const row = (plane.each ? (at.panel ?? 0) * rows : 0) + at.row;
      add(` · ${plane.name} `);
      add(readout(plane, data.arrays[`readout${i}`], plane.columns ? row * columns + at.column : row), "b");
    });
    if (aloud) this.part("spoken").textContent = line.textContent;
  }

  listen(canvas, panel) {
    const at = (event) => this.cell(event, canvas, panel);
    canvas.addEventListener("pointerdown", (event) => this.press(event, canvas));
    canvas.addEventListener("pointermove", (event) => {
      if (this.pointers.has(event.pointerId)) this.drag(event, canvas);
      else this.point(at(event));
    });
    canvas.addEventListener("pointerup", (event) => {
      const press = this.pointers.get(event.pointerId);
      this.pointers.delete(event.pointerId);
      canvas.classList.remove("dragging");
      if (press && !press.moved) this.choose(at(event));
    });
    canvas.addEventListener("pointercancel", (event) => this.pointers.delete(event.pointerId));
    canvas.addEventListener("pointerleave", () => this.point(null));
    canvas.addEventListener("blur", () => this.point(null));
    canvas.addEventListener("wheel", (event) => this.wheel(event, canvas), { passive: false });
    canvas.addEventListener("keydown", (event) => this.key(event, panel));
  }

  cell(event, canvas, panel) {
    const { box, data, state: { view } } = this;
    const frame = canvas.getBoundingClientRect();
    const u = (event.clientX - frame.left - box.left) / box.width;
    const v = (event.clientY - frame.top - box.top) / box.height;
    if (u < 0 || u >= 1 || v < 0 || v >= 1) return null;
    const column = Math.floor(view.c0 + u * (view.c1 - view.c0));
    const row = Math.floor(view.r0 + v * (view.r1 - view.r0));
    return inside({ panel, row, column }, data);
  }

  point(at) {
    this.hover = at;
    this.draw();
    this.say();
  }

  choose(at) {
    if (!at) return;
    this.state.selected = this.state.focus = at;
    this.draw();
    this.say();
    this.report("selected", { value: [at.panel, at.row, at.column], count: Date.now() });
  }

  press(event, canvas) {
    canvas.setPointerCapture(event.pointerId);
    this.pointers.set(event.pointerId, { x: event.clientX, y: event.clientY, moved: false });
  }

  drag(event, canvas) {
    const { box, state: { view } } = this;
    const press = this.pointers.get(event.pointerId);
    const [dx, dy] = [event.clientX - press.x, event.clientY - press.y];
    if (!press.moved && Math.hypot(dx, dy) < 5) return;
    const others = [...this.pointers].filter(([id]) => id !== event.pointerId);
    if (others.length) {
      const still = others[0][1];
      const apart = Math.hypot(press.x - still.x, press.y - still.y);
      const now = Math.hypot(event.clientX - still.x, event.clientY - still.y);
      still.moved = true;
      if (apart > 10) this.zoom(now / apart, this.fraction((event.clientX + still.x) / 2, (event.clientY + still.y) / 2, canvas));
    } else if (this.zoomed()) {
      canvas.classList.add("dragging");
      this.pan((-dx / box.width) * (view.c1 - view.c0), (-dy / box.height) * (view.r1 - view.r0));
    }
    Object.assign(press, { x: event.clientX, y: event.clientY, moved: true });
  }

  // The wheel scrolls the page until the matrix has the focus (a click) or Ctrl is held.
  wheel(event, canvas) {
    if (this.part("tools").hidden) return;
    if (!event.ctrlKey && this.root.getRootNode().activeElement !== canvas) return;
    event.preventDefault();
    this.zoom(Math.exp(-Math.sign(event.deltaY) * 0.2), this.fraction(event.clientX, event.clientY, canvas));
  }

  fraction(x, y, canvas) {
    const frame = canvas.getBoundingClientRect();
    const part = (value) => Math.min(1, Math.max(0, value));
    return {
      u: part((x - frame.left - this.box.left) / this.box.width),
      v: part((y - frame.top - this.box.top) / this.box.height),
    };
  }

  zoom(factor, { u, v } = { u: 0.5, v: 0.5 }) {
    const [rows, columns] = this.data.shape;
    const { view } = this.state;
    const scale = (low, high, most, t) => {
      const size = Math.min(most, Math.max(Math.min(4, most), (high - low) / factor));
      const start = Math.min(most - size, Math.max(0, low + t * (high - low) - t * size));
      return [start, start + size];
    };
    [view.c0, view.c1] = scale(view.c0, view.c1, columns, u);
    [view.r0, view.r1] = scale(view.r0, view.r1, rows, v);
    this.draw();
  }

  pan(columns, rows) {
    const { view } = this.state;
    const move = (low, high, most, by) => {
      const start = Math.min(most - (high - low), Math.max(0, low + by));
      return [start, start + (high - low)];
    };
    [view.c0, view.c1] = move(view.c0, view.c1, this.data.shape[1], columns);
    [view.r0, view.r1] = move(view.r0, view.r1, this.data.shape[0], rows);
    this.draw();
  }

  reset() {
    const [rows, columns] = this.data.shape;
    Object.assign(this.state.view, { r0: 0, r1: rows, c0: 0, c1: columns });
    this.draw();
  }

  zoomed() {
    const { view } = this.state;
    return view.r1 - view.r0 < this.data.shape[0] || view.c1 - view.c0 < this.data.shape[1];
  }

  // Bring a cell into the part that is shown.
  reveal(at) {
    if (!at || !this.zoomed()) return;
    const { view } = this.state;
    const need = (low, high, i) => Math.min(0, i - low) + Math.max(0, i + 1 - high);
    this.pan(need(view.c0, view.c1, at.column), need(view.r0, view.r1, at.row));
  }

  key(event, panel) {
    const { data, state } = this;
    const [rows, columns] = data.shape;
    const far = event.shiftKey ? 10 : 1;
    const at = { ...(this.hover ?? state.focus ?? state.selected ?? { row: 0, column: 0 }), panel };
    const first = !this.hover;
    const moves = {
      ArrowLeft: () => (at.column -= first ? 0 : far),
      ArrowRight: () => (at.column += first ? 0 : far),
      ArrowUp: () => (at.row -= first ? 0 : far),
      ArrowDown: () => (at.row += first ? 0 : far),
      Home: () => (at.column = 0),
      End: () => (at.column = columns - 1),
      PageUp: () => (at.row = 0),
      PageDown: () => (at.row = rows - 1),
    };
    const tools = { "+": () => this.zoom(1.6), "=": () => this.zoom(1.6), "-": () => this.zoom(1 / 1.6), 0: () => this.reset() };
    if (moves[event.key]) {
      moves[event.key]();
      at.row = Math.min(rows - 1, Math.max(0, at.row));
      at.column = Math.min(columns - 1, Math.max(0, at.column));
      this.state.focus = this.hover = at;
      this.reveal(at);
      this.draw();
      this.say(true);
    } else if (event.key === "Enter" || event.key === " ") this.choose(at);
    else if (event.key === "Escape") this.point(null);
    else if (tools[event.key] && !event.ctrlKey && !event.metaKey) tools[event.key]();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }
}

function inside(at, { panels, shape: [rows, columns] }) {
  return at && at.panel < panels.length && at.row < rows && at.column < columns ? at : null;
}

function place(axis, i) {
  const text = label(axis, i);
  return text.includes(i) ? text : `${text} (${i})`;
}

function readout(plane, array, i) {
  if (plane.kind === "yes or no") return (array[i >> 3] >> (i & 7)) & 1 ? "yes" : "no";
  const raw = array[i];
  if (plane.kind === "steps") return raw === 65535 ? "none" : shown(plane.low + raw * plane.step);
  return shown(raw);
}

// Streamlit calls this at every change of the data, with the same parent.
const views = new WeakMap();

export default function (component) {
  const { data, parentElement, setStateValue } = component;
  let view = views.get(parentElement);
  if (!view?.root.isConnected) {
    view?.destroy();
    view = new MatrixView(parentElement);
    views.set(parentElement, view);
  }
  view.update(unpack(data), setStateValue);
  return () => view.destroy();
}
