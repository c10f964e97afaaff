//! What the text of a code reveals to whoever scans it, in words for a person, in both languages.
//!
//! A text enters, from any scanner; nothing of it is verified, no key and no clock is asked. So this says what anybody
//! with a camera reads, a dishonest one included, and never that it is true. Who wants to know whether a code holds
//! asks a gate ([`super::gate`]).

mod words;

use super::challenge::Challenge;
use super::code_text::{CodeText, CodeTextError, Foreign, Prefix};
use super::envelope::{FormatError, Sign1};
use super::gate_token::GateToken;
use super::ids::hex;
use super::outage::{self, OutageNotice};
use super::presentation::{Mode, Scanned};
use super::root::Document;
use super::trust_list::Object;
use super::{Anchor, cbor};
use crate::rules::calendar::{LegalCalendar, Timestamp};
use crate::rules::text::Text;

/// What a scanned text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "device", derive(uniffi::Enum))]
pub enum DisclosureKind {
    /// A resident's code, as a phone shows it (`H1:`).
    PhoneCode,
    /// A code on paper (`H3:`).
    PaperCode,
    /// A checkpoint's challenge (`H2:`).
    Challenge,
    /// A venue's code (`H4:`).
    Venue,
    /// The handover of a person to another phone (`H5:`).
    Handover,
    /// An authority's outage notice (`H6:`).
    Outage,
    /// Something that is none of this system's codes.
    Foreign {
        /// What it is.
        what: Foreign,
    },
}

/// One thing that whoever scans the text reads.
#[derive(Clone, PartialEq, Eq)]
#[cfg_attr(feature = "device", derive(uniffi::Record))]
pub struct DisclosedItem {
    /// A stable word for what it is, such as `masked-name`: for apps that say it in their own way.
    pub name: String,
    /// What it is, as a person reads it.
    pub what: Text,
    /// What stands there. Instants are in China's time, to the second; keys and ids in hexadecimal.
    pub value: Text,
    /// What somebody can do with it, where that is not plain.
    pub note: Option<Text>,
}

/// What a text reveals to whoever scans it. Nothing of it was verified: a forged code is explained like a true one.
#[derive(Clone, PartialEq, Eq)]
#[cfg_attr(feature = "device", derive(uniffi::Record))]
pub struct Disclosure {
    /// What the text is.
    pub kind: DisclosureKind,
    /// What it is and what to think of it, in a sentence or two.
    pub summary: Text,
    /// What it reveals, in the order of its weight; empty for texts whose content this version does not read.
    pub reveals: Vec<DisclosedItem>,
    /// What it does not tell, though one might fear so; empty where nobody would.
    pub withholds: Vec<Text>,
    /// Whether somebody who keeps what was scanned can tell that two such texts are of one person's phone or paper.
    pub linkable: bool,
}

/// Why a text that begins like a code of this system cannot be explained.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DisclosureError {
    /// Longer than any code.
    #[error("too-long")]
    TooLong,
    /// Not base45, or not in its one spelling: cut off, or changed on its way.
    #[error("base45")]
    Base45,
    /// Its bytes are not what such a code carries.
    #[error("{0}")]
    Form(#[from] FormatError),
}

impl Disclosure {
    /// Explains a scanned text.
    ///
    /// # Errors
    ///
    /// For a text that begins like a code of this system and does not go on like one. Any other text is explained as
    /// what it is.
    pub fn of(text: &str) -> Result<Self, DisclosureError> {
        let code = match CodeText::parse(text) {
            Ok(code) => code,
            Err(CodeTextError::Foreign(what)) => {
                return Ok(Self::without_content(DisclosureKind::Foreign { what }));
            }
            Err(CodeTextError::Base45) => return Err(DisclosureError::Base45),
            Err(CodeTextError::TooLong) => return Err(DisclosureError::TooLong),
        };
        match code.prefix {
            Prefix::Code => phone_code(&code.bytes),
            Prefix::Paper => paper_code(&code.bytes),
            Prefix::Challenge => challenge(&code.bytes),
            Prefix::Venue => Ok(Self::without_content(DisclosureKind::Venue)),
            Prefix::Handover => Ok(Self::without_content(DisclosureKind::Handover)),
            Prefix::Outage => outage(&code.bytes),
        }
        .map_err(DisclosureError::Form)
    }

    fn without_content(kind: DisclosureKind) -> Self {
        let summary = words::summary(kind);
        Self { kind, summary, reveals: Vec::new(), withholds: Vec::new(), linkable: false }
    }
}

// What a code says of a person belongs on the person's screen and in no log.
impl std::fmt::Debug for Disclosure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Disclosure({:?}, {} items)", self.kind, self.reveals.len())
    }
}

impl std::fmt::Debug for DisclosedItem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "DisclosedItem({})", self.name)
    }
}

