//! The forms of every kind of object, label by label: what [`super::walk`] explains bytes by.

use super::said_forms::BY;
use super::shape::{Leaf, Member, Shape, may, must, named};

pub(super) const NUMBER: Shape = Shape::Leaf(Leaf::Number);
pub(super) const SECONDS: Shape = Shape::Leaf(Leaf::Seconds);
const BOUND: Shape = Shape::Leaf(Leaf::Bound);
const MILLIS: Shape = Shape::Leaf(Leaf::Millis);
pub(super) const DAY: Shape = Shape::Leaf(Leaf::Day);
pub(super) const TEXT: Shape = Shape::Leaf(Leaf::Text);
pub(super) const JSON: Shape = Shape::Leaf(Leaf::Json);
const FLAG: Shape = Shape::Leaf(Leaf::Flag);
pub(super) const REGION: Shape = Shape::Leaf(Leaf::Region);
const ANY_BYTES: Shape = Shape::Leaf(Leaf::Bytes(0));
pub(super) const EIGHT: Shape = Shape::Leaf(Leaf::Bytes(8));
pub(super) const SIXTEEN: Shape = Shape::Leaf(Leaf::Bytes(16));
pub(super) const DIGEST: Shape = Shape::Leaf(Leaf::Bytes(32));
pub(super) const COLOUR: Shape = Shape::Leaf(Leaf::Word(&[(0, "green"), (1, "yellow"), (2, "red")]));
const ONE: Shape = Shape::Leaf(Leaf::Word(&[(1, "the first form")]));

pub(super) const BILINGUAL: Shape =
    Shape::Array(&[must(0, "zh-CN", "in Chinese", &TEXT), must(1, "en", "in English", &TEXT)]);

/// The members of a COSE_Key (RFC 9052, 7) of the two kinds that there are here.
pub(super) const KEY: &[Member] = &[
    must(1, "kty", "key type (RFC 9053, 7)", &Shape::Leaf(Leaf::Word(&[(1, "OKP"), (2, "EC2")]))),
    must(-1, "crv", "curve", &Shape::Leaf(Leaf::Word(&[(6, "Ed25519"), (1, "P-256")]))),
    must(-2, "x", "the point's x, or the whole Ed25519 key", &DIGEST),
    may(-3, "y", "whether the point's y is odd", &FLAG),
];

/// The header of a COSE_Sign1 (RFC 9052, 3.1).
pub(super) const HEADER: Shape = Shape::Map(&[
    must(1, "alg", "algorithm (RFC 9053)", &Shape::Leaf(Leaf::Word(&[(-8, "EdDSA"), (-7, "ES256")]))),
    may(2, "crit", "headers that must be understood: refused here", &ANY_BYTES),
    may(3, "content type", "of the payload", &TEXT),
    may(4, "kid", "key id", &EIGHT),
    may(16, "typ", "media type of the whole (RFC 9596)", &TEXT),
]);

pub(super) const GATE_TOKEN: Shape = Shape::Map(&[
    must(4, "exp", "expires (RFC 8392, 3.1.4)", &SECONDS),
    must(6, "iat", "issued, and not valid before (RFC 8392, 3.1.6)", &SECONDS),
    must(7, "cti", "the token's own id (RFC 8392, 3.1.7): the same in every code of this token", &EIGHT),
    may(
        8,
        "cnf",
        "the key that must sign presentations (RFC 8747, 3.1); absent on paper",
        &Shape::Map(&[must(
            1,
            "COSE_Key",
            "the holder's key: the same in every code of this phone",
            &Shape::Key,
        )]),
    ),
    must(
        -65_537,
        "health code",
        "private claim: what a gate reads",
        &Shape::Array(&[
            must(0, "version", "of this claim", &ONE),
            must(1, "colour", "as the issuer gave it", &COLOUR),
            must(2, "class", "what carries it", &Shape::Leaf(Leaf::Word(&[(0, "phone"), (1, "paper")]))),
            must(3, "region", "for which the issuer speaks (GB/T 2260)", &REGION),
            must(4, "list", "number of the status list in the trust list", &NUMBER),
            must(5, "index", "place in the status list", &NUMBER),
            must(6, "masked name", "to compare with the card", &TEXT),
            must(7, "ID tail", "the last four characters of the identity document", &TEXT),
        ]),
    ),
]);

