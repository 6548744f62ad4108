// @binance/connector: node connector.cjs ws://HOST:PORT combined|bare STREAM...
'use strict'

const { Console } = require('console')
const { Writable } = require('stream')
const { WebsocketStream } = require('@binance/connector')
const { report, obey, url } = require('./report.cjs')

const logger = new Console({ stdout: new Writable({ write: (chunk, encoding, done) => done() }) })
const client = new WebsocketStream({
  wsURL: url,
  combinedStreams: process.argv[3] === 'combined',
  reconnectDelay: 200,
  logger,
  callbacks: {
    open: () => report('open'),
    close: () => report('close'),
    message: text => report('message', { text }),
    ping: () => report('ping'),
    pong: () => report('pong')
  }
})

obey({
  subscribe: streams => client.subscribe(streams),
  unsubscribe: streams => client.unsubscribe(streams),
  ping: () => client.pingServer()
})
client.subscribe(process.argv.slice(4))
