// @zilliqa-js/subscriptions: node zilliqa.cjs ws://HOST:PORT/PATH NewBlock|EventLog [ADDRESS ...]
'use strict'

const { SubscriptionBuilder, MessageType, SocketConnect } = require('@zilliqa-js/subscriptions')
const { report, obey, url } = require('./report.cjs')

const [kind, ...addresses] = process.argv.slice(3)
const builder = new SubscriptionBuilder()
const subscription = kind === 'NewBlock'
  ? builder.buildNewBlockSubscriptions(url)
  : builder.buildEventLogSubscriptions(url, { addresses })

subscription.emitter.on(MessageType.NEW_BLOCK, event => report('NewBlock', { value: event.value }))
subscription.emitter.on(MessageType.EVENT_LOG, event => report('EventLog', { value: event.value }))
subscription.emitter.on(MessageType.UNSUBSCRIBE, event => report('Unsubscribe', { data: event }))
subscription.emitter.on(SocketConnect.CONNECT, () => report('connect'))
subscription.emitter.on(SocketConnect.ERROR, () => report('error'))
subscription.websocket.addEventListener('close', event => report('close', { clean: event.wasClean }))
process.on('uncaughtException', error => report('thrown', { text: error.message }))

obey({
  start: async () => report('started', { result: await subscription.start() }),
  stop: async () => report('stopped', { result: await subscription.stop() })
})