fn phone_code(bytes: &[u8]) -> Result<Disclosure, FormatError> {
    let scanned = Scanned::parse(bytes)?;
    let content = scanned.content();
    let (token, issuer_key) = read_token(&content.token)?;
    let holder = token.holder.as_ref().ok_or(FormatError::Content)?.id();
    let mut reveals = of_token(&token, issuer_key);
    reveals.push(item("holder-key", hex(&holder)));
    reveals.push(lowered(content.flags.lowered));
    reveals.push(match content.mode {
        Mode::Shown(at) => described("shown-at", legal(at)),
        Mode::Answer(nonce) => item("answers", hex(&nonce)),
    });
    Ok(of_person(DisclosureKind::PhoneCode, reveals))
}

fn paper_code(bytes: &[u8]) -> Result<Disclosure, FormatError> {
    let (token, issuer_key) = read_token(bytes)?;
    if token.holder.is_some() {
        return Err(FormatError::Content);
    }
    Ok(of_person(DisclosureKind::PaperCode, of_token(&token, issuer_key)))
}

fn of_person(kind: DisclosureKind, reveals: Vec<DisclosedItem>) -> Disclosure {
    Disclosure { kind, summary: words::summary(kind), reveals, withholds: words::withheld(), linkable: true }
}

fn challenge(bytes: &[u8]) -> Result<Disclosure, FormatError> {
    let challenge = Challenge::parse(bytes)?;
    let mut reveals = vec![item("gate", challenge.gate), item("nonce", hex(&challenge.nonce))];
    if let Some(anchor) = &challenge.anchor {
        let (anchor, key) = read::<Anchor>(anchor)?;
        reveals.push(described("anchor", legal(anchor.at)));
        reveals.push(item("anchor-key", hex(&key)));
    }
    let kind = DisclosureKind::Challenge;
    Ok(Disclosure { kind, summary: words::summary(kind), reveals, withholds: Vec::new(), linkable: false })
}

fn outage(bytes: &[u8]) -> Result<Disclosure, FormatError> {
    let document = Document::parse(bytes, outage::MAX_BYTES)?;
    let notice: OutageNotice = cbor::decode(document.unverified_payload(), outage::MAX_BYTES)?;
    let reveals = vec![
        item("outage-issuer", notice.issuer),
        described("outage-issued-at", legal(notice.issued_at)),
        described("outage-ends-at", legal(notice.ends_at)),
        item("outage-hours", notice.hours.to_string()),
    ];
    Ok(Disclosure { reveals, ..Disclosure::without_content(DisclosureKind::Outage) })
}

fn read_token(bytes: &[u8]) -> Result<(GateToken, [u8; 8]), FormatError> {
    read::<GateToken>(bytes)
}

/// An issuer's object and the id of the key that it names, its form checked and its signature not.
fn read<T: Object>(bytes: &[u8]) -> Result<(T, [u8; 8]), FormatError> {
    let envelope = Sign1::parse(bytes, T::LIMIT)?;
    let key = envelope.key_id().ok_or(FormatError::ProtectedHeader)?;
    let object: T = cbor::decode(envelope.unverified_payload()?, T::LIMIT)?;
    object.check()?;
    Ok((object, key))
}

fn of_token(token: &GateToken, issuer_key: [u8; 8]) -> Vec<DisclosedItem> {
    let province = token.region.province();
    let digits = token.region.digits();
    let region =
        Text::new(format!("{digits} {}", province.name_zh), format!("{digits} {}", province.name_en));
    vec![
        item("masked-name", token.masked_name.clone()),
        item("id-tail", token.id_tail.clone()),
        described("colour", words::colour(token.colour)),
        described("region", region),
        described("issued-at", legal(token.issued_at)),
        described("expires-at", legal(token.expires_at)),
        item("issuer-key", hex(&issuer_key)),
        item("token-id", hex(&token.id)),
        item("status", format!("{} / {}", token.status.list, token.status.index)),
    ]
}

fn lowered(lowered: bool) -> DisclosedItem {
    described("lowered", if lowered { Text::new("是", "yes") } else { Text::new("否", "no") })
}

fn item(name: &'static str, value: String) -> DisclosedItem {
    described(name, Text { zh: value.clone(), en: value })
}

fn described(name: &'static str, value: Text) -> DisclosedItem {
    let (what, note) = words::of_item(name);
    DisclosedItem { name: name.to_owned(), what, value, note }
}

/// An instant as people read it here. The text of a code names no offset, and China has one.
fn legal(at: Timestamp) -> Text {
    let plain = || Text::new(at.to_string(), at.to_string());
    LegalCalendar::new(8 * 60).map_or_else(plain, |calendar| Text::instant(at, calendar))
}
