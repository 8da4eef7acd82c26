// What happens between two times: spans and time of each kind, and how busy each lane is.
// A span that reaches beyond counts with the part inside.
function sumsOf(data, spans, [a, b]) {
  const kinds = data.kinds.map((_, kind) => ({ kind, count: 0, time: 0 }));
  const lanes = [];
  for (let lane = 0; lane < spans.lanes; lane++) {
    let busy = 0;
    for (let i = spans.after(lane, a); i < spans.from[lane + 1] && spans.start[i] < b; i++) {
      const inside = Math.min(spans.end(i), b) - Math.max(spans.start[i], a);
      kinds[spans.kind[i]].count += 1;
      kinds[spans.kind[i]].time += inside;
      busy += inside;
    }
    lanes.push({ lane, share: busy / (b - a) });
  }
  return {
    kinds: kinds.filter(({ count }) => count).sort((one, other) => other.time - one.time),
    lanes: lanes.sort((one, other) => other.share - one.share),
    count: kinds.reduce((all, { count }) => all + count, 0),
  };
}
