// Nodes and edges through WebGL 2: the arrays of the message go to the graphics card as they are.

const MOST_KINDS = 8;
const SHAPES = { circle: 0, square: 1, diamond: 2 };

const EDGE_VERTEX = `#version 300 es
in vec2 corner; in vec2 a; in vec2 b; in float kind; in float flow; in float born; in float presence;
uniform vec2 middle, size; uniform float scale, faint, now, fresh;
uniform vec4 colours[${MOST_KINDS}]; uniform float dashes[${MOST_KINDS}];
out vec4 colour; out float across, along, dash;
void main() {
  if (born > now) { gl_Position = vec4(2.0, 2.0, 2.0, 1.0); return; }
  bool is_new = fresh >= 0.0 && born == now;
  int k = int((is_new ? fresh : kind) + 0.5);
  float width = is_new ? 4.0 : flow == 0.0 ? 1.0 : 1.5 + 4.5 * sqrt(flow);
  vec2 p = (a - middle) * scale, q = (b - middle) * scale;
  vec2 way = q - p; float reach = length(way);
  way = reach > 0.0 ? way / reach : vec2(1.0, 0.0);
  float half_width = 0.5 * width + 0.5;
  vec2 at = mix(p, q, corner.x) + vec2(-way.y, way.x) * corner.y * half_width;
  across = 2.0 * corner.y * half_width / width;
  along = corner.x * reach; dash = dashes[k];
  float shade = presence < 0.5 ? 1.0 : presence < 1.5 ? 0.45 : 0.0;
  colour = vec4(colours[k].rgb, shade * (flow == 0.0 && !is_new ? faint : 0.85));
  gl_Position = vec4(at / (0.5 * size), 0.0, 1.0);
}`;

const EDGE_FRAGMENT = `#version 300 es
precision mediump float;
in vec4 colour; in float across, along, dash; out vec4 paint;
void main() {
  if (dash > 0.0 && mod(along, 2.0 * dash) > dash) discard;
  float alpha = colour.a * (1.0 - smoothstep(0.7, 1.3, abs(across)));
  paint = vec4(colour.rgb * alpha, alpha);
}`;

const NODE_VERTEX = `#version 300 es
in vec2 at; in float weight; in float kind; in float dimmed; in float born; in float presence;
uniform vec2 middle, size, radii; uniform float scale, ratio, near, now, ghost; uniform vec4 faded;
uniform vec4 colours[${MOST_KINDS}]; uniform float shapes[${MOST_KINDS}];
out vec4 colour; out float shape, radius, hollow;
void main() {
  int k = int(kind + 0.5);
  radius = near * mix(radii.x, radii.y, sqrt(weight));
  shape = shapes[k];
  hollow = presence > 0.5 ? 1.0 : 0.0;
  if (hollow > 0.0) radius = near * ghost;
  colour = vec4(hollow > 0.0 ? faded.rgb : colours[k].rgb, dimmed > 0.0 || born > now ? 0.18 : 1.0);
  gl_Position = presence > 1.5 ? vec4(2.0, 2.0, 0.0, 1.0) : vec4((at - middle) * scale / (0.5 * size), 0.0, 1.0);
  gl_PointSize = ratio * 2.0 * (radius * 1.25 + 1.0);
}`;

const NODE_FRAGMENT = `#version 300 es
precision mediump float;
in vec4 colour; in float shape, radius, hollow; uniform float rim; uniform vec4 paper; out vec4 paint;
void main() {
  vec2 p = (gl_PointCoord - 0.5) * 2.0 * (radius * 1.25 + 1.0);
  float away = shape < 0.5 ? length(p) - radius
    : shape < 1.5 ? max(abs(p.x), abs(p.y)) - 0.9 * radius
    : (abs(p.x) + abs(p.y) - 1.25 * radius) * 0.7071;
  float alpha = colour.a * (1.0 - smoothstep(-0.5, 0.5, away));
  if (hollow > 0.0) alpha *= smoothstep(-2.0, -1.0, away);
  if (alpha <= 0.0) discard;
  vec3 rgb = rim > 0.0 && colour.a > 0.5 && hollow == 0.0 ? mix(colour.rgb, paper.rgb, smoothstep(-1.5, -0.5, away)) : colour.rgb;
  paint = vec4(rgb * alpha, alpha);
}`;

