// Which poses of other times are drawn faintly, and how strongly.
const MOST_POSES = 14;
const TRAIL_S = 0.25;
const FAINTEST = 0.04;
const STRONGEST = 0.75;

// [{frame, weight}] of a lane at a frame: the weights of its row of `trail`, or the last poses where
// no lane has weights. Of neighbours only the heaviest is drawn, or they would hide each other.
function trailOf(clips, lane, frame) {
  if (clips.weighs) return lane.trail ? weighted(lane, frame) : [];
  return recent(clips, lane, frame);
}

function weighted(lane, frame) {
  const apart = Math.max(2, Math.round(lane.frames / 60));
  const row = lane.trail.subarray(frame * lane.frames, (frame + 1) * lane.frames);
  const found = [];
  for (let from = 0; from < lane.frames; from += apart) {
    let best = -1;
    for (let at = from; at < Math.min(from + apart, lane.frames); at++) {
      if (at !== frame && (best < 0 || row[at] > row[best])) best = at;
    }
    const weight = best < 0 ? 0 : (row[best] / 255) * STRONGEST;
    if (weight > FAINTEST) found.push({ frame: best, weight });
  }
  return found.sort((one, other) => other.weight - one.weight).slice(0, MOST_POSES);
}

function recent(clips, lane, frame) {
  const apart = Math.max(1, Math.round(TRAIL_S * clips.data.fps));
  const found = [];
  // Poses stand still on their own frames while the body walks on.
  for (let at = Math.floor((frame - 1) / apart) * apart; at >= 0 && found.length < MOST_POSES / 2; at -= apart) {
    if (at < lane.frames) found.push({ frame: at, weight: 0.5 * (1 - found.length / (MOST_POSES / 2)) });
  }
  return found;
}
