// The strips below the bodies: painted once, a mark follows the playhead, values are read out.
const LINE_HIGH = 40;
const ROW_HIGH = [3, 12];
const HEAT_HIGH = 120;
const SPAN_HIGH = 24;
const TICK_HIGH = 18;
const AXIS_HIGH = 18;

class Strips {
  // said(frame, final, lane): the visitor points at or comes to rest on a frame; moved(segment,
  // frame): the end of a segment was dragged in front of a frame.
  constructor(root, said, moved) {
    this.root = root;
    this.said = said;
    this.moved = moved;
  }

  load(data) {
    this.data = data;
    this.list = data.strips.map((strip, k) => readStrip(data, strip, k));
    this.root.replaceChildren(...this.list.map((strip) => this.build(strip)));
    this.axis = null;
    if (!this.list.length) return;
    this.axis = document.createElement("canvas");
    this.axis.setAttribute("aria-hidden", "true");
    this.root.append(this.axis);
  }

  build(strip) {
    const box = named("div", "strip");
    const words = named("div", "words");
    strip.value = named("span", "value");
    words.append(named("span", "name", strip.title), strip.value);
    const band = named("div", "band");
    strip.canvas = document.createElement("canvas");
    strip.canvas.setAttribute("aria-hidden", "true");
    strip.mark = named("div", "mark");
    strip.edge = named("div", "edge");
    strip.edge.hidden = true;
    band.append(strip.canvas, strip.mark, strip.edge);
    box.append(words, band);
    this.listen(box, strip);
    return box;
  }

  listen(box, strip) {
    const placeAt = (event) => event.clientX - strip.canvas.getBoundingClientRect().left;
    const frameAt = (event) => Math.min(this.data.frames - 1, Math.max(0, Math.floor((placeAt(event) / this.width) * this.data.frames)));
    const gripUnder = (event) => gripAt(this.data, strip, placeAt(event), this.width, event.pointerType);
    const drop = () => {
      [strip.held, strip.grip] = [false, null];
      showGrip(this.data, strip, this.width);
    };
    box.addEventListener("pointerdown", (event) => {
      if (event.button) return;
      box.setPointerCapture(event.pointerId);
      strip.grip = gripUnder(event);
      strip.held = !strip.grip;
      if (strip.grip) showGrip(this.data, strip, this.width);
      else this.said(frameAt(event), false, strip.lane);
    });
    box.addEventListener("pointermove", (event) => {
      if (strip.grip) {
        pullGrip(this.data, strip.grip, placeAt(event), this.width);
        showGrip(this.data, strip, this.width);
      } else if (strip.held) this.said(frameAt(event), false, strip.lane);
      else if (event.pointerType === "mouse") {
        box.classList.toggle("grips", Boolean(gripUnder(event)));
        this.point(strip, frameAt(event), event);
      }
    });
    box.addEventListener("pointerup", (event) => {
      const { grip } = strip;
      // An end that stays where it was is a click on the strip.
      if (grip && grip.frame !== grip.from) this.moved(grip.number, grip.frame);
      else if (grip || strip.held) this.said(frameAt(event), true, strip.lane);
      drop();
    });
    box.addEventListener("pointercancel", drop);
    box.addEventListener("pointerleave", () => {
      strip.pointed = null;
      if (!strip.grip) strip.value.textContent = readAt(this.data, strip, this.frame);
    });
  }

  // A value under the pointer, with its time; of a heat map the row that is pointed at.
  point(strip, frame, event) {
    const { top, height } = strip.canvas.getBoundingClientRect();
    const row = strip.kind === "heat" ? Math.floor(((event.clientY - top) / height) * strip.rows) : -1;
    strip.pointed = true;
    const said = readAt(this.data, strip, frame, Math.min(strip.rows - 1, Math.max(-1, row)));
    strip.value.textContent = `${momentIn(this.data, frame)}: ${said}`;
  }

  layout() {
    const { data } = this;
    this.width = this.root.clientWidth;
    if (!this.width || !this.axis) return;
    for (const strip of this.list) {
      resize(strip.canvas, this.width, strip.tall);
      paintStrip(scaled(strip.canvas), data, strip, this.width);
    }
    resize(this.axis, this.width, AXIS_HIGH);
    paintSeconds(scaled(this.axis), data, this.width, getComputedStyle(this.root).fontFamily);
    this.show(this.frame ?? 0, true);
  }

