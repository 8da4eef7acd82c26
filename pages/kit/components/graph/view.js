// The graph view: pan, zoom, pointer, lasso, keyboard, frames, and the chosen nodes.

const look = { family: "sans-serif" };
// What outlives a remount of the component, by its key: view, frame and chosen nodes.
const remembered = new Map();
const MOST_CHOSEN = 500;
const SPOKEN_FRAMES = 30; // more are not read aloud while they play
const SLOW_MS = 30;
const FEW_EDGES = 4000;
const REST_MS = 140;
const SPEAKS = 5; // of 255

class GraphView {
  constructor(root) {
    this.root = root.querySelector(".graph");
    this.part = (name) => this.root.querySelector(`.${name}`);
    this.canvas = this.part("plot");
    this.renderer = new Renderer(this.part("map"));
    this.pointers = new Map();
    this.hover = null;
    this.lasso = null;
    this.part("in").onclick = () => this.zoom(1.6);
    this.part("out").onclick = () => this.zoom(1 / 1.6);
    this.part("reset").onclick = () => this.reset();
    this.part("lasso").onclick = () => this.toggleLasso();
    this.part("play").onclick = () => this.play(!this.playing);
    this.part("step").oninput = () => this.show(Number(this.part("step").value));
    this.part("step").onchange = () => this.reportFrame();
    this.listen();
    this.resizing = new ResizeObserver(() => this.layout());
    this.resizing.observe(this.root);
    document.fonts?.ready.then(() => this.data && this.draw());
  }

  destroy() {
    this.resizing.disconnect();
    clearInterval(this.playing);
    clearTimeout(this.resting);
  }

  update(data, report) {
    this.data = data;
    this.report = report;
    data.count = data.arrays.x.length;
    data.frames = Math.max(1, data.frame_names.length);
    const before = remembered.get(data.id);
    if (before?.address === data.address) this.state = before;
    else {
      this.state = {
        address: data.address,
        view: null,
        selected: [],
        focus: null,
        frame: 0,
        numbers: before?.numbers ?? { selected: -1, frame: -1 },
      };
      this.hover = null;
      remembered.set(data.id, this.state);
    }
    const { numbers } = this.state;
    if (data.pushed.number !== numbers.selected) {
      numbers.selected = data.pushed.number;
      this.state.selected = (data.pushed.value ?? []).filter((i) => i < data.count);
    }
    if (data.pushed_frame.number !== numbers.frame) {
      numbers.frame = data.pushed_frame.number;
      this.state.frame = data.pushed_frame.value ?? 0;
    }
    this.state.frame = Math.min(this.state.frame, data.frames - 1);
    if (this.of !== data.address) {
      this.of = data.address;
      this.grid = new Grid(data.arrays.x, data.arrays.y);
      this.slow = null;
    }
    this.order = null;
    if (this.renderer.works) this.renderer.load(data);
    for (const [name, colour] of Object.entries(data.theme)) this.root.style.setProperty(`--${name}`, colour);
    look.family = getComputedStyle(this.root).fontFamily;
    this.part("title").textContent = data.title;
    this.canvas.setAttribute(
      "aria-label",
      `${data.alt}. ${data.count} nodes, ${data.arrays.source.length} edges. Arrow keys go to the next node that way, ` +
        "Enter chooses it, Shift with arrows moves the map, plus and minus zoom, Escape lets go.",
    );
    this.film();
    this.legend();
    this.layout();
    this.say();
    this.part("plain").hidden = this.renderer.works;
  }

  film() {
    const { data, state } = this;
    this.part("film").hidden = data.frame_names.length < 2;
    const slider = this.part("step");
    slider.max = data.frames - 1;
    slider.value = state.frame;
    slider.setAttribute("aria-label", data.frame_title);
    slider.setAttribute("aria-valuetext", data.frame_names[state.frame] ?? "");
    this.part("step-name").textContent = data.frame_names[state.frame] ?? "";
    this.part("play").textContent = this.playing ? "Pause" : "Play";
    this.part("play").setAttribute("aria-label", this.playing ? "Pause" : "Play");
  }

