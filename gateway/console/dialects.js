// dialects.js - what each dialect's requests look like, and whose a message is.
//
// A subscription is {name, on, off}: a label, the request that begins it and the one that ends it.
// byName: names come from the gateway's list of streams or from the person; otherwise the dialect
// offers a few subscriptions to choose from. body is the member that holds what a message is about.

let last = 0;
const nextId = () => ++last;

const named = (name) => ({
  name,
  on: () => ({method: 'SUBSCRIBE', params: [name], id: nextId()}),
  off: () => ({method: 'UNSUBSCRIBE', params: [name], id: nextId()}),
});

const nano = (name, options) => ({
  name,
  on: () => ({action: 'subscribe', topic: name, ack: true, ...(options && {options})}),
  off: () => ({action: 'unsubscribe', topic: name, ack: true}),
});

const drift = (channel, market, marketType) => ({
  name: channel === 'priorityfees' ? `priorityFees ${market}` : `${channel} ${market}`,
  on: () => ({type: 'subscribe', channel, market, marketType}),
  off: () => ({type: 'unsubscribe', channel, market, marketType}),
});

// An update has the id of the request that subscribed, so that is what tells whose it is.
const injectiveNames = new Map();
const injective = (name, filter) => ({
  name,
  on: () => {
    const id = nextId();
    injectiveNames.set(String(id), name);
    return {jsonrpc: '2.0', id, method: 'subscribe', params: {req: {subscription_id: name, filter}}};
  },
  off: () => ({jsonrpc: '2.0', id: nextId(), method: 'unsubscribe', params: {req: {subscription_id: name}}}),
});

const zilliqa = (query, addresses) => ({
  name: addresses ? `${query} ${addresses[0]}` : query,
  on: () => ({query, ...(addresses && {addresses})}),
  off: () => ({query: 'Unsubscribe', type: query}),
});

// The value of a top-level text or number member, by a search that needs no parsing: the members
// looked for come first in what gateways send.
const member = (text, key) => {
  const found = new RegExp(`"${key}"\\s*:\\s*(?:"([^"]*)"|(-?\\d+))`).exec(text.slice(0, 400));
  return found ? found[1] ?? found[2] : null;
};

export const dialects = {
  exchange: {
    title: 'Exchange', path: '', byName: true, make: named,
    from: (text) => member(text, 'stream'), body: 'data',
  },
  binance: {
    title: 'Binance form', path: 'stream', byName: true, make: named,
    from: (text) => member(text, 'stream'), body: 'data',
  },
  injective: {
    title: 'Injective', path: 'injstream-ws',
    offers: [
      injective('oracle prices', {oracle_price_filter: {symbol: ['*']}}),
      injective('spot trades', {spot_trades_filter: {market_ids: ['*'], subaccount_ids: ['*']}}),
      injective('derivative trades', {derivative_trades_filter: {market_ids: ['*'], subaccount_ids: ['*']}}),
      injective('spot order books', {spot_orderbooks_filter: {market_ids: ['*']}}),
      injective('positions', {positions_filter: {market_ids: ['*'], subaccount_ids: ['*']}}),
      injective('bank balances', {bank_balances_filter: {accounts: ['*']}}),
    ],
    from: (text) => injectiveNames.get(member(text, 'id')), body: 'result',
    answer: (text) => !text.slice(0, 400).includes('"block_height"'),
  },
  nano: {
    title: 'Nano', path: 'nano',
    offers: ['confirmation', 'vote', 'started_election', 'stopped_election', 'new_unconfirmed_block',
      'active_difficulty', 'bootstrap', 'telemetry', 'work'].map((topic) => nano(topic)),
    from: (text) => member(text, 'topic'), body: 'message',
    answer: (text) => text.slice(0, 200).includes('"ack"'),
  },
  drift: {
    title: 'Drift', path: 'drift',
    offers: ['SOL-PERP', 'BTC-PERP', 'ETH-PERP'].flatMap((market) => [
      drift('orderbook', market, 'perp'), drift('trades', market, 'perp'),
      drift('priorityfees', market, 'perp')]),
    from: (text) => member(text, 'channel'), body: 'data',
    answer: (text) => /^\{"(message|error)"|^\{"channel":"heartbeat"/.test(text),
  },
  zilliqa: {
    title: 'Zilliqa', path: 'zilliqa',
    offers: [zilliqa('NewBlock')],
    from: (text) => member(text, 'query'), body: 'values',
    answer: (text) => text.startsWith('{"query"'),
  },
};

for (const dialect of Object.values(dialects)) {
  dialect.offers ??= [];
  dialect.answer ??= (text) => dialect.from(text) === null;
}
