// The microscope: a stem follows the pointer or the keys, everything else is computed anew.

const remembered = new Map(); // what outlives a remount, by key: values, order, focus

class Microscope {
  constructor(root) {
    this.root = root.querySelector(".microscope");
    this.part = (name) => this.root.querySelector(`.${name}`);
    this.canvas = this.part("plot");
    this.hover = null;
    this.dragging = false;
    this.part("natural").onclick = () => this.sort(false);
    this.part("sorted").onclick = () => this.sort(true);
    this.part("reset").onclick = () => this.reset();
    this.listen();
    this.resizing = new ResizeObserver(() => this.layout());
    this.resizing.observe(this.root);
  }

  destroy() {
    this.resizing.disconnect();
  }

  update(data, report) {
    this.data = data;
    this.report = report;
    this.state = remembered.get(data.id) ?? { number: -1, values: [], sorted: false, focus: null };
    remembered.set(data.id, this.state);
    if (data.pushed.number !== this.state.number) {
      const { values, sorted } = data.pushed.value;
      Object.assign(this.state, { number: data.pushed.number, values: [...values], sorted });
      this.state.focus = largest(values);
    }
    for (const [name, colour] of Object.entries(data.theme)) this.root.style.setProperty(`--${name}`, colour);
    this.part("title").textContent = data.title;
    this.order = orderOf(this.state.values, this.state.sorted);
    this.legend();
    this.layout();
  }

  layout() {
    if (!this.data) return;
    const width = this.root.clientWidth - 4;
    if (width <= 0) return;
    const { height } = this.data;
    this.canvas.style.width = `${width}px`;
    this.canvas.style.height = `${height}px`;
    this.canvas.width = Math.round(width * devicePixelRatio);
    this.canvas.height = Math.round(height * devicePixelRatio);
    this.at = geometry(width, height, this.state.values.length, this.data.limit);
    this.refresh();
  }

  // Everything that follows from the values.
  refresh() {
    const { data, state } = this;
    this.result = quantise(state.values, this.order, data.size, data.grid);
    this.slot = this.order.indexOf(state.focus);
    const context = this.canvas.getContext("2d");
    context.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
    const family = getComputedStyle(this.root).fontFamily;
    paint(context, { data, result: this.result, at: this.at, order: this.order, focus: this.slot, family });
    for (const [name, on] of [["natural", !state.sorted], ["sorted", state.sorted]]) this.part(name).setAttribute("aria-pressed", String(on));
    this.part("reset").disabled = state.values.every((value, i) => value === data.pushed.value.values[i]);
    this.equation();
    this.figures();
    this.say();
  }

  equation() {
    const { data: { grid }, result } = this;
    const block = blockOf(result, this.slot);
    const line = this.part("equation");
    line.replaceChildren();
    if (result.blocks.length > 1) term(line, [["faint", `block ${result.blocks.indexOf(block) + 1} of ${result.blocks.length}`]]);
    const most = number(block.most);
    if (!block.scale) return term(line, [["faint", "all values are zero"]]);
    if (grid.scaling === "power of two") {
      const e = number(block.exponent);
      term(line, [["exponent", "e"], ["", ` = ⌊log₂ max|x|⌋ = ⌊log₂ ${most}⌋ = `], ["exponent", e]]);
      const power = grid.n ? [`e + 2 − n`, `${e} + 2 − ${grid.n}`] : [`e − ${grid.emax}`, `${e} − ${grid.emax}`];
      term(line, [["step", grid.n ? "step" : "scale"], ["", " = 2"], ["sup", power[0]], ["", " = 2"], ["sup", power[1]], ["", " = "], ["step", number(block.scale)]]);
    } else if (grid.scaling === "largest") {
      term(line, [["step", "scale"], ["", ` = max|x| / ${number(grid.codes.at(-1))} = ${most} / ${number(grid.codes.at(-1))} = `], ["step", number(block.scale)]]);
    } else if (grid.scaling === "range") {
      const [low, high] = [number(block.low), number(block.high)];
      term(line, [["step", "step"], ["", ` = (max − min) / ${grid.codes.length - 1} = (${high} − ${low.startsWith("−") ? `(${low})` : low}) / ${grid.codes.length - 1} = `], ["step", number(block.scale)]]);
    } else term(line, [["step", "scale"], ["", " = "], ["step", number(block.scale)], ["faint", " for every block"]]);
  }

