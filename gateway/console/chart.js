// chart.js - lines or stacked areas over the last minute, on a canvas.
//
// A chart has series {label, colour, points: [{at, value}]}, at in milliseconds of performance.now();
// a value of null is a hole.

const WINDOW_MS = 60000;
const LEFT = 52, RIGHT = 10, TOP = 10, BOTTOM = 20; // room for the axes

const style = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

// The least of 1, 2, 4, 6, 8 times a power of ten that holds the value.
function niceTop(value) {
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 4, 6, 8, 10].map((m) => m * power).find((top) => top >= value * 0.999);
}

export class Chart {
  constructor(canvas, {format, least = 1, stacked = false}) {
    Object.assign(this, {canvas, format, least, stacked, series: [], context: canvas.getContext('2d')});
    canvas.addEventListener('pointermove', (event) => { this.pointer = event.offsetX; });
    canvas.addEventListener('pointerleave', () => { this.pointer = null; });
  }

  seriesOf(label, colour) {
    let found = this.series.find((series) => series.label === label);
    if (!found) this.series.push(found = {label, colour, points: []});
    found.colour = colour;
    return found;
  }

  add(label, colour, at, value) {
    const {points} = this.seriesOf(label, colour);
    points.push({at, value});
    while (points.length && points[0].at < at - WINDOW_MS - 5000) points.shift();
  }

  // Series whose points have all left the window go.
  prune(now) {
    this.series = this.series.filter(({points}) => points.some((p) => p.at > now - WINDOW_MS && p.value));
  }

  fit() {
    const scale = devicePixelRatio || 1, {clientWidth, clientHeight} = this.canvas;
    if (this.canvas.width !== Math.round(clientWidth * scale)) this.canvas.width = Math.round(clientWidth * scale);
    if (this.canvas.height !== Math.round(clientHeight * scale)) this.canvas.height = Math.round(clientHeight * scale);
    this.context.setTransform(scale, 0, 0, scale, 0, 0);
    this.width = clientWidth;
    this.height = clientHeight;
  }

  // Each series as points {at, low, high}: stacked ones stand on those before.
  layers(now) {
    const sums = new Map();
    return this.series.map((series) => ({...series, points: series.points
      .filter((p) => p.at > now - WINDOW_MS - 3000)
      .map(({at, value}) => {
        const low = this.stacked ? sums.get(at) ?? 0 : 0;
        const high = value === null ? null : low + value;
        if (this.stacked) sums.set(at, high ?? low);
        return {at, low, high, value};
      })}));
  }

  draw(now) {
    this.fit();
    const c = this.context, layers = this.layers(now);
    const most = Math.max(this.least, ...layers.flatMap((l) => l.points.map((p) => p.high ?? 0)));
    const top = niceTop(most);
    const x = (at) => this.width - RIGHT - (now - at) / WINDOW_MS * (this.width - LEFT - RIGHT);
    const y = (value) => this.height - BOTTOM - value / top * (this.height - TOP - BOTTOM);
    c.clearRect(0, 0, this.width, this.height);
    this.axes(c, x, y, top, now);
    c.save();
    c.beginPath();
    c.rect(LEFT, 0, this.width - LEFT - RIGHT, this.height);
    c.clip();
    for (const layer of layers) this.layer(c, layer, x, y);
    c.restore();
    if (this.pointer != null) this.readout(c, layers, x, now);
  }

  axes(c, x, y, top, now) {
    c.font = '11px system-ui, sans-serif';
    c.lineWidth = 1;
    for (const part of [0, 0.5, 1]) {
      const at = Math.round(y(top * part)) + 0.5;
      c.strokeStyle = style('--line');
      c.beginPath();
      c.moveTo(LEFT, at);
      c.lineTo(this.width - RIGHT, at);
      c.stroke();
      c.fillStyle = style('--dim');
      c.textAlign = 'right';
      c.textBaseline = 'middle';
      c.fillText(this.format(top * part), LEFT - 7, at);
    }
    c.textBaseline = 'alphabetic';
    for (const [ago, text, align] of [[60, '60 s ago', 'left'], [30, '30 s', 'center'], [0, 'now', 'right']]) {
      c.textAlign = align;
      c.fillText(text, x(now - ago * 1000), this.height - 5);
    }
  }

  layer(c, {points, colour}, x, y) {
    const ink = style(colour);
    const runs = [[]]; // a hole ends a run
    for (const p of points) {
      if (p.high === null) runs.push([]);
      else runs.at(-1).push(p);
    }
    for (const run of runs.filter((r) => r.length)) {
      c.beginPath();
      run.forEach((p, i) => (i ? c.lineTo(x(p.at), y(p.high)) : c.moveTo(x(p.at), y(p.high))));
      c.strokeStyle = ink;
      c.lineWidth = 1.6;
      c.lineJoin = 'round';
      c.stroke();
      for (const p of [...run].reverse()) c.lineTo(x(p.at), y(p.low));
      c.globalAlpha = this.stacked ? 0.28 : 0.10;
      c.fillStyle = ink;
      c.fill();
      c.globalAlpha = 1;
    }
  }

  // What the series were under the pointer.
  readout(c, layers, x, now) {
    const at = now - (this.width - RIGHT - this.pointer) / (this.width - LEFT - RIGHT) * WINDOW_MS;
    const rows = layers.map(({label, colour, points}) => {
      const near = points.filter((p) => p.value !== null).sort((a, b) => Math.abs(a.at - at) - Math.abs(b.at - at))[0];
      return near && Math.abs(near.at - at) < 3000 ? [label, colour, this.format(near.value)] : null;
    }).filter(Boolean).slice(0, 8);
    if (!rows.length || this.pointer < LEFT) return;
    c.strokeStyle = style('--dim');
    c.beginPath();
    c.moveTo(this.pointer + 0.5, TOP);
    c.lineTo(this.pointer + 0.5, this.height - BOTTOM);
    c.stroke();
    const width = Math.max(...rows.map(([label, , value]) => c.measureText(`${label}  ${value}`).width)) + 30;
    const left = this.pointer + width + 12 > this.width ? this.pointer - width - 8 : this.pointer + 8;
    c.globalAlpha = 0.94;
    c.fillStyle = style('--raised');
    c.fillRect(left, TOP, width, rows.length * 15 + 8);
    c.globalAlpha = 1;
    c.textAlign = 'left';
    rows.forEach(([label, colour, value], i) => {
      const line = TOP + 15 + i * 15;
      c.fillStyle = style(colour);
      c.fillRect(left + 7, line - 8, 8, 8);
      c.fillStyle = style('--text');
      c.fillText(`${label}  ${value}`, left + 21, line);
    });
  }
}
