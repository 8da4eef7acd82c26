// Reads what payload.py packed: a JSON header whose arrays become typed arrays.
const DTYPES = {
  uint8: Uint8Array,
  int8: Int8Array,
  uint16: Uint16Array,
  int16: Int16Array,
  int32: Int32Array,
  float32: Float32Array,
  float64: Float64Array,
};

function unpack(bytes) {
  // A copy, because the message may start at an address that typed arrays cannot.
  const raw = bytes.slice();
  const length = new DataView(raw.buffer).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(raw.subarray(4, 4 + length)));
  const start = 4 + length;
  const arrays = {};
  for (const { name, dtype, length: size, offset } of header.arrays) {
    arrays[name] = new DTYPES[dtype](raw.buffer, start + offset, size);
  }
  return { ...header, arrays };
}

// A number as people read it: 0.25, 1200, 3.1e-5.
function shown(value, digits = 4) {
  if (!Number.isFinite(value)) return "none";
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 1e6 || size < 1e-4) {
    return value.toExponential(Math.max(0, digits - 2)).replace(/\.?0+e/, "e").replace("-", "−").replace("e-", "e−").replace("e+", "e");
  }
  const text = size >= 10 ** digits ? value.toFixed(0) : value.toPrecision(digits);
  return (text.includes(".") ? text.replace(/\.?0+$/, "") : text).replace("-", "−");
}
