// Where each lane is drawn: as many beside each other as have room, rows of equal length.
const GAP = 6;
const NARROW = 210;
const LEAST_HIGH = 240;

function cellsOf(lanes, width, height) {
  const most = Math.max(lanes > 1 ? 2 : 1, Math.floor((width + GAP) / (NARROW + GAP)));
  const rows = Math.ceil(lanes / Math.min(lanes, most));
  const columns = Math.ceil(lanes / rows);
  const high = rows === 1 ? height : Math.max(LEAST_HIGH, Math.round((height - GAP * (rows - 1)) / rows));
  const wide = (width - GAP * (columns - 1)) / columns;
  const cells = [];
  for (let lane = 0; lane < lanes; lane++) {
    const [row, column] = [Math.floor(lane / columns), lane % columns];
    cells.push({ x: column * (wide + GAP), y: row * (high + GAP), width: wide, height: high });
  }
  return { cells, width, height: rows * high + GAP * (rows - 1) };
}