pub(super) const PRESENTATION: Shape = Shape::Array(&[
    must(0, "token", "the gate token", &Shape::Signed),
    must(
        1,
        "mode",
        "a number: the instant at which it is shown; bytes: the challenge that it answers",
        &Shape::Either(&SECONDS, &Shape::Leaf(Leaf::Bytes(4))),
    ),
    must(
        2,
        "flags",
        "what the phone says of itself",
        &Shape::Leaf(Leaf::Word(&[(0, "none"), (1, "the phone has lowered itself: green counts as yellow")])),
    ),
]);

pub(super) const CHALLENGE: Shape = Shape::Array(&[
    must(0, "version", "of this form", &ONE),
    must(1, "nonce", "random, used once; an answer repeats its first four bytes", &SIXTEEN),
    must(2, "gate", "how the gate names itself; nobody vouches for it", &TEXT),
    may(3, "anchor", "a signed time that the gate relays", &Shape::Signed),
]);

pub(super) const ANCHOR: Shape = Shape::Array(&[
    must(0, "version", "of this form", &ONE),
    must(1, "t", "the server's time", &SECONDS),
    must(2, "epoch", "of the server's clock; grows when it had to be set back", &NUMBER),
    must(3, "root", "current version of the root set", &NUMBER),
    must(4, "trust list", "current version", &NUMBER),
    must(5, "rules", "current version of the rulebook", &NUMBER),
    must(6, "policy", "current version of the gate policies; 0 for none", &NUMBER),
    may(7, "nonce", "of the request that it answers", &SIXTEEN),
]);

pub(super) const SUBJECT: Member =
    must(1, "subject", "whom it concerns, as the issuer names the person", &SIXTEEN);
pub(super) const SERIAL: Member = must(2, "serial", "its place in what was said about the subject", &NUMBER);

pub(super) const ORDER: Shape = Shape::Map(&[
    SUBJECT,
    SERIAL,
    must(3, "order", "its name", &EIGHT),
    must(4, "issued", "when it was signed", &SECONDS),
    must(5, "colour", "yellow or red", &COLOUR),
    must(6, "rule", "the rule, or `manual`", &TEXT),
    must(7, "cause", "as the resident reads it", &BILINGUAL),
    must(8, "starts on", "the first day", &DAY),
    must(9, "days", "how many", &NUMBER),
    must(10, "terms", "how they are counted", &JSON),
    must(11, "rulebook", "SHA-256 of the signed rulebook", &DIGEST),
    may(12, "supersedes", "the order that it takes the place of", &EIGHT),
    may(13, "provisional until", "when it lapses unless a second officer confirms it", &SECONDS),
]);

pub(super) const RELEASE: Shape = Shape::Map(&[
    SUBJECT,
    SERIAL,
    must(3, "order", "the order that ends", &EIGHT),
    must(4, "released", "when it ended", &SECONDS),
    must(
        5,
        "cause",
        "why",
        &Shape::Leaf(Leaf::Word(&[
            (1, "its days are complete"),
            (2, "another order took its place"),
            (3, "an officer, or a granted appeal"),
            (4, "no second officer confirmed it"),
        ])),
    ),
]);

pub(super) const RATING: Shape = Shape::Map(&[
    SUBJECT,
    SERIAL,
    must(3, "rated", "when", &SECONDS),
    must(4, "colour", "the rating", &COLOUR),
    must(
        5,
        "reasons",
        "why; empty for green",
        &Shape::List(&Shape::Map(&[
            must(1, "rule", "the rule, or `manual`", &TEXT),
            must(2, "colour", "that it gives", &COLOUR),
            must(3, "text", "as the resident reads it", &BILINGUAL),
        ])),
    ),
    must(6, "rulebook", "SHA-256 of the signed rulebook", &DIGEST),
    must(7, "version", "of the rulebook", &NUMBER),
    may(8, "order", "in force", &EIGHT),
    must(9, "appeal by", "until when it can be appealed", &SECONDS),
]);

