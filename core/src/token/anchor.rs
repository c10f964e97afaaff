//! The time anchor: a server's signed statement that an instant has passed, with the versions of what it publishes.
//! Only the home issuer's time key moves a phone's clock; anyone may relay it, since it is a lower bound.

use minicbor::decode::Error as DecodeError;
use minicbor::encode::{Error as EncodeError, Write};
use minicbor::{Decode, Decoder, Encode, Encoder};

use super::envelope::Kind;
use super::trust_list::{KeyUse, Object};
use crate::rules::calendar::Timestamp;

/// The nonce that a phone sends with a request and finds in the answer's anchor.
pub type Nonce = [u8; 16];

/// A time anchor: `[1, t, epoch, root, trust list, rules, policy, ?nonce]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Anchor {
    /// The server's time when it answered, in whole seconds.
    pub at: Timestamp,
    /// Grows when the server's clock had to be set back; a higher one must be in the trust list.
    pub epoch: u32,
    /// The current root set's version.
    pub root_version: u32,
    /// The current trust list's version.
    pub trust_list_version: u32,
    /// The current rulebook's version.
    pub rules_version: u32,
    /// The current gate policy's version; 0 for none.
    pub policy_version: u32,
    /// The nonce of the request it answers.
    pub nonce: Option<Nonce>,
}

impl Object for Anchor {
    const KIND: Kind = Kind::Time;
    const USE: KeyUse = KeyUse::Time;
    const LIMIT: usize = 256;

    fn issued_at(&self) -> Timestamp {
        self.at
    }
}

impl<C> Encode<C> for Anchor {
    fn encode<W: Write>(&self, e: &mut Encoder<W>, _: &mut C) -> Result<(), EncodeError<W::Error>> {
        e.array(7 + u64::from(self.nonce.is_some()))?.u8(1)?.i64(self.at.seconds())?;
        e.u32(self.epoch)?.u32(self.root_version)?.u32(self.trust_list_version)?;
        e.u32(self.rules_version)?.u32(self.policy_version)?;
        if let Some(nonce) = &self.nonce {
            e.bytes(nonce)?;
        }
        Ok(())
    }
}

impl<'b, C> Decode<'b, C> for Anchor {
    fn decode(d: &mut Decoder<'b>, context: &mut C) -> Result<Self, DecodeError> {
        let length = d.array()?;
        if !matches!(length, Some(7 | 8)) || d.u8()? != 1 {
            return Err(DecodeError::message("anchor"));
        }
        Ok(Self {
            at: super::cbor::seconds::decode(d, context)?,
            epoch: d.u32()?,
            root_version: d.u32()?,
            trust_list_version: d.u32()?,
            rules_version: d.u32()?,
            policy_version: d.u32()?,
            nonce: match length {
                Some(8) => Some(d.bytes()?.try_into().map_err(|_| DecodeError::message("nonce"))?),
                _ => None,
            },
        })
    }
}
