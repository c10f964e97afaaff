//! The gate token: what a code shows. A CWT (RFC 8392) by an issuer's token key that names colour, class, region,
//! status, masked name and ID tail, and the holder's key (RFC 8747). Never a reason: every shop scans it.
//!
//! Payload, in this order: `4` exp, `6` iat, `7` cti, `8` cnf `{1: COSE_Key}` (absent on paper),
//! `-65537` `[1, colour, class, region, list, index, masked name, ID tail]`.

use minicbor::decode::Error as DecodeError;
use minicbor::encode::{Error as EncodeError, Write};
use minicbor::{Decode, Decoder, Encode, Encoder};

use super::cbor::seconds;
use super::envelope::{FormatError, Kind};
use super::key::PublicKey;
use super::trust_list::{KeyUse, Object};
use crate::rules::calendar::Timestamp;
use crate::rules::colour::Colour;
use crate::rules::identity::Region;

/// The one private claim, outside the range that IANA assigns (RFC 8392, 9.1).
const PRIVATE_CLAIM: i64 = -65_537;
/// The most bytes of a masked name.
pub const MAX_MASKED_NAME: usize = 15;
/// The highest number of a status list: from 65,536 on a hardware key's code would not fit version 12, and one byte
/// is enough for sixteen million tokens a list.
pub const MAX_STATUS_LIST: u32 = 255;
/// The bytes of an ID tail.
pub const TAIL: usize = 4;

/// Where a token's status stands: a list of the issuer and a place in it (IETF Token Status List).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct StatusReference {
    /// The list, by its number in the trust list.
    pub list: u32,
    /// The index in the list; random and fresh at each issue.
    pub index: u32,
}

/// The claims of a gate token. Outside this crate's tests and servers it is only had from a verified one.
#[derive(Clone, PartialEq, Eq)]
pub struct GateToken {
    /// When it expires.
    pub expires_at: Timestamp,
    /// When it was issued; it is not valid before.
    pub issued_at: Timestamp,
    /// Its own id, random.
    pub id: [u8; 8],
    /// The key that must sign presentations; none on paper.
    pub holder: Option<PublicKey>,
    /// The colour.
    pub colour: Colour,
    /// The region for which the issuer speaks in it.
    pub region: Region,
    /// Where its status stands.
    pub status: StatusReference,
    /// The masked name, at most [`MAX_MASKED_NAME`] bytes.
    pub masked_name: String,
    /// The last four characters of the identity document.
    pub id_tail: String,
}

impl GateToken {
    /// 0 for a phone's token, 1 for paper.
    #[must_use]
    pub const fn class(&self) -> u8 {
        if self.holder.is_some() { 0 } else { 1 }
    }

    /// The first thing that no token can say, if there is one.
    pub(crate) fn check(&self) -> Result<(), FormatError> {
        let name = !self.masked_name.is_empty()
            && self.masked_name.len() <= MAX_MASKED_NAME
            && !self.masked_name.chars().any(char::is_control);
        let tail = self.id_tail.len() == TAIL
            && self.id_tail.bytes().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == b'-');
        let times = self.issued_at < self.expires_at;
        let status = self.status.list <= MAX_STATUS_LIST;
        if name && tail && times && status { Ok(()) } else { Err(FormatError::Value) }
    }
}

impl Object for GateToken {
    const KIND: Kind = Kind::Token;
    const USE: KeyUse = KeyUse::Tokens;
    const LIMIT: usize = 320;

    fn issued_at(&self) -> Timestamp {
        self.issued_at
    }

    fn check(&self) -> Result<(), FormatError> {
        Self::check(self)
    }
}

impl std::fmt::Debug for GateToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "GateToken({:02x?}, {:?}, until {})", self.id, self.colour, self.expires_at)
    }
}

impl<C> Encode<C> for GateToken {
    fn encode<W: Write>(&self, e: &mut Encoder<W>, context: &mut C) -> Result<(), EncodeError<W::Error>> {
        e.map(4 + u64::from(self.holder.is_some()))?;
        seconds::encode(&self.expires_at, e.u8(4)?, context)?;
        seconds::encode(&self.issued_at, e.u8(6)?, context)?;
        e.u8(7)?.bytes(&self.id)?;
        if let Some(holder) = &self.holder {
            e.u8(8)?.map(1)?.u8(1)?;
            e.writer_mut().write_all(&holder.to_cose()).map_err(EncodeError::write)?;
        }
        e.i64(PRIVATE_CLAIM)?.array(8)?.u8(1)?.u8(self.colour.code())?.u8(self.class())?;
        e.u32(self.region.code())?.u32(self.status.list)?.u32(self.status.index)?;
        e.str(&self.masked_name)?.str(&self.id_tail).map(|_| ())
    }
}

impl<'b, C> Decode<'b, C> for GateToken {
    fn decode(d: &mut Decoder<'b>, context: &mut C) -> Result<Self, DecodeError> {
        let wrong = DecodeError::message;
        let entries = d.map()?;
        let label = |d: &mut Decoder<'b>, expected: i64| match d.i64()? {
            label if label == expected => Ok(()),
            _ => Err(wrong("label")),
        };
        label(d, 4)?;
        let expires_at = seconds::decode(d, context)?;
        label(d, 6)?;
        let issued_at = seconds::decode(d, context)?;
        label(d, 7)?;
        let id = d.bytes()?.try_into().map_err(|_| wrong("cti"))?;
        let holder = match entries {
            Some(5) => {
                label(d, 8)?;
                if d.map()? != Some(1) || d.u8()? != 1 {
                    return Err(wrong("cnf"));
                }
                Some(PublicKey::read_cose(d)?.map_err(|_| wrong("cnf"))?)
            }
            Some(4) => None,
            _ => return Err(wrong("claims")),
        };
        label(d, PRIVATE_CLAIM)?;
        if d.array()? != Some(8) || d.u8()? != 1 {
            return Err(wrong("claims"));
        }
        let colour = Colour::from_code(d.u8()?).ok_or_else(|| wrong("colour"))?;
        if d.u8()? != u8::from(holder.is_none()) {
            return Err(wrong("class"));
        }
        Ok(Self {
            expires_at,
            issued_at,
            id,
            holder,
            colour,
            region: Region::from_code(d.u32()?).map_err(|_| wrong("region"))?,
            status: StatusReference { list: d.u32()?, index: d.u32()? },
            masked_name: d.str()?.to_owned(),
            id_tail: d.str()?.to_owned(),
        })
    }
}
