#!/usr/bin/python3
"""The small helper of deploy/up: ports, readiness, and a client that shows what comes.

  live.py free-port                    print a loopback port that nobody listens on
  live.py is-free HOST:PORT            exit 0 when one could listen there, else 1
  live.py ready HOST:PORT              exit 0 when /readyz answers 200, else 1
  live.py show  HOST:PORT STREAM…      subscribe and print messages until ended
  live.py check HOST:PORT SECONDS N STREAM…   exit 0 once messages of N streams have come
"""
import asyncio
import http.client
import json
import os
import signal
import socket
import sys
import time

LINE = 150  # characters of a message that are shown


def split(address):
    host, _, port = address.rpartition(":")
    return host.strip("[]"), int(port)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def is_free(address):
    """Without SO_REUSEPORT, so that a listener which shares its port counts as one too."""
    host, port = split(address)
    try:
        family, kind, protocol, _, where = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        with socket.socket(family, kind, protocol) as s:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            s.bind(where)
            s.listen()
    except OSError:
        return False
    return True


def ready(address):
    host, port = split(address)
    connection = http.client.HTTPConnection(host, port, timeout=2)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


async def messages(address, streams):
    """(stream, text) of everything that arrives, until the connection ends."""
    import websockets  # only here: ports and readiness need no package

    async with websockets.connect(f"ws://{address}/") as client:
        await client.send(json.dumps({"method": "SUBSCRIBE", "params": streams, "id": 1}))
        async for text in client:
            yield json.loads(text).get("stream", "?"), text


async def show(address, streams):
    while True:
        try:
            async for _, text in messages(address, streams):
                print(text if len(text) <= LINE else text[:LINE] + "…", flush=True)
        except BrokenPipeError:
            raise
        except Exception as error:  # the gateway may be restarting a worker
            print(f"connection lost: {error}", file=sys.stderr, flush=True)
        await asyncio.sleep(1)


async def collect(seen, address, streams, enough):
    async for stream, text in messages(address, streams):
        seen.setdefault(stream, []).append(text)
        if len(seen) >= enough:
            return


async def check(address, seconds, enough, streams):
    seen, begun, trouble = {}, time.monotonic(), ""
    try:
        await asyncio.wait_for(collect(seen, address, streams, enough), seconds)
    except asyncio.TimeoutError:
        trouble = f"after {seconds:g} s"
    except Exception as error:
        trouble = f"then the connection ended: {error}"
    for stream, texts in sorted(seen.items()):
        print(f"{stream}: {len(texts)} messages, the first {texts[0][:LINE]}")
    if len(seen) >= enough:
        print(f"messages of {len(seen)} streams within {time.monotonic() - begun:.1f} s")
        return 0
    print(f"messages of {len(seen)} streams, wanted {enough}, {trouble}", file=sys.stderr)
    return 1


def main(command, *arguments):
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        del os.environ[name]  # what is shown is on this machine
    if command == "free-port":
        print(free_port())
        return 0
    if command == "is-free":
        return 0 if is_free(*arguments) else 1
    if command == "ready":
        return 0 if ready(*arguments) else 1
    if command == "show":
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # `deploy/up | head` ends quietly
        return asyncio.run(show(arguments[0], list(arguments[1:])))
    if command == "check":
        address, seconds, enough, *streams = arguments
        return asyncio.run(check(address, float(seconds), int(enough), streams))
    sys.exit(__doc__.strip())


if __name__ == "__main__":
    sys.exit(main(*(sys.argv[1:] or ["--help"])))
