// metrics.js - what the gateway says of itself: its metrics as rates and quantiles.

const LATENCY = 'sluice_publish_to_write_seconds_bucket';

// {name: sum over labels} and the latency's buckets, from Prometheus' text.
export function parse(text) {
  const values = {}, buckets = [];
  let version = '';
  for (const line of text.split('\n')) {
    const found = /^([a-z_]+)(?:\{([^}]*)\})? (\S+)$/.exec(line);
    if (!found) continue;
    const [, name, labels, value] = found;
    if (name === LATENCY) buckets.push({le: parseFloat(/le="([^"]*)"/.exec(labels)[1].replace('+Inf', 'Infinity')), n: +value});
    else values[name] = (values[name] ?? 0) + Number(value);
    if (name === 'sluice_build_info') version = /version="([^"]*)"/.exec(labels)?.[1] ?? '';
  }
  return {values, buckets, version, at: performance.now()};
}

// A counter's growth a second between two readings; null when it is not known.
export function rate(before, now, name) {
  if (!before || !(name in now.values)) return null;
  const grown = now.values[name] - (before.values[name] ?? 0);
  return grown < 0 ? null : grown * 1000 / (now.at - before.at);
}

// The q-quantile in seconds of what came between two readings; null when nothing came.
export function quantile(before, now, q) {
  if (!before || before.buckets.length !== now.buckets.length) return null;
  const grown = now.buckets.map((bucket, i) => bucket.n - before.buckets[i].n);
  const total = grown.at(-1);
  if (!(total > 0)) return null;
  const i = grown.findIndex((n) => n >= q * total);
  const low = i > 0 ? now.buckets[i - 1].le : 0, below = i > 0 ? grown[i - 1] : 0;
  const high = now.buckets[i].le;
  if (high === Infinity) return low;
  return low + (high - low) * (q * total - below) / (grown[i] - below);
}
