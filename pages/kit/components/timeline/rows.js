// What stands below what: a heading for each group, its lanes unless it is folded, then counters.
const COUNTERS = "Counters";
const HIGH = { group: 26, counter: 46, lane: 22, roomy: 30 };
const FEW_LANES = 10;

function rowsOf(data, folded) {
  const rows = [];
  let y = 0;
  const add = (type, height, more) => {
    rows.push({ type, y, height, above: 0, ...more });
    y += height;
  };
  const groups = [...new Set(data.lanes.map(([, group]) => group))];
  const grouped = groups.some(Boolean);
  const high = data.lanes.length <= FEW_LANES ? HIGH.roomy : HIGH.lane;
  for (const group of groups) {
    const lanes = data.lanes.flatMap(([, of], lane) => (of === group ? [lane] : []));
    if (group) add("group", HIGH.group, { key: `group ${group}`, name: group, lanes, folded: folded.has(group) });
    if (!folded.has(group) || !group) {
      for (const lane of lanes) add("lane", high, { key: `lane ${lane}`, name: data.lanes[lane][0], lane, inset: group ? 12 : 0 });
    }
  }
  if (grouped && data.counters.length) {
    add("group", HIGH.group, { key: `group ${COUNTERS}`, name: COUNTERS, lanes: [], folded: folded.has(COUNTERS) });
  }
  if (!grouped || !folded.has(COUNTERS)) {
    data.counters.forEach(({ name }, counter) =>
      add("counter", HIGH.counter, { key: `counter ${counter}`, name, counter, inset: grouped ? 12 : 0 }),
    );
  }
  return rows;
}

// The row of a lane, or of its folded group.
function rowOfLane(data, rows, lane) {
  return rows.find((row) => row.lane === lane) ?? rows.find((row) => row.type === "group" && row.lanes.includes(lane));
}

// The place of the last point of a counter at or before a time, -1 before the first.
function pointAt(data, counter, time) {
  const times = data.arrays[`time${counter}`];
  let [low, high] = [0, times.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (times[middle] > time) high = middle;
    else low = middle + 1;
  }
  return low - 1;
}

// From where to where the values of a counter go; 0 is always there.
function counterRange(data, counter) {
  data.ranges ??= [];
  data.ranges[counter] ??= data.arrays[`value${counter}`].reduce(
    ([low, high], value) => [Math.min(low, value), Math.max(high, value)],
    [0, 0],
  );
  return data.ranges[counter];
}

function counterScale(data, counter) {
  const [low, high] = counterRange(data, counter);
  return `${shown(low, 3)} to ${shown(high, 3)} ${data.counters[counter].unit}`;
}

// Groups of the view that are folded and opened.
const folding = {
  foldRow(row) {
    if (!row) return;
    const name = row.type === "group" ? row.name : row.type === "counter" ? COUNTERS : this.data.lanes[row.lane][1];
    if (!name) return;
    const { folded } = this.state;
    const now = !folded.delete(name);
    if (now) folded.add(name);
    this.layout();
    const heading = this.rows.find(({ type, name: of }) => type === "group" && of === name);
    if (this.state.focus && !this.focusRow()) this.state.focus = { ...this.state.focus, row: heading.key, span: null };
    this.say(`${name} ${now ? "folded" : "open"}`);
  },

  foldAll() {
    const { folded } = this.state;
    const groups = this.rows.filter(({ type }) => type === "group");
    const open = groups.some((row) => !row.folded);
    for (const { name } of groups) {
      if (open) folded.add(name);
      else folded.delete(name);
    }
    this.state.focus = null;
    this.layout();
  },
};