pub(super) const JUDGEMENT: Shape = Shape::Map(&[
    SUBJECT,
    SERIAL,
    must(3, "operation", "the check-in: SHA-256 of its payload", &DIGEST),
    must(4, "order", "for which it is judged", &EIGHT),
    must(5, "judged", "when", &SECONDS),
    must(6, "earliest", "at which it can have been made", &MILLIS),
    must(7, "latest", "at which it can have been made", &MILLIS),
    must(8, "received", "by the server", &MILLIS),
    may(9, "day", "for which it counts", &DAY),
    may(
        10,
        "certainty",
        "of that day",
        &Shape::Leaf(Leaf::Word(&[(1, "certain"), (2, "late"), (3, "ambiguous")])),
    ),
    may(
        11,
        "not counted",
        "why not",
        &Shape::Leaf(Leaf::Word(&[
            (1, "before the order"),
            (2, "too old"),
            (3, "the day is taken"),
            (4, "unclear"),
            (5, "after the order"),
        ])),
    ),
    may(12, "late", "whether a replaced phone brought it", &FLAG),
    may(13, "by", "who made it, where it was not the person", &BY),
]);

pub(super) const KEY_NOTICE: Shape = Shape::Map(&[
    SUBJECT,
    SERIAL,
    must(3, "key", "id of a phone's key", &EIGHT),
    must(4, "noticed", "when this was decided", &SECONDS),
    may(5, "active from", "when it speaks for the person; absent: dropped", &SECONDS),
    may(
        6,
        "carer",
        "whose key it is, where somebody cares for the person",
        &Shape::Map(&[
            must(1, "subject", "the carer, as the issuer names that person", &SIXTEEN),
            must(2, "name", "masked", &TEXT),
        ]),
    ),
]);

pub(super) const RECEIPT: Shape = Shape::Map(&[
    SUBJECT,
    SERIAL,
    must(3, "head", "digest of the link that it countersigns", &DIGEST),
    must(4, "received", "when", &MILLIS),
    must(5, "accepted", "whether the operation was", &FLAG),
    must(6, "incarnation", "of the server; another one after a restore", &EIGHT),
    may(7, "late", "whether a replaced phone brought it", &FLAG),
    may(8, "key", "id of the key that signed the link", &EIGHT),
]);

pub(super) const LINK: Shape = Shape::Array(&[
    must(0, "segment", "a run of links by one key", &EIGHT),
    must(1, "sequence", "place in the segment, from 0", &NUMBER),
    must(2, "previous", "digest of the link before", &DIGEST),
    must(3, "operation", "SHA-256 of its payload", &DIGEST),
]);

pub(super) const OPERATION: Shape = Shape::Map(&[
    must(
        1,
        "kind",
        "what it is about",
        &Shape::Leaf(Leaf::Word(&[
            (1, "declaration"),
            (2, "check-in"),
            (3, "consent to another phone, or its refusal"),
            (4, "a match of an exposure notice"),
            (5, "the end of a carer's key"),
            (6, "a paper code, asked for or withdrawn"),
            (7, "an appeal"),
            (8, "days served under another authority's order"),
        ])),
    ),
    must(2, "body", "what was said", &JSON),
    must(
        3,
        "evidence",
        "of when it was made",
        &Shape::Map(&[
            must(1, "lower bound", "true time was not before this", &MILLIS),
            must(2, "session", "the phone's boot session", &EIGHT),
            must(3, "boot clock", "in milliseconds", &NUMBER),
            may(4, "anchor", "SHA-256 of the last one taken", &DIGEST),
        ]),
    ),
    must(4, "salt", "random", &SIXTEEN),
]);

pub(super) const REQUEST: Shape = Shape::Array(&[
    must(0, "method", "of HTTP", &TEXT),
    must(1, "path", "of the request", &TEXT),
    must(2, "body", "SHA-256 of it", &DIGEST),
    must(3, "audience", "the issuer that it is for", &TEXT),
    must(4, "nonce", "the anchor in the answer repeats it", &SIXTEEN),
    may(5, "subject", "that it is about; absent at enrolment", &SIXTEEN),
]);