class Renderer {
  constructor(canvas) {
    this.canvas = canvas;
    this.gl = canvas.getContext("webgl2", { antialias: false, premultipliedAlpha: true });
    if (!this.gl) return;
    canvas.addEventListener("webglcontextlost", (event) => event.preventDefault());
    canvas.addEventListener("webglcontextrestored", () => {
      this.prepare();
      if (this.data) this.load(this.data);
      this.last?.();
    });
    this.prepare();
  }

  get works() {
    return Boolean(this.gl);
  }

  prepare() {
    const { gl } = this;
    this.edges = program(gl, EDGE_VERTEX, EDGE_FRAGMENT);
    this.nodes = program(gl, NODE_VERTEX, NODE_FRAGMENT);
    this.buffers = {};
    this.corners = this.buffer("corners", new Float32Array([0, -1, 0, 1, 1, -1, 1, 1]));
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
  }

  buffer(name, array) {
    const { gl } = this;
    this.buffers[name] ??= gl.createBuffer();
    gl.bindBuffer(gl.ARRAY_BUFFER, this.buffers[name]);
    gl.bufferData(gl.ARRAY_BUFFER, array, gl.STATIC_DRAW);
    return this.buffers[name];
  }

  load(data) {
    this.data = data;
    const { x, y, source, target, kind, edge_kind, dimmed, weight, flow, born, edge_born, presence } = data.arrays;
    const points = new Float32Array(2 * x.length);
    for (let i = 0; i < x.length; i++) points.set([x[i], y[i]], 2 * i);
    const ends = new Float32Array(4 * source.length);
    for (let i = 0; i < source.length; i++) ends.set([x[source[i]], y[source[i]], x[target[i]], y[target[i]]], 4 * i);
    this.buffer("points", points);
    this.buffer("ends", ends);
    this.buffer("kind", kind);
    this.buffer("edge_kind", edge_kind);
    this.buffer("dimmed", dimmed.length ? dimmed : new Uint8Array(x.length));
    this.buffer("born", born.length ? born : new Uint16Array(x.length));
    this.buffer("edge_born", edge_born.length ? edge_born : new Uint16Array(source.length));
    this.buffer("weight", weight);
    this.buffer("flow", flow.length ? flow : new Uint8Array(source.length));
    this.buffer("presence", presence.length ? presence : new Uint8Array(x.length));
    this.buffer("edge_presence", edgePresence(data));
  }

  attribute(shader, name, buffer, size, type, { normal = false, stride = 0, offset = 0, each = 0 } = {}) {
    const { gl } = this;
    const place = gl.getAttribLocation(shader, name);
    if (place < 0) return;
    gl.bindBuffer(gl.ARRAY_BUFFER, this.buffers[buffer]);
    gl.enableVertexAttribArray(place);
    gl.vertexAttribPointer(place, size, type, normal, stride, offset);
    gl.vertexAttribDivisor(place, each);
  }

  uniforms(shader, view, size, kinds) {
    const { gl } = this;
    gl.useProgram(shader);
    const set = (name, how, ...values) => gl[`uniform${how}`](gl.getUniformLocation(shader, name), ...values);
    const table = new Float32Array(4 * MOST_KINDS);
    kinds.forEach(({ colour }, i) => table.set([...channels(colour), 1], 4 * i));
    set("middle", "2f", view.x, view.y);
    set("size", "2f", size.width, size.height);
    set("scale", "1f", view.scale);
    set("ratio", "1f", devicePixelRatio);
    set("colours", "4fv", table);
    return set;
  }

