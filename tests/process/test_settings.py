"""Settings: what is wrong ends the start with one clear line and exit 2; flags win over all."""
import socket
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from support.servers import ProcessTest, free_port  # noqa: E402

class RefusedSettings(ProcessTest):
    """Each start must fail at once, with exit 2 and one line that names what is wrong."""

    async def refused(self, *flags, says, redis="redis://127.0.0.1:1", **how):
        gateway = await self.stage.gateway(redis, *flags, ready=False, **how)
        gateway.expected_exit = 2
        self.assertEqual(await gateway.exited(), 2, gateway.stderr())
        lines = gateway.stderr().splitlines()
        self.assertEqual(len(lines), 1, lines)
        for word in [says] if isinstance(says, str) else says:
            self.assertIn(word, lines[0])
        self.stage.servers.remove(gateway)
        gateway.stderr_path.unlink()

    async def test_an_unknown_flag(self):
        await self.refused("--no-such-setting", "1", says="no-such-setting")

    async def test_a_stray_argument(self):
        await self.refused("stray", says="stray")

    async def test_a_flag_without_its_value(self):
        await self.refused("--queue-bytes", says="queue-bytes")

    async def test_values_out_of_range_or_of_the_wrong_kind(self):
        for flag, value in (("--workers", "100000"), ("--workers", "-1"), ("--workers", "two"),
                            ("--workers", ""), ("--queue-bytes", "12q"), ("--queue-bytes", "0"),
                            ("--queue-bytes", "99999999999999999999"), ("--drain", "soon"),
                            ("--drain", "-1s"), ("--payload", "folded"), ("--log-level", "loud"),
                            ("--max-message", "1.5k")):
            with self.subTest(flag=flag, value=value):
                await self.refused(f"{flag}={value}", says=flag.lstrip("-"))

    async def test_a_bad_redis_url(self):
        for url in ("127.0.0.1:6379", "http://127.0.0.1", "redis://", "redis://127.0.0.1:99999",
                    "redis://127.0.0.1/db", "redis://[::1", "unix://"):
            with self.subTest(url=url):
                await self.refused(redis=url, says="redis")

    async def test_a_redis_password_is_never_shown(self):
        gateway = await self.stage.gateway("redis://user:hunter2@:no-port", ready=False)
        gateway.expected_exit = 2
        self.assertEqual(await gateway.exited(), 2)
        self.assertNotIn("hunter2", gateway.stderr())

    async def test_a_bad_listen_address(self):
        for listen in ("nonsense", "127.0.0.1:notaport", "127.0.0.1:70000", "unix:",
                       "127.0.0.1:{port},dialect=klingon", "127.0.0.1:{port},colour=red",
                       "127.0.0.1:{port},profile=neither"):
            with self.subTest(listen=listen):
                await self.refused(listen=listen, says="listen")

    async def test_a_port_that_another_program_uses(self):
        port = free_port()
        with socket.socket() as other:
            other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            other.bind(("127.0.0.1", port))
            other.listen()
            await self.refused(listen=f"127.0.0.1:{port}", says=["listen", str(port)])

    async def test_an_empty_prefix_without_a_list_of_streams(self):
        await self.refused("--prefix", "", says="streams")

    async def test_a_prefix_with_glob_characters(self):
        await self.refused("--prefix", "a*:", says="prefix")

    async def test_an_unknown_variable(self):
        await self.refused(SLUICE_NO_SUCH="1", says="SLUICE_NO_SUCH")

    async def test_a_bad_value_in_the_environment(self):
        await self.refused(SLUICE_WORKERS="many", says="SLUICE_WORKERS")

    async def test_a_settings_file_that_is_not_there(self):
        await self.refused("--settings", str(self.stage.path("none")), says="settings")

    async def test_a_settings_file_with_a_mistake_is_named_with_the_line(self):
        for text in ("SLUICE_WORKERS=1\n\nSLUICE_WORKERS 2\n", "# one\n\nSLUICE_NO_SUCH=1\n",
                     "\n\nSLUICE_WORKERS=many\n"):
            with self.subTest(text=text):
                path = self.stage.write("sluice.conf", text)
                await self.refused("--settings", str(path), says=["sluice.conf", "3"])


class Precedence(ProcessTest):
    """Flag before environment before file before default, seen in how many streams are allowed."""

    async def allowed(self, *flags, **variables):
        redis, gateway = await self.pair(*flags, **variables)
        client = await self.stage.client(gateway)
        for n in range(10):
            await client.subscribe(f"trade.P{n}")
        await client.fence()
        allowed = 0
        for n in range(10):
            allowed += await gateway.listeners(f"trade.P{n}")
        return allowed

    def file(self, count):
        text = f'# a comment\n\nSLUICE_MAX_SUBSCRIPTIONS="{count}"\n'
        return ("--settings", str(self.stage.write("sluice.conf", text)))

    async def test_the_default_when_nothing_is_said(self):
        self.assertEqual(await self.allowed(), 10)

    async def test_the_file_before_the_default(self):
        self.assertEqual(await self.allowed(*self.file(2)), 2)

    async def test_the_environment_before_the_file(self):
        self.assertEqual(await self.allowed(*self.file(2), SLUICE_MAX_SUBSCRIPTIONS="3"), 3)

    async def test_a_flag_before_the_environment_and_the_file(self):
        flags = (*self.file(2), "--max-subscriptions=4")
        self.assertEqual(await self.allowed(*flags, SLUICE_MAX_SUBSCRIPTIONS="3"), 4)

    async def test_the_environment_names_the_file(self):
        _, path = self.file(2)
        self.assertEqual(await self.allowed(SLUICE_SETTINGS=path), 2)


class Help(ProcessTest):
    async def output(self, flag):
        gateway = await self.stage.gateway(None, flag, ready=False)
        self.assertEqual(await gateway.exited(), 0)
        return gateway.stderr()  # the stage writes both outputs to one file

    async def test_help_lists_every_setting_with_its_variable(self):
        text = await self.output("--help")
        for name in ("listen", "redis", "prefix", "workers", "settings", "streams", "payload",
                     "queue-bytes", "queue-messages", "max-message", "max-payload",
                     "max-subscriptions", "drain", "ping-interval", "pong-timeout",
                     "handshake-timeout", "first-subscription-timeout", "binance-rate", "linger",
                     "log-level"):
            self.assertIn(f"--{name}", text)
            self.assertIn("SLUICE_" + name.upper().replace("-", "_"), text)

    async def test_version_is_one_line(self):
        self.assertRegex(await self.output("--version"), r"^.*\d+\.\d+.*\n$")


if __name__ == "__main__":
    unittest.main()
