// The keyboard, wherever in the viewer the focus is; r, c and Escape stay the page's.
const HELP =
  "Space plays and pauses. Arrows left and right go one frame, with Shift ten; Home and End to the first and last. " +
  "Page up and down go to the next tick or segment. A, D, W and S turn the camera, + and − zoom, 1 to 3 choose the camera, " +
  "t shows the trail, l loops. Drag turns the camera; the wheel zooms once the bodies have the focus, or with Ctrl.";
const TURN = 0.12;

function pressKey(view, event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const { tagName, type } = event.composedPath()[0];
  if (tagName === "SELECT") return;
  const { clock } = view;
  const far = event.shiftKey ? 10 : 1;
  const frame = Math.round(clock.frame);
  const acts = {
    ArrowLeft: () => view.step(frame - far),
    ArrowRight: () => view.step(frame + far),
    Home: () => view.step(0),
    End: () => view.step(clock.last),
    PageUp: () => view.step(view.strips.marks().findLast((mark) => mark < frame) ?? 0),
    PageDown: () => view.step(view.strips.marks().find((mark) => mark > frame) ?? clock.last),
    a: () => view.turn(-TURN, 0),
    d: () => view.turn(TURN, 0),
    w: () => view.turn(0, TURN),
    s: () => view.turn(0, -TURN),
    "+": () => view.magnify(1.2),
    "=": () => view.magnify(1.2),
    "-": () => view.magnify(1 / 1.2),
    t: () => view.toggleTrail(),
    l: () => view.toggleLoop(),
  };
  Object.keys(CAMERAS).forEach((mode, k) => (acts[k + 1] = () => view.aim(mode)));
  // A button or slider does what it is there for.
  if (tagName !== "BUTTON") acts[" "] = () => view.toggle();
  const act = acts[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  if (!act || (type === "range" && /^Arrow(Up|Down)$/.test(event.key))) return;
  act();
  event.preventDefault();
  event.stopPropagation();
}
