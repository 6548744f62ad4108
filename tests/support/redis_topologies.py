"""Redis as more than one server: Sentinel, Cluster, and TLS with a CA that is thrown away.

    sentinel = await Sentinel.start(stage)              # a master, two replicas, three sentinels
    cluster = await Cluster.start(stage)                # three masters, a replica each
    authority = Authority(stage)
    redis = await TlsRedis.make(stage, authority)

Failures are noticed fast here: sentinels after 1 s, a Cluster's nodes after 1 s.
"""
import asyncio
import subprocess

from support import resp
from support.servers import Redis, Server, free_port, until

SLOTS = 16384
PASSING = ("CLUSTERDOWN ", "TRYAGAIN ", "ASK ", "MOVED ")  # how a Cluster says "not now", "not here"
NOTICE = 30.0  # seconds for a failover, on a machine that does other things too


async def run(*words):
    """A command that is to succeed; its output."""
    process = await asyncio.create_subprocess_exec(
        *[str(word) for word in words], stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT)
    output, _ = await process.communicate()
    assert process.returncode == 0, f"{words}: {output.decode()}"
    return output.decode()


class Node(Redis):
    """A redis-server with more on its command line than the plain one; in a directory of its own.
    With an authority it speaks TLS beside, on tls_port: with its peers, and with gateways."""

    def __init__(self, stage, *more, authority=None):
        super().__init__(stage, stage._name("redis"))
        self.tls_port = free_port() if authority else None
        directory = stage.path(f"{self.name}.d")
        directory.mkdir()
        place = self.command.index("--dir")
        self.command[place + 1] = str(directory)
        if authority:
            more = (*tls_flags(authority, self.tls_port), "--tls-replication", "yes", *more)
        self.command += [str(word) for word in more]
        stage._add(self)

    @property
    def announced(self):
        """The port that servers and sentinels tell of it."""
        return self.tls_port or self.port

    def command_now(self, *words):
        """Once more where the connection was cut: sentinels do that to a server's clients."""
        try:
            return super().command_now(*words)
        except OSError:
            self.connection.close()
            self._connection = None
            return super().command_now(*words)

    def role(self):
        return self.command_now("ROLE")[0].decode()


# ---- Sentinel ----------------------------------------------------------------------------------

class Watcher(Server):
    """One sentinel."""

    def __init__(self, stage, master, login=(), authority=None):
        self.port = free_port()
        name = stage._name("sentinel")
        lines = [f"port {self.port}", "bind 127.0.0.1", f"dir {stage.directory}",
                 f"sentinel monitor main 127.0.0.1 {master.announced} 2",
                 "sentinel down-after-milliseconds main 1000",
                 "sentinel failover-timeout main 5000", *login]
        self.announced = self.port
        if authority:
            self.announced = free_port()
            flags = [*tls_flags(authority, self.announced), "--tls-replication", "yes"]
            lines += [f"{flag[2:]} {value}" for flag, value in zip(flags[::2], flags[1::2])]
        config = stage.write(f"{name}.conf", "\n".join(lines) + "\n")
        super().__init__(stage, name, ["redis-server", config, "--sentinel"])
        stage._add(self)

    def ask(self, *words):
        connection = resp.Connection(self.port)
        try:
            return connection.command("SENTINEL", *words)
        finally:
            connection.close()

    async def end(self):
        await self.kill()


class Sentinel:
    def __init__(self, stage, nodes, watchers):
        self.stage, self.nodes, self.watchers = stage, nodes, watchers

    @classmethod
    async def start(cls, stage, *more, login=(), authority=None):
        """more goes to every server, login to the sentinels' configuration."""
        master = Node(stage, *more, authority=authority)
        replicas = [Node(stage, "--replicaof", "127.0.0.1", master.announced,
                         "--repl-diskless-sync-delay", "0", *more, authority=authority)
                    for _ in range(2)]
        for node in (master, *replicas):
            await node.up()
        watchers = [Watcher(stage, master, login, authority) for _ in range(3)]
        for watcher in watchers:
            watcher.start()
        sentinel = cls(stage, [master, *replicas], watchers)
        await until(sentinel._is_settled, "the sentinels know each other and the replicas", NOTICE)
        return sentinel

    def _is_settled(self):
        try:
            return all(len(w.ask("SENTINELS", "main")) == 2 and len(w.ask("REPLICAS", "main")) == 2
                       and all(b"master-link-status" in row and
                               row[row.index(b"master-link-status") + 1] == b"ok"
                               for row in w.ask("REPLICAS", "main")) for w in self.watchers)
        except (OSError, resp.Error):
            return False

    @property
    def servers(self):
        return ",".join(f"127.0.0.1:{w.announced}" for w in self.watchers)

    @property
    def url(self):
        return f"redis+sentinel://{self.servers}/main"

    def master(self):
        """The server that most sentinels name."""
        named = []
        for watcher in self.watchers:
            if watcher.running:
                named.append(int(watcher.ask("GET-MASTER-ADDR-BY-NAME", "main")[1]))
        port = max(set(named), key=named.count)
        return next(node for node in self.nodes if node.announced == port)

    async def has_other_master(self, former):
        await until(lambda: self.master() is not former and self.master().role() == "master",
                    "another master is named", NOTICE)
        return self.master()


# ---- Cluster -----------------------------------------------------------------------------------

def served(ask):
    """What ask() gave; None where a server is not there, or a Cluster says "not now", "not here": on
    a machine that does other things too its nodes may lose sight of each other for a moment."""
    try:
        return ask()
    except OSError:
        return None
    except resp.Error as error:
        if not str(error).startswith(PASSING):
            raise
        return None


