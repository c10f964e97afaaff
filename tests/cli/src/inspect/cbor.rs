//! Any CBOR (RFC 8949) as a tree, with what is not in its deterministic form (4.2.1): to look at bytes that the
//! core's own parsers would refuse. Bounded: one node a byte at most, and sixteen levels.

const MAX_DEPTH: usize = 16;

/// One data item.
#[derive(Debug, PartialEq)]
pub(super) struct Item<'b> {
    /// Its bytes.
    pub(super) raw: &'b [u8],
    pub(super) content: Content<'b>,
    /// Why its form is not the deterministic one.
    pub(super) odd: Option<&'static str>,
}

#[derive(Debug, PartialEq)]
pub(super) enum Content<'b> {
    Integer(i128),
    Bytes(&'b [u8]),
    /// Pieces of an indefinite length.
    Pieces(Vec<Item<'b>>),
    Text(&'b str),
    Array(Vec<Item<'b>>),
    Map(Vec<(Item<'b>, Item<'b>)>),
    Tag(u64, Box<Item<'b>>),
    Bool(bool),
    Null,
    /// Simple values and floats: this system has none.
    Other(u64),
}

/// Why bytes are no CBOR, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NotCbor {
    pub(super) at: usize,
    pub(super) why: &'static str,
}

/// The first item of some bytes, and what follows it.
pub(super) fn read(bytes: &[u8]) -> Result<(Item<'_>, &[u8]), NotCbor> {
    let mut reader = Reader { bytes, at: 0 };
    let item = reader.item(0)?;
    Ok((item, reader.rest()))
}

struct Reader<'b> {
    bytes: &'b [u8],
    at: usize,
}

/// The head of an item: its major type, its number, and whether a shorter head would have done.
struct Head {
    major: u8,
    number: u64,
    indefinite: bool,
    long: bool,
}

impl<'b> Reader<'b> {
    fn rest(&self) -> &'b [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    fn fail<T>(&self, why: &'static str) -> Result<T, NotCbor> {
        Err(NotCbor { at: self.at, why })
    }

    fn take(&mut self, length: u64) -> Result<&'b [u8], NotCbor> {
        let taken = usize::try_from(length).ok().and_then(|length| self.rest().get(..length));
        let Some(taken) = taken else { return self.fail("it ends too early") };
        self.at += taken.len();
        Ok(taken)
    }

    fn head(&mut self) -> Result<Head, NotCbor> {
        let first = self.take(1)?.first().copied().unwrap_or_default();
        let (major, info) = (first >> 5, first & 0x1f);
        let (number, least) = match info {
            0..=23 => (u64::from(info), 0),
            24..=27 => {
                let width = 1_u64 << (info - 24);
                let number = self.take(width)?.iter().fold(0, |number, byte| number << 8 | u64::from(*byte));
                // What the next shorter head can hold.
                let least = if width == 1 { 24 } else { 1_u64 << (4 * width) };
                (number, least)
            }
            31 if (2..=5).contains(&major) => {
                return Ok(Head { major, number: 0, indefinite: true, long: false });
            }
            31 if major == 7 => return self.fail("a break where nothing is open"),
            _ => return self.fail("a head that RFC 8949 reserves"),
        };
        Ok(Head { major, number, indefinite: false, long: number < least })
    }

    fn item(&mut self, depth: usize) -> Result<Item<'b>, NotCbor> {
        if depth > MAX_DEPTH {
            return self.fail("more than sixteen levels");
        }
        let start = self.at;
        let head = self.head()?;
        let mut odd = head.long.then_some("a longer head than the number needs");
        if head.indefinite {
            odd = Some("an indefinite length");
        }
        let content = match head.major {
            0 => Content::Integer(head.number.into()),
            1 => Content::Integer(-1 - i128::from(head.number)),
            2 | 3 if head.indefinite => Content::Pieces(self.items(&head, depth)?),
            2 => Content::Bytes(self.take(head.number)?),
            3 => {
                let bytes = self.take(head.number)?;
                let Ok(text) = std::str::from_utf8(bytes) else { return self.fail("text that is not UTF-8") };
                Content::Text(text)
            }
            4 => Content::Array(self.items(&head, depth)?),
            5 => {
                let members = self.members(&head, depth)?;
                odd = odd.or_else(|| disorder(&members));
                Content::Map(members)
            }
            6 => Content::Tag(head.number, Box::new(self.item(depth + 1)?)),
            _ => simple(&head, self.at - start),
        };
        let raw = self.bytes.get(start..self.at).unwrap_or_default();
        Ok(Item { raw, content, odd })
    }

    /// Whether another part of a container follows: counted, or up to the break of an indefinite one.
    fn another(&mut self, head: &Head, read: u64) -> Result<bool, NotCbor> {
        if !head.indefinite {
            return Ok(read < head.number);
        }
        match self.rest().first() {
            Some(0xff) => {
                self.at += 1;
                Ok(false)
            }
            Some(_) => Ok(true),
            None => self.fail("it ends too early"),
        }
    }

    fn items(&mut self, head: &Head, depth: usize) -> Result<Vec<Item<'b>>, NotCbor> {
        let mut items = Vec::new();
        for read in 0.. {
            if !self.another(head, read)? {
                break;
            }
            items.push(self.item(depth + 1)?);
        }
        Ok(items)
    }

    fn members(&mut self, head: &Head, depth: usize) -> Result<Vec<(Item<'b>, Item<'b>)>, NotCbor> {
        let mut members = Vec::new();
        for read in 0.. {
            if !self.another(head, read)? {
                break;
            }
            members.push((self.item(depth + 1)?, self.item(depth + 1)?));
        }
        Ok(members)
    }
}

