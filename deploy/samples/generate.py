#!/usr/bin/env python3
"""Makes the recorded events of the five systems; see README.md beside it.

  generate.py           write exchange.ndjson, injective.ndjson, … beside this file
  generate.py --check   exit 1 and name the first difference when a file is not what it would write
"""
import pathlib
import sys

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from generator import drift, exchange, injective, nano, zilliqa  # noqa: E402

MAKERS = {"exchange": exchange, "injective": injective, "nano": nano, "zilliqa": zilliqa,
          "drift": drift}
TOTAL_MAX = 2_000_000  # bytes, all files together: they travel with every checkout


def difference(path, text):
    """Where the file departs from text, in words; None when it does not."""
    if not path.exists():
        return "is missing"
    found = path.read_bytes().decode("utf-8", "replace").split("\n")
    for number, (have, want) in enumerate(zip(found, text.split("\n")), start=1):
        if have != want:
            return f"differs at line {number}"
    if len(found) != text.count("\n") + 1:
        return "has lines too few or too many"
    return None


def main(arguments):
    if arguments not in ([], ["--check"]):
        sys.exit(__doc__.strip())
    texts = {name: "".join(maker.make().lines()) for name, maker in MAKERS.items()}
    total = sum(len(text.encode()) for text in texts.values())
    if total > TOTAL_MAX:
        sys.exit(f"generate.py: {total} bytes, more than {TOTAL_MAX}")
    wrong = 0
    for name, text in texts.items():
        path = HERE / f"{name}.ndjson"
        if not arguments:
            path.write_bytes(text.encode())
        elif what := difference(path, text):
            print(f"generate.py: {path.name} {what}", file=sys.stderr)
            wrong = 1
    return wrong


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
