"""deploy/reference.md and the man pages say what the programs say."""
import re
import subprocess
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from support.servers import BUILD, ROOT  # noqa: E402

REFERENCE = ROOT / "deploy" / "reference.py"


class Reference(unittest.TestCase):
    def test_it_is_what_the_programs_say(self):
        done = subprocess.run([sys.executable, REFERENCE, BUILD, "--check"], capture_output=True,
                              text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_no_setting_is_left_out(self):
        text = (ROOT / "deploy" / "reference.md").read_text()
        for program in ("sluice-gateway", "sluice-publisher"):
            said = subprocess.run([BUILD / program, "--help"], capture_output=True, text=True,
                                  check=True).stdout
            section = text.split(f"## {program}\n")[1].split("\n## ")[0]
            flags = set(re.findall(r"(?m)^  (--[a-z0-9-]+)", said)) - {"--help", "--version", "--check"}
            self.assertEqual(flags, set(re.findall(r"(?m)^\| `(--[a-z0-9-]+)", section)))


if __name__ == "__main__":
    unittest.main()
