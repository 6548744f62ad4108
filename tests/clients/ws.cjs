// ws, the plain client: node ws.cjs ws://HOST:PORT/PATH
'use strict'

const WebSocket = require('ws')
const { report, obey, url } = require('./report.cjs')

const socket = new WebSocket(url)
socket.on('open', () => report('open', { extensions: socket.extensions }))
socket.on('message', (data, binary) => report('message', { text: data.toString(), binary }))
socket.on('ping', data => report('ping', { text: data.toString() }))
socket.on('pong', data => report('pong', { text: data.toString() }))
socket.on('close', (code, reason) => report('close', { code, reason: reason.toString() }))
socket.on('error', error => report('error', { text: error.message }))

obey({
  send: text => socket.send(text),
  binary: text => socket.send(Buffer.from(text)),
  ping: text => socket.ping(text),
  close: code => socket.close(code)
})
