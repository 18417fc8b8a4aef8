// The interactive page. It draws from the data block beside it and has no words and no colours of its own.
// State of one page: which metric, which group of runs, the cursor (layer, step); everything drawn follows from it.
(() => {
"use strict";

const NAME = "gfid";
const KINDS = 5; // zero, underflow, NaN, infinite, missing
const VALUE = 255; // in a grid's `kinds`: a number
const ROW_HEIGHT = 26, LEAST_HEIGHT = 150, MOST_HEIGHT = 380;
const STRIP_HEIGHT = 74;
const TOP = 6; // above every plot
const FOOT = 34; // ticks and label under a plot
const PAPER_SHARPNESS = 3;
const PLAY_SECONDS = 12;
const CALM_STOPS = 12; // a played run has so many pictures where motion is unwelcome

// ---- data ---------------------------------------------------------------------------------------------------------

/** [first, (difference, how often)...] as numbers. */
function expand(increasing) {
  const all = [increasing.first];
  for (const [difference, count] of increasing.then) {
    for (let i = 0; i < count; i++) all.push(all[all.length - 1] + difference);
  }
  return all;
}

/** Codes of three-digit numbers: mantissa (100 to 999), exponent, kind and place on the scale of each cell. */
function decode(codes, metric) {
  const text = atob(codes.base64), count = text.length / codes.bytes;
  const grid = {
    mantissa: new Uint16Array(count), exponent: new Int16Array(count),
    kinds: new Uint8Array(count).fill(VALUE), share: new Float32Array(count),
  };
  for (let i = 0; i < count; i++) {
    let code = 0;
    for (let b = codes.bytes - 1; b >= 0; b--) code = code * 256 + text.charCodeAt(i * codes.bytes + b);
    if (code < KINDS) {
      // On a plain scale zero is a number like any other.
      if (code > 0 || metric.logarithmic) grid.kinds[i] = code;
      continue;
    }
    code -= KINDS;
    grid.mantissa[i] = code % 900 + 100;
    grid.exponent[i] = Math.floor(code / 900) + codes.exponent;
  }
  for (let i = 0; i < count; i++) {
    const log = Math.log10(grid.mantissa[i] / 100) + grid.exponent[i];
    const value = metric.logarithmic ? log : grid.mantissa[i] ? 10 ** log : 0;
    grid.share[i] = Math.min(1, Math.max(0, (value - metric.low) / (metric.high - metric.low)));
  }
  return grid;
}

// ---- numbers in words ---------------------------------------------------------------------------------------------

const group = (digits) => digits.replace(/^\d+/, (w) => w.replace(/\B(?=(\d{3})+$)/g, ","));
const raised = (n) => String(n).replace(/[-\d]/g, (c) => "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"["-0123456789".indexOf(c)]);

/** mantissa/100 x 10^exponent, its three digits as they are. */
function written(mantissa, exponent, percent) {
  const unit = percent ? "\u00a0%" : "";
  if (mantissa === 0) return "0" + unit;
  if (percent) exponent += 2;
  const digits = String(mantissa);
  if (exponent < -3 || exponent >= 6) return `${digits[0]}.${digits.slice(1)}\u00a0×\u00a010${raised(exponent)}${unit}`;
  if (exponent >= 2) return group(digits + "0".repeat(exponent - 2)) + unit;
  if (exponent >= 0) return `${digits.slice(0, exponent + 1)}.${digits.slice(exponent + 1)}${unit}`;
  return `0.${"0".repeat(-exponent - 1)}${digits}${unit}`;
}

/** A curve's value, to three digits. */
function number(x, percent) {
  if (x === null) return "–";
  if (x === 0) return written(0, 0, percent);
  const [mantissa, exponent] = Math.abs(x).toExponential(2).split("e");
  return (x < 0 ? "−" : "") + written(Math.round(mantissa * 100), Number(exponent), percent);
}

const whole = (n) => group(String(Math.round(n)));
const fill = (phrase, places) => phrase.replace(/\{(\w+)\}/g, (_, name) => places[name]);

/** Round numbers from low to high, about one every `pitch` of `length` pixels. */
function ticks(low, high, length, pitch) {
  const least = (high - low) * pitch / Math.max(length, 1);
  const power = 10 ** Math.floor(Math.log10(least));
  const step = [1, 2, 5, 10].map((m) => m * power).find((s) => s >= least) || least;
  const all = [];
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + 1e-9 * step; i++) all.push(i * step);
  return all;
}

/** A round number, without the zeros that three digits would have. */
function tick(value, percent) {
  const shown = Number((percent ? 100 * value : value).toPrecision(6));
  if (shown !== 0 && (Math.abs(shown) < 1e-3 || Math.abs(shown) >= 1e6)) return number(value, percent);
  return group(String(shown)).replace("-", "−") + (percent ? "\u00a0%" : "");
}

/** Ticks of a scale, with their words. */
function scaleTicks(scale, length, pitch) {
  if (!scale.logarithmic) {
    return ticks(scale.low, scale.high, length, pitch).map((v) => [v, tick(v, scale.percent)]);
  }
  const least = (scale.high - scale.low) * pitch / Math.max(length, 1);
  const step = [1, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 50].find((s) => s >= least) || Math.ceil(least);
  const all = [];
  for (let v = Math.ceil(scale.low / step - 1e-9) * step; v <= scale.high + 1e-9; v += step) {
    const e = v + (scale.percent ? 2 : 0);
    const plain = scale.percent && e >= -3 && e < 4;
    all.push([v, (plain ? tick(10 ** e) : "10" + raised(e)) + (scale.percent ? "\u00a0%" : "")]);
  }
  return all;
}

// ---- drawing --------------------------------------------------------------------------------------------------------

/** Pixels of a canvas in a CSS pixel: as many as the screen has, and more on paper. */
let paper = false;
const sharpness = () => paper ? PAPER_SHARPNESS : window.devicePixelRatio || 1;

/** A canvas in CSS pixels, sharp on this screen. */
function prepare(canvas, height) {
  const ratio = sharpness();
  if (height) canvas.style.height = `${height}px`;
  const width = canvas.clientWidth;
  const [w, h] = [Math.round(width * ratio), Math.round(canvas.clientHeight * ratio)];
  if (canvas.width !== w) canvas.width = w;
  if (canvas.height !== h) canvas.height = h;
  const draw = canvas.getContext("2d");
  draw.setTransform(ratio, 0, 0, ratio, 0, 0);
  draw.clearRect(0, 0, width, canvas.clientHeight);
  return { draw, width, height: canvas.clientHeight, ratio };
}

/** A word on a canvas. */
function word(draw, text, x, y, colour, align = "left", baseline = "middle") {
  Object.assign(draw, { fillStyle: colour, textAlign: align, textBaseline: baseline });
  draw.fillText(text, x, y);
}

function line(draw, x0, y0, x1, y1, colour, width = 1) {
  Object.assign(draw, { strokeStyle: colour, lineWidth: width });
  draw.beginPath();
  draw.moveTo(x0, y0);
  draw.lineTo(x1, y1);
  draw.stroke();
}

/** One page. */
class Page {
  constructor(root, index) {
    this.root = root;
    this.data = JSON.parse(this.one("data").textContent);
    this.table = Array.from({ length: 256 }, (_, i) => "#" + this.data.colours.slice(6 * i, 6 * i + 6));
    this.calm = window.matchMedia("(prefers-reduced-motion: reduce)");
    this.dark = window.matchMedia("(prefers-color-scheme: dark)");
    this.metric = 0;
    this.group = this.data.start;
    this.step = 0; // where the slider stands
    this.layer = 0;
    this.hover = null; // {step, layer} under the pointer
    this.playing = false;
    this.views = this.all("run").map((element, i) => new View(this, element, this.data.runs[i]));
    // Of two copies of one page the buttons must not be one group.
    for (const radio of this.one("metrics").querySelectorAll("input")) radio.name += `-${index}`;
    this.listen();
    this.one("figure").hidden = true;
    this.one("live").hidden = false;
    this.one("theme").hidden = false;
    this.one("numbers").open = false;
    this.readTheme();
    this.choose(this.group, this.metric);
    this.goTo(0);
  }

  one(name) { return this.root.querySelector(`.${NAME}-${name}`); }
  all(name) { return [...this.root.querySelectorAll(`.${NAME}-${name}`)]; }

  get shown() {
    const { from, to } = this.data.groups[this.group];
    return this.views.slice(from, to);
  }

  get cursor() { return this.hover || { step: this.step, layer: this.layer }; }

  // ---- what happens

  listen() {
    this.one("metrics").addEventListener("change", (event) => this.choose(this.group, Number(event.target.value)));
    this.root.querySelector(`.${NAME}-depth select`)?.addEventListener("change", (event) => this.choose(Number(event.target.value), this.metric));
    this.one("theme").addEventListener("click", () => {
      this.root.dataset.theme = this.isDark() ? "light" : "dark";
      this.readTheme();
    });
    this.dark.addEventListener("change", () => this.readTheme());
    this.one("play").addEventListener("click", () => this.playing ? this.stop() : this.play());
    this.one("step").addEventListener("input", (event) => {
      this.stop();
      this.goTo(this.times[Number(event.target.value)], true);
    });
    window.addEventListener("beforeprint", () => this.toPaper());
    window.addEventListener("afterprint", () => this.fromPaper());
    const resized = new ResizeObserver(() => this.later());
    resized.observe(this.root);
    // Another screen, another zoom.
    const sharper = () => {
      this.later();
      window.matchMedia(`(resolution: ${window.devicePixelRatio}dppx)`).addEventListener("change", sharper, { once: true });
    };
    sharper();
  }

  /** What is seen goes to paper: light, sharp, with every list open. */
  toPaper() {
    if (this.screen || !this.root.clientWidth) return;
    this.stop();
    const closed = [...this.root.querySelectorAll("details:not([open])")];
    this.screen = { theme: this.root.dataset.theme, closed };
    for (const list of closed) list.open = true;
    this.root.dataset.theme = "light";
    paper = true;
    this.readTheme();
    this.drawAll();
    this.drawCursor();
  }

  fromPaper() {
    if (!this.screen) return;
    const { theme, closed } = this.screen;
    this.screen = null;
    for (const list of closed) list.open = false;
    if (theme) this.root.dataset.theme = theme; else delete this.root.dataset.theme;
    paper = false;
    this.readTheme();
  }

  isDark() { return this.root.dataset.theme ? this.root.dataset.theme === "dark" : this.dark.matches; }

  readTheme() {
    const style = getComputedStyle(this.root);
    const colour = (name) => style.getPropertyValue(`--${NAME}-${name}`).trim();
    const of = (n, name) => Array.from({ length: n }, (_, i) => colour(`${name}-${i}`));
    this.colours = {
      ground: colour("ground"), text: colour("text"), muted: colour("muted"), axis: colour("axis"), grid: colour("grid"),
      mask: colour("mask"), series: of(6, "series"), special: of(KINDS, "special"), ink: of(KINDS, "ink"),
    };
    this.font = style.fontFamily;
    this.tiles = this.data.tiles.map((rows, kind) => this.tile(rows, kind));
    this.one("theme").setAttribute("aria-pressed", String(this.isDark()));
    this.later();
  }

  /** One period of a pattern, two pixels a CSS pixel. */
  tile(rows, kind) {
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [rows[0].length, rows.length];
    const draw = canvas.getContext("2d");
    draw.fillStyle = this.colours.special[kind];
    draw.fillRect(0, 0, canvas.width, canvas.height);
    draw.fillStyle = this.colours.ink[kind];
    rows.forEach((row, y) => [...row].forEach((ink, x) => ink === "1" && draw.fillRect(x, y, 1, 1)));
    return canvas;
  }

  pattern(draw, kind) {
    const pattern = draw.createPattern(this.tiles[kind], "repeat");
    pattern.setTransform(new DOMMatrix([0.5, 0, 0, 0.5, 0, 0]));
    return pattern;
  }

  choose(group, metric) {
    this.group = group;
    this.metric = metric;
    this.hover = null;
    const { from, to, titles, caption } = this.data.groups[group];
    for (const element of this.root.querySelectorAll("[data-run]")) {
      const run = Number(element.dataset.run);
      element.hidden = run < from || run >= to;
    }
    this.one("title").textContent = titles[metric];
    if (this.data.groups.length > 1) this.one("caption").textContent = caption;
    const { label, explain, special } = this.data.metrics[metric];
    this.one("label").textContent = label;
    this.one("explain").textContent = explain;
    this.one("kinds").replaceChildren(...special.map(([kind, words]) => {
      const item = document.createElement("li"), swatch = document.createElement("canvas");
      swatch.dataset.kind = kind;
      item.append(swatch, words);
      return item;
    }));
    for (const view of this.shown) view.choose(metric);
    // The slider goes through every step that has a column in one of the runs.
    const times = new Set();
    for (const view of this.shown) view.clock?.at.forEach((step) => times.add(step));
    this.times = [...times].sort((a, b) => a - b);
    if (this.times.length === 0) this.times = [0];
    this.one("step").max = this.times.length - 1;
    this.layer = Math.min(this.layer, Math.max(...this.shown.map((v) => v.layers)) - 1);
    this.goTo(this.step);
    this.later();
  }

  /** Position of the slider for a step: the last time that is not after it. */
  place(step) {
    let [low, high] = [0, this.times.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.times[middle] <= step) low = middle; else high = middle - 1;
    }
    return low;
  }

  goTo(step, speak) {
    this.step = Math.min(Math.max(step, this.times[0]), this.times[this.times.length - 1]);
    const slider = this.one("step");
    slider.value = this.place(this.step);
    slider.setAttribute("aria-valuetext", this.stepWords(this.step));
    this.follow(speak);
  }

  stepWords(step) {
    const end = Math.max(...this.shown.map((v) => v.run.end));
    return fill(this.data.words.step, { step: whole(step), end: whole(end) });
  }

  /** The cursor moved: what follows it is drawn anew, and on demand said. */
  follow(speak) {
    this.moved = true;
    this.schedule();
    if (speak && !this.playing) {
      clearTimeout(this.speech);
      this.speech = setTimeout(() => {
        const { step, layer } = this.cursor;
        const place = fill(this.data.words.cell, { layer: layer + 1, step: whole(step) });
        const values = this.shown.map((v) => fill(this.data.words.value, { place: v.name(layer) ? `${v.run.name} · ${v.name(layer)}` : v.run.name, value: v.valueWords() }));
        this.one("spoken").textContent = [place, ...values].join("; ");
      }, 250);
    }
  }

  /** Everything is drawn anew. */
  later() {
    this.stale = true;
    this.schedule();
  }

  schedule() {
    this.frame ||= requestAnimationFrame(() => {
      this.frame = 0;
      // On a slide that is not shown there is no room to draw in; the observer of sizes tells when there is.
      if (!this.root.clientWidth) return;
      if (this.stale) this.drawAll();
      if (this.stale || this.moved) this.drawCursor();
      this.stale = this.moved = false;
    });
  }

  play() {
    if (this.place(this.step) >= this.times.length - 1) this.step = this.times[0];
    this.hover = null;
    this.playing = true;
    this.one("play").textContent = this.data.words.pause;
    const from = this.step, end = this.times[this.times.length - 1];
    const whole = end - this.times[0] || 1, began = performance.now();
    const tick = (now) => {
      if (!this.playing) return;
      let gone = (now - began) / 1000 / PLAY_SECONDS;
      if (this.calm.matches) gone = Math.floor(gone * CALM_STOPS) / CALM_STOPS;
      const step = from + gone * whole;
      this.goTo(step >= end ? end : this.times[this.place(step)]);
      if (step >= end) this.stop(); else requestAnimationFrame(tick);
    };
    requestAnimationFrame(tick);
  }

  stop() {
    if (!this.playing) return;
    this.playing = false;
    this.one("play").textContent = this.data.words.play;
    this.follow(true);
  }

  // ---- what is drawn

  drawAll() {
    const { colours } = this;
    const metric = this.data.metrics[this.metric];
    const { draw, width } = prepare(this.one("ramp"));
    const left = 24, length = width - 2 * left;
    const x = (value) => left + (value - metric.low) / (metric.high - metric.low) * length;
    for (let i = 0; i < length; i++) {
      draw.fillStyle = this.table[Math.round(255 * i / (length - 1))];
      draw.fillRect(left + i, 1, 1.5, 13);
    }
    draw.font = `12px ${this.font}`;
    for (const [value, words] of scaleTicks(metric, length, 54)) {
      line(draw, x(value), 14, x(value), 18, colours.axis);
      word(draw, words, x(value), 26, colours.muted, "center");
    }
    for (const swatch of this.one("kinds").querySelectorAll("canvas")) {
      const { draw, width, height } = prepare(swatch);
      draw.fillStyle = this.pattern(draw, Number(swatch.dataset.kind));
      draw.fillRect(0, 0, width, height);
    }
    for (const view of this.shown) view.drawBase();
  }

  drawCursor() {
    this.one("now").textContent = this.stepWords(this.cursor.step);
    for (const view of this.shown) view.drawCursor();
  }
}

