// binance: node binance.cjs ws://HOST:PORT
'use strict'

const { WebsocketClient } = require('binance')
const { report, obey, url } = require('./report.cjs')

const quiet = { trace () {}, info () {}, error () {} }
const client = new WebsocketClient(
  { wsUrl: url, beautify: false, pingInterval: 1000, pongTimeout: 5000, reconnectTimeout: 200 },
  quiet)

const watch = name => event => {
  event.ws.on('pong', () => report('pong'))
  report(name)
}
client.on('open', watch('open'))
client.on('reconnected', watch('reconnected'))
client.on('reconnecting', () => report('reconnecting'))
client.on('response', event => report('response', { result: event.result, id: event.id }))
client.on('message', event => report('message', { data: event }))
client.on('exception', error => report('exception', { text: String(error) }))

obey({
  subscribe: streams => client.subscribe(streams, 'main'),
  unsubscribe: streams => client.unsubscribe(streams, 'main')
})
