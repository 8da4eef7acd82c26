// A table of pictures; each canvas has the picture's own pixels and is enlarged without smoothing.
class Pictures {
  constructor(root) {
    this.root = root.querySelector(".pictures");
    this.part = (name) => this.root.querySelector(`.${name}`);
    this.number = -1;
    this.selected = null;
    this.focus = null;
    this.part("body").addEventListener("keydown", (event) => this.key(event));
    this.part("scroll").addEventListener("scroll", () => this.hint());
    this.resizing = new ResizeObserver(() => this.hint());
    this.resizing.observe(this.part("scroll"));
  }

  destroy() {
    this.resizing.disconnect();
  }

  // Where a row is wider than its place, the edge and a line say so.
  hint() {
    const box = this.part("scroll");
    const more = box.scrollLeft + box.clientWidth < box.scrollWidth - 4;
    box.classList.toggle("more", more);
    this.part("hint").hidden = box.scrollWidth <= box.clientWidth + 4;
  }

  update(data, report) {
    this.report = report;
    this.data = data;
    const { theme, pushed } = data;
    for (const [name, colour] of Object.entries(theme)) this.root.style.setProperty(`--${name}`, colour);
    if (pushed.number !== this.number) {
      this.number = pushed.number;
      this.selected = pushed.value;
    }
    this.part("title").textContent = data.title;
    this.part("title").hidden = !data.title;
    this.part("alt").textContent = data.alt;
    this.part("scroll").setAttribute("aria-label", data.title || data.alt);
    this.cells = [];
    this.heads();
    this.part("body").replaceChildren(...data.rows.map((label, row) => this.row(label, row)));
    this.show();
    this.hint();
  }

  heads() {
    const corner = document.createElement("td");
    const heads = this.data.columns.map((label) => {
      const head = document.createElement("th");
      head.scope = "col";
      head.textContent = label;
      head.style.maxWidth = `${this.data.size + 24}px`;
      return head;
    });
    this.part("heads").replaceChildren(corner, ...heads);
  }

  row(label, row) {
    const line = document.createElement("tr");
    const head = document.createElement("th");
    head.scope = "row";
    head.textContent = label;
    line.append(head);
    this.data.columns.forEach((_, column) => {
      const place = document.createElement("td");
      if (this.data.here[row][column]) place.append(this.cell(row, column));
      line.append(place);
    });
    return line;
  }

  cell(row, column) {
    const { data } = this;
    const [, columns, height, width] = data.shape;
    const cell = document.createElement(data.selectable ? "button" : "div");
    cell.className = "cell";
    const canvas = document.createElement("canvas");
    canvas.width = width;
    canvas.height = height;
    canvas.style.width = `${data.size}px`;
    canvas.style.height = `${(data.size * height) / width}px`;
    const image = new ImageData(width, height);
    let from = (row * columns + column) * height * width * 3;
    for (let to = 0; to < image.data.length; to += 4) {
      image.data[to] = data.arrays.pixels[from++];
      image.data[to + 1] = data.arrays.pixels[from++];
      image.data[to + 2] = data.arrays.pixels[from++];
      image.data[to + 3] = 255;
    }
    canvas.getContext("2d").putImageData(image, 0, 0);
    cell.append(canvas);
    const under = data.under[row][column];
    const mark = data.marks[row][column];
    const name = [data.rows[row], data.columns[column], under, mark].filter(Boolean).join(", ");
    if (data.selectable) {
      cell.type = "button";
      cell.setAttribute("aria-label", name);
      canvas.setAttribute("aria-hidden", "true");
      cell.addEventListener("click", () => this.choose(row, column));
      cell.addEventListener("focus", () => this.rove(row, column));
      this.cells.push({ row, column, cell });
    } else {
      canvas.setAttribute("role", "img");
      canvas.setAttribute("aria-label", name);
    }
    if (under) cell.append(words("under", under));
    if (mark) {
      canvas.className = "marked";
      canvas.style.setProperty("--mark", data.colours[mark]);
      cell.append(words("mark", mark));
    }
    return cell;
  }

  choose(row, column) {
    const again = this.selected?.[0] === row && this.selected?.[1] === column;
    this.selected = again ? null : [row, column];
    this.show();
    this.report("selected", { value: this.selected, count: Date.now() });
  }

  // One stop for the Tab key; arrows walk from there.
  rove(row, column) {
    this.focus = [row, column];
    for (const { row: r, column: c, cell } of this.cells) cell.tabIndex = r === row && c === column ? 0 : -1;
  }

  show() {
    if (!this.cells.length) return;
    for (const { row, column, cell } of this.cells) {
      cell.setAttribute("aria-pressed", String(this.selected?.[0] === row && this.selected?.[1] === column));
    }
    const at = this.cells.find(({ row, column }) => row === this.focus?.[0] && column === this.focus?.[1]);
    const { row, column } = at ?? this.cells[0];
    this.rove(row, column);
  }

  key(event) {
    const moves = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
    const move = moves[event.key];
    if (!move || !this.focus) return;
    let [row, column] = this.focus;
    const [rows, columns] = this.data.shape;
    do {
      row += move[0];
      column += move[1];
    } while (row >= 0 && column >= 0 && row < rows && column < columns && !this.data.here[row][column]);
    const next = this.cells.find((one) => one.row === row && one.column === column);
    if (!next) return;
    event.preventDefault();
    next.cell.focus();
  }
}

function words(kind, text) {
  const line = document.createElement("span");
  line.className = kind;
  line.textContent = text;
  return line;
}

// Streamlit calls this at every change of the data, with the same parent.
const grids = new WeakMap();

export default function (component) {
  const { data, parentElement, setStateValue } = component;
  let grid = grids.get(parentElement);
  if (!grid?.root.isConnected) {
    grid?.destroy();
    grid = new Pictures(parentElement);
    grids.set(parentElement, grid);
  }
  grid.update(unpack(data), setStateValue);
  return () => grid.destroy();
}