fn simple(head: &Head, length: usize) -> Content<'static> {
    match (head.number, length) {
        (20, 1) => Content::Bool(false),
        (21, 1) => Content::Bool(true),
        (22, 1) => Content::Null,
        (number, _) => Content::Other(number),
    }
}

/// Labels of a map that stand twice, or not in the order of their bytes (RFC 8949, 4.2.1).
fn disorder(members: &[(Item<'_>, Item<'_>)]) -> Option<&'static str> {
    let labels = || members.iter().map(|(label, _)| label.raw);
    let pairs = || labels().zip(labels().skip(1));
    if pairs().all(|(one, next)| one < next) {
        return None;
    }
    let mut sorted: Vec<_> = labels().collect();
    sorted.sort_unstable();
    let twice = sorted.iter().zip(sorted.iter().skip(1)).any(|(one, next)| one == next);
    Some(if twice { "a label twice" } else { "labels out of order" })
}

impl<'b> Item<'b> {
    pub(super) const fn integer(&self) -> Option<i128> {
        if let Content::Integer(number) = self.content { Some(number) } else { None }
    }

    pub(super) const fn bytes(&self) -> Option<&'b [u8]> {
        if let Content::Bytes(bytes) = self.content { Some(bytes) } else { None }
    }

    /// The items of an array of exactly so many.
    pub(super) fn array<const N: usize>(&self) -> Option<&[Item<'b>; N]> {
        if let Content::Array(items) = &self.content { items.as_slice().try_into().ok() } else { None }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn odd(bytes: &[u8]) -> Option<&'static str> {
        read(bytes).unwrap().0.odd
    }

    #[test]
    fn the_examples_of_the_rfc_are_read() {
        for (bytes, content) in [
            (&b"\x00"[..], Content::Integer(0)),
            (b"\x18\x18", Content::Integer(24)),
            (b"\x1b\xff\xff\xff\xff\xff\xff\xff\xff", Content::Integer(u64::MAX.into())),
            (b"\x3b\xff\xff\xff\xff\xff\xff\xff\xff", Content::Integer(-18_446_744_073_709_551_616)),
            (b"\x44\x01\x02\x03\x04", Content::Bytes(&[1, 2, 3, 4])),
            (b"\x63\xe6\xb0\xb4", Content::Text("水")),
            (b"\xf4", Content::Bool(false)),
            (b"\xf6", Content::Null),
            (b"\xf7", Content::Other(23)),
            (b"\xf9\x3c\x00", Content::Other(0x3c00)),
        ] {
            let (item, rest) = read(bytes).unwrap();
            assert_eq!((item.content, item.odd, rest.len()), (content, None, 0), "{bytes:02x?}");
        }
        assert!(matches!(read(b"\xc1\x1a\x51\x4b\x67\xb0").unwrap().0.content, Content::Tag(1, _)));
    }

    #[test]
    fn what_is_not_deterministic_is_named() {
        assert_eq!(odd(b"\x17"), None);
        for long in
            [&b"\x18\x17"[..], b"\x19\x00\xff", b"\x1a\x00\x00\xff\xff", b"\x1b\0\0\0\0\xff\xff\xff\xff"]
        {
            assert_eq!(odd(long), Some("a longer head than the number needs"), "{long:02x?}");
        }
        assert_eq!(odd(b"\x19\x01\x00"), None);
        assert_eq!(odd(b"\x9f\x01\xff"), Some("an indefinite length"));
        assert_eq!(odd(b"\x5f\x41\x01\xff"), Some("an indefinite length"));
        assert_eq!(odd(b"\xa2\x01\x00\x01\x00"), Some("a label twice"));
        assert_eq!(odd(b"\xa2\x02\x00\x01\x00"), Some("labels out of order"));
        assert_eq!(odd(b"\xa2\x01\x00\x20\x00"), None, "positive labels come first");
    }

    #[test]
    fn what_is_no_cbor_says_where_and_never_fails_otherwise() {
        assert_eq!(read(b"\x82\x01").unwrap_err(), NotCbor { at: 2, why: "it ends too early" });
        assert_eq!(read(b"").unwrap_err().at, 0);
        assert_eq!(read(&[0x81; 100]).unwrap_err().why, "more than sixteen levels");
        assert_eq!(read(b"\x9b\xff\xff\xff\xff\xff\xff\xff\xff").unwrap_err().why, "it ends too early");
        assert_eq!(read(b"\x1c").unwrap_err().why, "a head that RFC 8949 reserves");
        assert_eq!(read(b"\xff").unwrap_err().why, "a break where nothing is open");
        assert_eq!(read(b"\x61\xff").unwrap_err().why, "text that is not UTF-8");
        for first in 0..=255 {
            for second in 0..=255 {
                let _ = read(&[first, second, 0xff, 0x00, 0x61]);
            }
        }
    }
}
