// streams.js - the list of streams: those the gateway tells of, those subscribed to, those a dialect
// offers. What is typed above it narrows it.

import {dialects} from './dialects.js';

const SHOWN_MAX = 300;
const OLD_MS = 15000; // a listener's rate is known from two looks that are not further apart

const figure = (n) => n == null ? '' : n >= 9.95 ? `${Math.round(n)}/s` : `${n.toFixed(1)}/s`;

export class Streams {
  // choose(dialect, subscription) begins or ends one; entry(dialect, name) is what is subscribed to.
  constructor({list, input, hint, choose, entry}) {
    Object.assign(this, {list, input, hint, choose, entry, known: new Map(), made: new Map(), at: 0});
    input.addEventListener('input', () => this.show());
    input.addEventListener('keydown', (event) => {
      if (event.key !== 'ArrowDown' || !list.firstChild) return;
      event.preventDefault();
      list.firstChild.focus();
    });
    list.addEventListener('click', (event) => this.chosen(event.target.closest('li')));
    list.addEventListener('keydown', (event) => this.key(event));
  }

  use(dialect) {
    this.dialect = dialect;
    this.input.value = '';
    this.input.placeholder = dialects[dialect].byName ? 'Find or name a stream' : 'Find';
    this.show();
  }

  // /streams: what has listeners here, and what is published where that is known.
  take(answer) {
    const now = performance.now();
    this.unknown = !Array.isArray(answer.published);
    for (const row of this.unknown ? [] : answer.published)
      this.known.set(row.stream, {...this.known.get(row.stream), rate: row.rate, seen: now});
    for (const row of answer.listening ?? []) {
      const old = this.known.get(row.stream);
      const grown = old?.messages != null && now - old.seen < OLD_MS ? row.messages - old.messages : -1;
      const mine = grown < 0 ? old?.rate : grown * 1000 / (now - old.seen);
      this.known.set(row.stream, {rate: mine, messages: row.messages, listeners: row.listeners, seen: now});
    }
    for (const [name, row] of this.known) if (now - row.seen > 60000) this.known.delete(name);
    this.show();
  }

  // The subscriptions that the list shows, in its order.
  candidates() {
    const dialect = dialects[this.dialect], words = this.input.value.trim().toLowerCase();
    const fits = (name) => name.toLowerCase().includes(words);
    if (!dialect.byName) return dialect.offers.filter(({name}) => fits(name));
    const chosen = (name) => (this.entry(this.dialect, name) ? 1 : 0);
    return [...new Set([...this.known.keys(), ...this.made.keys()])].filter(fits)
      .sort((a, b) => chosen(b) - chosen(a) || a.localeCompare(b)).slice(0, SHOWN_MAX)
      .map((name) => this.named(name));
  }

  named(name) {
    const id = `${this.dialect}/${name}`;
    this.subscriptions ??= new Map();
    if (!this.subscriptions.has(id)) this.subscriptions.set(id, dialects[this.dialect].make(name));
    return this.subscriptions.get(id);
  }

  // Enter in the field: the stream of that name, or the only one that fits.
  enter() {
    const text = this.input.value.trim(), found = this.candidates();
    const exact = found.find(({name}) => name === text);
    if (!text) return;
    if (exact || (!dialects[this.dialect].byName && found.length)) this.choose(this.dialect, exact ?? found[0]);
    else if (dialects[this.dialect].byName) {
      for (const name of text.split(/[\s,]+/)) {
        this.made.set(name, true);
        this.choose(this.dialect, this.named(name));
      }
    }
    this.input.value = '';
    this.show();
  }

  chosen(row) {
    if (row) this.choose(this.dialect, row.subscription);
  }

  key(event) {
    const row = event.target.closest('li');
    const to = {ArrowDown: row?.nextSibling, ArrowUp: row?.previousSibling ?? this.input}[event.key];
    if (event.key === 'Enter' || event.key === ' ') this.chosen(row);
    else if (!to) return;
    event.preventDefault();
    to?.focus();
  }

  show() {
    const candidates = this.candidates(), focused = document.activeElement?.subscription?.name;
    const names = candidates.map(({name}) => name).join('\n');
    if (names !== this.shown || this.list.children.length !== candidates.length) {
      this.shown = names;
      this.list.replaceChildren(...candidates.map((subscription) => this.row(subscription)));
    }
    for (const row of this.list.children) {
      row.subscription = candidates.find(({name}) => name === row.subscription.name);
      this.update(row);
      if (row.subscription.name === focused) row.focus();
    }
    this.tellHint(candidates.length);
  }

  row(subscription) {
    const row = document.createElement('li');
    const parts = ['dot', 'name', 'rate'].map((name) => {
      const part = document.createElement(name === 'dot' ? 'i' : 'span');
      part.className = name;
      return part;
    });
    row.role = 'option';
    row.tabIndex = -1;
    row.subscription = subscription;
    parts[1].textContent = row.title = subscription.name;
    row.append(...parts);
    return row;
  }

  update(row) {
    const entry = this.entry(this.dialect, row.subscription.name);
    const known = dialects[this.dialect].byName ? this.known.get(row.subscription.name) : null;
    row.ariaSelected = String(Boolean(entry));
    row.children[0].style.background = entry ? `var(${entry.colour})` : '';
    row.children[2].textContent = figure(entry?.rate ?? known?.rate);
    if (row === this.list.firstChild) row.tabIndex = 0;
  }

  showRates() {
    for (const row of this.list.children) this.update(row);
  }

  tellHint(found) {
    const typed = this.input.value.trim(), byName = dialects[this.dialect].byName;
    if (typed && !found) this.hint.textContent = byName ? `Enter subscribes to “${typed}”.` : 'Nothing of that name.';
    else if (!typed && byName && !found) this.hint.textContent = 'What is published is not known here. Type a name, for example trade.SOL_USDC.';
    else this.hint.textContent = '';
  }
}
