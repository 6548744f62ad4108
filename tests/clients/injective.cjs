// A client of Injective's chain stream as its documentation writes them, with the interface of
// browsers:  node injective.cjs ws://HOST:PORT/injstream-ws
'use strict'

const WebSocket = require('ws')
const { report, obey, url } = require('./report.cjs')

const socket = new WebSocket(url)

function request (id, method, req) {
  socket.send(JSON.stringify({ jsonrpc: '2.0', id, method, params: { req } }))
}

socket.onopen = () => report('open')
socket.onmessage = event => {
  const { id, result, error } = JSON.parse(event.data)
  if (error) report('error', { id, code: error.code, data: error.data })
  else if (result === 'success') report('success', { id })
  else report('update', { id, result })
}
socket.onclose = event => report('close', { code: event.code })
socket.onerror = event => report('trouble', { text: event.message })

obey({
  subscribe: (id, name, filter) =>
    request(id, 'subscribe', { subscription_id: name, filter }),
  unsubscribe: (id, name) => request(id, 'unsubscribe', { subscription_id: name })
})