  legend() {
    const { data } = this;
    const items = data.kinds.map(({ name, colour, shape }) => [name, colour, shape]);
    if (data.arrays.marked.length) items.push([data.marked_name, data.marked_colour, "ring"]);
    if (data.arrays.born.length) items.push(["comes now", data.edge_kinds[data.fresh_edge]?.colour ?? data.theme.ink, "broken ring"]);
    if (data.arrays.presence.length) items.push([data.ghost_name, data.theme.muted, "ring"]);
    for (const { name, colour, dash } of data.edge_kinds) items.push([name, colour, dash.length ? "dashes" : "line"]);
    this.part("legend").replaceChildren(
      ...items.map(([name, colour, shape]) => {
        const item = document.createElement("li");
        const mark = document.createElement("canvas");
        resize(mark, 18, 14);
        const context = scaled(mark);
        context.strokeStyle = context.fillStyle = colour;
        context.lineWidth = 2;
        context.beginPath();
        if (shape === "line" || shape === "dashes") {
          context.setLineDash(shape === "dashes" ? [4, 3] : []);
          context.moveTo(0, 7);
          context.lineTo(18, 7);
          context.stroke();
        } else {
          const ring = shape.endsWith("ring");
          if (shape === "broken ring") context.setLineDash([3, 2]);
          shapePath(context, ring ? "circle" : shape, 9, 7, 5);
          if (ring) context.stroke();
          else context.fill();
        }
        const text = document.createElement("span");
        text.textContent = name;
        item.append(mark, text);
        return item;
      }),
    );
  }

  layout() {
    const { data } = this;
    const width = this.root.clientWidth - 6;
    if (!data || width <= 0) return;
    this.size = { width, height: Math.min(data.height, Math.max(260, width)) };
    // Positions are within -1 and 1: the whole graph fits with a margin, a flat one in a wide stage.
    const [wide, high] = [reach(data.arrays.x), reach(data.arrays.y)];
    data.unit = 0.46 * Math.min(this.size.width / wide, this.size.height / high);
    this.state.view ??= { x: 0, y: 0, scale: data.unit };
    for (const canvas of [this.part("map"), this.canvas]) resize(canvas, this.size.width, this.size.height);
    this.draw();
  }

  // Where a whole picture takes long, a moving map shows a part of its edges until it rests.
  draw(moving = false) {
    const part = moving && this.slow;
    clearTimeout(this.resting);
    if (part) this.resting = setTimeout(() => this.draw(), REST_MS);
    cancelAnimationFrame(this.frame);
    this.frame = requestAnimationFrame(() => this.paint(part ? FEW_EDGES : Infinity));
  }

  paint(edges) {
    const { data, state, size, hover } = this;
    if (!size) return;
    const { view, frame } = state;
    if (this.renderer.works) {
      this.renderer.draw(view, size, frame, nearness(data, view), edges);
      this.slow ??= this.renderer.wait() > SLOW_MS;
    }
    // Painted by the processor: text and a few rings are quicker there than on a slow card.
    const context = scaled(this.canvas, { willReadFrequently: true });
    context.clearRect(0, 0, size.width, size.height);
    const at = hover ?? state.focus;
    const chosen = [...new Set([...(at === null ? [] : [at]), ...arrivalsOf(data, frame), ...state.selected.slice(0, 20), ...marksOf(data, frame)])];
    paintRings(context, data, frame, view, size, { selected: state.selected, hover: at });
    paintNames(context, data, frame, view, size, chosen, this.byWeight());
    if (this.lasso) paintLasso(context, this.lasso, data.theme.accent);
    this.part("reset").disabled = this.isWhole();
  }

