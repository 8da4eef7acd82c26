// Spans by lane: those of one lane lie one after the other and never overlap, so that ends rise
// like starts and a place in time is found by halving.
class Spans {
  constructor(data) {
    const { start, duration, kind, lane_from, cause, place } = data.arrays;
    Object.assign(this, { start, duration, kind, from: lane_from, cause, place });
    this.count = start.length;
    this.lanes = data.lanes.length;
    this.first = Infinity;
    this.last = -Infinity;
    this.shortest = Infinity;
    for (let i = 0; i < this.count; i++) {
      if (start[i] < this.first) this.first = start[i];
      if (this.end(i) > this.last) this.last = this.end(i);
      if (duration[i] > 0 && duration[i] < this.shortest) this.shortest = duration[i];
    }
    // Which span of this order is the one that the page calls n.
    this.byPlace = new Int32Array(this.count);
    for (let i = 0; i < this.count; i++) this.byPlace[place[i]] = i;
  }

  end(i) {
    return this.start[i] + this.duration[i];
  }

  // The first span of a lane that ends after a time, or the end of the lane.
  after(lane, time) {
    let [low, high] = [this.from[lane], this.from[lane + 1]];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.end(middle) > time) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  laneOf(i) {
    let [low, high] = [0, this.lanes];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (this.from[middle] <= i) low = middle;
      else high = middle;
    }
    return low;
  }

  // The span of a lane at a time, or the nearest one within ``reach``, or null.
  at(lane, time, reach = Infinity) {
    const next = this.after(lane, time);
    let [best, least] = [null, reach];
    for (const i of [next - 1, next]) {
      if (i < this.from[lane] || i >= this.from[lane + 1]) continue;
      const away = Math.max(0, this.start[i] - time, time - this.end(i));
      if (away <= least) [best, least] = [i, away];
    }
    return best;
  }
}

// The first and last time of spans and counters.
function reachOf(data, spans) {
  let { first, last } = spans;
  data.counters.forEach((_, counter) => {
    const times = data.arrays[`time${counter}`];
    if (times.length) [first, last] = [Math.min(first, times[0]), Math.max(last, times.at(-1))];
  });
  return { first, last };
}

// How busy lanes are in each of ``columns`` pieces of the time from a to b: Float32Array, 0 to 1.
function busyShare(spans, lanes, a, b, columns) {
  const share = new Float32Array(columns);
  const each = (b - a) / columns;
  for (const lane of lanes) {
    for (let i = spans.after(lane, a); i < spans.from[lane + 1] && spans.start[i] < b; i++) {
      const x0 = Math.max(0, (spans.start[i] - a) / each);
      const x1 = Math.min(columns, (spans.end(i) - a) / each);
      for (let c = Math.floor(x0); c < x1; c++) share[c] += Math.min(c + 1, x1) - Math.max(c, x0);
    }
  }
  for (let c = 0; c < columns; c++) share[c] = Math.min(1, share[c] / lanes.length);
  return share;
}
