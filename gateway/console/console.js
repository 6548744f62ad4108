// console.js - the page: which streams there are, what comes, how this gateway is.

import {Chart} from './chart.js';
import {dialects} from './dialects.js';
import {Feed} from './feed.js';
import {Messages} from './messages.js';
import {parse, quantile, rate} from './metrics.js';
import {Streams} from './streams.js';

const POLL_MS = 2000;
const COLOURS = 8;

const $ = (id) => document.getElementById(id);
const base = location.pathname.replace(/[^/]*$/, '');

const count = (n) => n == null ? '–' : n >= 1e6 ? `${+(n / 1e6).toPrecision(3)}M`
  : n >= 1e4 ? `${+(n / 1e3).toPrecision(3)}k` : n >= 100 || Number.isInteger(n) ? `${Math.round(n)}`
  : `${+n.toPrecision(2)}`;
const bytes = (n) => {
  if (n == null) return '–';
  const unit = ['B', 'kB', 'MB', 'GB', 'TB'];
  let i = 0;
  for (; n >= 1000 && i < 4; i++) n /= 1000;
  return `${+n.toPrecision(3)} ${unit[i]}`;
};
const seconds = (s) => s == null ? '–' : s === 0 ? '0' : s >= 1 ? `${+s.toPrecision(2)} s`
  : s >= 0.001 ? `${+(s * 1e3).toPrecision(2)} ms` : `${Math.round(s * 1e6)} µs`;

// ---- subscriptions ------------------------------------------------------------------------------

// Everything that is subscribed to, over all dialects: key -> {dialect, subscription, colour, n}.
const subscribed = new Map();
const feeds = {};
const keyOf = (dialect, name) => `${dialect}/${name}`;
let arrivals = 0; // messages since the page was opened

function freeColour() {
  const taken = [...subscribed.values()].map((entry) => entry.colour);
  for (let i = 0; i < COLOURS; i++) if (!taken.includes(`--s${i}`)) return `--s${i}`;
  return `--s${subscribed.size % COLOURS}`;
}

function feedOf(key) {
  return feeds[key] ??= new Feed(dialects[key].path, (text) => heard(key, text), showLink);
}

function heard(key, text) {
  const dialect = dialects[key];
  if (typeof text !== 'string') return;
  const answer = dialect.answer(text);
  const name = answer ? null : dialect.from(text);
  // The label of a request is not always the stream's name: drift's are by market.
  const entry = subscribed.get(keyOf(key, name)) ?? nearest(key, name);
  if (!answer) {
    arrivals++;
    if (entry) entry.n++;
  }
  messages.add({from: name ?? `${dialect.title}: answer`, colour: entry?.colour ?? '--dim', text, note: answer,
    body: answer ? 0 : bodyOf(text, dialect.body)});
}

// Where the line of a message begins: after the envelope, whose stream stands beside it.
function bodyOf(text, member) {
  const at = text.slice(0, 400).indexOf(`"${member}":`);
  return at < 0 ? 0 : at + member.length + 3;
}

function nearest(key, name) {
  const own = [...subscribed.values()].filter((entry) => entry.dialect === key);
  if (own.length === 1) return own[0];
  const word = String(name).split('_')[0].toLowerCase();
  return own.find((entry) => entry.subscription.name.toLowerCase().startsWith(word));
}

function toggle(key, subscription) {
  const id = keyOf(key, subscription.name);
  if (subscribed.has(id)) {
    subscribed.delete(id);
    feedOf(key).unsubscribe(subscription.name);
  } else {
    subscribed.set(id, {dialect: key, subscription, colour: freeColour(), n: 0, before: 0});
    feedOf(key).subscribe(subscription);
  }
  showSubscribed();
}

function showSubscribed() {
  const chips = [...subscribed.values()].map(({dialect, subscription, colour}) => {
    const chip = document.createElement('button');
    const dot = document.createElement('i');
    dot.className = 'dot';
    dot.style.background = `var(${colour})`;
    chip.append(dot, subscription.name);
    chip.title = `Leave ${subscription.name}`;
    chip.addEventListener('click', () => toggle(dialect, subscription));
    return chip;
  });
  $('chips').replaceChildren(...chips);
  streams.show();
}

function pill(element, kind, text) {
  $(element).className = `pill ${kind}`;
  $(`${element}-text`).textContent = text;
}

function showLink() {
  const all = Object.values(feeds).filter((feed) => feed.state !== 'idle');
  const waiting = all.find((feed) => feed.state === 'waiting');
  if (waiting) {
    const left = Math.max(0, Math.ceil((waiting.again - Date.now()) / 1000));
    pill('link', 'bad', `${waiting.why}; again in ${left} s`);
  } else if (all.some((feed) => feed.state === 'connecting')) pill('link', 'warn', 'connecting');
  else if (all.length) pill('link', 'good', 'connected');
  else pill('link', '', 'not connected');
}

// ---- the parts of the page ----------------------------------------------------------------------

const messages = new Messages({rows: $('rows'), filter: $('filter'), pause: $('pause'), clear: $('clear')});
const streams = new Streams({
  list: $('streams'), input: $('name'), hint: $('hint'), choose: toggle,
  entry: (key, name) => subscribed.get(keyOf(key, name)),
});
const charts = {
  rate: new Chart($('chart-rate'), {format: count, stacked: true}),
  latency: new Chart($('chart-latency'), {format: seconds, least: 0.002}),
  deliveries: new Chart($('chart-deliveries'), {format: count}),
};

