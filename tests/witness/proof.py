"""A third party verifies a quarantine proof with the trust list alone: another CBOR, another Ed25519, own counting.

Usage: proof.py DIR, with quarantine-proof.json, trust-list.cbor and root-key.hex as `healthcode story --keep` leaves
them. What it checks is written from the format's description (core/src/wire/proof.rs), not from the code.
"""

import base64
import copy
import hashlib
import json
import sys
import unittest
from datetime import date, timedelta
from pathlib import Path

import cbor2
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

DECISIONS = 4


class Refused(Exception):
    """The proof proves nothing."""


def unbase64(text):
    """Base64url without padding."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def check(holds, why):
    """Refuses what does not hold."""
    if not holds:
        raise Refused(why)


def key_of(cose_key):
    """The Ed25519 key of a COSE_Key."""
    key = cbor2.loads(cose_key)
    check(key.get(1) == 1 and key.get(-1) == 6, "not an Ed25519 key")
    return Ed25519PublicKey.from_public_bytes(key[-2])


def verify(cose_key, protected, payload, signature, aad):
    """Verifies one signature over the Sig_structure (RFC 9052, 4.4)."""
    structure = cbor2.dumps(["Signature1", protected, aad, payload])
    try:
        key_of(cose_key).verify(signature, structure)
    except InvalidSignature as error:
        raise Refused("signature") from error


class TrustList:
    """The trust list, verified with the root key."""

    def __init__(self, data, root_key):
        payload, signatures = cbor2.loads(data)
        root_id = hashlib.sha256(root_key).digest()[:8]
        good = 0
        for signed in signatures:
            protected, unprotected, detached, signature = cbor2.loads(signed)
            check(unprotected == {} and detached is None, "form of a root's signature")
            header = cbor2.loads(protected)
            if header.get(4) == root_id:
                verify(root_key, protected, payload, signature, b"hc/1/trust")
                good += 1
        check(good >= 1, "the trust list is not signed by the root")
        self.issuers = find_issuers(cbor2.loads(payload))

    def open(self, issuer, signed, kind, issued_at):
        """The payload of an object that this issuer signed with a key for decisions."""
        protected, unprotected, payload, signature = cbor2.loads(signed)
        check(unprotected == {}, "unprotected header")
        header = cbor2.loads(protected)
        check(set(header) == {1, 4} and header[1] == -8, "protected header")
        for cose_key, use, not_before, not_after in self.issuers[issuer]:
            if hashlib.sha256(cose_key).digest()[:8] == header[4] and use == DECISIONS:
                verify(cose_key, protected, payload, signature, kind)
                content = cbor2.loads(payload)
                check(not_before <= content[issued_at[0]] // issued_at[1] < not_after, "the key's window")
                return content
        raise Refused("unknown key")


def find_issuers(content):
    """The issuers' keys by the issuers' ids: labels 6 of the content, 1 and 5 of an issuer, 1 to 4 of a key."""
    return {issuer[1]: [(key[1], key[2], key[3], key[4]) for key in issuer[5]] for issuer in content[6]}


def prove(proof, trust):
    """The days that count, and whether the order was released. Refuses what does not hold."""
    check(proof["format"] == 1, "format")
    issuer = proof["issuer"]
    order = trust.open(issuer, unbase64(proof["order"]), b"hc/1/order", (4, 1))
    subject, name = order[1], order[3]
    segments, last, receipts = {}, order[2], {}
    for entry in proof["entries"]:
        receipt = trust.open(issuer, unbase64(entry["receipt"]), b"hc/1/receipt", (4, 1000))
        check(receipt[1] == subject, "another's receipt")
        link_payload = cbor2.loads(unbase64(entry["link"]))[2]
        segment, sequence, previous, operation = cbor2.loads(link_payload)
        head = hashlib.sha256(link_payload).digest()
        check(head == receipt[3], "countersigned")
        check(segments.get(segment, (sequence, previous)) == (sequence, previous), "gap")
        check(receipt[2] > last, "order of serials")
        segments[segment], last = (sequence + 1, head), receipt[2]
        if receipt[5]:
            receipts[operation] = receipt
    days = set()
    for signed in proof["judgements"]:
        judgement = trust.open(issuer, unbase64(signed), b"hc/1/judgement", (5, 1))
        check((judgement[1], judgement[4]) == (subject, name), "another's judgement")
        receipt = receipts.get(judgement[3])
        check(receipt is not None and receipt[4] == judgement[8], "a judgement without its receipt")
        if judgement.get(9) is not None:
            check(judgement[9] not in days, "a day counted twice")
            days.add(judgement[9])
    released = None
    if "release" in proof:
        release = trust.open(issuer, unbase64(proof["release"]), b"hc/1/release", (4, 1))
        check((release[1], release[3]) == (subject, name), "another's release")
        released = release[4]
    return order, sorted(date(1970, 1, 1) + timedelta(days=day) for day in days), released


def flip(text):
    """The same base64url with one bit of the last byte but ten changed."""
    data = bytearray(unbase64(text))
    data[-10] ^= 1
    return base64.urlsafe_b64encode(bytes(data)).rstrip(b"=").decode()


class Proof(unittest.TestCase):
    """What a third party makes of the proof."""

    folder = Path()

    def setUp(self):
        read = self.folder.joinpath
        self.root = bytes.fromhex(read("root-key.hex").read_text().strip())
        self.trust = TrustList(read("trust-list.cbor").read_bytes(), self.root)
        self.text = read("quarantine-proof.json").read_text()
        self.proof = json.loads(self.text)

    def refused(self, change):
        """Whether a changed proof is refused."""
        proof = copy.deepcopy(self.proof)
        change(proof)
        try:
            prove(proof, self.trust)
        except Exception:  # pylint: disable=broad-exception-caught
            return True
        return False

    def test_seven_days_were_served_and_the_order_was_released(self):
        order, days, released = prove(self.proof, self.trust)
        self.assertEqual((order[5], order[9]), (1, 7), "yellow, seven days")
        self.assertEqual(days, [date(2020, 2, 11) + timedelta(days=day) for day in range(7)])
        self.assertIsNotNone(released)

    def test_every_signature_is_needed(self):
        def entry(place, member):
            def change(proof):
                proof["entries"][place][member] = flip(proof["entries"][place][member])

            return change

        self.assertTrue(self.refused(lambda proof: proof.update(order=flip(proof["order"]))))
        self.assertTrue(self.refused(lambda proof: proof.update(release=flip(proof["release"]))))
        for place in range(len(self.proof["entries"])):
            self.assertTrue(self.refused(entry(place, "receipt")))
        for place in range(len(self.proof["judgements"])):
            self.assertTrue(
                self.refused(lambda proof, at=place: proof["judgements"].__setitem__(at, flip(proof["judgements"][at])))
            )

    def test_a_chain_with_a_gap_or_out_of_order_is_refused(self):
        self.assertTrue(self.refused(lambda proof: proof["entries"].pop(2)))
        self.assertTrue(self.refused(lambda proof: proof["entries"].reverse()))
        self.assertTrue(self.refused(lambda proof: proof["judgements"].append(proof["judgements"][0])))

    def test_it_tells_nothing_of_what_was_answered_or_who_it_is(self):
        plain = self.text.encode() + b"".join(unbase64(entry[name]) for entry in self.proof["entries"] for name in entry)
        plain += b"".join(map(unbase64, [*self.proof["judgements"], self.proof["order"], self.proof["release"]]))
        for secret in ("张三", "11010519491231002X", "13800138000", "symptoms", "fever", "420100"):
            self.assertNotIn(secret.encode(), plain)

    def test_a_trust_list_of_another_root_is_refused(self):
        data = self.folder.joinpath("trust-list.cbor").read_bytes()
        with self.assertRaises(Refused):
            TrustList(data, self.root[:-1] + bytes([self.root[-1] ^ 1]))


if __name__ == "__main__":
    Proof.folder = Path(sys.argv.pop(1))
    unittest.main()
