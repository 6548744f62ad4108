"""Zilliqa: what a node sends, block by block, to a client that subscribed to everything.

NewBlock, EventLog of three contracts and TxnLog of two wallets, in one notification a block. Keys
are in ASCII order and addresses in events without 0x, as the node writes them. A topic with
nothing to say has no "value".
"""
import json

from .common import END, START, Draw, Recording

FIRST_BLOCK = 4_812_340
BLOCK_TIME = 24_600  # ms, about
SHARDS = 3
GAS = {"transfer": 50, "call": 900}
PRICE = 2_000_000_000  # Qa a gas unit
NOTHING = "0" * 64


def make():
    return Chain().play()


class Chain:
    def __init__(self):
        self.draw = Draw("zilliqa")
        self.token, self.swap, self.names = (self.draw.hex(20) for _ in range(3))
        self.wallets = [self.draw.hex(20) for _ in range(9)]
        self.watched = self.wallets[:2]
        self.previous = self.draw.hex(32)
        self.miners = [f"0x0{self.draw.between(2, 3)}{self.draw.hex(32).upper()}"
                       for _ in range(4)]
        self.token_id = 1207

    def play(self):
        recording = Recording("zilliqa")
        time, number = START + 6_300, FIRST_BLOCK
        while time < END:
            count = 0 if number % 6 == 1 else self.draw.between(4, 16)
            transactions = [self.transaction() for _ in range(count)]
            message = {"type": "Notification", "values": [
                {"query": "NewBlock", "value": self.block(time, number, transactions)},
                self.entry("EventLog", "event_logs", self.events(transactions)),
                self.entry("TxnLog", "log", self.logs(transactions))]}
            recording.add(time, json.loads(json.dumps(message, sort_keys=True)))
            time += BLOCK_TIME + self.draw.between(-1_400, 1_400)
            number += 1
        return recording

    # ---- transactions --------------------------------------------------------------------------

    def transaction(self):
        """A payment or a call of a contract; each belongs to one shard."""
        draw = self.draw
        sender = draw.one_of(self.wallets)
        kind = draw.one_of(("pay", "token", "token", "swap", "swap", "names"))
        done = {"id": draw.hex(32), "from": sender, "success": not draw.chance(0.08),
                "shard": draw.between(0, SHARDS - 1), "amount": 0, "events": [],
                "gas": GAS["transfer" if kind == "pay" else "call"]}
        if kind == "pay":
            to = draw.one_of([w for w in self.wallets if w != sender])
            done.update(to=to, amount=draw.between(1, 90_000) * 10**10)
        else:
            done["to"] = {"token": self.token, "swap": self.swap, "names": self.names}[kind]
            events = getattr(self, kind + "_events")(done)
            done["events"] = events if done["success"] else []
        return done

    def token_events(self, done):
        to = self.draw.one_of([w for w in self.wallets if w != done["from"]])
        return [self.transfer(done["from"], to)]

    def transfer(self, sender, to):
        return self.token, event("TransferSuccess", ("sender", "ByStr20", "0x" + sender),
                                 ("recipient", "ByStr20", "0x" + to),
                                 ("amount", "Uint128", str(self.draw.between(1, 10**9))))

    def swap_events(self, done):
        """Two events of two contracts: the pool's own and the token's."""
        done["amount"] = self.draw.between(1, 4_000) * 10**11
        return [
            (self.swap, event("Swapped", ("pool", "ByStr20", "0x" + self.token),
                              ("address", "ByStr20", "0x" + done["from"]),
                              ("input_amount", "Uint128", str(done["amount"])),
                              ("output_amount", "Uint128", str(self.draw.between(1, 10**9))))),
            self.transfer(self.swap, done["from"])]

    def names_events(self, done):
        self.token_id += 1
        return [(self.names, event("Mint", ("to", "ByStr20", "0x" + done["from"]),
                                   ("token_id", "Uint256", str(self.token_id)),
                                   ("token_uri", "String", f"name-{self.token_id}.zil")))]

    # ---- the three topics ----------------------------------------------------------------------

    def block(self, time, number, transactions):
        """Microblocks of the shards, then that of the directory service, which holds none."""
        per_shard = [[t["id"] for t in transactions if t["shard"] == s] for s in range(SHARDS)]
        infos = [{"MicroBlockHash": self.draw.hex(32), "MicroBlockShardId": shard,
                  "MicroBlockTxnRootHash": self.draw.hex(32) if hashes else NOTHING}
                 for shard, hashes in enumerate(per_shard + [[]])]
        gas = sum(t["gas"] for t in transactions)
        header = {
            "BlockNum": str(number), "DSBlockNum": str(number // 100 + 1),
            "GasLimit": "650000", "GasUsed": str(gas), "MbInfoHash": self.draw.hex(32),
            "MinerPubKey": self.draw.one_of(self.miners), "NumMicroBlocks": len(infos),
            "NumPages": 1 if transactions else 0, "NumTxns": len(transactions),
            "PrevBlockHash": self.previous, "Rewards": "0", "StateDeltaHash": self.draw.hex(32),
            "StateRootHash": self.draw.hex(32), "Timestamp": str((time - 700) * 1000 + 417),
            "TxnFees": str(gas * PRICE), "Version": 1}
        self.previous = self.draw.hex(32)
        body = {"BlockHash": self.previous, "HeaderSign": self.draw.hex(64).upper(),
                "MicroBlockInfos": infos}
        return {"TxBlock": {"body": body, "header": header},
                "TxHashes": per_shard + [[]] if transactions else []}

    def events(self, transactions):
        """By contract, in the order of the transactions."""
        found = {}
        for transaction in transactions:
            for address, logged in transaction["events"]:
                found.setdefault(address, []).append(logged)
        return found

    def logs(self, transactions):
        """By watched wallet; the receiver counts before the sender."""
        found = {}
        for t in transactions:
            watched = [w for w in (t["to"], t["from"]) if w in self.watched]
            if watched:
                found.setdefault(watched[0], []).append({
                    "ID": t["id"], "amount": str(t["amount"]), "fromAddr": t["from"],
                    "success": t["success"], "toAddr": t["to"]})
        return found

    def entry(self, query, name, found):
        if not found:
            return {"query": query}
        return {"query": query, "value": [{"address": address, name: found[address]}
                                          for address in sorted(found)]}


def event(name, *params):
    return {"_eventname": name, "params": [
        {"vname": vname, "type": kind, "value": value} for vname, kind, value in params]}
