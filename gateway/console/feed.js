// feed.js - one WebSocket of one dialect: it comes back by itself, and subscribes again.

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 15000;

const base = location.pathname.replace(/[^/]*$/, '');

export class Feed {
  // heard(text) for each message; changed() when the state did. States: idle, connecting, open, waiting.
  constructor(path, heard, changed) {
    this.url = `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}${base}${path}`;
    this.heard = heard;
    this.changed = changed;
    this.wanted = new Map(); // name -> subscription
    this.state = 'idle';
    this.wait = FIRST_WAIT_MS;
    this.pending = []; // requests of the person's own, for when it is open
  }

  subscribe(subscription) {
    this.wanted.set(subscription.name, subscription);
    if (this.state === 'open') this.say(subscription.on());
    else this.connect();
  }

  unsubscribe(name) {
    const subscription = this.wanted.get(name);
    this.wanted.delete(name);
    if (subscription && this.state === 'open') this.say(subscription.off());
    if (this.wanted.size === 0) this.close();
  }

  send(text) {
    if (this.state === 'open') this.socket.send(text);
    else {
      this.pending.push(text);
      this.connect();
    }
  }

  say(request) {
    this.socket.send(JSON.stringify(request));
  }

  connect() {
    if (this.state === 'connecting' || this.state === 'open') return;
    clearTimeout(this.timer);
    const socket = this.socket = new WebSocket(this.url);
    socket.onopen = () => this.opened();
    socket.onmessage = (event) => this.heard(event.data);
    socket.onclose = (event) => socket === this.socket && this.lost(event);
    this.become('connecting');
  }

  opened() {
    this.wait = FIRST_WAIT_MS;
    for (const subscription of this.wanted.values()) this.say(subscription.on());
    for (const text of this.pending.splice(0)) this.socket.send(text);
    this.become('open');
  }

  lost(event) {
    if (this.wanted.size === 0) return this.become('idle');
    this.why = event.reason || (event.code === 1006 ? 'connection lost' : `closed with ${event.code}`);
    const wait = this.wait * (0.5 + Math.random()); // or all pages would come back at once
    this.wait = Math.min(this.wait * 2, LONGEST_WAIT_MS);
    this.again = Date.now() + wait;
    this.timer = setTimeout(() => this.connect(), wait);
    this.become('waiting');
  }

  close() {
    clearTimeout(this.timer);
    const socket = this.socket;
    this.socket = null;
    socket?.close(1000);
    this.become('idle');
  }

  become(state) {
    this.state = state;
    this.changed();
  }
}