  byWeight() {
    const { data, state } = this;
    if (this.order?.frame === state.frame) return this.order.nodes;
    const start = state.frame * data.count;
    const weight = data.arrays.weight;
    const all = Array.from({ length: data.count }, (_, i) => i).filter((i) => !this.absent(i));
    // Only the front of the order is ever written.
    // Names of nodes that weigh next to nothing would only hide the others.
    const there = all.filter((i) => isThere(data, state.frame, i));
    const heavy = there.filter((i) => weight[start + i] >= SPEAKS);
    const nodes = (heavy.length ? heavy : there).sort((a, b) => weight[start + b] - weight[start + a]).slice(0, 300);
    this.order = { frame: state.frame, nodes };
    return nodes;
  }

  // Not there yet in this frame: neither drawn nor found.
  absent(i) {
    return presenceOf(this.data, this.state.frame, i) === ABSENT;
  }

  isWhole() {
    const { view } = this.state;
    return view.x === 0 && view.y === 0 && view.scale === this.data.unit;
  }

  reset() {
    this.state.view = { x: 0, y: 0, scale: this.data.unit };
    this.draw();
  }

  zoom(factor, at = [this.size.width / 2, this.size.height / 2]) {
    const { view } = this.state;
    const [x, y] = toGraph(view, this.size, ...at);
    view.scale = Math.min(400 * this.data.unit, Math.max(0.5 * this.data.unit, view.scale * factor));
    const [nx, ny] = toGraph(view, this.size, ...at);
    this.place(view.x + x - nx, view.y + y - ny);
  }

  pan(dx, dy) {
    const { view } = this.state;
    this.place(view.x - dx / view.scale, view.y + dy / view.scale);
  }

  place(x, y) {
    const { view } = this.state;
    view.x = Math.min(1.1, Math.max(-1.1, x));
    view.y = Math.min(1.1, Math.max(-1.1, y));
    this.draw(true);
  }

  show(frame) {
    this.state.frame = frame;
    this.film();
    this.draw();
    this.say(!this.playing || this.data.frames <= SPOKEN_FRAMES);
  }

  play(on) {
    clearInterval(this.playing);
    this.playing = null;
    if (on) {
      if (this.state.frame >= this.data.frames - 1) this.show(0);
      this.playing = setInterval(() => {
        if (!this.root.isConnected) this.destroy();
        else if (this.state.frame >= this.data.frames - 1) this.play(false);
        else this.show(this.state.frame + 1);
      }, this.data.frame_ms);
    } else this.reportFrame();
    this.film();
  }

  reportFrame() {
    this.report("frame", { value: this.state.frame, count: Date.now() });
  }

  toggleLasso() {
    this.lassoing = !this.lassoing;
    this.part("lasso").setAttribute("aria-pressed", String(this.lassoing));
    this.canvas.classList.toggle("lassoing", this.lassoing);
  }

  listen() {
    const { canvas } = this;
    const at = (event) => {
      const frame = canvas.getBoundingClientRect();
      return [event.clientX - frame.left, event.clientY - frame.top];
    };
    canvas.addEventListener("pointerdown", (event) => {
      canvas.setPointerCapture(event.pointerId);
      this.pointers.set(event.pointerId, { at: at(event), moved: false });
      if (this.lassoing || event.shiftKey) this.lasso = [at(event)];
    });
    canvas.addEventListener("pointermove", (event) => {
      if (!this.pointers.has(event.pointerId)) this.point(this.nearest(...at(event)));
      else this.drag(event.pointerId, at(event));
    });
    canvas.addEventListener("pointerup", (event) => {
      const press = this.pointers.get(event.pointerId);
      this.pointers.delete(event.pointerId);
      canvas.classList.remove("dragging");
      if (this.lasso && press?.moved) this.endLasso();
      else if (press && !press.moved) this.click(this.nearest(...at(event)), event.ctrlKey || event.metaKey);
      this.lasso = null;
      this.draw();
    });
    canvas.addEventListener("pointercancel", (event) => {
      this.pointers.delete(event.pointerId);
      this.lasso = null;
    });
    canvas.addEventListener("pointerleave", () => this.point(null));
    canvas.addEventListener("wheel", (event) => this.wheel(event, at(event)), { passive: false });
    canvas.addEventListener("keydown", (event) => this.key(event));
  }

