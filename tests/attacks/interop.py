"""Another implementation of COSE, CBOR and base45 on the other side of the gate, both ways.

pycose signs tokens, presentations and answers that the core's gate judges; and it verifies what the core has signed, the
trust list's detached signatures among it. What is changed here is refused there by name. Usage: interop.py ATTACKS, the
binary of tests/attacks.
"""

import hashlib
import json
import subprocess
import sys
import unittest
import zlib

import base45
import cbor2
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cwt import COSE, COSEKey
from pycose.algorithms import EdDSA, Es256
from pycose.headers import KID, Algorithm
from pycose.keys import CoseKey, EC2Key, OKPKey
from pycose.keys.curves import P256, Ed25519
from pycose.messages import Sign1Message

ATTACKS = sys.argv[1]
WORLD = json.loads(subprocess.run([ATTACKS, "world"], check=True, capture_output=True, text=True).stdout)
ISSUED = WORLD["issued"]
CHALLENGE = bytes.fromhex(WORLD["challenge"])

AAD_TOKEN = b"hc/1/token"
AAD_SHOW = b"hc/1/show"
AAD_ANSWER = b"hc/1/answer\x00" + hashlib.sha256(CHALLENGE).digest()


def okp(seed):
    """An Ed25519 key of the world: its seed is 32 times this byte."""
    private = ed25519.Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32)
    raw = serialization.Encoding.Raw, serialization.PublicFormat.Raw
    return OKPKey(crv=Ed25519, x=private.public_key().public_bytes(*raw), d=bytes([seed]) * 32)


ISSUER, HOLDER = okp(WORLD["seeds"]["zhejiang"]), okp(WORLD["seeds"]["holder"])
STATUS = okp(WORLD["seeds"]["status"])


def cose_key(key):
    """The public half as the core writes it."""
    if isinstance(key, EC2Key):
        return cbor2.dumps({1: 2, -1: 1, -2: key.x, -3: bool(key.y[-1] & 1)})
    return cbor2.dumps({1: 1, -1: 6, -2: key.x})


def key_id(key):
    """The first 8 bytes of the thumbprint (RFC 9679) of an Ed25519 key."""
    return hashlib.sha256(cose_key(key)).digest()[:8]


def sign(payload, key, aad, named=False, unprotected=None, algorithm=None):
    """An envelope in the core's profile, or what is asked for instead."""
    algorithm = algorithm or (Es256 if isinstance(key, EC2Key) else EdDSA)
    protected = {Algorithm: algorithm, KID: key_id(key)} if named else {Algorithm: algorithm}
    message = Sign1Message(phdr=protected, uhdr=unprotected or {}, payload=payload, external_aad=aad)
    message.key = key
    return message.encode(tag=False)


def claims(holder=HOLDER, **changed):
    """A token's claims: green, for Hangzhou, two weeks."""
    card = {"colour": 0, "class": 0 if holder else 1, "region": 330100, "list": 1, "index": 4711} | changed
    payload = {4: ISSUED + 14 * 86_400, 6: ISSUED, 7: bytes(range(8))}
    if holder:
        payload[8] = {1: cbor2.loads(cose_key(holder))}
    facts = [card[name] for name in ("colour", "class", "region", "list", "index")]
    return payload | {-65537: [1, *facts, "*四", "0014"]}


def token(payload=None, **how):
    """A token, signed by Zhejiang's key."""
    return sign(cbor2.dumps(claims() if payload is None else payload), ISSUER, AAD_TOKEN, named=True, **how)


def shown(inner, holder=HOLDER, seconds=30, flags=0, **how):
    """A presentation that is shown so many seconds after the token's issue."""
    return sign(cbor2.dumps([inner, ISSUED + seconds, flags]), holder, AAD_SHOW, **how)


def text(prefix, data):
    """A code's text."""
    return prefix + base45.b45encode(data).decode()


def judge(*texts, now=30):
    """What the core's gate says to each."""
    lines = "".join(f"{now} {each}\n" for each in texts)
    told = subprocess.run([ATTACKS, "judge"], input=lines, check=True, capture_output=True, text=True).stdout
    told = told.splitlines()
    assert len(told) == len(texts), told
    return told[0] if len(told) == 1 else told


def ec2():
    """A P-256 key, made here."""
    private = ec.generate_private_key(ec.SECP256R1())
    numbers = private.private_numbers()
    x, y = (value.to_bytes(32, "big") for value in (numbers.public_numbers.x, numbers.public_numbers.y))
    return EC2Key(crv=P256, x=x, y=y, d=numbers.private_value.to_bytes(32, "big"))


