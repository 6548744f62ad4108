"""Messages with ids as a publisher leaves them in Redis: history first, then what is heard.

    write(redis, "trade.SOL_USDC", "7-1", '{"n":1}')          both
    write(redis, ..., heard=False)                            in the history only: it was missed
"""
from support.servers import PREFIX

TIME = 1_700_000_000_000_000  # Unix microseconds


def message(identity, data, tag=""):
    return f"{identity} {TIME}{' ' + tag if tag else ''}\n{data}"


def key(stream):
    return f"{PREFIX}hist:{stream}"


def commands(stream, identity, data, tag="", heard=True, kept=True):
    text = message(identity, data, tag)
    if kept:
        yield ("XADD", key(stream), identity, "m", text)
    if heard:
        yield ("PUBLISH", PREFIX + stream, text)


def write(redis, stream, identity, data, **how):
    redis.connection.pipeline(list(commands(stream, identity, data, **how)))


def write_all(redis, stream, epoch, numbers, **how):
    """Messages {"n":N} with ids EPOCH-N, in one go."""
    redis.connection.pipeline([c for n in numbers
                               for c in commands(stream, f"{epoch}-{n}", '{"n":%d}' % n, **how)])