function chooseDialect() {
  const key = $('dialect').value;
  streams.use(key);
  const example = dialects[key].byName ? dialects[key].make('trade.SOL_USDC') : dialects[key].offers[0];
  $('request').value = JSON.stringify(example.on(), null, 1);
  $('endpoint').textContent = feedOf(key).url;
}

// ---- once a second, and every two ---------------------------------------------------------------

let ticked = performance.now(), arrived = 0;

function tick() {
  const now = performance.now(), passed = (now - ticked) / 1000;
  for (const entry of subscribed.values()) {
    const fresh = (entry.n - entry.before) / passed;
    entry.rate = entry.rate == null ? fresh : entry.rate * 0.6 + fresh * 0.4; // or it would jump
    entry.before = entry.n;
    charts.rate.add(entry.subscription.name, entry.colour, now, entry.rate);
  }
  charts.rate.prune(now);
  $('value-rate').textContent = subscribed.size ? `${count((arrivals - arrived) / passed)}/s` : '–';
  arrived = arrivals;
  ticked = now;
  streams.showRates();
  showLink();
}

let before = null;

async function get(path) {
  const answer = await fetch(base + path, {cache: 'no-store', signal: AbortSignal.timeout(POLL_MS * 2)});
  return {status: answer.status, text: await answer.text()};
}

function fact(name, text, bad = false) {
  $(`fact-${name}`).textContent = text;
  $(`fact-${name}`).className = bad ? 'bad' : '';
}

function showMetrics(now) {
  const v = now.values, deliveries = rate(before, now, 'sluice_deliveries_total');
  const p50 = quantile(before, now, 0.5), p99 = quantile(before, now, 0.99);
  $('version').textContent = now.version;
  fact('clients', count(v.sluice_clients));
  fact('subscriptions', count(v.sluice_subscriptions));
  fact('streams', count(v.sluice_streams));
  fact('deliveries', count(deliveries));
  fact('bytes', `${bytes(rate(before, now, 'sluice_sent_bytes_total'))}/s`.replace('–/s', '–'));
  fact('memory', bytes(v.process_resident_memory_bytes));
  fact('missed', count(v.sluice_gap_messages_total), v.sluice_gap_messages_total > 0);
  charts.latency.add('99 %', '--s2', now.at, p99);
  charts.latency.add('median', '--s0', now.at, p50);
  charts.deliveries.add('deliveries/s', '--s1', now.at, deliveries);
  $('value-latency').textContent = p50 == null ? '–' : `${seconds(p50)} · 99 %: ${seconds(p99)}`;
  $('value-deliveries').textContent = deliveries == null ? '–' : `${count(deliveries)}/s`;
  before = now;
}

async function poll() {
  try {
    const [ready, metrics, list] = await Promise.all(['readyz', 'metrics', 'streams'].map(get));
    if (ready.status === 200) pill('ready', 'good', 'ready');
    else pill('ready', 'warn', ready.text.trim().split('\n')[0].slice(0, 60));
    if (metrics.status === 200) showMetrics(parse(metrics.text));
    else $('value-latency').textContent = $('value-deliveries').textContent = 'not shown at this address';
    if (list.status === 200) streams.take(JSON.parse(list.text));
  } catch {
    pill('ready', 'bad', 'does not answer');
    before = null;
  }
  setTimeout(poll, POLL_MS);
}

let drawn = 0;

function draw(at) {
  const still = matchMedia('(prefers-reduced-motion: reduce)').matches;
  if (at - drawn >= (still ? 1000 : 50)) {
    drawn = at;
    for (const chart of Object.values(charts)) chart.draw(performance.now());
    messages.show();
  }
  requestAnimationFrame(draw);
}

// ---- what people do -----------------------------------------------------------------------------

function light(on) {
  document.documentElement.classList.toggle('light', on);
}

const keys = {
  '/': () => $('name').focus(),
  f: () => $('filter').focus(),
  p: () => messages.pause(),
  c: () => messages.clear(),
  t: () => $('theme').click(),
  '?': () => $('help').showModal(),
};

document.addEventListener('keydown', (event) => {
  const typing = /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName);
  if (event.key === 'Escape' && typing) event.target.blur();
  if (typing || event.ctrlKey || event.metaKey || event.altKey || $('help').open) return;
  if (keys[event.key]) {
    event.preventDefault();
    keys[event.key]();
  }
});

$('ask').addEventListener('submit', (event) => {
  event.preventDefault();
  streams.enter();
});
$('dialect').append(...Object.entries(dialects).map(([key, {title}]) => new Option(title, key)));
$('dialect').addEventListener('change', chooseDialect);
$('send').addEventListener('click', () => feedOf($('dialect').value).send($('request').value));
$('keys').addEventListener('click', keys['?']);
$('theme').addEventListener('click', () => light(!document.documentElement.classList.contains('light')));

light(matchMedia('(prefers-color-scheme: light)').matches);
chooseDialect();
showLink();
setInterval(tick, 1000);
poll();
requestAnimationFrame(draw);
