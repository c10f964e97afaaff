//! The forms of what is signed, as data: which label stands for what, by the names of its RFC. Only to recognise and to
//! explain; whether bytes are accepted is asked of the core's own parsers, see [`super::kinds`].

/// The form of one item.
pub(super) enum Shape {
    /// A map, its members by label.
    Map(&'static [Member]),
    /// An array, its items by place.
    Array(&'static [Member]),
    /// An array of equal items, however many.
    List(&'static Shape),
    /// A byte string that holds another item.
    Within(&'static Shape),
    /// One form or another.
    Either(&'static Shape, &'static Shape),
    /// A COSE_Sign1 in a byte string.
    Signed,
    /// A COSE_Key.
    Key,
    /// What holds no further item of interest.
    Leaf(Leaf),
}

/// What a single value is.
#[derive(Clone, Copy)]
pub(super) enum Leaf {
    /// A number, not below zero.
    Number,
    /// A number that stands for a word.
    Word(&'static [(i64, &'static str)]),
    /// Whole seconds since 1970 UTC.
    Seconds,
    /// Whole seconds since 1970 UTC, where the first and the last instant stand for no bound.
    Bound,
    /// Milliseconds since 1970 UTC.
    Millis,
    /// Days since 1970-01-01.
    Day,
    /// Text.
    Text,
    /// Bytes: so many, or any number for 0.
    Bytes(usize),
    /// A zlib stream (RFC 1950).
    Zlib,
    /// JSON in a byte string.
    Json,
    /// True or false.
    Flag,
    /// A region of GB/T 2260.
    Region,
}

/// How a member is named.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Label {
    Number(i64),
    Text(&'static str),
}

/// A member of a map, or an item at a place of an array.
pub(super) struct Member {
    pub(super) label: Label,
    /// Its short name, of its RFC where it has one.
    pub(super) name: &'static str,
    /// What it means.
    pub(super) about: &'static str,
    pub(super) shape: &'static Shape,
    pub(super) optional: bool,
}

pub(super) const fn must(
    label: i64,
    name: &'static str,
    about: &'static str,
    shape: &'static Shape,
) -> Member {
    Member { label: Label::Number(label), name, about, shape, optional: false }
}

pub(super) const fn may(
    label: i64,
    name: &'static str,
    about: &'static str,
    shape: &'static Shape,
) -> Member {
    Member { label: Label::Number(label), name, about, shape, optional: true }
}

pub(super) const fn named(label: &'static str, about: &'static str, shape: &'static Shape) -> Member {
    Member { label: Label::Text(label), name: label, about, shape, optional: false }
}
