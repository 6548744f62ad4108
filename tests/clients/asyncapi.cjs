// Is a file a valid AsyncAPI document? node asyncapi.cjs FILE
'use strict'

const { readFileSync } = require('fs')
const { Parser } = require('@asyncapi/parser')
const { report } = require('./report.cjs')

async function main (path) {
  const { document, diagnostics } = await new Parser().parse(readFileSync(path, 'utf8'))
  const errors = diagnostics.filter(d => d.severity === 0).map(d => `${d.path.join('.')}: ${d.message}`)
  const messages = document ? document.allMessages().all() : []
  report('parsed', { errors, messages: messages.map(message => message.name()) })
}

main(process.argv[2])
