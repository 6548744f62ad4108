"""A wire between two programs that can be slowed down, frozen and cut."""
import asyncio

from support.servers import free_port

CHUNK = 64 * 1024


class Wire:
    """A TCP proxy on a port of its own."""

    def __init__(self, to_port):
        self.to_port, self.port = to_port, free_port()
        self.delay_s = 0.0
        self.flowing = asyncio.Event()  # cleared: nothing passes, and nobody is told
        self.flowing.set()
        self.server = None
        self.writers, self.tasks = set(), set()

    @property
    def url(self):
        return f"redis://127.0.0.1:{self.port}"

    async def up(self):
        self.server = await asyncio.start_server(self._accept, "127.0.0.1", self.port)
        return self

    async def end(self):
        if self.server:
            self.server.close()
        for task in list(self.tasks):
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        self.cut()

    def cut(self):
        """Every connection is reset."""
        for writer in self.writers:
            writer.transport.abort()
        self.writers.clear()

    def freeze(self):
        self.flowing.clear()

    def thaw(self):
        self.flowing.set()

    async def _accept(self, reader, writer):
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.to_port)
        except OSError:
            writer.transport.abort()
            return
        self.writers |= {writer, far_writer}
        for pair in ((reader, far_writer), (far_reader, writer)):
            task = asyncio.create_task(self._carry(*pair))
            self.tasks.add(task)
            task.add_done_callback(self.tasks.discard)

    async def _carry(self, reader, writer):
        """Delays what comes, without delaying what comes after it still more."""
        loop, waiting = asyncio.get_running_loop(), asyncio.Queue(1000)

        async def write():
            while (item := await waiting.get()) is not None:
                at, data = item
                await asyncio.sleep(max(0.0, at - loop.time()))
                await self.flowing.wait()
                writer.write(data)
                await writer.drain()
            writer.close()

        writing = asyncio.create_task(write())
        try:
            while data := await reader.read(CHUNK):
                await waiting.put((loop.time() + self.delay_s, data))
            await waiting.put(None)
            await writing
        except (OSError, ConnectionError):
            pass
        finally:
            writing.cancel()
            writer.close()
