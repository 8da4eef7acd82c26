// Blocks of changed texts: <ins> and <del> with their signs, every text as text.

const KINDS = {
  "+": { tag: "ins", sign: "+", said: "inserted: " },
  "-": { tag: "del", sign: "−", said: "deleted: " },
};

function element(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

function partOf([sign, text]) {
  const kind = KINDS[sign];
  if (!kind) return document.createTextNode(text);
  const made = element(kind.tag);
  const mark = element("span", "sign", `${kind.sign}\u00a0`);
  mark.setAttribute("aria-hidden", "true");
  made.append(mark, element("span", "spoken", kind.said), document.createTextNode(text));
  return made;
}

function blockOf({ title, caption, rows }) {
  const block = element("div", "block");
  block.setAttribute("role", "listitem");
  const list = element("dl");
  for (const [name, parts] of rows) {
    const words = element("dd");
    parts.forEach((part, i) => words.append(...(i ? [" "] : []), partOf(part)));
    list.append(element("dt", "", name), words);
  }
  block.append(element("p", "title", title), ...(caption ? [element("p", "caption", caption)] : []), list);
  return block;
}

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".changes");
  root.setAttribute("aria-label", data.label);
  for (const [name, colour] of Object.entries(data.colours)) root.style.setProperty(`--${name}`, colour);
  root.replaceChildren(...data.blocks.map(blockOf));
}
