// ws, as a Drift client uses it: node drift.cjs ws://HOST:PORT/PATH
'use strict'

const WebSocket = require('ws')
const { report, obey, url } = require('./report.cjs')

const socket = new WebSocket(url)

function ask (marketType, channel, market) {
  socket.send(JSON.stringify({ type: 'subscribe', marketType, channel, market }))
}

socket.on('open', () => {
  report('open')
  ask('perp', 'orderbook', 'SOL-PERP')
  ask('spot', 'orderbook', 'SOL')
  ask('perp', 'trades', 'SOL-PERP')
})

socket.on('message', raw => {
  const message = JSON.parse(raw.toString())
  report('message', { channel: message.channel, message: message.message, data: message.data })
})
socket.on('close', code => report('close', { code }))
socket.on('error', error => report('error', { text: error.message }))

obey({})
