// Pointer and wheel over the bodies: a drag turns the camera of all lanes, two fingers zoom.
const RADIANS_A_PX = 0.008;

function listen(view, screen, signal) {
  const pointers = new Map();
  const release = (event) => {
    pointers.delete(event.pointerId);
    if (!pointers.size) screen.classList.remove("dragging");
  };
  screen.addEventListener(
    "pointerdown",
    (event) => {
      if (event.button) return;
      screen.setPointerCapture(event.pointerId);
      screen.classList.add("dragging");
      pointers.set(event.pointerId, [event.clientX, event.clientY]);
    },
    { signal },
  );
  screen.addEventListener(
    "pointermove",
    (event) => {
      const before = pointers.get(event.pointerId);
      if (!before) return;
      const now = [event.clientX, event.clientY];
      const other = [...pointers].find(([id]) => id !== event.pointerId)?.[1];
      if (other) {
        const apart = (point) => Math.max(20, Math.hypot(point[0] - other[0], point[1] - other[1]));
        view.magnify(apart(now) / apart(before));
      } else view.turn(-RADIANS_A_PX * (now[0] - before[0]), RADIANS_A_PX * (now[1] - before[1]));
      pointers.set(event.pointerId, now);
    },
    { signal },
  );
  for (const end of ["pointerup", "pointercancel"]) screen.addEventListener(end, release, { signal });
  // The wheel scrolls the page until the bodies have the focus (a click) or Ctrl is held.
  screen.addEventListener(
    "wheel",
    (event) => {
      if (!event.ctrlKey && view.root.getRootNode().activeElement !== screen) return;
      event.preventDefault();
      view.magnify(Math.exp(-Math.max(-1, Math.min(1, event.deltaY / 100)) * 0.25));
    },
    { signal, passive: false },
  );
}
