// Times as people read them: the unit fits the size.
const UNITS = [["s", 1e9], ["ms", 1e6], ["µs", 1e3], ["ns", 1]];

function unitFor(ns) {
  return UNITS.find(([, size]) => ns >= size) ?? UNITS[3];
}

// A length, rounded.
function lasting(data, value, digits = 5) {
  const ns = value * data.unit_ns;
  const [name, size] = unitFor(Math.abs(ns));
  return `${shown(ns / size, digits)} ${name}`;
}

// A time or a length in full: with the digits that tell any two of the timeline apart, zeros too.
function moment(data, value) {
  const ns = value * data.unit_ns;
  const [name, size] = unitFor(Math.abs(ns));
  const decimals = data.decimals + Math.round(Math.log10(size / data.unit_ns));
  const text = (ns / size).toFixed(Math.max(0, decimals));
  return `${Number(text) === 0 ? text.replace("-", "") : text.replace("-", "−")} ${name}`;
}

// A time with the digits that a window of that length needs.
function momentWithin(data, value, length) {
  const digits = Math.ceil(Math.log10(Math.max(Math.abs(value) / length, 1))) + 4;
  return lasting(data, value, Math.min(12, digits));
}

function percent(share) {
  return `${(100 * share).toFixed(share >= 0.0995 ? 0 : share >= 0.00995 ? 1 : 2)} %`;
}

function whole(count) {
  return count.toLocaleString("en");
}

// Ticks of the window from a to b: [{at, text}], and a base where only what is added to it is
// written, because the whole number would be too long.
function ticksOf(data, { a, b, width }) {
  const [low, high] = [a * data.unit_ns, b * data.unit_ns];
  const rough = (high - low) / Math.max(2, width / 120);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * [1, 2, 5, 10].find((times) => times * power >= rough * 0.999999);
  let [name, size] = unitFor(Math.max(Math.abs(low), Math.abs(high)));
  let base = 0;
  if (size / step > 5e3) {
    const round = 10 ** Math.ceil(Math.log10(high - low));
    base = Math.floor(low / round) * round;
    [name, size] = unitFor(high - base);
  }
  const decimals = Math.max(0, Math.ceil(Math.log10(size / step) - 1e-9));
  const ticks = [];
  for (let n = Math.ceil(low / step - 1e-9); n * step <= high; n++) {
    const text = ((n * step - base) / size).toFixed(decimals).replace("-", "−");
    ticks.push({ at: (n * step) / data.unit_ns, text: `${base ? "+" : ""}${text} ${name}` });
  }
  return { ticks, base: base ? lasting(data, base / data.unit_ns, 14) : "" };
}
