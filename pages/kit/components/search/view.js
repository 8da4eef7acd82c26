// A combobox whose list stays below it: arrows walk, Enter takes, Escape puts the list away.
const WAIT_MS = 150;
const SHORTEST_WORD = 2;

class Search {
  constructor(root) {
    this.root = root.querySelector(".search");
    this.part = (name) => this.root.querySelector(`.${name}`);
    this.box = this.part("box");
    this.number = -1;
    this.active = -1;
    this.closed = null; // not before the visitor has a say
    this.box.addEventListener("input", () => this.wrote());
    this.box.addEventListener("keydown", (event) => this.key(event));
    this.box.addEventListener("focus", () => this.draw());
  }

  destroy() {
    clearTimeout(this.waiting);
  }

  update(data, report) {
    this.data = data;
    this.report = report;
    this.closed ??= data.quiet;
    for (const [name, colour] of Object.entries(data.theme)) this.root.style.setProperty(`--${name}`, colour);
    this.part("label").textContent = data.label;
    this.box.placeholder = data.placeholder;
    this.box.maxLength = data.longest;
    this.part("hits").setAttribute("aria-label", data.label);
    if (data.pushed.number !== this.number) {
      this.number = data.pushed.number;
      // What a visitor is typing at this moment is newer than what the page believes.
      if (this.waiting === undefined && data.pushed.value !== null) this.box.value = data.pushed.value;
    }
    this.draw();
  }

  wrote() {
    this.closed = false;
    clearTimeout(this.waiting);
    this.waiting = setTimeout(() => {
      this.waiting = undefined;
      this.report("typed", { value: this.box.value, count: Date.now() });
    }, WAIT_MS);
    this.draw();
  }

  // Hits of an earlier text stay until the new ones come.
  draw() {
    const { data, closed } = this;
    const text = this.box.value.trim();
    const open = text.length >= SHORTEST_WORD && !closed && data.hits.length > 0;
    const list = this.part("hits");
    const lines = JSON.stringify([data.hits, data.answers]);
    if (lines !== this.lines) {
      this.lines = lines;
      this.active = -1;
      list.replaceChildren(...data.hits.map((hit, i) => this.line(hit, i)));
    }
    list.hidden = !open;
    this.box.setAttribute("aria-expanded", String(open));
    const answered = data.answers.trim() === text;
    const none = answered && text.length >= SHORTEST_WORD && !data.hits.length;
    this.part("told").hidden = !none;
    this.part("told").textContent = none ? data.nothing : "";
    const count = data.hits.length;
    const said = !answered || text.length < SHORTEST_WORD || closed ? "" : count ? `${count} found` : data.nothing;
    if (this.part("spoken").textContent !== said) this.part("spoken").textContent = said;
    this.show();
  }

  line(hit, i) {
    const item = document.createElement("li");
    item.id = `hit-${i}`;
    item.setAttribute("role", "option");
    const name = document.createElement("span");
    name.className = "name";
    if (hit.kind) {
      const kind = document.createElement("span");
      kind.className = "kind";
      kind.textContent = `${hit.kind} `;
      name.append(kind);
    }
    name.append(...this.marked(hit.title));
    const side = document.createElement("span");
    side.className = "side";
    side.textContent = hit.side;
    item.append(name, side);
    if (hit.text) {
      const text = document.createElement("span");
      text.className = "text";
      text.append(...this.marked(hit.text));
      item.append(text);
    }
    item.addEventListener("pointerdown", (event) => event.preventDefault());
    item.addEventListener("click", () => this.pick(i));
    return item;
  }

  // A text as nodes, with what was typed between marks; never parsed as markup.
  marked(text) {
    const words = this.data.answers.toLowerCase().split(/\s+/).filter((word) => word.length >= SHORTEST_WORD);
    const lower = text.toLowerCase();
    const nodes = [];
    if (lower.length !== text.length) return [text]; // letters that grow in lower case: places would not fit
    let at = 0;
    while (at < text.length) {
      let [start, word] = [text.length, ""];
      for (const one of words) {
        const found = lower.indexOf(one, at);
        if (found >= 0 && (found < start || (found === start && one.length > word.length))) [start, word] = [found, one];
      }
      if (start > at) nodes.push(document.createTextNode(text.slice(at, start)));
      if (word) {
        const mark = document.createElement("mark");
        mark.textContent = text.slice(start, start + word.length);
        nodes.push(mark);
      }
      at = start + word.length;
    }
    return nodes;
  }

  key(event) {
    const open = !this.part("hits").hidden;
    const count = this.data.hits.length;
    const moves = { ArrowDown: 1, ArrowUp: -1 };
    if (moves[event.key] && count) {
      if (!open) {
        this.closed = false;
        this.draw();
      } else if (this.active < 0) this.active = event.key === "ArrowDown" ? 0 : count - 1;
      else this.active = (this.active + moves[event.key] + count) % count;
      this.show();
    } else if (event.key === "Enter" && open) this.pick(Math.max(0, this.active));
    else if (event.key === "Escape" && open) {
      this.closed = true;
      this.draw();
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }

  show() {
    [...this.part("hits").children].forEach((item, i) => item.setAttribute("aria-selected", String(i === this.active)));
    if (this.active >= 0 && !this.part("hits").hidden) this.box.setAttribute("aria-activedescendant", `hit-${this.active}`);
    else this.box.removeAttribute("aria-activedescendant");
  }

  pick(i) {
    this.closed = true;
    this.draw();
    this.report("picked", { value: this.data.hits[i].value, count: Date.now() });
  }
}

// Streamlit calls this at every change of the data, with the same parent.
const boxes = new WeakMap();

export default function (component) {
  const { data, parentElement, setStateValue } = component;
  let box = boxes.get(parentElement);
  if (!box?.root.isConnected) {
    box?.destroy();
    box = new Search(parentElement);
    boxes.set(parentElement, box);
  }
  box.update(data, setStateValue);
  return () => box.destroy();
}
