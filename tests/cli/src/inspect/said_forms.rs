//! The forms of what is said of papers, appeals, officers' acts and days served elsewhere.

use super::forms::{
    BILINGUAL, COLOUR, DAY, DIGEST, EIGHT, JSON, NUMBER, SECONDS, SERIAL, SIXTEEN, SUBJECT, TEXT,
};
use super::shape::{Leaf, Shape, may, must};

pub(super) const BY: Shape = Shape::Map(&[
    must(1, "role", "in which", &Shape::Leaf(Leaf::Word(&[(1, "carer"), (2, "officer")]))),
    must(2, "name", "a carer's masked name, or what the authority calls its officer", &TEXT),
]);

pub(super) const ACT: Shape = Shape::Map(&[
    SUBJECT,
    SERIAL,
    must(3, "request", "its name: an act is done once", &SIXTEEN),
    must(4, "acted", "when", &SECONDS),
    must(5, "officer", "what the authority calls the officer", &TEXT),
    must(
        6,
        "kind",
        "what was done",
        &Shape::Leaf(Leaf::Word(&[
            (1, "overdue check-ins listed"),
            (2, "a relation"),
            (3, "a paper code"),
            (4, "a check-in for the person"),
            (5, "an appeal"),
            (6, "an order without a rule"),
            (7, "a declaration at a counter"),
        ])),
    ),
    must(7, "entry", "digest of the entry in the log", &DIGEST),
    may(8, "note", "what the officer wrote to the resident", &TEXT),
]);

pub(super) const PAPER: Shape = Shape::Map(&[
    SUBJECT,
    SERIAL,
    must(3, "id", "of its gate token", &EIGHT),
    must(4, "said", "when", &SECONDS),
    may(5, "token", "the signed gate token; absent: withdrawn", &Shape::Signed),
    may(6, "by", "who asked for it", &BY),
]);

pub(super) const APPEAL: Shape = Shape::Map(&[
    SUBJECT,
    SERIAL,
    must(3, "appeal", "the operation that made it", &DIGEST),
    must(4, "said", "when", &SECONDS),
    must(
        5,
        "state",
        "where it stands",
        &Shape::Leaf(Leaf::Word(&[(1, "received"), (2, "in review"), (3, "granted"), (4, "refused")])),
    ),
    must(6, "due by", "when the authority has bound itself to decide", &SECONDS),
    may(7, "reason", "why it was decided so", &BILINGUAL),
    may(8, "officer", "who has it in hand or decided it", &TEXT),
    may(9, "rating", "the rating that it contests", &NUMBER),
    may(10, "rule", "the rule of the reason that it contests", &TEXT),
]);

pub(super) const SERVED: Shape = Shape::Map(&[
    SUBJECT,
    SERIAL,
    must(3, "operation", "that brought the proof", &DIGEST),
    must(4, "said", "when", &SECONDS),
    must(5, "issuer", "the other authority", &TEXT),
    may(6, "colour", "of the other order", &COLOUR),
    may(7, "starts on", "the first day of the other order", &DAY),
    must(8, "days", "that count here", &NUMBER),
    may(
        9,
        "refused",
        "why not",
        &Shape::Leaf(Leaf::Word(&[
            (1, "not proved"),
            (2, "another person's"),
            (3, "not served to its end"),
            (4, "taken before"),
            (5, "without the key's consent"),
        ])),
    ),
]);

pub(super) const CONSENT: Shape = Shape::Map(&[
    must(
        1,
        "purpose",
        "what is agreed to",
        &Shape::Leaf(Leaf::Word(&[(1, "care for somebody"), (2, "another phone"), (3, "another authority")])),
    ),
    must(2, "subject", "of the key that agrees", &SIXTEEN),
    must(3, "key", "SHA-256 of the new key", &DIGEST),
    must(4, "given", "not before", &SECONDS),
    must(5, "audience", "the authority at which the new key is to be taken", &TEXT),
]);

pub(super) const OFFICER: Shape = Shape::Map(&[
    must(1, "request", "its name, random", &SIXTEEN),
    must(2, "at", "by the officer's clock", &SECONDS),
    must(3, "audience", "the authority", &TEXT),
    must(4, "act", "what is to be done", &JSON),
    may(5, "note", "what the officer writes to the resident", &TEXT),
]);
