"""Nano: every topic of a node, as sent to a subscriber who asked for all there is of each.

The node writes its messages through a property tree: every value is text, numbers and truth
values too, and an empty list is "".
"""
from .common import END, START, Draw, Recording
from .nano_ledger import RAW, Account, account_name, upper

FINAL_VOTE = 2**64 - 1  # the timestamp that says: this vote is final
QUORUM = 57 * 10**6 * RAW  # two thirds of what the representatives below weigh
WORK_BASE, WORK_RECEIVE = 0xFFFFFFF800000000, 0xFFFFFE0000000000
LEGACY_AGE = 5 * 365 * 86_400  # seconds


def make():
    return Network().play()


def multiplier(difficulty, base):
    return repr((2**64 - base) / (2**64 - difficulty))


class Network:
    def __init__(self):
        self.draw = Draw("nano")
        self.recording = Recording("nano")
        self.representatives = [Account(self.draw, weight * 10**6 * RAW)
                                for weight in (30, 24, 17, 10, 4)]
        self.accounts = [Account(self.draw, self.draw.between(2, 5000) * RAW,
                                 self.draw.one_of(self.representatives)) for _ in range(14)]
        self.pending = []  # (time from which on, receiver, hash of the send, amount)
        self.recent = []  # hashes that were voted on
        self.genesis = upper(self.draw.bytes(32))
        self.block_count = 214_700_350
        self.nodes = [{"id": account_name(self.draw.bytes(32), "node_"),
                       "since": self.draw.between(3_000, 4_000_000), "address": address}
                      for address in ("::ffff:192.0.2.18", "::ffff:198.51.100.201",
                                      "::ffff:203.0.113.77", "2001:db8:40::11")]

    def play(self):
        self.traffic()
        self.legacy_chain(START + 21_000)
        for i, time in enumerate(range(START + 9_000, END, 15_000)):
            self.telemetry(time, i)
        for time in range(START + 4_000, END, 20_000):
            self.active_difficulty(time)
        for i, time in enumerate(range(START + 13_000, END, 31_000)):
            self.work(time, i % 4)
        for i, mode in enumerate(("ascending", "legacy", "lazy", "wallet_lazy")):
            self.bootstrap(START + 17_000 + 70_000 * i, mode)
        return self.recording

    def send(self, time, topic, message, **beside):
        self.recording.add(time, {"topic": topic, "time": str(time - 2), **beside,
                                  "message": message})

    # ---- blocks and their elections ----------------------------------------------------------

    def traffic(self):
        time, turn = START + 900, 0
        busy = {}  # account -> when its next block may come
        while time < END - 3_000:
            turn += 1
            block = self.next_block(time, busy)
            busy[block.account] = time + 3_000
            if turn % 17 == 5:
                self.fork(time, block)
            if turn % 19 == 11:
                self.dropped(time, block)
                busy[block.account] = END  # what it would do next hangs on that block
            else:
                self.life(time, block, turn)
                block.account.accept(block)
            time += self.draw.between(3_000, 6_000)

    def next_block(self, time, busy):
        """A receive when one is due, else a send or, now and then, another kind."""
        for i, (due, receiver, source, amount) in enumerate(self.pending):
            if due <= time and busy.get(receiver, 0) <= time:
                del self.pending[i]
                return receiver.receive(source, amount)
        account = self.draw.one_of([a for a in self.accounts if busy.get(a, 0) <= time])
        kind = self.draw.between(1, 12)
        if kind == 1:
            return account.change(self.draw.one_of(self.representatives))
        if kind == 2:
            return account.epoch()
        to = self.draw.one_of([a for a in self.accounts if a is not account])
        return account.send(to, account.balance * self.draw.between(1, 400) // 1000 or 1)

    def life(self, time, block, turn):
        """From arrival to confirmation; what was sent can be received from then on."""
        self.arrives(time, block)
        if turn % 8 == 3:
            self.confirm(time + 1_400, block, "active_confirmation_height", 1_390, [])
        else:
            votes = self.vote_on(time + 90, block)
            took = self.draw.between(380, 760)
            self.confirm(time + took, block, "active_quorum", took - 30, votes)
        if block.subtype == "send":
            link = block.json["link_as_account"]
            receiver = next(a for a in self.accounts if a.name == link)
            self.pending.append((time + 3_500, receiver, block.hash, block.amount))

    def arrives(self, time, block):
        self.block_count += 1
        self.send(time, "new_unconfirmed_block", {**block.json, "subtype": block.subtype},
                  hash=upper(block.hash))
        self.send(time + 25, "started_election", {"hash": upper(block.hash)})

    def fork(self, time, block):
        """A rival with the same previous block arrives and loses."""
        rival = block.account.change(self.draw.one_of(self.representatives))
        self.send(time + 40, "new_unconfirmed_block", {**rival.json, "subtype": "change"},
                  hash=upper(rival.hash))
        self.send(time + 1_450, "stopped_election", {"hash": upper(rival.hash)})

    def dropped(self, time, block):
        """Too few votes: the election ends without a confirmation."""
        self.arrives(time, block)
        voter = self.draw.one_of(self.representatives)
        self.vote(time + 300, voter, [block.hash], time + 300, "vote")
        self.send(time + 5_200, "stopped_election", {"hash": upper(block.hash)})

    def vote_on(self, time, block):
        """Votes of enough weight, the last ones final; returns them for the election's report."""
        voters = []
        while sum(voter.balance for voter in voters) < QUORUM:
            voters = self.draw.some_of(self.representatives, 3)
        hashes = [block.hash]
        if self.recent and self.draw.chance(0.3):
            hashes.append(self.recent[-1])
        final = []
        for i, voter in enumerate(voters):
            if i == 0 and self.draw.chance(0.4):
                self.vote(time + 15, voter, hashes, time, "vote")
            at = time + 60 + 55 * i
            self.vote(at, voter, hashes, FINAL_VOTE, "vote")
            final.append((voter, FINAL_VOTE, block))
            if self.draw.chance(0.1):
                self.vote(at + 30, voter, hashes, FINAL_VOTE, "replay")
        if self.draw.chance(0.12):
            self.vote(time + 200, voters[0], [self.draw.bytes(32)], time, "indeterminate")
        self.recent.append(block.hash)
        return final

    def vote(self, time, voter, hashes, timestamp, kind):
        duration = 15 if timestamp == FINAL_VOTE else 9
        stamp = timestamp if timestamp == FINAL_VOTE else timestamp // 16 * 16
        signature = int.from_bytes(self.draw.bytes(64), "big")
        self.send(time, "vote", {
            "account": voter.name, "signature": str(signature), "sequence": str(stamp),
            "timestamp": str(stamp), "duration": str(duration),
            "blocks": [upper(h) for h in hashes], "type": kind})

    def confirm(self, time, block, kind, duration, votes, age=0):
        tally = sum(voter.balance for voter, _, _ in votes)
        election = {
            "duration": str(duration), "time": str(time - 4), "tally": str(tally),
            "final": str(tally), "blocks": "1", "voters": str(len(votes)), "request_count": "0",
            "votes": [{"representative": voter.name, "timestamp": str(stamp),
                       "hash": upper(voted.hash), "weight": str(voter.balance)}
                      for voter, stamp, voted in votes] or ""}
        shown = dict(block.json)
        if block.subtype:
            shown["subtype"] = block.subtype
        self.send(time, "confirmation", {
            "account": block.account.name, "amount": str(block.amount),
            "hash": upper(block.hash), "confirmation_type": kind, "election_info": election,
            "block": shown, "sideband": {
                "height": str(block.height), "local_timestamp": str(time // 1000 - 1 - age)}})

    def legacy_chain(self, time):
        """An old account's first blocks, confirmed late: they come in by a successor."""
        account = Account(self.draw, 0, self.representatives[1])
        other, source = self.accounts[3], self.draw.bytes(32)
        makers = (lambda: account.legacy_open(source, 77 * RAW),
                  lambda: account.legacy_receive(self.draw.bytes(32), 5 * RAW),
                  lambda: account.legacy_change(self.representatives[2]),
                  lambda: account.legacy_send(other, 41 * RAW),
                  lambda: account.send(other, 2 * RAW))
        for i, make_block in enumerate(makers):
            block = make_block()
            account.accept(block)
            self.confirm(time + 35 * i, block, "inactive", 0, [], LEGACY_AGE - 600 * i)

    # ---- the topics beside blocks --------------------------------------------------------------

    def telemetry(self, time, i):
        node = self.nodes[i % len(self.nodes)]
        blocks = str(self.block_count - self.draw.between(0, 40))
        self.send(time, "telemetry", {
            "block_count": blocks, "cemented_count": str(int(blocks) - self.draw.between(0, 9)),
            "unchecked_count": str(self.draw.between(0, 30)), "account_count": "38410277",
            "bandwidth_cap": "10485760", "peer_count": str(self.draw.between(140, 190)),
            "protocol_version": "21", "uptime": str(node["since"] + (time - START) // 1000),
            "genesis_block": self.genesis, "major_version": "28", "minor_version": "0",
            "patch_version": "0", "pre_release_version": "0", "maker": "0",
            "timestamp": str(time - 240), "active_difficulty": f"{WORK_BASE:016x}",
            "node_id": node["id"], "signature": upper(self.draw.bytes(64)),
            "address": node["address"], "port": "7075"})

    def active_difficulty(self, time):
        current = WORK_BASE + self.draw.between(0, 2**33)
        receive = WORK_RECEIVE + self.draw.between(0, 2**38)
        self.send(time, "active_difficulty", {
            "multiplier": multiplier(current, WORK_BASE), "network_minimum": f"{WORK_BASE:016x}",
            "network_current": f"{current:016x}",
            "network_receive_minimum": f"{WORK_RECEIVE:016x}",
            "network_receive_current": f"{receive:016x}"})

    def work(self, time, outcome):
        """In turn: made here, made by a peer, cancelled beside a bad peer, failed."""
        found = 2**64 - 1 - self.draw.between(1, 2**34)
        success = outcome < 2
        message = {
            "success": "true" if success else "false",
            "reason": ("", "", "cancelled", "failure")[outcome],
            "duration": str(self.draw.between(180, 900)),
            "request": {"version": "work_1", "hash": upper(self.draw.bytes(32)),
                        "difficulty": f"{WORK_BASE:016x}", "multiplier": "1"}}
        if success:
            message["result"] = {
                "source": ("local", "192.0.2.61:7000")[outcome], "work": self.draw.hex(8),
                "difficulty": f"{found:016x}", "multiplier": multiplier(found, WORK_BASE)}
        message["bad_peers"] = ["198.51.100.7:7000"] if outcome == 2 else ""
        self.send(time, "work", message)

    def bootstrap(self, time, mode):
        name = upper(self.draw.bytes(16))
        took = self.draw.between(4, 30)
        self.send(time, "bootstrap", {"reason": "started", "id": name, "mode": mode})
        self.send(time + took * 1000 + 180, "bootstrap", {
            "reason": "exited", "id": name, "mode": mode,
            "total_blocks": str(self.draw.between(0, 900)), "duration": str(took)})