/** One run on a page. */
class View {
  constructor(page, element, run) {
    Object.assign(this, { page, element, run, layers: run.rows.length, grids: [], clocks: [] });
    this.map = element.querySelector(`.${NAME}-map`);
    this.bars = element.querySelector(`.${NAME}-bars`);
    this.strips = [...element.querySelectorAll(`.${NAME}-strip`)];
    this.legends = [...element.querySelectorAll(`.${NAME}-series`)];
    run.strips.forEach((strip, i) => this.legend(strip, this.legends[i]));
    for (const strip of run.strips) strip.series.forEach((s) => { s.at = expand(s.x); });
    this.listen();
  }

  one(name) { return this.element.querySelector(`.${NAME}-${name}`); }

  legend(strip, element) {
    strip.values = strip.series.map((s) => {
      const row = document.createElement("div"), key = document.createElement("i"), value = document.createElement("b");
      key.className = `${NAME}-${s.style}`;
      s.key = key;
      row.append(key, `${s.label} `, value);
      element.append(row);
      return value;
    });
    const label = document.createElement("div");
    label.textContent = strip.label;
    element.prepend(label);
    for (const [, words] of strip.marks) {
      const row = document.createElement("div"), key = document.createElement("i");
      key.className = `${NAME}-mark`;
      row.append(key, words);
      element.append(row);
    }
  }