class Cluster:
    def __init__(self, stage, nodes, login=()):
        self.stage, self.nodes, self.login = stage, nodes, login

    @classmethod
    async def start(cls, stage, *more, login=(), masters=3, replicas=1, authority=None):
        """more goes to every server, login (flags) to redis-cli."""
        if authority:
            more = ("--tls-cluster", "yes", *more)
            login = ("--tls", "--cacert", authority.certificate, *login)
        nodes = [Node(stage, "--cluster-enabled", "yes", "--cluster-node-timeout", "1000",
                      "--repl-diskless-sync-delay", "0", "--cluster-allow-replica-migration", "no",
                      *more, authority=authority) for _ in range(masters * (1 + replicas))]
        for node in nodes:
            node.command += ["--cluster-port", str(free_port())]
            await node.up()
        await run("redis-cli", *login, "--cluster", "create",
                  *[f"127.0.0.1:{node.announced}" for node in nodes], "--cluster-replicas", replicas,
                  "--cluster-yes")
        cluster = cls(stage, nodes, login)
        await until(lambda: cluster.is_whole(replicas), "the cluster is whole", NOTICE)
        return cluster

    def is_whole(self, replicas):
        """Every node knows who has which slot, and serves: it may know before it does."""
        rows = [node.command_now("CLUSTER", "SLOTS") for node in self.running()]
        return (all(sum(row[1] - row[0] + 1 for row in table) == SLOTS and
                    all(len(row) >= 3 + replicas for row in table) for table in rows) and
                all(b"cluster_state:ok" in node.command_now("CLUSTER", "INFO")
                    for node in self.running()))

    @property
    def servers(self):
        return ",".join(f"127.0.0.1:{node.announced}" for node in self.nodes[:3])

    @property
    def url(self):
        return f"redis+cluster://{self.servers}"

    def running(self):
        return [node for node in self.nodes if node.running]

    def slot(self, channel):
        return self.running()[0].command_now("CLUSTER", "KEYSLOT", channel)

    def owner(self, slot):
        """Who most nodes say owns it."""
        named = []
        for node in self.running():
            named += [row[2][1] for row in node.command_now("CLUSTER", "SLOTS")
                      if row[0] <= slot <= row[1]]
        port = max(set(named), key=named.count)
        return next(node for node in self.nodes if node.port == port)

    def masters(self):
        return [node for node in self.running() if node.role() == "master"]

    def publish(self, stream, payload, prefix="sluice:"):
        """SPUBLISH to a stream's channel; how many got it of those at its master."""
        channel = f"{prefix}{{{stream}}}{stream}"
        return self.owner(self.slot(channel)).command_now("SPUBLISH", channel, payload)

    def listening(self, stream, prefix="sluice:"):
        """The connections that are subscribed to a stream's channel at its master."""
        channel = f"{prefix}{{{stream}}}{stream}"
        master = self.owner(self.slot(channel))
        return master.command_now("PUBSUB", "SHARDNUMSUB", channel)[1]

    async def move(self, slot, to):
        """Give a slot without keys to another master, as a resharding does."""
        source = self.owner(slot)
        names = {node: node.command_now("CLUSTER", "MYID") for node in (source, to)}
        to.command_now("CLUSTER", "SETSLOT", slot, "IMPORTING", names[source])
        source.command_now("CLUSTER", "SETSLOT", slot, "MIGRATING", names[to])
        for node in (to, source, *(n for n in self.masters() if n not in (to, source))):
            node.command_now("CLUSTER", "SETSLOT", slot, "NODE", names[to])
        await until(lambda: self.owner(slot) is to, "the slot has moved")


# ---- TLS ---------------------------------------------------------------------------------------

class Authority:
    """A CA, and certificates from it; openssl makes them, in a few milliseconds each (EC keys)."""

    def __init__(self, stage, name="ca"):
        self.stage, self.name = stage, name
        self.certificate = stage.path(f"{name}.pem")
        self.key = stage.path(f"{name}.key")
        self._openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                      "-nodes", "-keyout", self.key, "-out", self.certificate, "-days", "2",
                      "-subj", f"/CN={name}")

    def _openssl(self, *words):
        subprocess.run(["openssl", *[str(word) for word in words]], check=True,
                       capture_output=True)

    def issue(self, name, names="DNS:localhost,IP:127.0.0.1"):
        """(certificate, key) for those names."""
        base = self.stage.path(f"{self.name}-{name}")
        request, extensions = f"{base}.csr", f"{base}.ext"
        with open(extensions, "w") as file:
            file.write(f"subjectAltName={names}\n")
        self._openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                      "-keyout", f"{base}.key", "-out", request, "-subj", f"/CN={name}")
        self._openssl("x509", "-req", "-in", request, "-CA", self.certificate, "-CAkey", self.key,
                      "-CAcreateserial", "-days", "2", "-extfile", extensions, "-out",
                      f"{base}.pem")
        return f"{base}.pem", f"{base}.key"


def tls_flags(authority, port, clients="no", name="server", names="DNS:localhost,IP:127.0.0.1"):
    """A server's flags: TLS on that port, beside what --port says. clients: yes asks for theirs."""
    certificate, key = authority.issue(name, names)
    return ["--tls-port", port, "--tls-cert-file", certificate, "--tls-key-file", key,
            "--tls-ca-cert-file", authority.certificate, "--tls-auth-clients", clients]


class TlsRedis(Node):
    """Tests look at it in the clear, gateways come by TLS."""

    def __init__(self, stage, authority, **how):
        port = free_port()
        super().__init__(stage, *tls_flags(authority, port, **how))
        self.tls_port = port

    @classmethod
    async def make(cls, stage, authority, **how):
        redis = cls(stage, authority, **how)
        await redis.up()
        return redis

    @property
    def url(self):
        return f"rediss://127.0.0.1:{self.tls_port}"