class MadeHere(unittest.TestCase):
    """What this implementation signs, the core's gate judges."""

    def test_a_code_passes(self):
        self.assertEqual(judge(text("H1:", shown(token()))), "pass green")

    def test_a_hardware_keys_code_passes(self):
        for _ in range(8):
            key = ec2()
            inner = token(claims(holder=key))
            self.assertEqual(judge(text("H1:", shown(inner, key))), "pass green")

    def test_an_answer_passes_and_one_to_nothing_is_asked_again(self):
        nonce = cbor2.loads(CHALLENGE)[1][:4]
        answer = sign(cbor2.dumps([token(), nonce, 0]), HOLDER, AAD_ANSWER)
        other = sign(cbor2.dumps([token(), b"none", 0]), HOLDER, AAD_ANSWER)
        self.assertEqual(judge(text("H1:", answer)), "pass green")
        self.assertEqual(judge(text("H1:", other)), "ask_for_answer OtherChallenge")

    def test_paper_is_compared_with_the_card(self):
        self.assertEqual(judge(text("H3:", token(claims(holder=None)))), "compare_card Paper")

    def test_colours_and_flags_are_read(self):
        codes = [text("H1:", shown(token(claims(colour=colour)), flags=flags)) for colour in (1, 2) for flags in (0, 1)]
        codes.append(text("H1:", shown(token(), flags=1)))
        self.assertEqual(judge(*codes), ["stop yellow", "stop yellow", "stop red", "stop red", "stop yellow"])

    def test_what_is_changed_is_refused_by_name(self):
        swapped = dict(reversed(list(claims().items())))
        refused = {
            "invalid signature": [
                shown(sign(cbor2.dumps(claims()), ISSUER, AAD_SHOW, named=True)),
                shown(token(), okp(99)),
                sign(cbor2.dumps([token(), ISSUED + 30, 0]), HOLDER, AAD_TOKEN),
                sign(cbor2.dumps([token(), ISSUED + 30, 0]), HOLDER, b""),
            ],
            "invalid region": [shown(token(claims(region=440100)))],
            "invalid value": [shown(token(claims(list=256)))],
            "invalid content": [
                shown(token(claims() | {1: "zhejiang"})),
                shown(token(claims() | {2: "subject"})),
                shown(token(swapped)),
                shown(token(claims(colour=3))),
                shown(token(claims() | {4: float(ISSUED + 86_400)})),
                shown(token(), flags=2),
                sign(cbor2.dumps([token(), -1, 0]), HOLDER, AAD_SHOW),
            ],
            "invalid protected-header": [shown(token(), named=True), shown(sign(cbor2.dumps(claims()), ISSUER, AAD_TOKEN))],
            "invalid unprotected-header": [
                shown(token(), unprotected={KID: b"kid"}),
                shown(token(unprotected={KID: key_id(ISSUER)})),
            ],
            "invalid not-cose-sign1": [cbor2.dumps(cbor2.CBORTag(18, cbor2.loads(shown(token()))))],
            "unknown_issuer": [shown(sign(cbor2.dumps(claims()), okp(99), AAD_TOKEN, named=True))],
            "invalid paper-with-proof": [shown(token(claims(holder=None)))],
        }
        for expected, codes in refused.items():
            for number, code in enumerate(codes):
                with self.subTest(expected, number=number):
                    self.assertEqual(judge(text("H1:", code)), expected)

    def test_what_is_indefinite_is_refused(self):
        payload = cbor2.dumps(claims())
        self.assertEqual(payload[0], 0xA5)
        indefinite = sign(b"\xbf" + payload[1:] + b"\xff", ISSUER, AAD_TOKEN, named=True)
        self.assertEqual(judge(text("H1:", shown(indefinite))), "invalid content")


