"""Other implementations of COSE verify what the core signs: pycose and cwt, each with its own CBOR and Ed25519 path.

The bytes are those of tests/vectors/tokens.json, which the core's own tests make. Usage: cose.py
"""

import hashlib
import json
import unittest
from pathlib import Path

import base45
import cbor2
from cwt import COSE, COSEKey
from pycose.keys import CoseKey
from pycose.messages import Sign1Message

VECTORS = json.loads((Path(__file__).parent.parent / "vectors" / "tokens.json").read_text(encoding="utf-8"))
TOKEN, PRESENTATION, ANSWER = (bytes.fromhex(VECTORS[name]) for name in ("token", "presentation", "answer"))
CHALLENGE = bytes.fromhex(VECTORS["challenge"]["bytes"])
ISSUER, HOLDER = (bytes.fromhex(VECTORS[name]["cose_key"]) for name in ("issuer", "holder"))

AAD_TOKEN = b"hc/1/token"
AAD_SHOW = b"hc/1/show"
AAD_ANSWER = b"hc/1/answer\x00" + hashlib.sha256(CHALLENGE).digest()

SIGNED = {
    "token": (TOKEN, ISSUER, AAD_TOKEN),
    "presentation": (PRESENTATION, HOLDER, AAD_SHOW),
    "answer": (ANSWER, HOLDER, AAD_ANSWER),
}


class Refused(Exception):
    """The implementation did not accept the bytes."""


def key_id(cose_key):
    """The first 8 bytes of the key's thumbprint (RFC 9679): the key here is already in the form that is hashed."""
    return hashlib.sha256(cose_key).digest()[:8]


def by_pycose(signed, cose_key, aad):
    """The payload, if pycose accepts the signature."""
    message = Sign1Message.from_cose_obj(cbor2.loads(signed), allow_unknown_attributes=False)
    message.key = CoseKey.decode(cose_key)
    message.external_aad = aad
    if not message.verify_signature():
        raise Refused
    return message.payload


def by_cwt(signed, cose_key, aad):
    """The payload, if cwt accepts the signature. It reads only tagged messages; the tag is not signed."""
    key = COSEKey.new({**cbor2.loads(cose_key), 2: key_id(cose_key)})
    return COSE.new().decode(cbor2.CBORTag(18, cbor2.loads(signed)), key, external_aad=aad)


IMPLEMENTATIONS = (by_pycose, by_cwt)


def is_refused(implementation, signed, cose_key, aad):
    """Whether it is not accepted. Both raise whatever their decoders raise, so every exception is a refusal."""
    try:
        implementation(signed, cose_key, aad)
    except Exception:  # pylint: disable=broad-exception-caught
        return True
    return False


class OtherImplementations(unittest.TestCase):
    """What they say to the core's bytes."""

    def test_they_accept_token_presentation_and_answer(self):
        for implementation in IMPLEMENTATIONS:
            for name, (signed, cose_key, aad) in SIGNED.items():
                with self.subTest(implementation.__name__, signed=name):
                    self.assertEqual(implementation(signed, cose_key, aad), cbor2.loads(signed)[2])

    def test_a_signature_of_one_kind_is_none_of_another(self):
        for implementation in IMPLEMENTATIONS:
            for name, (signed, cose_key, own) in SIGNED.items():
                for aad in {b"", AAD_TOKEN, AAD_SHOW, AAD_ANSWER, b"hc/1/answer"} - {own}:
                    with self.subTest(implementation.__name__, signed=name, aad=aad):
                        self.assertTrue(is_refused(implementation, signed, cose_key, aad))

    def test_another_key_verifies_nothing(self):
        for implementation in IMPLEMENTATIONS:
            for name, (signed, cose_key, aad) in SIGNED.items():
                with self.subTest(implementation.__name__, signed=name):
                    other = HOLDER if cose_key == ISSUER else ISSUER
                    self.assertTrue(is_refused(implementation, signed, other, aad))

    def test_a_flipped_bit_anywhere_is_refused(self):
        for implementation in IMPLEMENTATIONS:
            for name, (signed, cose_key, aad) in SIGNED.items():
                accepted = []
                for position in range(len(signed)):
                    for bit in range(8):
                        flipped = bytearray(signed)
                        flipped[position] ^= 1 << bit
                        if not is_refused(implementation, bytes(flipped), cose_key, aad):
                            accepted.append((position, bit))
                with self.subTest(implementation.__name__, signed=name):
                    self.assertEqual(accepted, [])


class Contents(unittest.TestCase):
    """What the signed bytes say, read without the core."""

    def test_the_headers_are_algorithm_and_key_id_and_nothing_unprotected(self):
        for name, (signed, cose_key, _) in SIGNED.items():
            with self.subTest(signed=name):
                protected, unprotected, _, signature = cbor2.loads(signed)
                expected = {1: -8, 4: key_id(ISSUER)} if cose_key == ISSUER else {1: -8}
                self.assertEqual(cbor2.loads(protected), expected)
                self.assertEqual(unprotected, {})
                self.assertEqual(len(signature), 64)
        self.assertEqual(key_id(ISSUER).hex(), VECTORS["issuer"]["key_id"])
        self.assertEqual(key_id(HOLDER).hex(), VECTORS["holder"]["key_id"])

    def test_the_token_carries_its_claims(self):
        claims = VECTORS["claims"]
        payload = cbor2.loads(by_cwt(*SIGNED["token"]))
        self.assertEqual(list(payload), [4, 6, 7, 8, -65537])
        self.assertEqual(payload[4], claims["exp"])
        self.assertEqual(payload[6], claims["iat"])
        self.assertEqual(payload[7].hex(), claims["cti"])
        self.assertEqual(payload[8], {1: cbor2.loads(HOLDER)})
        names = ("colour", "class", "region", "status_list", "status_index", "masked_name", "id_tail")
        self.assertEqual(payload[-65537], [1] + [claims[name] for name in names])

    def test_presentation_and_answer_carry_the_token(self):
        shown = cbor2.loads(by_cwt(*SIGNED["presentation"]))
        self.assertEqual(shown, [TOKEN, VECTORS["shown_at"], VECTORS["flags"]])
        answered = cbor2.loads(by_cwt(*SIGNED["answer"]))
        nonce = bytes.fromhex(VECTORS["challenge"]["nonce"])
        self.assertEqual(answered, [TOKEN, nonce[:4], VECTORS["answer_flags"]])

    def test_the_challenge_names_its_gate(self):
        challenge = VECTORS["challenge"]
        self.assertEqual(cbor2.loads(CHALLENGE), [1, bytes.fromhex(challenge["nonce"]), challenge["gate"]])

    def test_the_text_is_the_presentation_in_base45(self):
        prefix, text = VECTORS["text"][:3], VECTORS["text"][3:]
        self.assertEqual(prefix, "H1:")
        self.assertEqual(base45.b45decode(text), PRESENTATION)


if __name__ == "__main__":
    unittest.main()
