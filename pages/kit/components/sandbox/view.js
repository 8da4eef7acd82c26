// The page comes as an attribute, so that it has no address and no origin.
const shown = new WeakMap();

export default function (component) {
  const { data, parentElement } = component;
  const frame = parentElement.querySelector(".frame");
  frame.title = data.title;
  frame.style.height = `${data.height}px`;
  if (shown.get(frame) !== data.page) {
    shown.set(frame, data.page);
    frame.srcdoc = data.page;
  }
}
