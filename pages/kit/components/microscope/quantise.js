// The maths of block formats, as engine.labs.kv_cache.formats defines them, in float32.
const f32 = Math.fround;

// floor(log2 m) for m > 0. Math.log2 may round up just below a power of two.
function exponentOf(m) {
  let e = Math.floor(Math.log2(m));
  if (2 ** e > m) e -= 1;
  else if (2 ** (e + 1) <= m) e += 1;
  return e;
}

// Round to the 11 significant bits of half precision, ties to even; saturates at 65504.
function half(x) {
  if (x === 0) return 0;
  const step = 2 ** (Math.max(-14, exponentOf(Math.abs(x))) - 10);
  const q = x / step;
  const down = Math.floor(q);
  const up = q - down > 0.5 || (q - down === 0.5 && down % 2 !== 0);
  return Math.min(65504, Math.max(-65504, (down + (up ? 1 : 0)) * step));
}

// The scale and offset that a block of values takes on a grid.
function scaleOf(values, grid) {
  let most = 0;
  let [low, high] = [Infinity, -Infinity];
  for (const x of values) {
    most = Math.max(most, Math.abs(x));
    low = Math.min(low, x);
    high = Math.max(high, x);
  }
  const none = { scale: 0, offset: 0, exponent: null, most, low, high };
  const stored = grid.half_scale ? half : f32;
  if (grid.scaling === "fixed") return { ...none, scale: grid.scale };
  if (grid.scaling === "range") {
    const scale = stored(f32(f32(high - low) / (grid.codes.length - 1)));
    return { ...none, scale, offset: stored(low) };
  }
  if (most === 0) return none;
  if (grid.scaling === "largest") return { ...none, scale: stored(f32(most / grid.codes.at(-1))) };
  const [least, greatest] = grid.exponents;
  const exponent = Math.min(greatest, Math.max(least, exponentOf(most)));
  return { ...none, exponent, scale: 2 ** (exponent - grid.emax) };
}

// The place of the code nearest to q; ties go to the even code, counted from zero.
function nearest(q, codes, zero) {
  let [lo, hi] = [0, codes.length - 1];
  if (q <= codes[lo]) return lo;
  if (q >= codes[hi]) return hi;
  while (hi - lo > 1) {
    const middle = (lo + hi) >> 1;
    if (codes[middle] <= q) lo = middle;
    else hi = middle;
  }
  const [below, above] = [q - codes[lo], codes[hi] - q];
  if (below !== above) return below < above ? lo : hi;
  return (lo - zero) % 2 === 0 ? lo : hi;
}

function beyond(excess, tie) {
  return excess > 0 || (tie && excess === 0);
}

// One block: what each value becomes, which are lost (turned to zero) and which are clipped.
function quantiseBlock(given, grid) {
  const { codes } = grid;
  const values = given.map(f32);
  const found = scaleOf(values, grid);
  const { scale, offset } = found;
  const last = codes.length - 1;
  const zero = Math.max(0, codes.indexOf(0));
  // Under a shared exponent a value half-way past the last code would round away from it.
  const tie = grid.scaling === "power of two";
  const top = codes[last] + (codes[last] - codes[last - 1]) / 2;
  const bottom = codes[0] - (codes[1] - codes[0]) / 2;
  const cells = values.map((x) => {
    if (scale === 0) return { x, code: codes[zero], kept: offset, lost: false, clipped: false };
    const q = f32(f32(x - offset) / scale);
    const code = codes[nearest(q, codes, zero)];
    const kept = f32(f32(code * scale) + offset);
    return { x, code, kept, lost: kept === 0 && x !== 0, clipped: beyond(q - top, tie) || beyond(bottom - q, tie) };
  });
  return { ...found, cells };
}

// All values, cut into blocks of `size` after putting them in `order`.
function quantise(values, order, size, grid) {
  const blocks = [];
  for (let start = 0; start < order.length; start += size) {
    const places = order.slice(start, start + size);
    const block = quantiseBlock(places.map((i) => values[i]), grid);
    blocks.push({ ...block, start, places });
  }
  const cells = blocks.flatMap((block) => block.cells);
  const energy = cells.reduce((sum, { x }) => sum + x * x, 0);
  const error = cells.reduce((sum, { x, kept }) => sum + (kept - x) ** 2, 0);
  return {
    blocks,
    cells,
    relative: energy ? Math.sqrt(error / energy) : 0,
    lost: cells.filter((cell) => cell.lost).length,
    clipped: cells.filter((cell) => cell.clipped).length,
    bits: grid.code_bits + (grid.scale_bits * blocks.length) / cells.length,
  };
}

// Positions in natural order, or by falling magnitude.
function orderOf(values, sorted) {
  const order = values.map((_, i) => i);
  return sorted ? order.sort((a, b) => Math.abs(values[b]) - Math.abs(values[a]) || a - b) : order;
}
