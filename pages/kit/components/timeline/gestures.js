// Pointer and wheel: drag moves, Shift or Range and drag measures, two fingers zoom.
const CLICK_PX = 4;
const EDGE_PX = 7;
const HINT_MS = 2500;
let hinted = false;

function listen(view) {
  const canvas = view.part("marks");
  const at = (event) => {
    const box = canvas.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  canvas.addEventListener("focus", () => view.part("hint").classList.remove("shown"));
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    view.pointers.set(event.pointerId, { at: at(event), from: at(event), moved: false });
    const [x] = at(event);
    if ((view.measuring || event.shiftKey) && x >= view.frame.left) view.rangeFrom = timeOf(view.frame, x);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (view.pointers.has(event.pointerId)) dragPointer(view, event.pointerId, at(event));
    else view.point(at(event));
  });
  canvas.addEventListener("pointerup", (event) => {
    const press = view.pointers.get(event.pointerId);
    view.pointers.delete(event.pointerId);
    canvas.classList.remove("dragging");
    if (press && !press.moved) view.click(at(event));
    else if (view.rangeFrom !== null) view.endRange();
    view.rangeFrom = null;
  });
  canvas.addEventListener("pointercancel", (event) => {
    view.pointers.delete(event.pointerId);
    view.rangeFrom = null;
  });
  canvas.addEventListener("pointerleave", () => view.point(null));
  canvas.addEventListener("wheel", (event) => turnWheel(view, event, at(event)), { passive: false });
  canvas.addEventListener("dblclick", (event) => {
    const found = view.hit(at(event));
    if (found?.span != null) view.fit(found.span);
  });
  view.part("stage").addEventListener("scroll", () => view.draw(true));
  listenToOverview(view);
}

// The wheel scrolls until the timeline has the focus (a click) or Ctrl is held.
function turnWheel(view, event, [x]) {
  const focused = view.root.getRootNode().activeElement === view.part("marks");
  if (!event.ctrlKey && !focused) return hintAtWheel(view);
  view.part("hint").classList.remove("shown");
  event.preventDefault();
  const { width } = view.frame;
  const [dx, dy] = event.shiftKey ? [event.deltaY || event.deltaX, 0] : [event.deltaX, event.deltaY];
  if (Math.abs(dx) > Math.abs(dy)) view.move((dx / width) * view.length);
  else view.zoom(Math.exp(-Math.max(-1, Math.min(1, dy / 100)) * 0.25), Math.max(view.frame.left, x));
}

// Said once, on the first wheel that passes over a timeline.
function hintAtWheel(view) {
  if (hinted) return;
  hinted = true;
  view.part("hint").classList.add("shown");
  view.hinting = setTimeout(() => view.part("hint").classList.remove("shown"), HINT_MS);
}

function dragPointer(view, id, [x, y]) {
  const press = view.pointers.get(id);
  if (!press.moved && Math.hypot(x - press.from[0], y - press.from[1]) < CLICK_PX) return;
  press.moved = true;
  const [dx, dy] = [x - press.at[0], y - press.at[1]];
  const other = [...view.pointers].find(([key]) => key !== id)?.[1];
  if (other) {
    const apart = Math.max(20, Math.abs(press.at[0] - other.at[0]));
    const now = Math.max(20, Math.abs(x - other.at[0]));
    other.moved = true;
    view.rangeFrom = null;
    view.zoom(now / apart, (x + other.at[0]) / 2);
    view.move((-dx / 2 / view.frame.width) * view.length);
  } else if (view.rangeFrom !== null) view.setRange(view.rangeFrom, timeOf(view.frame, x));
  else {
    view.part("marks").classList.add("dragging");
    view.part("stage").scrollTop -= dy;
    view.move((-dx / view.frame.width) * view.length);
  }
  press.at = [x, y];
}

// In the overview the window is dragged, its edges too; elsewhere it jumps there.
function listenToOverview(view) {
  const canvas = view.part("overview");
  let grip = null;
  const time = (event) => timeOf(view.wholeFrame, event.clientX - canvas.getBoundingClientRect().left);
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    const [now, { a, b }] = [time(event), view.state.window];
    const reach = (EDGE_PX / view.wholeFrame.width) * (view.wholeFrame.b - view.wholeFrame.a);
    if (Math.abs(now - a) < reach) grip = (at) => view.show(Math.min(at, b - view.least), b);
    else if (Math.abs(now - b) < reach) grip = (at) => view.show(a, Math.max(at, a + view.least));
    else {
      const inside = now > a && now < b ? now - a : view.length / 2;
      grip = (at) => view.show(at - inside, at - inside + view.length);
      grip(now);
    }
  });
  canvas.addEventListener("pointermove", (event) => grip?.(time(event)));
  for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, () => (grip = null));
}
