// The console in a browser without a screen: node console.cjs http://HOST:PORT/
'use strict'

const { chromium } = require('playwright-core')
const { report, obey, url } = require('./report.cjs')

const QUIET = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-dev-shm-usage',
  '--disable-background-networking', '--disable-component-update', '--disable-sync']

async function main () {
  const browser = await chromium.launch({ executablePath: process.argv[3], args: QUIET })
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } })
  page.on('console', message => report('console', { text: message.text() }))
  page.on('pageerror', error => report('pageerror', { text: error.message }))
  page.on('request', request => report('request', { url: request.url() }))
  await page.goto(url)

  // One after the other, as a person would do them.
  let last = Promise.resolve()
  const order = action => (...args) => {
    last = last.then(() => action(...args)).catch(error => report('failed', { text: error.message }))
  }
  obey({
    fill: order((selector, text) => page.fill(selector, text)),
    press: order(key => page.keyboard.press(key)),
    type: order(text => page.keyboard.type(text)),
    click: order(selector => page.click(selector, { timeout: 5000 })),
    choose: order((selector, value) => page.selectOption(selector, value)),
    look: order(async expression => report('look', { expression, value: await page.evaluate(expression) })),
    shot: order(path => page.screenshot({ path }))
  })
  report('open')
}

main().catch(error => report('failed', { text: error.message }))
