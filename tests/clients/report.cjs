// How a client program talks with the test that runs it: events go out as JSON lines on standard
// output, orders come in as JSON lines ["name", argument, ...] on standard input. The program ends
// when its standard input does.
'use strict'

const readline = require('readline')

function report (event, fields = {}) {
  process.stdout.write(JSON.stringify({ event, ...fields }) + '\n')
}

function obey (orders) {
  const lines = readline.createInterface({ input: process.stdin })
  lines.on('line', line => {
    const [name, ...args] = JSON.parse(line)
    orders[name](...args)
  })
  lines.on('close', () => process.exit(0))
}

module.exports = { report, obey, url: process.argv[2] }