  // ``most`` edges are drawn, the first ones: all of them at rest, fewer while a slow machine moves.
  draw(view, size, frame, near, most = Infinity) {
    const { gl, data, canvas } = this;
    this.last = () => this.draw(view, size, frame, near);
    gl.viewport(0, 0, canvas.width, canvas.height);
    gl.clearColor(0, 0, 0, 0);
    gl.clear(gl.COLOR_BUFFER_BIT);
    this.drawEdges(view, size, frame, most);
    const set = this.uniforms(this.nodes, view, size, data.kinds);
    const shapes = new Float32Array(MOST_KINDS);
    data.kinds.forEach(({ shape }, i) => (shapes[i] = SHAPES[shape]));
    set("shapes", "1fv", shapes);
    set("radii", "2f", data.small, data.large);
    set("near", "1f", near);
    set("ghost", "1f", ghostRadius(data));
    set("faded", "4f", ...channels(data.theme.muted), 1);
    set("rim", "1f", data.count <= 3000 ? 1 : 0);
    set("paper", "4f", ...channels(data.theme.paper), 1);
    set("now", "1f", frame);
    this.attribute(this.nodes, "at", "points", 2, gl.FLOAT);
    const kinds = data.arrays.kind.length > data.count ? frame * data.count : 0;
    this.attribute(this.nodes, "kind", "kind", 1, gl.UNSIGNED_BYTE, { offset: kinds });
    this.attribute(this.nodes, "dimmed", "dimmed", 1, gl.UNSIGNED_BYTE);
    this.attribute(this.nodes, "born", "born", 1, gl.UNSIGNED_SHORT);
    this.attribute(this.nodes, "weight", "weight", 1, gl.UNSIGNED_BYTE, { normal: true, offset: frame * data.count });
    const times = data.arrays.presence.length ? frame : 0;
    this.attribute(this.nodes, "presence", "presence", 1, gl.UNSIGNED_BYTE, { offset: times * data.count });
    gl.drawArrays(gl.POINTS, 0, data.count);
  }

  // How long the card takes for what was asked so far, in ms.
  wait() {
    const { gl } = this;
    const start = performance.now();
    gl.readPixels(0, 0, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, new Uint8Array(4));
    return performance.now() - start;
  }

  drawEdges(view, size, frame, most) {
    const { gl, data } = this;
    const count = data.arrays.source.length;
    if (!count) return;
    const set = this.uniforms(this.edges, view, size, data.edge_kinds);
    const dashes = new Float32Array(MOST_KINDS);
    data.edge_kinds.forEach(({ dash }, i) => (dashes[i] = dash[0] ?? 0));
    set("dashes", "1fv", dashes);
    set("faint", "1f", data.faint);
    set("now", "1f", frame);
    set("fresh", "1f", data.fresh_edge);
    const offset = data.arrays.flow.length ? frame * count : 0;
    this.attribute(this.edges, "corner", "corners", 2, gl.FLOAT);
    this.attribute(this.edges, "a", "ends", 2, gl.FLOAT, { stride: 16, each: 1 });
    this.attribute(this.edges, "b", "ends", 2, gl.FLOAT, { stride: 16, offset: 8, each: 1 });
    this.attribute(this.edges, "kind", "edge_kind", 1, gl.UNSIGNED_BYTE, { each: 1 });
    this.attribute(this.edges, "flow", "flow", 1, gl.UNSIGNED_BYTE, { normal: true, offset, each: 1 });
    this.attribute(this.edges, "born", "edge_born", 1, gl.UNSIGNED_SHORT, { each: 1 });
    const times = data.arrays.presence.length ? frame : 0;
    this.attribute(this.edges, "presence", "edge_presence", 1, gl.UNSIGNED_BYTE, { offset: times * count, each: 1 });
    gl.drawArraysInstanced(gl.TRIANGLE_STRIP, 0, 4, Math.min(count, most));
    for (const name of ["a", "b", "kind", "flow", "born", "presence", "corner"]) {
      const place = gl.getAttribLocation(this.edges, name);
      gl.vertexAttribDivisor(place, 0);
      gl.disableVertexAttribArray(place);
    }
  }
}

// An edge is there as little as the lesser of its ends, in every frame.
function edgePresence({ frames, count, arrays: { source, target, presence } }) {
  const found = new Uint8Array((presence.length ? frames : 1) * source.length);
  if (!presence.length) return found;
  for (let frame = 0; frame < frames; frame++) {
    const nodes = frame * count;
    const edges = frame * source.length;
    for (let i = 0; i < source.length; i++) {
      found[edges + i] = Math.max(presence[nodes + source[i]], presence[nodes + target[i]]);
    }
  }
  return found;
}

function channels(colour) {
  return [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16) / 255);
}

function program(gl, vertex, fragment) {
  const made = gl.createProgram();
  for (const [type, text] of [[gl.VERTEX_SHADER, vertex], [gl.FRAGMENT_SHADER, fragment]]) {
    const shader = gl.createShader(type);
    gl.shaderSource(shader, text);
    gl.compileShader(shader);
    if (!gl.getShaderParameter(shader, gl.COMPILE_STATUS) && !gl.isContextLost()) throw new Error(gl.getShaderInfoLog(shader));
    gl.attachShader(made, shader);
  }
  gl.linkProgram(made);
  return made;
}
