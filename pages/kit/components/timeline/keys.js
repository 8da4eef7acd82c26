// The keyboard: where the focus goes from row to row and from span to span.
const PAN = 0.2;
const ZOOM = 1.5;

function pressKey(view, event) {
  const { state } = view;
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const letters = {
    w: () => view.zoom(ZOOM, view.focusX()),
    s: () => view.zoom(1 / ZOOM, view.focusX()),
    "+": () => view.zoom(ZOOM, view.focusX()),
    "=": () => view.zoom(ZOOM, view.focusX()),
    "-": () => view.zoom(1 / ZOOM, view.focusX()),
    a: () => view.move(-PAN * view.length),
    d: () => view.move(PAN * view.length),
    0: () => view.reset(),
    f: () => view.fit(state.focus?.span ?? state.selected),
    c: () => goToCause(view),
    g: () => view.foldRow(view.focusRow()),
    r: () => view.measureWindow(),
    "[": () => rangeToFocus(view, 0),
    "]": () => rangeToFocus(view, 1),
    n: () => view.nextMatch(event.shiftKey ? -1 : 1),
    "/": () => view.part("query").focus(),
    "?": () => view.toggleHelp(),
  };
  const ways = {
    ArrowLeft: () => (event.shiftKey ? moveRangeEnd(view, -1) : stepAlong(view, -1)),
    ArrowRight: () => (event.shiftKey ? moveRangeEnd(view, 1) : stepAlong(view, 1)),
    ArrowUp: () => stepRow(view, -1),
    ArrowDown: () => stepRow(view, 1),
    PageUp: () => stepRow(view, -10),
    PageDown: () => stepRow(view, 10),
    Home: () => stepAlong(view, -Infinity),
    End: () => stepAlong(view, Infinity),
    Enter: () => enter(view),
    Escape: () => view.letGo(),
  };
  const act = ways[event.key] ?? letters[event.key.toLowerCase()];
  if (!act) return;
  act();
  event.preventDefault();
  event.stopPropagation();
}

// Puts the keyboard on the chosen span or the first one that is visible; false where it is already.
function begin(view) {
  const { state } = view;
  if (state.focus) return false;
  const row = view.rows.find(({ type, y, height }) => type !== "group" && y + height > view.frame.top) ?? view.rows[0];
  if (state.selected !== null) view.focusSpan(state.selected);
  else if (row.type === "lane") focusAt(view, row, state.window.a);
  else view.focusOn({ row: row.key, span: null, time: state.window.a });
  return true;
}

function focusAt(view, row, time) {
  const span = row.type === "lane" ? view.spans.at(row.lane, time) : null;
  view.focusOn({ row: row.key, span, time });
}

function stepAlong(view, way) {
  const { spans, state, data } = view;
  if (begin(view)) return;
  const row = view.focusRow();
  if (!row) return;
  if (row.type === "lane") {
    const [first, last] = [spans.from[row.lane], spans.from[row.lane + 1] - 1];
    if (last < first) return view.focusOn({ ...state.focus, span: null });
    const from = state.focus.span ?? first;
    const span = Math.min(last, Math.max(first, from + way));
    view.focusOn({ row: row.key, span, time: spans.start[span] });
  } else if (row.type === "counter") {
    const times = data.arrays[`time${row.counter}`];
    const at = Math.min(times.length - 1, Math.max(0, pointAt(data, row.counter, state.focus.time) + way));
    view.focusOn({ row: row.key, span: null, time: times[at] ?? 0 });
  }
}

function stepRow(view, way) {
  if (begin(view)) return;
  const { rows, state } = view;
  const at = rows.findIndex(({ key }) => key === state.focus.row);
  focusAt(view, rows[Math.min(rows.length - 1, Math.max(0, at + way))], state.focus.time);
}

function enter(view) {
  if (begin(view)) return;
  const row = view.focusRow();
  if (row?.type === "group") view.foldRow(row);
  else if (view.state.focus.span !== null) view.choose(view.state.focus.span);
}

function goToCause(view) {
  const { spans, state } = view;
  const from = state.focus?.span ?? state.selected;
  const cause = from === null || from === undefined || !spans.cause.length ? -1 : spans.cause[from];
  if (cause >= 0) view.choose(cause, true);
  else view.say("Nothing known that it waited for");
}

function rangeToFocus(view, side) {
  const { spans, state } = view;
  const span = state.focus?.span ?? state.selected;
  if (span === null || span === undefined) return;
  const range = [...(state.range ?? [spans.start[span], spans.end(span)])];
  range[side] = side ? spans.end(span) : spans.start[span];
  if (range[0] > range[1]) range[1 - side] = range[side];
  view.setRange(...range);
  view.endRange();
}

function moveRangeEnd(view, way) {
  const [a, b] = view.state.range ?? [view.state.window.a, view.state.window.a];
  view.setRange(a, Math.max(a, b + (way * view.length) / 40));
  view.endRange();
}
