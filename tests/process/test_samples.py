"""The recorded events in deploy/samples are what their generator writes."""
import subprocess
import sys
import unittest
from pathlib import Path

GENERATE = Path(__file__).resolve().parents[2] / "deploy" / "samples" / "generate.py"


class Samples(unittest.TestCase):
    def test_the_samples_are_what_their_generator_writes(self):
        done = subprocess.run([sys.executable, GENERATE, "--check"], capture_output=True, text=True,
                              check=False)
        self.assertEqual(done.returncode, 0, done.stderr)


if __name__ == "__main__":
    unittest.main()
