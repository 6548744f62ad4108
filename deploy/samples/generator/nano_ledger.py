"""Nano's ledger: accounts with their checksums, and chains of blocks whose hashes are true.

Hashes and account names are computed as the network does. Signatures and work are not: they are
random, since both would take a key or minutes of hashing.
"""
import hashlib

ALPHABET = "13456789abcdefghijkmnopqrstuwxyz"
STATE_PREAMBLE = (6).to_bytes(32, "big")
EPOCH_LINK = b"epoch v2 block".ljust(32, b"\0")
RAW = 10**30  # raw units of one nano


def account_name(key, prefix="nano_"):
    """Base32 of four zero bits, the key, and its five-byte Blake2b checksum backwards."""
    check = hashlib.blake2b(key, digest_size=5).digest()[::-1]
    value = int.from_bytes(key + check, "big")
    return prefix + "".join(ALPHABET[value >> 5 * i & 31] for i in range(59, -1, -1))


def upper(data):
    return data.hex().upper()


def blake(*parts):
    return hashlib.blake2b(b"".join(parts), digest_size=32).digest()


class Block:
    """A block as JSON, what a confirmation says of it, and its place in the chain."""

    def __init__(self, account, hash_, json, subtype, amount, representative=None):
        self.account, self.hash, self.json = account, hash_, json
        self.subtype, self.amount = subtype, amount
        self.representative = representative or account.representative
        self.height = account.height + 1


class Account:
    def __init__(self, draw, balance, representative=None):
        self.draw = draw
        self.key = draw.bytes(32)
        self.name = account_name(self.key)
        self.balance, self.height = balance, draw.between(40, 9000)
        self.representative = representative or self
        self.frontier = draw.bytes(32)

    def send(self, to, amount):
        return self._state("send", self.balance - amount, to.key, amount)

    def receive(self, source, amount):
        return self._state("receive", self.balance + amount, source, amount)

    def change(self, representative):
        return self._state("change", self.balance, bytes(32), 0, representative)

    def epoch(self):
        return self._state("epoch", self.balance, EPOCH_LINK, 0)

    def accept(self, block):
        """The block becomes the head of the chain; a rival of it will not."""
        self.height, self.frontier = block.height, block.hash
        self.representative = block.representative
        if block.subtype:
            self.balance = int(block.json["balance"])

    def _state(self, subtype, balance, link, amount, representative=None):
        representative = representative or self.representative
        hash_ = blake(STATE_PREAMBLE, self.key, self.frontier, representative.key,
                      balance.to_bytes(16, "big"), link)
        return Block(self, hash_, {
            "type": "state", "account": self.name, "previous": upper(self.frontier),
            "representative": representative.name, "balance": str(balance), "link": upper(link),
            "link_as_account": account_name(link), **self._proof(signature_first=True),
        }, subtype, amount, representative)

    def _proof(self, signature_first=False):
        signature, work = upper(self.draw.bytes(64)), self.draw.hex(8)
        if signature_first:
            return {"signature": signature, "work": work}
        return {"work": work, "signature": signature}

    def legacy_open(self, source, amount):
        self.balance, self.height = amount, 0
        return self._legacy("open", (source, self.representative.key, self.key), {
            "source": upper(source), "representative": self.representative.name,
            "account": self.name}, amount)

    def legacy_receive(self, source, amount):
        self.balance += amount
        return self._legacy("receive", (self.frontier, source), {
            "previous": upper(self.frontier), "source": upper(source)}, amount)

    def legacy_send(self, to, amount):
        self.balance -= amount
        balance = self.balance.to_bytes(16, "big")
        return self._legacy("send", (self.frontier, to.key, balance), {
            "previous": upper(self.frontier), "destination": to.name,
            "balance": upper(balance)}, amount)

    def legacy_change(self, representative):
        self.representative = representative
        return self._legacy("change", (self.frontier, representative.key), {
            "previous": upper(self.frontier), "representative": representative.name}, 0)

    def _legacy(self, kind, hashed, fields, amount):
        return Block(self, blake(*hashed), {"type": kind, **fields, **self._proof()}, "", amount)