  // The wheel scrolls the page until the graph has the focus (a click) or Ctrl is held.
  wheel(event, at) {
    if (!event.ctrlKey && this.root.getRootNode().activeElement !== this.canvas) return;
    event.preventDefault();
    this.zoom(Math.exp(-Math.sign(event.deltaY) * 0.2), at);
  }

  drag(id, [x, y]) {
    const press = this.pointers.get(id);
    const [dx, dy] = [x - press.at[0], y - press.at[1]];
    if (!press.moved && Math.hypot(dx, dy) < 4) return;
    const others = [...this.pointers].filter(([other]) => other !== id);
    if (others.length) {
      const still = others[0][1];
      const apart = Math.hypot(press.at[0] - still.at[0], press.at[1] - still.at[1]);
      still.moved = true;
      this.lasso = null;
      if (apart > 10) this.zoom(Math.hypot(x - still.at[0], y - still.at[1]) / apart, [(x + still.at[0]) / 2, (y + still.at[1]) / 2]);
    } else if (this.lasso) {
      this.lasso.push([x, y]);
      this.draw();
    } else {
      this.canvas.classList.add("dragging");
      this.pan(dx, dy);
    }
    Object.assign(press, { at: [x, y], moved: true });
  }

  // The node under a point of the screen, or the nearest one within a finger's reach.
  nearest(px, py) {
    const { data, state: { view, frame }, size } = this;
    const reach = data.large * 1.8 + 8;
    const [x0, y1] = toGraph(view, size, px - reach, py - reach);
    const [x1, y0] = toGraph(view, size, px + reach, py + reach);
    let [best, least] = [null, Infinity];
    for (const i of this.grid.within(x0, x1, y0, y1)) {
      if (this.absent(i)) continue;
      const [x, y] = toScreen(view, size, data.arrays.x[i], data.arrays.y[i]);
      const away = Math.hypot(x - px, y - py) - radiusOf(data, frame, view, i);
      if (away < least && away <= 6) [best, least] = [i, away];
    }
    return best;
  }

  point(node) {
    if (node === this.hover) return;
    this.hover = node;
    this.canvas.classList.toggle("over", node !== null);
    this.draw();
    this.say();
  }

  click(node, more) {
    const { state } = this;
    if (node === null && !state.selected.length) return;
    if (node === null) this.choose([]);
    else if (more) this.choose(state.selected.includes(node) ? state.selected.filter((i) => i !== node) : [...state.selected, node]);
    else this.choose([node]);
  }

