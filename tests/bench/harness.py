"""The processes of a measurement: started pinned, read line by line, ended by pid.

Whatever happens, leaving `with Processes()` ends every process that it started. Should this
program itself be killed, the kernel ends them.
"""

import ctypes
import os
import resource
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import time

PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None)
TICK = os.sysconf("SC_CLK_TCK")


class BenchError(Exception):
    """One line for the user."""


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def busy_ticks(cpu):
    """What everybody has used of a processor, in ticks; time stolen by a hypervisor counts."""
    with open("/proc/stat") as f:
        fields = next(line.split() for line in f if line.startswith(f"cpu{cpu} "))
    user, nice, system, _idle, _iowait, irq, softirq, steal = (int(x) for x in fields[1:9])
    return user + nice + system + irq + softirq + steal


def socket_memory():
    """Bytes that the kernel holds for all TCP sockets of the machine."""
    with open("/proc/net/sockstat") as f:
        fields = next(line.split() for line in f if line.startswith("TCP:"))
    return int(fields[fields.index("mem") + 1]) * resource.getpagesize()


class Child:
    """A process with its standard input and output, and where its standard error goes."""

    def __init__(self, name, popen, log):
        self.name, self.popen, self.log = name, popen, log
        self.pid = popen.pid
        self.buffer = b""

    def line(self, timeout):
        """The next line of its output; an error when none comes in time."""
        deadline = time.monotonic() + timeout
        while b"\n" not in self.buffer:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self.popen.stdout], [], [], left)[0]:
                raise BenchError(f"{self.name}: nothing was said for {timeout:.0f} s{self.last()}")
            piece = os.read(self.popen.stdout.fileno(), 65536)
            if not piece:
                raise BenchError(f"{self.name} has ended{self.last()}")
            self.buffer += piece
        line, self.buffer = self.buffer.split(b"\n", 1)
        return line.decode()

    def expect(self, word, timeout):
        line = self.line(timeout)
        if line != word:
            raise BenchError(f"{self.name}: expected '{word}', got: {line}{self.last()}")

    def say(self):
        try:
            self.popen.stdin.write(b"\n")
            self.popen.stdin.flush()
        except BrokenPipeError:
            pass  # it has ended; whoever waits for its next line will say so

    def check_alive(self):
        if self.popen.poll() is not None:
            raise BenchError(f"{self.name} has ended with {self.popen.returncode}{self.last()}")

    def last(self):
        """The end of its standard error, for messages."""
        with open(self.log, errors="replace") as f:
            lines = f.read().splitlines()[-3:]
        return "".join("\n    " + line for line in lines)

    # ---- what it has used ----

    def family(self):
        """Its pid and those of its children, for servers with workers."""
        pids, at = [self.pid], 0
        while at < len(pids):
            try:
                with open(f"/proc/{pids[at]}/task/{pids[at]}/children") as f:
                    pids += [int(pid) for pid in f.read().split()]
            except OSError:
                pass
            at += 1
        return pids

    def cpu_ns(self):
        """User and system time so far, by the kernel's exact clock of each process."""
        clock_of = lambda pid: (~pid << 3) | 2  # as clock_getcpuclockid() does it
        return sum(time.clock_gettime_ns(clock_of(pid)) for pid in self.family())

    def ticks(self):
        """User and system time in ticks: only good for the ratio of the two."""
        user = system = 0
        for pid in self.family():
            with open(f"/proc/{pid}/stat") as f:
                fields = f.read().rsplit(")", 1)[1].split()
            user, system = user + int(fields[11]), system + int(fields[12])
        return user, system

    def rss(self):
        """Resident bytes."""
        total = 0
        for pid in self.family():
            with open(f"/proc/{pid}/status") as f:
                total += sum(int(x.split()[1]) for x in f if x.startswith("VmRSS:")) * 1024
        return total

    def settle(self, limit=10):
        """Wait until it does next to nothing: under 1 ms of CPU in 100 ms."""
        before, deadline = self.cpu_ns(), time.monotonic() + limit
        while time.monotonic() < deadline:
            time.sleep(0.1)
            now = self.cpu_ns()
            if now - before < 1_000_000:
                return
            before = now


class Processes:
    def __init__(self):
        cpus = sorted(os.sched_getaffinity(0))
        if len(cpus) < 2:
            raise BenchError("two processors are needed: one for the server, one for all else")
        self.server_cpu, self.other_cpu = cpus[0], cpus[1]
        self.children = []

    def __enter__(self):
        os.sched_setaffinity(0, {self.other_cpu})
        self.dir = tempfile.mkdtemp(prefix="sluice-bench-")
        return self

    def __exit__(self, *_):
        while self.children:
            self.stop(self.children[-1])
        shutil.rmtree(self.dir, ignore_errors=True)

    def start(self, name, command, nice=0, server=False):
        log = os.path.join(self.dir, f"{len(os.listdir(self.dir))}-{name}.log")

        def prepare():
            LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
            os.sched_setaffinity(0, {self.server_cpu if server else self.other_cpu})
            hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
            try:
                os.setpriority(os.PRIO_PROCESS, 0, nice)
            except PermissionError:
                pass  # then all have the same priority

        try:
            with open(log, "w") as err:
                popen = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                         stderr=err, preexec_fn=prepare, start_new_session=True)
        except OSError as e:
            raise BenchError(f"cannot start {command[0]}: {e.strerror}") from None
        child = Child(name, popen, log)
        self.children.append(child)
        return child

    def stop(self, child):
        """Ask it to end; ask again, since a draining server takes its time; then insist."""
        for number, patience in ((signal.SIGTERM, 3), (signal.SIGTERM, 3), (signal.SIGKILL, 10)):
            if child.popen.poll() is not None:
                break
            child.popen.send_signal(number)
            try:
                child.popen.wait(patience)
            except subprocess.TimeoutExpired:
                continue
        child.popen.stdin.close()
        child.popen.stdout.close()
        self.children.remove(child)

    def start_redis(self):
        port = free_port()
        child = self.start("redis", ["redis-server", "--port", str(port), "--bind", "127.0.0.1",
                                     "--save", "", "--appendonly", "no", "--dir", self.dir,
                                     "--logfile", os.path.join(self.dir, "redis.log"),
                                     "--client-output-buffer-limit", "pubsub 256mb 64mb 60"],
                           nice=-10)
        wait_for(child, port)
        return port


def wait_for(child, port, path=None, limit=15):
    """Until the port takes connections or, with a path, answers it with 200."""
    deadline = time.monotonic() + limit
    while time.monotonic() < deadline and child.popen.poll() is None:
        try:
            with socket.create_connection(("127.0.0.1", port), 1) as s:
                if not path:
                    return
                s.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
                if s.recv(12) == b"HTTP/1.1 200":
                    return
        except OSError:
            pass
        time.sleep(0.05)
    raise BenchError(f"{child.name} does not serve port {port}{child.last()}")