def status_list(withdrawn, bits=1, key=None, **changed):
    """A status list of 5,000 places as the draft has it, in the core's profile or changed."""
    key = key or STATUS
    packed = bytearray(5_000 * bits // 8)
    for index in withdrawn:
        packed[index * bits // 8] |= 1 << (index * bits % 8)
    claims_of = {
        2: WORLD["status_list"]["uri"],
        4: ISSUED + 86_400,
        6: ISSUED,
        65533: {"lst": zlib.compress(bytes(packed), 9), "bits": bits},
        65534: 43_200,
    } | changed.get("claims", {})
    protected = {1: -8, 4: key_id(key), 16: changed.get("typ", "application/statuslist+cwt")}
    protected, payload = cbor2.dumps(protected), cbor2.dumps(claims_of)
    to_sign = cbor2.dumps(["Signature1", protected, b"", payload])
    signature = ed25519.Ed25519PrivateKey.from_private_bytes(key.d).sign(to_sign)
    return cbor2.dumps(cbor2.CBORTag(18, [protected, changed.get("unprotected", {}), payload, signature]))


class StatusLists(unittest.TestCase):
    """Which codes are withdrawn, by either's lists."""

    def judge_with(self, signed, *texts):
        """Whether the gate takes a list, and what it says to codes then."""
        lines = "".join(f"{line}\n" for line in [f"list {signed.hex()}", *(f"30 {each}" for each in texts)])
        return subprocess.run([ATTACKS, "judge"], input=lines, check=True, capture_output=True, text=True).stdout.split("\n")[:-1]

    def test_a_list_made_here_withdraws_a_code_there(self):
        codes = [text("H1:", shown(token(claims(index=index)))) for index in (4_710, 4_711, 4_712, 4_999, 5_000)]
        for bits in (1, 2, 4, 8):
            told = self.judge_with(status_list([4_711, 4_999], bits), *codes)
            expected = ["taken", "pass green", "withdrawn", "pass green", "withdrawn", "invalid status-index"]
            self.assertEqual(told, expected, bits)

    def test_a_list_that_is_changed_is_refused_by_name(self):
        for expected, changed in {
            "form: protected-header": {"typ": "application/cwt"},
            "form: unprotected-header": {"unprotected": {4: key_id(STATUS)}},
            "form: value": {"claims": {4: ISSUED}},
            "form: content": {"claims": {65533: {"lst": b"no stream", "bits": 1}}},
            "unknown key": {"key": ISSUER},
            "another subject": {"claims": {2: "https://example.org/lists/1"}},
        }.items():
            self.assertEqual(self.judge_with(status_list([], **changed)), [expected])
        flipped = bytearray(status_list([]))
        flipped[-1] ^= 1
        self.assertEqual(self.judge_with(bytes(flipped)), ["signature"])

    def test_a_list_made_there_is_read_here(self):
        signed = bytes.fromhex(WORLD["status_list"]["signed"])
        message = Sign1Message.decode(signed)
        message.key = STATUS
        self.assertTrue(message.verify_signature())
        payload = cbor2.loads(message.payload)
        self.assertEqual(payload[2], WORLD["status_list"]["uri"])
        packed = zlib.decompress(payload[65533]["lst"])
        raised = [8 * place + bit for place, byte in enumerate(packed) for bit in range(8) if byte >> bit & 1]
        self.assertEqual((payload[65533]["bits"], raised), (1, WORLD["status_list"]["withdrawn"]))
        # cwt has the draft's token among its claims by number only, and verifies it as any CWT.
        key = COSEKey.new({**cbor2.loads(cose_key(STATUS)), 2: key_id(STATUS)})
        self.assertEqual(cbor2.loads(COSE.new().decode(signed, key)), payload)


class MadeThere(unittest.TestCase):
    """What the core has signed, this implementation verifies."""

    def verified(self, signed, key, aad, payload=None):
        """The payload, if the signature is the key's."""
        message = Sign1Message.from_cose_obj(cbor2.loads(signed), allow_unknown_attributes=False)
        (message.key, message.external_aad) = (key, aad)
        if payload is not None:
            self.assertIsNone(message.payload)
            message.payload = payload
        self.assertTrue(message.verify_signature())
        return message.payload

    def test_codes_and_the_tokens_in_them_verify(self):
        hardware = cbor2.loads(bytes.fromhex(WORLD["hardware"]))
        point = ec.EllipticCurvePublicKey.from_encoded_point(
            ec.SECP256R1(), bytes([3 if hardware[-3] else 2]) + hardware[-2]
        ).public_numbers()
        hardware = EC2Key(crv=P256, x=hardware[-2], y=point.y.to_bytes(32, "big"))
        for name, key, aad in (
            ("shown", HOLDER, AAD_SHOW),
            ("answer", HOLDER, AAD_ANSWER),
            ("hardware", hardware, AAD_SHOW),
        ):
            with self.subTest(name):
                inner, _, _ = cbor2.loads(self.verified(base45.b45decode(WORLD["codes"][name][3:]), key, aad))
                self.assertEqual(cbor2.loads(self.verified(inner, ISSUER, AAD_TOKEN))[6], ISSUED)
        paper = self.verified(base45.b45decode(WORLD["codes"]["paper"][3:]), ISSUER, AAD_TOKEN)
        self.assertNotIn(8, cbor2.loads(paper))

    def test_the_trust_list_is_signed_by_two_roots_beside_it(self):
        payload, signatures = cbor2.loads(bytes.fromhex(WORLD["trust_list"]))
        self.assertEqual(len(signatures), 2)
        for seed, signature in zip(WORLD["seeds"]["roots"], signatures):
            self.verified(signature, okp(seed), b"hc/1/trust", payload)
        issuers = cbor2.loads(payload)[6]
        self.assertEqual([issuer[3] for issuer in issuers], [[330_000], [440_000]])
        keys = [CoseKey.decode(key[1]) for key in issuers[0][5]]
        self.assertEqual(keys[0].x, ISSUER.x)

    def test_every_bit_of_a_signature_matters_here_too(self):
        signed = base45.b45decode(WORLD["codes"]["shown"][3:])
        flipped = []
        for bit in range(8 * (len(signed) - 64), 8 * len(signed)):
            changed = bytearray(signed)
            changed[bit // 8] ^= 1 << (bit % 8)
            flipped.append(text("H1:", bytes(changed)))
        self.assertEqual(set(judge(*flipped)), {"invalid signature"})


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
