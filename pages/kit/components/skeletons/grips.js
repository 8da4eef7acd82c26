// Ends of segments that can be dragged: which one is under the pointer, and the edge that follows it.
const REACH_PX = { mouse: 6, other: 14 };

// The end at a place of a strip, {number, low, high, from, frame}, null where none is near.
function gripAt(data, strip, x, width, pointer) {
  const reach = REACH_PX[pointer] ?? REACH_PX.other;
  let [found, least] = [null, reach];
  for (const [number, low, high] of strip.grips ?? []) {
    const from = strip.values[2 * number + 1] + 1;
    const far = Math.abs(edgeOf(data, width, from) - x);
    if (far > least) continue;
    least = far;
    found = { number, low, high, from, frame: from };
  }
  return found;
}

function edgeOf({ frames }, width, frame) {
  return (frame / frames) * width;
}

// The end follows the pointer within its range and within the strip.
function pullGrip(data, grip, x, width) {
  const frame = Math.round((x / width) * data.frames);
  grip.frame = Math.min(grip.high, data.frames, Math.max(grip.low, frame));
}

function showGrip(data, strip, width) {
  const { grip, edge } = strip;
  edge.hidden = !grip;
  if (!grip) return;
  edge.style.transform = `translateX(${edgeOf(data, width, grip.frame)}px)`;
  const [from, to] = [grip.from, grip.frame].map((frame) => (frame / data.fps).toFixed(2));
  strip.value.textContent = `segment ${grip.number + 1} ends at ${to} s (was ${from} s)`;
}
