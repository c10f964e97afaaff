//! The text of a code: a prefix and base45 (RFC 9285), all of it in QR's alphanumeric set. Exactly one text stands
//! for the bytes; everything else that a scanner may meet is named, so that staff can say what it is.

use thiserror::Error;

/// The most characters that a QR code of alphanumeric text holds at level M (ISO/IEC 18004, version 40).
pub const MAX_CHARACTERS: usize = 3_391;

/// What kind of code a text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Prefix {
    /// `H1:` a resident's code.
    Code,
    /// `H2:` a gate's challenge.
    Challenge,
    /// `H3:` a paper code.
    Paper,
    /// `H4:` a venue.
    Venue,
    /// `H5:` the handover of a subject to another phone.
    Handover,
    /// `H6:` an outage notice.
    Outage,
}

impl Prefix {
    const ALL: [Self; 6] =
        [Self::Code, Self::Challenge, Self::Paper, Self::Venue, Self::Handover, Self::Outage];

    /// The characters at the head of the text.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Code => "H1:",
            Self::Challenge => "H2:",
            Self::Paper => "H3:",
            Self::Venue => "H4:",
            Self::Handover => "H5:",
            Self::Outage => "H6:",
        }
    }
}

/// What a text is that is none of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "device", derive(uniffi::Enum))]
pub enum Foreign {
    /// A web address.
    Url,
    /// A payment code.
    Payment,
    /// An EU digital COVID certificate.
    EuCertificate,
    /// A SMART health card.
    SmartHealthCard,
    /// A gate's challenge: the resident's phone scans it, not the gate's.
    Challenge,
    /// A venue's code: residents scan it when they enter.
    Venue,
    /// The handover of a person's code to another phone.
    Handover,
    /// An outage notice: the checkpoint loads it.
    OutageNotice,
    /// Something else.
    Other,
}

/// Why a text is not a code of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum CodeTextError {
    /// It is something else.
    #[error("not a health code")]
    Foreign(Foreign),
    /// It begins like one and does not go on in base45, or in another spelling of the same bytes.
    #[error("base45")]
    Base45,
    /// It has more characters than any code.
    #[error("too long")]
    TooLong,
}

/// A code's text, taken apart: its kind and its bytes. Nothing is verified yet.
#[derive(Clone, PartialEq, Eq)]
pub struct CodeText {
    /// What kind of code it is.
    pub prefix: Prefix,
    /// The bytes that it carries.
    pub bytes: Vec<u8>,
}

impl CodeText {
    /// The text that carries these bytes.
    #[must_use]
    pub fn write(prefix: Prefix, bytes: &[u8]) -> String {
        format!("{}{}", prefix.text(), base45::encode(bytes))
    }

    /// Takes a scanned text apart.
    pub fn parse(text: &str) -> Result<Self, CodeTextError> {
        let Some(prefix) = Prefix::ALL.into_iter().find(|prefix| text.starts_with(prefix.text())) else {
            return Err(CodeTextError::Foreign(foreign(text)));
        };
        if text.len() > MAX_CHARACTERS {
            return Err(CodeTextError::TooLong);
        }
        let body = text.get(prefix.text().len()..).unwrap_or_default();
        let bytes = decode_strictly(body).ok_or(CodeTextError::Base45)?;
        Ok(Self { prefix, bytes })
    }
}

impl std::fmt::Debug for CodeText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "CodeText({:?}, {} bytes)", self.prefix, self.bytes.len())
    }
}

/// Base45 in its one spelling. The library alone reads over some faults; comparing the re-encoding finds them all.
#[must_use]
pub fn decode_strictly(text: &str) -> Option<Vec<u8>> {
    let bytes = base45::decode(text).ok()?;
    (base45::encode(&bytes) == text).then_some(bytes)
}

fn foreign(text: &str) -> Foreign {
    const KNOWN: [(&str, Foreign); 9] = [
        ("hc1:", Foreign::EuCertificate),
        ("shc:/", Foreign::SmartHealthCard),
        ("wxp://", Foreign::Payment),
        ("alipays://", Foreign::Payment),
        ("https://qr.alipay.com/", Foreign::Payment),
        ("https://qr.95516.com/", Foreign::Payment),
        ("weixin://wxpay/", Foreign::Payment),
        ("https://", Foreign::Url),
        ("http://", Foreign::Url),
    ];
    let begins = |head: &str| text.get(..head.len()).is_some_and(|start| start.eq_ignore_ascii_case(head));
    KNOWN.iter().find(|(head, _)| begins(head)).map_or(Foreign::Other, |(_, what)| *what)
}
