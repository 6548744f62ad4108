"""What is for operators has an address of its own once anything is to be kept private."""
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from support.servers import ProcessTest, free_port  # noqa: E402
from support.wsclient import Refused, http_get  # noqa: E402

PRIVATE = ("/metrics", "/streams", "/console")


class Admin(ProcessTest):
    async def statuses(self, port, paths):
        return [(await http_get(port, path))[0] for path in paths]

    async def test_without_anything_private_all_of_it_is_everywhere(self):
        _, gateway = await self.pair()
        self.assertEqual(await self.statuses(gateway.port, PRIVATE), [200, 200, 200])

    async def test_an_admin_address_has_it_alone(self):
        admin = free_port()
        _, gateway = await self.pair("--admin", f"127.0.0.1:{admin}")
        self.assertEqual(await self.statuses(gateway.port, PRIVATE), [404, 404, 404])
        self.assertEqual(await self.statuses(admin, PRIVATE), [200, 200, 200])
        for port in (admin, gateway.port):
            self.assertEqual(await self.statuses(port, ("/healthz", "/readyz")), [200, 200])

    async def test_with_origins_it_is_private_even_without_an_address(self):
        _, gateway = await self.pair("--origins", "example.com", "--admin", "off")
        self.assertEqual(await self.statuses(gateway.port, PRIVATE), [404, 404, 404])

    async def test_the_admin_address_serves_its_own_page_and_no_page_from_elsewhere(self):
        admin = free_port()
        _, gateway = await self.pair("--origins", "example.com", "--admin", f"127.0.0.1:{admin}")
        for origin in (f"http://127.0.0.1:{admin}", f"http://localhost:{admin}", f"http://[::1]:{admin}"):
            await self.stage.client(gateway, port=admin, headers=[("Origin", origin)])
        for origin in (f"http://evil.com:{admin}", "http://127.0.0.1.evil.com", "null"):
            with self.assertRaises(Refused) as caught:
                await self.stage.client(gateway, port=admin, headers=[("Origin", origin)])
            self.assertEqual(caught.exception.status, 403)

    async def test_it_runs_as_another_user_without_privileges(self):
        _, gateway = await self.pair("--user", "nobody", "--workers", "2")
        children = Path(f"/proc/{gateway.pid}/task/{gateway.pid}/children").read_text().split()
        self.assertEqual(len(children), 2)
        for pid in [str(gateway.pid), *children]:
            status = dict(line.split(":\t", 1) for line in
                          Path(f"/proc/{pid}/status").read_text().splitlines() if ":\t" in line)
            self.assertNotIn("0", status["Uid"].split() + status["Gid"].split())
            self.assertEqual(status["CapEff"], "0" * 16)
            self.assertEqual(status["Groups"].strip(), "")
            self.assertEqual(status["NoNewPrivs"], "1")

    async def test_an_unknown_user_ends_the_start(self):
        redis = await self.stage.redis()
        gateway = await self.stage.gateway(redis, "--user", "nobody-at-all", ready=False)
        gateway.expected_exit = 2
        self.assertEqual(await gateway.exited(), 2)
        self.assertIn("user: there is no user 'nobody-at-all'", gateway.stderr())


if __name__ == "__main__":
    unittest.main()
