// Buttons, slider and lists: what they do, and how they show the state.
const SPEEDS = [0.25, 0.5, 0.75, 1, 1.5, 2];
const SIGNS = { play: "M3 1l11 7-11 7z", pause: "M3 1h4v14H3zM9 1h4v14H9z" };
const SVG = "http://www.w3.org/2000/svg";

function buildControls(view) {
  const { part } = view;
  part("play").replaceChildren(signOf());
  part("play").onclick = () => view.toggle();
  part("loop").onclick = () => view.toggleLoop();
  part("trail").onclick = () => view.toggleTrail();
  part("ask").onclick = () => {
    part("help").hidden = !part("help").hidden;
    part("ask").setAttribute("aria-expanded", String(!part("help").hidden));
  };
  part("help").textContent = HELP;
  part("scrub").oninput = () => view.scrub(Number(part("scrub").value));
  part("scrub").onchange = () => view.rest();
  choices(part("speed"), SPEEDS.map((speed) => [speed, `${speed}×`]));
  part("speed").onchange = () => (view.clock.speed = Number(part("speed").value));
  choices(part("camera"), Object.entries(CAMERAS));
  part("camera").onchange = () => view.aim(part("camera").value);
}

function signOf() {
  const sign = document.createElementNS(SVG, "svg");
  sign.setAttribute("viewBox", "0 0 16 16");
  sign.setAttribute("aria-hidden", "true");
  sign.append(document.createElementNS(SVG, "path"));
  return sign;
}

function choices(list, options) {
  list.replaceChildren(
    ...options.map(([value, text]) => {
      const option = document.createElement("option");
      option.value = value;
      option.textContent = text;
      return option;
    }),
  );
}

function showControls({ part, state, clock }) {
  const { playing } = clock;
  part("play").querySelector("path").setAttribute("d", playing ? SIGNS.pause : SIGNS.play);
  part("play").setAttribute("aria-label", playing ? "Pause" : "Play");
  part("play").title = `${playing ? "Pause" : "Play"} (space)`;
  part("loop").setAttribute("aria-pressed", String(clock.loop));
  part("trail").setAttribute("aria-pressed", String(state.trailing));
  part("speed").value = String(clock.speed);
  part("camera").value = state.rig.mode;
}

// A swatch and a word for each colour that the bodies have.
function writeLegend(list, clips, trailing, plain) {
  const { lanes, data } = clips;
  const has = (name) => lanes.some((lane) => lane[name]);
  const said = [
    ...(data.sides.some((side) => side < 0) ? [["left", "left", ""]] : []),
    ...(data.sides.some((side) => side > 0) ? [["right", "right", ""]] : []),
    ...(has("light") ? [["lit", "lit joint: larger and greener the more it counts", "dot"]] : []),
    ...(trailing && clips.weighs ? [["lit", "trail: other frames, stronger the more they count", ""]] : []),
    ...(trailing && !clips.weighs ? [["muted", "trail: a pose every quarter second", ""]] : []),
    ...(has("ghost") ? [["muted", "ghost", ""]] : []),
    ["accent", "way over the floor", "line"],
    ...(has("contacts") ? [["accent", "foot on the floor", "dot"]] : []),
  ];
  const steps = [...new Set(lanes.map((lane) => floorOf(lane).step))];
  list.replaceChildren(
    ...said.map(([colour, words, shape]) => {
      const item = document.createElement("li");
      const swatch = named("i", shape);
      swatch.style.setProperty("--swatch", `var(--${colour})`);
      item.append(swatch, named("span", "", words));
      return item;
    }),
    named("li", "", `floor squares: ${steps.join(" or ")} m`),
    ...(plain ? [named("li", "", "drawn without WebGL, which is missing or slow here")] : []),
  );
}