  endLasso() {
    const { data, state: { view }, size, lasso } = this;
    const corners = lasso.map(([px, py]) => toGraph(view, size, px, py));
    const xs = corners.map(([x]) => x);
    const ys = corners.map(([, y]) => y);
    const found = [];
    for (const i of this.grid.within(Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys))) {
      if (found.length < MOST_CHOSEN && !this.absent(i) && encloses(corners, data.arrays.x[i], data.arrays.y[i])) found.push(i);
    }
    if (this.lassoing) this.toggleLasso();
    this.choose(found.sort((a, b) => a - b));
  }

  choose(nodes) {
    this.state.selected = nodes;
    this.state.focus = nodes.length === 1 ? nodes[0] : this.state.focus;
    this.draw();
    this.say(true);
    this.report("selected", { value: nodes, count: Date.now() });
  }

  key(event) {
    const { data, state, size } = this;
    const ways = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
    const tools = {
      "+": () => this.zoom(1.6),
      "=": () => this.zoom(1.6),
      "-": () => this.zoom(1 / 1.6),
      0: () => this.reset(),
      l: () => this.toggleLasso(),
    };
    const way = ways[event.key];
    if (way && event.shiftKey) this.pan((-way[0] * size.width) / 8, (way[1] * size.height) / 8);
    else if (way) {
      state.focus = this.hover = state.focus === null ? this.byWeight()[0] ?? null : this.next(state.focus, way);
      this.reveal(state.focus);
      this.say(true);
    } else if (event.key === "Enter" && state.focus !== null) this.choose([state.focus]);
    else if (event.key === "Escape") {
      state.focus = this.hover = null;
      this.choose([]);
    } else if (tools[event.key] && !event.ctrlKey && !event.metaKey) tools[event.key]();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  // The nearest node in a direction: far ones and those off the direction count as further away.
  next(from, [wx, wy]) {
    const { x, y } = this.data.arrays;
    let [best, least] = [from, Infinity];
    for (let i = 0; i < this.data.count; i++) {
      const [dx, dy] = [x[i] - x[from], y[i] - y[from]];
      const along = dx * wx + dy * wy;
      if (i === from || along <= 0 || this.absent(i)) continue;
      const cost = along + 2 * Math.abs(dx * wy - dy * wx);
      if (cost < least) [best, least] = [i, cost];
    }
    return best;
  }

  reveal(node) {
    const { data, state: { view }, size } = this;
    if (node === null) return;
    const [px, py] = toScreen(view, size, data.arrays.x[node], data.arrays.y[node]);
    const room = 24;
    const move = (value, most) => Math.max(0, room - value) + Math.min(0, most - room - value);
    this.pan(move(px, size.width), move(py, size.height));
    this.draw();
  }

  // The line below the map: the node at the pointer, or how many are chosen.
  say(aloud = false) {
    const { data, state } = this;
    const line = this.part("readout");
    line.replaceChildren();
    const add = (text, tag = "span") => {
      const part = document.createElement(tag);
      part.textContent = text;
      if (tag === "span") part.className = "faint";
      line.append(part);
    };
    const at = this.hover ?? (state.selected.length === 1 ? state.selected[0] : state.focus);
    if (at === null && state.selected.length > 1) {
      add(`${state.selected.length}`, "b");
      add(" nodes chosen: ");
      add(state.selected.slice(0, 8).map((i) => data.labels[i]).join(", ") + (state.selected.length > 8 ? ", …" : ""), "b");
    } else if (at === null) add("Point at a node to read it; click to choose it, or draw around several with Lasso.");
    else {
      add(`${kindOf(data, state.frame, at).name} `);
      add(data.labels[at], "b");
      data.readouts.forEach(({ name, unit, each }, k) => {
        const value = data.arrays[`readout${k}`][(each ? state.frame * data.count : 0) + at];
        add(` · ${name} `);
        add(shown(value) + (unit && ` ${unit}`), "b");
      });
      if (marksOf(data, state.frame).includes(at)) add(` · ${data.marked_name}`);
      if (!isThere(data, state.frame, at)) add(" · not there yet");
      const presence = presenceOf(data, state.frame, at);
      if (presence) add(` · ${presence === GHOST ? data.ghost_name : "not there yet"}`);
    }
    if (aloud) this.part("spoken").textContent = line.textContent;
  }
}

// How far from the middle positions go, at least a tenth.
function reach(values) {
  return values.reduce((far, value) => Math.max(far, Math.abs(value)), 0.1);
}

// Even-odd rule: a ray to the right crosses the outline an odd number of times.
function encloses(corners, x, y) {
  let inside = false;
  for (let i = 0, j = corners.length - 1; i < corners.length; j = i++) {
    const [xi, yi] = corners[i];
    const [xj, yj] = corners[j];
    if (yi > y !== yj > y && x < ((xj - xi) * (y - yi)) / (yj - yi) + xi) inside = !inside;
  }
  return inside;
}

// Streamlit calls this at every change of the data, with the same parent.
const views = new WeakMap();

export default function (component) {
  const { data, parentElement, setStateValue } = component;
  let view = views.get(parentElement);
  if (!view?.root.isConnected) {
    view?.destroy();
    view = new GraphView(parentElement);
    views.set(parentElement, view);
  }
  view.update(unpack(data), setStateValue);
  return () => view.destroy();
}