  figures() {
    const { result, data } = this;
    const count = result.cells.length;
    const list = this.part("figures");
    const rows = [
      ["Relative RMSE", number(100 * result.relative, 3), " %"],
      ["Rounded to zero", String(result.lost), ` of ${count}`],
      ["Clipped", String(result.clipped), ` of ${count}`],
      [`Bits per value, ${data.grid.name}`, number(result.bits, 5), " bit"],
    ];
    if (list.childElementCount !== rows.length) {
      list.replaceChildren(...rows.map(() => {
        const group = document.createElement("div");
        group.append(document.createElement("dt"), document.createElement("dd"));
        return group;
      }));
    }
    rows.forEach(([name, value, unit], i) => {
      const [term, figure] = list.children[i].children;
      term.textContent = name;
      const small = document.createElement("small");
      small.textContent = unit;
      figure.replaceChildren(value, small);
    });
  }

  say() {
    const { data, result, state } = this;
    const slot = this.hover ?? this.slot;
    const cell = result.cells[slot];
    const i = this.order[slot];
    const unit = data.unit && ` ${data.unit}`;
    const name = data.labels ? data.labels[i] : `${data.position_title} ${i}`;
    const fate = cell.lost ? "rounded to zero" : cell.clipped ? "clipped to the largest code" : `error ${number(cell.kept - cell.x, 3)}${unit}`;
    this.part("readout").textContent = `${name}: ${number(cell.x)}${unit} is stored as code ${number(cell.code)}, read back as ${number(cell.kept)}${unit} (${fate})`;
    const { canvas } = this;
    const focused = result.cells[this.slot];
    canvas.setAttribute("aria-label", `${data.title}. Up and down move the value, left and right choose another`);
    canvas.setAttribute("aria-orientation", "vertical");
    canvas.setAttribute("aria-valuemin", -data.limit);
    canvas.setAttribute("aria-valuemax", data.limit);
    canvas.setAttribute("aria-valuenow", state.values[state.focus]);
    const label = data.labels ? data.labels[state.focus] : `${data.position_title} ${state.focus}`;
    canvas.setAttribute("aria-valuetext", `${label}: ${number(focused.x)}, kept as ${number(focused.kept)}; ${result.lost} of ${result.cells.length} rounded to zero`);
  }

  legend() {
    const { theme } = this.data;
    const entries = [["exact", "exact value"], ["kept", "value that is kept"], ["lost", "rounded to zero"], ["clipped", "clipped"]];
    this.part("legend").replaceChildren(...entries.map(([kind, text]) => {
      const canvas = document.createElement("canvas");
      canvas.width = canvas.height = 16 * devicePixelRatio;
      canvas.style.width = canvas.style.height = "16px";
      canvas.setAttribute("aria-hidden", "true");
      const context = canvas.getContext("2d");
      context.scale(devicePixelRatio, devicePixelRatio);
      mark(context, kind, theme, 8, 8, 5);
      const entry = document.createElement("li");
      entry.append(canvas, text);
      return entry;
    }));
  }

