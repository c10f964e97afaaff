//! The forms of exposure notices, of the head of their log, and of venue codes.

use super::forms::{BILINGUAL, DAY, DIGEST, FORMAT, NUMBER, REGION, SECONDS, TEXT};
use super::shape::{Leaf, Shape, must};

const KIND_OF_PLACE: Shape =
    Shape::Leaf(Leaf::Word(&[(1, "trains"), (2, "flights"), (3, "coaches"), (4, "venues"), (5, "areas")]));

pub(super) const NOTICE: Shape = Shape::Map(&[
    FORMAT,
    must(2, "number", "its place in the issuer's log, from 1", &NUMBER),
    must(3, "previous", "SHA-256 of what the notice before says; zeros for the first", &DIGEST),
    must(4, "region", "for whom it is (GB/T 2260)", &REGION),
    must(5, "issued", "when it was signed", &SECONDS),
    must(
        6,
        "classes",
        "what its files of places mean",
        &Shape::List(&Shape::Map(&[
            must(1, "kind", "what they are about", &KIND_OF_PLACE),
            must(2, "rule", "of the rulebook; empty: advice alone", &TEXT),
            must(3, "minutes", "at the same place, the fewest that count", &NUMBER),
            must(4, "apart", "carriages or rows, the most that count", &NUMBER),
            must(5, "from", "when a match begins to count", &SECONDS),
            must(6, "until", "when it no longer counts", &SECONDS),
        ])),
    ),
    must(
        7,
        "parts",
        "its files of places",
        &Shape::List(&Shape::Map(&[
            must(1, "class", "which of the classes, from 0", &NUMBER),
            must(2, "day", "from which its minutes are counted", &DAY),
            must(3, "records", "how many places", &NUMBER),
            must(4, "bytes", "how many", &NUMBER),
            must(5, "digest", "SHA-256 of the file", &DIGEST),
        ])),
    ),
    must(8, "withdraws", "numbers of notices that no longer hold", &Shape::List(&NUMBER)),
]);

pub(super) const LOG_HEAD: Shape = Shape::Map(&[
    FORMAT,
    must(2, "issuer", "whose log it is", &TEXT),
    must(3, "size", "how many notices it has", &NUMBER),
    must(4, "digest", "SHA-256 of what the last one says; zeros where there is none", &DIGEST),
    must(5, "at", "when the head was signed", &SECONDS),
]);

pub(super) const VENUE: Shape = Shape::Map(&[
    FORMAT,
    must(2, "number", "of the venue at its issuer", &NUMBER),
    must(3, "region", "where it lies (GB/T 2260)", &REGION),
    must(4, "name", "as it calls itself", &BILINGUAL),
    must(5, "issued", "when it was signed", &SECONDS),
]);