/// IETF Token Status List, the CWT form.
pub(super) const STATUS_LIST: Shape = Shape::Map(&[
    must(2, "sub", "where the list lies (RFC 8392, 3.1.2)", &TEXT),
    must(4, "exp", "must have been replaced (RFC 8392, 3.1.4)", &SECONDS),
    must(6, "iat", "signed (RFC 8392, 3.1.6)", &SECONDS),
    must(
        65_533,
        "status_list",
        "the statuses (Token Status List, 5.2)",
        &Shape::Map(&[
            named("lst", "one status after another, lowest bits first; 0 is valid", &Shape::Leaf(Leaf::Zlib)),
            named("bits", "of each status", &NUMBER),
        ]),
    ),
    must(65_534, "ttl", "seconds for which it may be kept", &NUMBER),
]);

const KEY_USE: Shape = Shape::Leaf(Leaf::Word(&[
    (1, "gate tokens"),
    (2, "time anchors"),
    (3, "rulebooks"),
    (4, "what is decided about a person"),
    (5, "status lists"),
    (6, "exposure notices"),
    (7, "gate policies"),
    (8, "venues"),
    (9, "officers' acts"),
]));

pub(super) const FORMAT: Member = must(1, "format", "of this document", &ONE);

pub(super) const TRUST_LIST: Shape = Shape::Map(&[
    FORMAT,
    must(2, "root version", "the root set that signs it", &NUMBER),
    must(3, "version", "grows with every list", &NUMBER),
    must(4, "issued", "when it was signed", &SECONDS),
    must(5, "expires", "when it must have been replaced", &SECONDS),
    must(
        6,
        "issuers",
        "whom gates believe",
        &Shape::List(&Shape::Map(&[
            must(1, "id", "a short name that stays", &TEXT),
            must(2, "name", "in both languages", &BILINGUAL),
            must(3, "regions", "for which it may speak, with all within", &Shape::List(&REGION)),
            must(4, "base URL", "of its interface", &TEXT),
            must(
                5,
                "keys",
                "each with one use",
                &Shape::List(&Shape::Map(&[
                    must(1, "key", "as COSE_Key", &Shape::Within(&Shape::Key)),
                    must(2, "use", "what it may sign", &KEY_USE),
                    must(3, "not before", "first instant that it may give as an issue", &BOUND),
                    must(4, "not after", "from here on it may give none", &BOUND),
                ])),
            ),
            must(
                6,
                "status lists",
                "where they lie",
                &Shape::List(&Shape::Map(&[
                    must(1, "list", "its number in tokens", &NUMBER),
                    must(2, "URI", "where it lies", &TEXT),
                ])),
            ),
            must(7, "colours", "what its green, yellow and red count as here", &Shape::List(&COLOUR)),
            must(8, "time epoch", "the highest that its anchors may name", &NUMBER),
            may(9, "removed keys", "ids of keys that were removed before their time", &Shape::List(&EIGHT)),
        ])),
    ),
]);

pub(super) const ROOT: Shape = Shape::Map(&[
    FORMAT,
    must(2, "version", "one above the set that it follows", &NUMBER),
    must(3, "threshold", "how many of the keys must have signed", &NUMBER),
    must(4, "keys", "each as COSE_Key", &Shape::List(&Shape::Within(&Shape::Key))),
    must(5, "issued", "when it was signed", &SECONDS),
    must(6, "expires", "when it must have been replaced", &SECONDS),
]);

pub(super) const OUTAGE: Shape = Shape::Map(&[
    FORMAT,
    must(2, "root version", "the root set that signs it", &NUMBER),
    must(3, "issuer", "whose server is down", &TEXT),
    must(4, "version", "grows with every notice about the issuer", &NUMBER),
    must(5, "issued", "nothing that was issued later is extended", &SECONDS),
    must(6, "ends", "from here on it no longer holds", &SECONDS),
    must(7, "hours", "by which tokens and evidence are extended", &NUMBER),
]);

/// What several keys sign: a payload, and detached signatures.
pub(super) const ROOT_SIGNED: Shape = Shape::Array(&[
    must(0, "payload", "what the keys sign", &ANY_BYTES),
    must(
        1,
        "signatures",
        "one COSE_Sign1 a key, its payload detached (RFC 9052, 2)",
        &Shape::List(&Shape::Signed),
    ),
]);
