// messages.js - the newest messages on top: paused, searched, opened. However many come, a screen
// is drawn twenty times a second at most, and what it cannot show is counted.

import {preview, pretty} from './json_text.js';

const KEPT = 500;       // rows
const PER_DRAW = 40;    // rows made at a time; more coming in between are passed over, and counted
const TEXT_MAX = 1 << 20;

const two = (n) => String(n).padStart(2, '0');
const clock = (d) => `${two(d.getHours())}:${two(d.getMinutes())}:${two(d.getSeconds())}.${String(d.getMilliseconds()).padStart(3, '0')}`;
const size = (n) => n < 1000 ? `${n} B` : `${(n / 1000).toFixed(n < 10000 ? 1 : 0)} kB`;

const part = (tag, name, text = '') => {
  const element = document.createElement(tag);
  element.className = name;
  element.textContent = text;
  return element;
};

export class Messages {
  constructor({rows, filter, pause, clear}) {
    Object.assign(this, {rows, filter, button: pause, waiting: [], passed: 0, paused: false});
    filter.addEventListener('input', () => this.refilter());
    pause.addEventListener('click', () => this.pause());
    clear.addEventListener('click', () => this.clear());
    rows.addEventListener('click', (event) => {
      if (event.target.closest('.line')) this.open(event.target.closest('li'));
    });
  }

  add(message) {
    this.waiting.push({...message, at: new Date()});
    const most = this.paused ? KEPT : PER_DRAW;
    if (this.waiting.length > most) {
      this.waiting.shift();
      this.passed++;
    }
    if (this.paused) this.tell();
  }

  fits(message) {
    const words = this.filter.value.trim().toLowerCase();
    return !words || message.text.toLowerCase().includes(words) || message.from.toLowerCase().includes(words);
  }

  // Draw what came since the last time.
  show() {
    if (this.paused || this.waiting.length === 0) return;
    const fresh = this.waiting.splice(0).map((message) => this.row(message)).reverse();
    if (this.passed) fresh.unshift(this.gap());
    const top = this.rows.scrollTop, height = this.rows.scrollHeight;
    this.rows.prepend(...fresh);
    while (this.rows.children.length > KEPT) this.rows.lastChild.remove();
    if (top > 4) this.rows.scrollTop = top + this.rows.scrollHeight - height; // who reads below stays there
  }

  gap() {
    const row = part('li', 'note'), line = part('div', 'line');
    line.append(part('time', ''), part('span', 'from'), part('span', 'text', `${this.passed} more, too fast to show`));
    row.append(line);
    row.message = {text: '', from: ''};
    this.passed = 0;
    return row;
  }

  row(message) {
    const row = part('li', message.note ? 'note' : ''), line = part('div', 'line');
    const from = part('span', 'from'), dot = part('i', 'dot'), text = part('span', 'text');
    dot.style.background = `var(${message.colour})`;
    from.append(dot, part('span', '', message.from));
    preview(text, message.text.slice(message.body ?? 0));
    line.append(part('time', '', clock(message.at)), from, text, part('span', 'size', size(message.text.length)));
    row.append(line);
    row.message = message;
    row.hidden = !this.fits(message);
    return row;
  }

  open(row) {
    if (row.children.length > 1) return row.lastChild.remove();
    if (!row.message.text) return;
    const all = document.createElement('pre');
    pretty(all, row.message.text, TEXT_MAX);
    row.append(all);
  }

  refilter() {
    for (const row of this.rows.children) row.hidden = !this.fits(row.message);
  }

  tell() {
    const more = this.waiting.length + this.passed;
    this.button.textContent = this.paused ? `Go on${more ? ` (${more})` : ''}` : 'Pause';
  }

  pause() {
    this.paused = !this.paused;
    this.button.setAttribute('aria-pressed', String(this.paused));
    this.tell();
  }

  clear() {
    this.waiting = [];
    this.passed = 0;
    this.rows.replaceChildren();
    this.tell();
  }
}