  show(frame, anew = false) {
    const whole = Math.round(frame);
    for (const strip of this.list) {
      strip.mark.style.transform = `translateX(${placeOf(this.data, this.width, frame)}px)`;
      if ((anew || whole !== this.frame) && !strip.pointed && !strip.grip) strip.value.textContent = readAt(this.data, strip, whole);
    }
    this.frame = whole;
  }

  // All that is read out at the playhead, for those who do not see it.
  sentence() {
    return this.list.map((strip) => `${strip.name}: ${strip.value.textContent}`).join("; ");
  }

  // First frames of segments, and ticks, in order.
  marks() {
    const found = this.list.flatMap(({ kind, values }) =>
      kind === "ticks" ? [...values] : kind === "segments" ? [...values].filter((_, k) => k % 2 === 0) : [],
    );
    return [...new Set(found.map(Math.round))].sort((a, b) => a - b);
  }
}

function placeOf({ frames }, width, frame) {
  return ((frame + 0.5) / frames) * width;
}

function named(tag, name, text = "") {
  const made = document.createElement(tag);
  made.className = name;
  made.textContent = text;
  return made;
}

// A strip of the message with its numbers, height and title.
function readStrip(data, said, k) {
  const codes = data.arrays[`strip${k}`];
  const lane = said.lane < 0 ? "" : data.lanes[said.lane].name;
  const name = lane && data.lanes.length > 1 ? `${lane}: ${said.name}` : said.name;
  const unit = said.unit ? ` ${said.unit}` : "";
  if (said.kind === "segments" || said.kind === "ticks") {
    return { ...said, name, title: name, values: codes, rows: 1, tall: said.kind === "ticks" ? TICK_HIGH : SPAN_HIGH };
  }
  const missing = codes.BYTES_PER_ELEMENT === 2 ? 65535 : 255;
  const values = new Float32Array(codes.length);
  for (let at = 0; at < codes.length; at++) values[at] = codes[at] === missing ? NaN : said.low + codes[at] * said.step;
  const row = Math.min(ROW_HIGH[1], Math.max(ROW_HIGH[0], Math.floor(HEAT_HIGH / said.rows)));
  return {
    ...said,
    name,
    title: `${name} (${shown(said.low, 3)} to ${shown(said.high, 3)}${unit})`,
    values,
    count: codes.length / said.rows,
    tall: said.kind === "heat" ? said.rows * row : LINE_HIGH,
  };
}

// What a strip says at a frame; `row` of a heat map, or its highest one.
function readAt(data, strip, frame, row = -1) {
  const { kind, values, labels, unit } = strip;
  const with_unit = (value) => (Number.isFinite(value) ? `${shown(value, 3)}${unit ? ` ${unit}` : ""}` : "none");
  if (kind === "line") return with_unit(values[frame]);
  if (kind === "ticks") {
    const at = [...values].map(Math.round).indexOf(frame);
    if (at >= 0) return labels[at] ?? "here";
    const next = Math.min(...[...values].filter((tick) => tick > frame));
    return Number.isFinite(next) ? `next at ${(next / data.fps).toFixed(2)} s` : "none later";
  }
  if (kind === "segments") {
    const found = segmentsAt(values, frame).map((at) => (labels[at] ? `${at + 1}: ${labels[at]}` : `segment ${at + 1}`));
    return found.join(", ") || "between";
  }
  if (frame >= strip.count) return "none";
  let best = row;
  if (row < 0) {
    best = 0;
    for (let at = 1; at < strip.rows; at++) {
      if (!(values[at * strip.count + frame] <= values[best * strip.count + frame])) best = at;
    }
  }
  return `${labels[best] ?? `row ${best}`} ${with_unit(values[best * strip.count + frame])}`;
}

function segmentsAt(values, frame) {
  const found = [];
  for (let at = 0; 2 * at < values.length; at++) if (values[2 * at] <= frame && frame <= values[2 * at + 1]) found.push(at);
  return found;
}
