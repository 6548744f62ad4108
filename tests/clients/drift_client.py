"""websocket-client, as a Drift client uses it:  drift_client.py ws://HOST:PORT/PATH

What it hears goes out as JSON lines on standard output; it ends when its standard input does.
"""
import json
import os
import ssl
import sys
import threading

import websocket


def report(event, **fields):
    print(json.dumps({"event": event} | fields), flush=True)


def on_open(app):
    report("open")
    for kind, channel, market in (("perp", "orderbook", "SOL-PERP"), ("spot", "orderbook", "SOL"),
                                  ("perp", "trades", "SOL-PERP")):
        app.send(json.dumps({"type": "subscribe", "marketType": kind, "channel": channel,
                             "market": market}))


def on_message(_, text):
    message = json.loads(text)
    report("message", channel=message.get("channel"), message=message.get("message"),
           data=message.get("data"))


def end_with_input():
    sys.stdin.read()
    os._exit(0)


threading.Thread(target=end_with_input, daemon=True).start()
client = websocket.WebSocketApp(
    sys.argv[1], on_open=on_open, on_message=on_message,
    on_error=lambda _, error: report("error", text=str(error)),
    on_close=lambda _, code, text: report("close", code=code))
client.run_forever(sslopt={"cert_reqs": ssl.CERT_NONE})