  listen() {
    const { canvas } = this;
    canvas.addEventListener("pointerdown", (event) => {
      const slot = this.pick(event);
      if (slot === null) return;
      canvas.setPointerCapture(event.pointerId);
      this.state.focus = this.order[slot];
      this.dragging = true;
      this.lift = this.at.y(clampTo(this.state.values[this.state.focus], this.data.limit)) - this.y(event);
      this.before = this.state.values[this.state.focus];
      this.refresh();
    });
    canvas.addEventListener("pointermove", (event) => {
      if (this.dragging) return this.move(this.at.value(this.y(event) + this.lift));
      const slot = this.pick(event);
      canvas.classList.toggle("near", slot !== null);
      if (slot === this.hover) return;
      this.hover = slot;
      this.say();
    });
    canvas.addEventListener("pointerleave", () => {
      this.hover = null;
      this.say();
    });
    const drop = () => {
      if (!this.dragging) return;
      this.dragging = false;
      if (this.state.values[this.state.focus] !== this.before) this.settle();
    };
    canvas.addEventListener("pointerup", drop);
    canvas.addEventListener("pointercancel", drop);
    // A finger on a stem drags it; anywhere else it scrolls the page.
    canvas.addEventListener("touchstart", (event) => this.pick(event.touches[0]) !== null && event.preventDefault(), { passive: false });
    canvas.addEventListener("keydown", (event) => this.key(event));
    canvas.addEventListener("keyup", () => this.pending && this.settle());
    canvas.addEventListener("blur", () => this.pending && this.settle());
  }

  y(event) {
    return event.clientY - this.canvas.getBoundingClientRect().top;
  }

  // The stem whose mark is nearest, if one is near.
  pick(event) {
    const frame = this.canvas.getBoundingClientRect();
    const [px, py] = [event.clientX - frame.left, event.clientY - frame.top];
    let [best, least] = [null, 22];
    this.result.cells.forEach((cell, slot) => {
      const away = Math.hypot(this.at.x(slot) - px, this.at.y(clampTo(cell.x, this.data.limit)) - py);
      if (away < least) [best, least] = [slot, away];
    });
    return best;
  }

  // Four digits are enough for the eye and keep links short.
  move(value) {
    const bounded = clampTo(value, this.data.limit);
    const step = this.data.limit / 500;
    this.state.values[this.state.focus] = Number((Math.round(bounded / step) * step).toPrecision(4));
    this.refresh();
  }

  key(event) {
    const { state, data } = this;
    const by = (event.shiftKey ? 10 : 1) * (data.limit / 100);
    const value = state.values[state.focus];
    const slot = this.slot + { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    const moves = { ArrowUp: value + by, ArrowDown: value - by, PageUp: value + 10 * by, PageDown: value - 10 * by, Home: -data.limit, End: data.limit };
    if (event.key in moves) {
      this.pending = true;
      this.move(moves[event.key]);
    } else if (slot >= 0 && slot < this.order.length) {
      state.focus = this.order[slot];
      this.hover = null;
      this.refresh();
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }

  sort(sorted) {
    if (this.state.sorted === sorted) return;
    this.state.sorted = sorted;
    this.settle();
  }

  reset() {
    this.state.values = [...this.data.pushed.value.values];
    this.state.focus = largest(this.state.values);
    this.settle();
  }

  // The hand is off: sort anew, and tell Python.
  settle() {
    this.pending = false;
    this.order = orderOf(this.state.values, this.state.sorted);
    this.refresh();
    this.report("block", { value: { values: [...this.state.values], sorted: this.state.sorted }, count: Date.now() });
  }
}

function largest(values) {
  return values.reduce((best, value, i) => (Math.abs(value) > Math.abs(values[best]) ? i : best), 0);
}

function term(line, parts) {
  const holder = document.createElement("span");
  holder.className = "term";
  for (const [kind, text] of parts) {
    const part = document.createElement(kind === "sup" ? "sup" : "span");
    if (kind && kind !== "sup") part.className = kind;
    part.textContent = text;
    holder.append(part);
  }
  line.append(holder);
}

// Streamlit calls this at every change of the data, with the same parent.
const views = new WeakMap();

export default function (component) {
  const { data, parentElement, setStateValue } = component;
  let view = views.get(parentElement);
  if (!view?.root.isConnected) {
    view?.destroy();
    view = new Microscope(parentElement);
    views.set(parentElement, view);
  }
  view.update(data, setStateValue);
  return () => view.destroy();
}
