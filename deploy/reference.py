#!/usr/bin/python3
"""Write what is said of every setting and metric from what the programs themselves say.

  deploy/reference.py BUILD_DIR           write deploy/reference.md and deploy/man/*.1
  deploy/reference.py BUILD_DIR --check   exit 1 and name the files that are not what it would write

BUILD_DIR holds sluice-gateway and sluice-publisher.
"""
import re
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

DEPLOY = Path(__file__).resolve().parent
PROGRAMS = {
    "sluice-gateway": "forwards Redis Pub/Sub streams to WebSocket clients",
    "sluice-publisher": "turns events into Redis Pub/Sub messages",
}
EXITS = {
    "sluice-gateway": ["0: ended as asked, by SIGTERM or SIGINT", "1: it could not go on",
                       "2: a setting is wrong, or an address cannot be listened on"],
    "sluice-publisher": ["0: all its sources have ended, or it was asked to end",
                         "2: a setting is wrong, or a source cannot be opened"],
}
SIGNALS = {
    "sluice-gateway": ["SIGTERM, SIGINT: stop listening, close the clients one by one over "
                       "\\-\\-drain, end. A second one ends at once.",
                       "SIGHUP: read the settings file again; all that is marked SIGHUP may "
                       "change, the rest must not."],
    "sluice-publisher": ["SIGTERM, SIGINT: stop the sources, send what waits for five seconds at "
                         "most, end. A second one ends at once.",
                         "SIGHUP: go on with a new file of the name that \\-\\-record has."],
}


# ---- what the programs say ---------------------------------------------------------------------

def settings(build, program):
    """[(flag, value, help, notes)] of --help."""
    text = subprocess.run([build / program, "--help"], capture_output=True, text=True,
                          check=True).stdout
    entries = []
    for line in text.splitlines():
        if line.startswith("  --"):
            entries.append(line.strip())
        elif line.startswith("   ") and entries:
            entries[-1] += "  " + line.strip() if "  " not in entries[-1] else " " + line.strip()
        elif entries:
            entries.append("")
    found = []
    for entry in entries:
        match = re.match(r"--([a-z0-9-]+)(?: (\S.*?))?  +(.*) \(([^()]*(?:\([^()]*\)[^()]*)*)\)$",
                         entry)
        if match and "SLUICE_" in match[4]:
            found.append((match[1], match[2] or "", match[3], match[4]))
    return found


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def metrics(build, program):
    """[(name, type, help, labels)] of a running program's /metrics."""
    address = ("127.0.0.1", free_port())
    where = "%s:%d" % address
    with tempfile.NamedTemporaryFile() as lines:
        own = {"sluice-gateway": ["--listen", where],
               "sluice-publisher": ["--http", where, "--source", f"lines={lines.name}"]}
        process = subprocess.Popen(
            [build / program, "--redis", "unix:///nonexistent/redis", "--log-level", "error",
             *own[program]], stderr=subprocess.DEVNULL)
        try:
            return parse_metrics(get(address, "/metrics"))
        finally:
            process.kill()
            process.wait()


