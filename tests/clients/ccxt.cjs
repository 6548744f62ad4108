// ccxt, its WebSocket part: node ccxt.cjs ws://HOST:PORT SYMBOL_ID...
'use strict'

const ccxt = require('ccxt')
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

const exchange = new ccxt.pro.binance({ newUpdates: true })
exchange.urls.api.ws.spot = url + '/ws'
exchange.setMarkets([market('BTCUSDT', 'BTC', 'USDT'), market('ETHUSDT', 'ETH', 'USDT')])

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
exchange.loadHttpProxyAgent() // which ccxt wants for every ws:// address, proxy or not
  .then(() => report('ready'))