  listen() {
    const { page, map } = this;
    const at = (event) => {
      const box = map.getBoundingClientRect();
      return this.cellAt(event.clientX - box.left, event.clientY - box.top);
    };
    const stay = (cell) => {
      page.stop();
      page.hover = null;
      page.layer = cell.layer;
      page.goTo(cell.step, true);
    };
    map.addEventListener("pointermove", (event) => {
      const cell = at(event);
      if (!cell) return;
      if (event.buttons) return stay(cell);
      if (event.pointerType !== "mouse") return;
      // While the run is played the pointer chooses the layer only.
      if (page.playing) page.layer = cell.layer; else page.hover = cell;
      page.follow();
    });
    map.addEventListener("pointerdown", (event) => {
      const cell = at(event);
      if (cell) stay(cell);
    });
    map.addEventListener("pointerleave", () => {
      page.hover = null;
      page.follow();
    });
    map.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const here = page.place(page.step), tenth = Math.max(1, Math.round(page.times.length / 10));
      const steps = { ArrowRight: 1, ArrowLeft: -1, PageUp: tenth, PageDown: -tenth, Home: -Infinity, End: Infinity }[event.key];
      const layers = { ArrowUp: 1, ArrowDown: -1 }[event.key];
      if (steps === undefined && layers === undefined) return;
      event.preventDefault();
      page.stop();
      page.hover = null;
      page.layer = Math.min(this.layers - 1, Math.max(0, page.layer + (layers || 0)));
      const place = Math.min(page.times.length - 1, Math.max(0, here + (steps || 0)));
      page.goTo(page.times[place], true);
    });
  }

  choose(metric) {
    const grid = this.run.grids[metric];
    this.info = grid;
    this.grid = null;
    this.clock = null;
    this.one("finding").textContent = grid ? grid.finding : this.page.data.words.not_recorded;
    if (!grid) return;
    this.grid = this.grids[metric] ||= decode(grid.values, this.page.data.metrics[metric]);
    this.clock = this.clocks[grid.clock] ||= {
      edges: expand(this.run.clocks[grid.clock].edges), at: expand(this.run.clocks[grid.clock].at),
    };
  }

  /** The column that a step lies in; -1 where the run has none. */
  column(step) {
    if (!this.clock) return -1;
    const { edges, at } = this.clock;
    // A column that holds this very step, even at a border of two.
    const same = at.indexOf(step);
    if (same >= 0) return same;
    const after = edges.findIndex((edge) => edge > step);
    return after < 0 ? -1 : after - 1;
  }

  mask(layer) { return this.info.masks.find(([first, last]) => layer >= first && layer <= last); }

  /** The value at the cursor. */
  valueWords(layer = this.page.cursor.layer) {
    const { words, metrics } = this.page.data;
    if (!this.grid) return words.not_recorded;
    const column = this.column(this.page.cursor.step);
    if (column < 0 || layer >= this.layers) return words.not_reached;
    const i = layer * this.clock.at.length + column;
    const kind = this.grid.kinds[i];
    if (kind !== VALUE) return (this.info.special.find((s) => s[0] === kind) || [0, "–"])[1];
    const value = written(this.grid.mantissa[i], this.grid.exponent[i], metrics[this.page.metric].percent);
    const mask = this.mask(layer);
    return mask ? fill(words.remark, { value, remark: mask[2] }) : value;
  }

  // ---- heatmap

  /** The step axis is that of the longest run beside this one. */
  stepAxis() {
    const end = Math.max(1, ...this.page.shown.map((v) => Math.max(v.run.end, v.clock ? v.clock.edges[v.clock.edges.length - 1] : 0)));
    const start = Math.min(...this.page.shown.map((v) => v.clock ? v.clock.edges[0] : 0), 0);
    return { start, end };
  }

  x(step) {
    const { left, width } = this.plot;
    return left + (step - this.axis.start) / (this.axis.end - this.axis.start) * width;
  }

  cellAt(px, py) {
    const { left, width, height } = this.plot;
    if (!this.clock || py < TOP || py >= TOP + height) return null;
    const step = this.axis.start + (px - left) / width * (this.axis.end - this.axis.start);
    const column = this.column(Math.max(this.axis.start, step));
    if (px < left || px > left + width) return null;
    const layer = Math.min(this.layers - 1, Math.floor((TOP + height - py) / height * this.layers));
    // Beyond the end of this run others may go on.
    return { layer, step: column < 0 ? step : this.clock.at[column] };
  }

  drawBase() {
    const { page } = this, { colours } = page;
    const height = Math.max(LEAST_HEIGHT, Math.min(MOST_HEIGHT, this.layers * ROW_HEIGHT));
    const area = prepare(this.map, height + TOP + FOOT);
    this.axis = this.stepAxis();
    const left = this.gutter(area.width);
    this.plot = { left, width: area.width - left - 8, height };
    this.base = document.createElement("canvas");
    [this.base.width, this.base.height] = [this.map.width, this.map.height];
    const draw = this.base.getContext("2d");
    draw.setTransform(area.ratio, 0, 0, area.ratio, 0, 0);
    draw.font = `12px ${page.font}`;
    if (this.grid) this.drawCells(draw, area.ratio);
    this.drawFrame(draw);
    this.strips.forEach((canvas, i) => this.drawStrip(canvas, this.run.strips[i]));
  }

  /** Own name of a layer in the program that made the run; empty where it has none. */
  name(row) { return this.run.names[row] || ""; }

  /** Room left of the map: for the numbers of the layers, and for their names as far as the width allows. */
  gutter(width) {
    if (!this.run.names.length) return 44;
    const draw = this.map.getContext("2d");
    draw.font = `12px ${this.page.font}`;
    const widest = Math.max(...this.run.names.map((name, row) => draw.measureText(this.rowWords(row)).width));
    return Math.max(44, Math.min(widest + 26, 0.32 * width));
  }

  rowWords(row) { return this.name(row) ? `${row + 1} · ${this.name(row)}` : String(row + 1); }

  /** The same, with as much of the end of the name as there is room for. */
  rowLabel(draw, row, room) {
    let words = this.rowWords(row), name = this.name(row);
    while (name && draw.measureText(words).width > room) {
      name = name.replace(/^[….]+/, "").slice(1).replace(/^[.]+/, "");
      words = name ? `${row + 1} · …${name}` : String(row + 1);
    }
    return words;
  }

  drawCells(draw, ratio) {
    const { page, grid, clock, layers } = this, { left, width, height } = this.plot;
    const columns = clock.at.length, pixels = Math.max(1, Math.round(width * ratio));
    const rowHeight = height / layers;
    // Which column each pixel shows: the one at its middle, but rather one with NaN or infinity.
    const span = this.axis.end - this.axis.start;
    let first = 0;
    const showing = Array.from({ length: pixels }, (_, p) => {
      const [from, to] = [p, p + 1].map((q) => this.axis.start + q / pixels * span);
      while (first < columns && clock.edges[first + 1] <= from) first++;
      let last = first;
      while (last + 1 < columns && clock.edges[last + 1] < to) last++;
      return first >= columns || clock.edges[first] >= to ? null : [first, last];
    });
    const image = document.createElement("canvas");
    [image.width, image.height] = [pixels, layers];
    const paint = image.getContext("2d"), raster = paint.createImageData(pixels, layers);
    const rgb = page.table.map((hex) => [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16)));
    const special = []; // runs of pixels of one kind: [row, from, to, kind]
    for (let row = 0; row < layers; row++) {
      let open = null;
      for (let p = 0; p < pixels; p++) {
        if (!showing[p]) { open = null; continue; }
        const [from, to] = showing[p];
        let i = row * columns + from;
        for (let c = from; c <= to; c++) {
          const kind = grid.kinds[row * columns + c];
          if (kind === 2 || kind === 3) { i = row * columns + c; break; }
        }
        const kind = grid.kinds[i];
        if (kind !== VALUE) {
          if (open && open[3] === kind) open[2] = p + 1;
          else special.push(open = [row, p, p + 1, kind]);
          continue;
        }
        open = null;
        const colour = rgb[Math.round(255 * grid.share[i])];
        raster.data.set([...colour, 255], 4 * ((layers - 1 - row) * pixels + p));
      }
    }
    paint.putImageData(raster, 0, 0);
    draw.imageSmoothingEnabled = false;
    draw.drawImage(image, left, TOP, width, height);
    for (const [row, from, to, kind] of special) {
      // A pattern where there is room for one, else its ground.
      const wide = (to - from) / ratio;
      draw.fillStyle = wide >= 4 ? page.pattern(draw, kind) : page.colours.special[kind];
      draw.fillRect(left + from / ratio, TOP + (layers - 1 - row) * rowHeight, Math.max(wide, 1), rowHeight);
    }
    for (const [from, to, words] of this.info.masks) {
      const top = TOP + (layers - 1 - to) * rowHeight, high = (to - from + 1) * rowHeight;
      draw.fillStyle = page.colours.mask;
      draw.fillRect(left, top, width, high);
      if (high >= 15 && draw.measureText(words).width < width - 8) {
        word(draw, words, left + width / 2, top + high / 2, page.colours.text, "center");
      }
    }
    if (rowHeight >= 14) {
      for (let row = 1; row < layers; row++) {
        const y = Math.round((TOP + row * rowHeight) * ratio) / ratio;
        line(draw, left, y, left + width, y, page.colours.ground, 1 / ratio);
      }
    }
  }

  drawFrame(draw) {
    const { page, run, layers } = this, { colours, data } = page, { left, width, height } = this.plot;
    draw.strokeStyle = colours.axis;
    draw.lineWidth = 1;
    draw.strokeRect(left - 0.5, TOP - 0.5, width + 1, height + 1);
    rowLabels(layers, height).forEach((row) => {
      word(draw, this.rowLabel(draw, row, left - 26), left - 6, this.rowMiddle(row), colours.muted, "right");
    });
    const upright = (text, y, align) => {
      draw.save();
      draw.translate(9, y);
      draw.rotate(-Math.PI / 2);
      word(draw, text, 0, 0, colours.muted, align);
      draw.restore();
    };
    upright(data.words.input_side, TOP + height, "left");
    upright(data.words.output_side, TOP, "right");
    const inner = ["input_side", "output_side", "layer_axis"].map((w) => draw.measureText(data.words[w]).width);
    if (inner[0] + inner[1] + inner[2] + 24 < height) upright(data.words.layer_axis, TOP + height / 2, "center");
    const bottom = TOP + height;
    for (const step of ticks(this.axis.start, this.axis.end, width, 64)) {
      const x = this.x(step);
      if (!Number.isInteger(step)) continue;
      line(draw, x, bottom, x, bottom + 4, colours.axis);
      const words = whole(step), half = draw.measureText(words).width / 2;
      word(draw, words, Math.min(x, left + width + 8 - half), bottom + 11, colours.muted, "center");
    }
    // Without what stands in brackets where there is no room for it.
    const label = draw.measureText(run.step_label).width <= width + left ? run.step_label : run.step_label.replace(/\s*[(（].*/, "");
    word(draw, label, left + width / 2, bottom + 26, colours.muted, "center");
  }

  rowMiddle(row) { return TOP + (this.layers - row - 0.5) * this.plot.height / this.layers; }

  // ---- what follows the cursor

  drawCursor() {
    const { page, layers } = this, { colours } = page, { step, layer } = page.cursor;
    const cell = fill(page.data.words.cell, { layer: layer + 1, step: whole(step) });
    const place = this.name(layer) ? `${this.name(layer)} · ${cell}` : cell;
    this.one("value").textContent = fill(page.data.words.value, { place, value: this.valueWords() });
    const area = prepare(this.map), { draw } = area, { left, width, height } = this.plot;
    draw.drawImage(this.base, 0, 0, area.width, area.height);
    const column = this.column(step), rowHeight = height / layers;
    const at = column < 0 ? [step, step] : [this.clock.edges[column], this.clock.edges[column + 1]];
    const [x0, x1] = at.map((s) => Math.min(left + width, Math.max(left, this.x(s))));
    const middle = (x0 + x1) / 2;
    // Light on dark on light: seen on every colour of the map.
    for (const [colour, line_width] of [["#000", 3], ["#fff", 1]]) line(draw, middle, TOP, middle, TOP + height, colour, line_width);
    if (layer < layers && column >= 0) {
      const [w, y] = [Math.max(x1 - x0, 8), TOP + (layers - 1 - layer) * rowHeight];
      const ring = Math.min(left + width - w, Math.max(left, middle - w / 2));
      for (const [colour, line_width] of [["#000", 4], ["#fff", 2]]) {
        Object.assign(draw, { strokeStyle: colour, lineWidth: line_width });
        draw.strokeRect(ring, y + 1, w, Math.max(rowHeight - 2, 2));
      }
    }
    line(draw, middle, TOP + height, middle, TOP + height + 5, colours.text, 2);
    this.drawBars(column);
    this.strips.forEach((canvas, i) => this.drawStripCursor(canvas, this.run.strips[i], step));
  }

  drawBars(column) {
    const { page, layers, grid } = this, { colours } = page, metric = page.data.metrics[page.metric];
    const { height } = this.plot;
    const { draw, width } = prepare(this.bars, height + TOP + FOOT);
    draw.font = `12px ${page.font}`;
    const rowHeight = height / layers, room = Math.min(84, width * 0.4);
    const left = this.bars.offsetTop > this.map.offsetTop ? 44 : 26;
    const length = Math.max(10, width - left - room);
    const columns = this.clock ? this.clock.at.length : 0;
    for (const [value, words] of scaleTicks(metric, length, metric.percent ? 52 : 36)) {
      const x = left + (value - metric.low) / (metric.high - metric.low) * length;
      line(draw, x, TOP, x, TOP + height + 4, colours.grid);
      word(draw, words, x, TOP + height + 13, colours.muted, "center");
    }
    // A dot at the low end reaches over it.
    const beside = left - (metric.logarithmic ? 10 : 6);
    rowLabels(layers, height).forEach((row) => word(draw, String(row + 1), beside, this.rowMiddle(row), colours.muted, "right"));
    const bar = Math.min(rowHeight * 0.74, 22);
    const written_rows = rowHeight >= 13 ? null : new Set([page.cursor.layer]);
    for (let row = 0; row < layers && grid && column >= 0; row++) {
      const y = this.rowMiddle(row) - bar / 2, i = row * columns + column;
      const kind = grid.kinds[i], chosen = row === page.cursor.layer;
      let reach = 0;
      if (this.mask(row)) {
        reach = length;
        draw.fillStyle = colours.mask;
        draw.fillRect(left, y, reach, bar);
      } else if (kind !== VALUE) {
        reach = 22;
        draw.fillStyle = page.pattern(draw, kind);
        draw.fillRect(left, y, reach, bar);
        draw.strokeStyle = colours.axis;
        draw.lineWidth = 1;
        draw.strokeRect(left + 0.5, y + 0.5, reach - 1, bar - 1);
      } else {
        reach = Math.max(1, grid.share[i] * length);
        draw.fillStyle = page.table[Math.round(255 * grid.share[i])];
        draw.strokeStyle = chosen ? colours.text : colours.axis;
        draw.lineWidth = chosen ? 2 : 1;
        if (metric.logarithmic) {
          // The length of a bar would mean nothing on an axis without a zero.
          const radius = Math.min(Math.max(bar / 2 - 1, 1.5), 6);
          line(draw, left, this.rowMiddle(row), left + length, this.rowMiddle(row), colours.grid);
          Object.assign(draw, { strokeStyle: chosen ? colours.text : colours.axis, lineWidth: chosen ? 2 : 1 });
          draw.beginPath();
          draw.arc(left + reach, this.rowMiddle(row), radius, 0, 2 * Math.PI);
          draw.fill();
          draw.stroke();
          reach += radius;
        } else {
          draw.fillRect(left, y, reach, bar);
          draw.strokeRect(left + 0.5, y + 0.5, Math.max(reach - 1, 0.5), bar - 1);
        }
      }
      // Where it stood at first.
      const start = row * columns;
      if (!this.mask(row) && grid.kinds[start] === VALUE && bar >= 4) {
        const x = left + grid.share[start] * length;
        line(draw, x, y - 1, x, y + bar + 1, colours.text, 1.5);
        if (kind === VALUE) reach = Math.max(reach, x - left);
      }
      if (!written_rows || written_rows.has(row)) {
        const words = kind === VALUE && !this.mask(row) ? written(grid.mantissa[i], grid.exponent[i], metric.percent) : "";
        draw.font = `${chosen ? "600 " : ""}12px ${page.font}`;
        word(draw, words, left + reach + 6, this.rowMiddle(row), chosen ? colours.text : colours.muted);
      }
    }
    line(draw, left, TOP, left, TOP + height, colours.axis);
  }

  // ---- curves

  stripY(strip, value) {
    const of = (v) => strip.logarithmic ? Math.log10(v) : v;
    return 5 + (of(strip.high) - of(value)) / (of(strip.high) - of(strip.low)) * (STRIP_HEIGHT - 10);
  }

  drawStrip(canvas, strip) {
    const { page } = this, { colours } = page, { left, width } = this.plot;
    prepare(canvas, STRIP_HEIGHT);
    const base = strip.base = document.createElement("canvas");
    [base.width, base.height] = [canvas.width, canvas.height];
    const ratio = sharpness(), draw = base.getContext("2d");
    draw.setTransform(ratio, 0, 0, ratio, 0, 0);
    draw.font = `12px ${page.font}`;
    const ends = { ...strip };
    if (strip.logarithmic) [ends.low, ends.high] = [Math.log10(strip.low), Math.log10(strip.high)];
    for (const [value, words] of scaleTicks(ends, STRIP_HEIGHT, 24)) {
      const y = this.stripY(strip, strip.logarithmic ? 10 ** value : value);
      line(draw, left, y, left + width, y, colours.grid);
      word(draw, words, left - 6, Math.min(STRIP_HEIGHT - 7, Math.max(7, y)), colours.muted, "right");
    }
    for (const [value] of strip.marks) {
      draw.setLineDash([3, 3]);
      line(draw, left, this.stripY(strip, value), left + width, this.stripY(strip, value), colours.axis);
      draw.setLineDash([]);
    }
    for (const series of strip.series) {
      const colour = colours.series[series.colour % colours.series.length];
      series.key.style.borderTopColor = colour;
      draw.globalAlpha = series.style === "faint" ? 0.45 : 1;
      draw.setLineDash({ dashed: [6, 4], dotted: [2, 3] }[series.style] || []);
      Object.assign(draw, { strokeStyle: colour, lineWidth: series.style === "faint" ? 1 : 1.75 });
      draw.beginPath();
      let pen = false;
      series.at.forEach((step, i) => {
        const value = series.y[i];
        if (value === null) { pen = false; return; }
        draw[pen ? "lineTo" : "moveTo"](this.x(step), this.stripY(strip, value));
        pen = true;
      });
      draw.stroke();
      draw.setLineDash([]);
      draw.globalAlpha = 1;
    }
    Object.assign(draw, { strokeStyle: colours.axis, lineWidth: 1 });
    draw.strokeRect(left - 0.5, 4.5, width + 1, STRIP_HEIGHT - 9);
  }

  drawStripCursor(canvas, strip, step) {
    const { colours } = this.page, { draw, width, height } = prepare(canvas);
    draw.drawImage(strip.base, 0, 0, width, height);
    const x = Math.min(this.plot.left + this.plot.width, this.x(step));
    line(draw, x, 5, x, STRIP_HEIGHT - 5, colours.text);
    strip.series.forEach((series, i) => {
      // The last point that is not after the cursor.
      const after = series.at.findIndex((s) => s > step);
      const at = after < 0 ? series.at.length - 1 : after - 1;
      const value = at < 0 ? null : series.y[at];
      strip.values[i].textContent = number(value, strip.percent);
      if (value === null) return;
      draw.fillStyle = colours.series[series.colour % colours.series.length];
      draw.beginPath();
      draw.arc(this.x(series.at[at]), this.stripY(strip, value), series.style === "faint" ? 2 : 3.5, 0, 2 * Math.PI);
      draw.fill();
    });
  }
}

/** Rows that are labelled: all where they fit, else every 5th or 10th, and always both ends. */
function rowLabels(layers, height) {
  const pitch = height / layers, every = [1, 5, 10, 20, 50, 100].find((n) => n * pitch >= 14) || layers;
  const rows = Array.from({ length: layers }, (_, row) => row);
  return rows.filter((row) => {
    if (row === 0 || row === layers - 1 || every === 1) return true;
    return (row + 1) % every === 0 && Math.min(row, layers - 1 - row) * pitch >= 14;
  });
}

document.querySelectorAll(`.${NAME}`).forEach((root, index) => {
  if (root.dataset.started) return;
  root.dataset.started = "yes";
  new Page(root, index);
});
})();