def get(address, target):
    end = time.monotonic() + 10
    while True:
        try:
            with socket.socket() as s:
                s.settimeout(10)
                s.connect(address)
                s.sendall(f"GET {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
                head, body = read_until(s, b"\r\n\r\n")
                length = int(re.search(rb"(?i)content-length: (\d+)", head)[1])
                while len(body) < length:
                    body += s.recv(65536)
                return body.decode()
        except ConnectionRefusedError:
            if time.monotonic() > end:
                raise
            time.sleep(0.05)


def read_until(s, mark):
    data = b""
    while mark not in data:
        data += s.recv(65536)
    head, _, rest = data.partition(mark)
    return head, rest


def parse_metrics(text):
    rows, labels = {}, {}
    for line in text.splitlines():
        if line.startswith("# HELP "):
            name, words = line[7:].split(" ", 1)
            rows[name] = ["", words]
        elif line.startswith("# TYPE "):
            name, kind = line[7:].split(" ")
            rows[name][0] = kind
        else:
            name, _, rest = line.partition("{")
            name = re.sub(r"_(bucket|sum|count)$", "", name.split(" ")[0])
            found = re.findall(r'(\w+)="', rest.rpartition("}")[0])
            labels.setdefault(name, []).extend(f for f in found if f != "le")
    return [(name, kind, words, sorted(set(labels.get(name, []))))
            for name, (kind, words) in rows.items()]


# ---- what is written ---------------------------------------------------------------------------

def cell(text):
    return text.replace("|", "\\|").replace("<", "&lt;")


def facts(notes):
    """(default, range and the like, may it be reloaded) of a setting's notes."""
    parts = [part for part in notes.split("; ") if not part.startswith("SLUICE_")]
    default = next((part[8:] for part in parts if part.startswith("default ")), "")
    others = [part for part in parts if not part.startswith("default ") and part != "SIGHUP"]
    return default, ", ".join(others), "SIGHUP" in parts


def reference(build):
    lines = ["# Settings and metrics", "",
             "Written by `deploy/reference.py` from what the programs say.", ""]
    for program in PROGRAMS:
        lines += [f"## {program}", "",
                  "| flag | default | may be | changes on SIGHUP | |", "|---|---|---|---|---|"]
        for flag, value, words, notes in settings(build, program):
            default, others, reload = facts(notes)
            shown = f"`--{flag} {value}`" if value else f"`--{flag}`"
            lines.append(f"| {cell(shown)} | {f'`{cell(default)}`' if default else ''} | "
                         f"{cell(others)} | {'yes' if reload else ''} | {cell(words)} |")
        lines += [""]
    lines += ["The environment variable and the line in a settings file have the flag's name in "
              "capitals: `--queue-bytes`", "is `SLUICE_QUEUE_BYTES`.", ""]
    for program in PROGRAMS:
        lines += [f"## Metrics of {program}", "", "| name | type | labels | |", "|---|---|---|---|"]
        lines += [f"| `{name}` | {kind} | {', '.join(labels)} | {cell(words)} |"
                  for name, kind, words, labels in metrics(build, program)]
        lines += [""]
    return "\n".join(lines).rstrip() + "\n"


def troff(text):
    return re.sub(r"^([.'])", r"\\&\1", text.replace("\\", "\\e").replace("-", "\\-"))


def man(build, program):
    version = subprocess.run([build / program, "--version"], capture_output=True, text=True,
                             check=True).stdout.split()[-1]
    lines = [f'.TH {program.upper()} 1 "" "Sluice {version}" "Sluice"',
             ".SH NAME", f"{troff(program)} \\- {PROGRAMS[program]}",
             ".SH SYNOPSIS", f".B {troff(program)}", ".RI [ settings ]",
             ".SH DESCRIPTION",
             "Every setting is a flag, an environment variable or a line KEY=VALUE of the file that",
             ".B \\-\\-settings",
             "names; the first of these that is given counts. Variables and keys have the flag's name "
             "in capitals:", ".B \\-\\-log\\-level", "is", ".BR SLUICE_LOG_LEVEL .",
             ".SH SETTINGS"]
    for flag, value, words, notes in settings(build, program):
        lines += [".TP", f".BI {troff('--' + flag)} \" {troff(value)}\"" if value
                  else f".B {troff('--' + flag)}",
                  troff(words) + ".", troff(f"({notes})")]
    if program == "sluice-gateway":
        lines += [".TP", ".B \\-\\-check", "Say what of these settings, this machine and Redis would "
                  "hurt, a line each (ok, warn, fail), and end: 0, or 1 when it could not run."]
    lines += [".TP", ".B \\-\\-help", "All settings.", ".TP", ".B \\-\\-version", "The version."]
    lines += [".SH SIGNALS"]
    for words in SIGNALS[program]:
        lines += [".PP", words]
    lines += [".SH EXIT STATUS"]
    for words in EXITS[program]:
        lines += [".PP", words]
    other = next(name for name in PROGRAMS if name != program)
    lines += [".SH FILES", f".I /etc/sluice/{program.split('-')[1]}.conf",
              "is the settings file of the systemd unit.",
              ".SH SEE ALSO", f".BR {troff(other)} (1)"]
    return "\n".join(lines) + "\n"


def main(build, *options):
    build = Path(build).resolve()
    wanted = {DEPLOY / "reference.md": reference(build)}
    for program in PROGRAMS:
        wanted[DEPLOY / "man" / f"{program}.1"] = man(build, program)
    stale = [path for path, text in wanted.items()
             if not path.exists() or path.read_text() != text]
    if "--check" in options:
        for path in stale:
            print(f"{path.relative_to(DEPLOY.parent)} is not what the programs say: "
                  "run deploy/reference.py BUILD_DIR", file=sys.stderr)
        return 1 if stale else 0
    for path in stale:
        path.parent.mkdir(exist_ok=True)
        path.write_text(wanted[path])
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]) if len(sys.argv) > 1 else __doc__.strip())
