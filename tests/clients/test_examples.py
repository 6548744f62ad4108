"""The client programs in README.md and in the dialects' pages run as they are pasted."""
import asyncio
import os
import re
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from support.node import packages  # noqa: E402
from support.servers import ROOT, ProcessTest  # noqa: E402

SAMPLES = ("exchange", "injective", "nano", "zilliqa", "drift")
PAGES = [ROOT / "README.md", *sorted((ROOT / "gateway" / "dialects").glob("*.md"))]
EXAMPLE = re.compile(r"(?ms)^```(js|python)\n(.*?)^```$")
ADDRESS = "127.0.0.1:8080"  # as the pages have it
PATIENCE = 60  # seconds for each to say something: Zilliqa's blocks are rare


def examples():
    """(page, language, text) of all that connect to a gateway."""
    for page in PAGES:
        for language, text in EXAMPLE.findall(page.read_text()):
            if ADDRESS in text:
                yield page.name, language, text


class Examples(ProcessTest):
    async def start(self, number, language, text):
        text = text.replace(ADDRESS, f"127.0.0.1:{self.gateway.port}")
        path = self.stage.write(f"{number}.{'cjs' if language == 'js' else 'py'}", text)
        program = ["node"] if language == "js" else ["/usr/bin/python3", "-u"]
        return await asyncio.create_subprocess_exec(
            *program, str(path), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
            limit=1 << 24, env=os.environ | {"NODE_PATH": str(packages())})

    async def runs(self, number, page, language, text):
        process = await self.start(number, language, text)
        try:
            line = await asyncio.wait_for(process.stdout.readline(), PATIENCE)
            if not line:
                error = (await process.stderr.read()).decode()
                self.fail(f"{page}: the {language} example ended without a word:\n{text}\n{error}")
        except asyncio.TimeoutError:
            self.fail(f"{page}: the {language} example printed nothing:\n{text}")
        finally:
            if process.returncode is None:
                process.kill()
            await process.wait()

    async def test_every_example_prints_what_comes(self):
        redis = await self.stage.redis()
        self.gateway = await self.stage.gateway(redis)
        sources = [f"--source=replay={ROOT}/deploy/samples/{name}.ndjson,speed=5,loop"
                   for name in SAMPLES]
        await self.stage.publisher(redis, *sources)
        await asyncio.gather(*(self.runs(number, *example)
                               for number, example in enumerate(examples())))

    def test_each_dialect_has_an_example_in_both_languages(self):
        found = {(page, language) for page, language, _ in examples()}
        for page in PAGES:
            for language in ("js", "python"):
                self.assertIn((page.name, language), found)


if __name__ == "__main__":
    unittest.main()
