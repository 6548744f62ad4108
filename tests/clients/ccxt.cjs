// ccxt, its WebSocket part: node ccxt.cjs ws://HOST:PORT SYMBOL_ID...
'use strict'

const path = require('path')
const { report, obey, url } = require('./report.cjs')

// The markets are given, so that the library asks nobody for them.
function market (id, base, quote) {
  return {
    id,
    lowercaseId: id.toLowerCase(),
    symbol: `${base}/${quote}`,
    base,
    quote,
    baseId: base,
    quoteId: quote,
    type: 'spot',
    spot: true,
    active: true,
    precision: { amount: 0.00001, price: 0.01 },
    limits: {}
  }
}

// Its CommonJS form require()s ES modules, which Node 18 (Debian 12's) refuses; this is the other.
const library = path.join(process.env.NODE_PATH, 'ccxt', 'js', 'ccxt.js')

async function makeExchange () {
  const ccxt = (await import(library)).default
  const made = new ccxt.pro.binance({ newUpdates: true })
  made.urls.api.ws.spot = url + '/ws'
  made.setMarkets([market('BTCUSDT', 'BTC', 'USDT'), market('ETHUSDT', 'ETH', 'USDT')])
  await made.loadHttpProxyAgent() // which ccxt wants for every ws:// address, proxy or not
  return made
}

let exchange

// One answer per order: the next trades of a symbol, or the error.
async function watch (symbol) {
  try {
    const trades = await exchange.watchTrades(symbol)
    report('trades', { symbol, trades: trades.map(t => ({ id: t.id, price: t.price })) })
  } catch (error) {
    report('error', { name: error.constructor.name, text: error.message })
  }
}

async function unwatch (symbol) {
  try {
    await exchange.unWatchTrades(symbol)
    report('unwatched', { symbol })
  } catch (error) {
    report('error', { name: error.constructor.name, text: error.message })
  }
}

obey({ watch, unwatch })
makeExchange().then(made => {
  exchange = made
  report('ready')
})
