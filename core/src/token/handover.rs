//! The two codes of a handover (`H5:`), by which a subject moves from one phone to another: `[1, COSE_Key, secret]` is
//! what the new phone shows, `[2, subject, issuer, consent, sealed]` what the phone of before answers, also without a
//! network. The consent is to the new key alone; what is sealed under the secret is who the person is, so that whoever
//! films the second code alone reads nothing of it. Neither is signed as a whole: the authority verifies the consent.

use minicbor::bytes::ByteVec;
use minicbor::decode::Error as DecodeError;
use minicbor::encode::{Error as EncodeError, Write};
use minicbor::{Decode, Decoder, Encode, Encoder};

use super::cbor;
use super::consent;
use super::envelope::FormatError;
use super::ids::SubjectId;
use super::key::PublicKey;

/// The most bytes of either code.
pub const MAX_BYTES: usize = 1_800;
/// The most bytes of an issuer's id.
const MAX_ISSUER: usize = 64;

/// One of the two.
#[derive(Clone, PartialEq, Eq)]
pub enum HandoverCode {
    /// A phone asks for a subject.
    Asked {
        /// The key that it has made for it.
        key: PublicKey,
        /// Random: seals what the answer says of the person. It is shown, and used for this handover alone.
        secret: [u8; 16],
    },
    /// The phone of before agrees.
    Agreed {
        /// Whom it hands over.
        subject: SubjectId,
        /// At which issuer.
        issuer: String,
        /// A [`super::KeyConsent`].
        consent: Vec<u8>,
        /// A nonce of 24 bytes and what was sealed.
        sealed: Vec<u8>,
    },
}

impl HandoverCode {
    /// Its bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        cbor::encode(self)
    }

    /// Reads either; its form is checked, and nothing else.
    pub fn parse(bytes: &[u8]) -> Result<Self, FormatError> {
        let code: Self = cbor::decode(bytes, MAX_BYTES)?;
        match &code {
            Self::Agreed { issuer, consent, .. }
                if issuer.len() > MAX_ISSUER || consent.len() > consent::MAX_BYTES =>
            {
                Err(FormatError::Value)
            }
            _ => Ok(code),
        }
    }
}

impl std::fmt::Debug for HandoverCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Asked { .. } => "HandoverCode(asked)",
            Self::Agreed { .. } => "HandoverCode(agreed)",
        })
    }
}

impl<C> Encode<C> for HandoverCode {
    fn encode<W: Write>(&self, e: &mut Encoder<W>, context: &mut C) -> Result<(), EncodeError<W::Error>> {
        match self {
            Self::Asked { key, secret } => {
                e.array(3)?.u8(1)?;
                e.writer_mut().write_all(&key.to_cose()).map_err(EncodeError::write)?;
                e.bytes(secret)?;
            }
            Self::Agreed { subject, issuer, consent, sealed } => {
                e.array(5)?.u8(2)?;
                subject.encode(e, context)?;
                e.str(issuer)?.bytes(consent)?.bytes(sealed)?;
            }
        }
        Ok(())
    }
}

impl<'b, C> Decode<'b, C> for HandoverCode {
    fn decode(d: &mut Decoder<'b>, context: &mut C) -> Result<Self, DecodeError> {
        let wrong = |what: &'static str| DecodeError::message(what);
        match (d.array()?, d.u8()?) {
            (Some(3), 1) => {
                let key = PublicKey::read_cose(d)?.map_err(|_| wrong("key"))?;
                let secret = d.bytes()?.try_into().map_err(|_| wrong("secret"))?;
                Ok(Self::Asked { key, secret })
            }
            (Some(5), 2) => Ok(Self::Agreed {
                subject: SubjectId::decode(d, context)?,
                issuer: d.str()?.to_owned(),
                consent: ByteVec::decode(d, context)?.to_vec(),
                sealed: ByteVec::decode(d, context)?.to_vec(),
            }),
            _ => Err(wrong("handover")),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use crate::token::{Signer as _, SoftwareKey};

    #[test]
    fn both_codes_read_back_and_nothing_else_does() {
        let key = SoftwareKey::from_seed(&[1; 32]).public_key();
        let asked = HandoverCode::Asked { key, secret: [7; 16] };
        let agreed = HandoverCode::Agreed {
            subject: SubjectId([2; 16]),
            issuer: "hangzhou".to_owned(),
            consent: vec![3; 190],
            sealed: vec![4; 300],
        };
        for code in [asked, agreed] {
            let bytes = code.to_bytes();
            assert_eq!(HandoverCode::parse(&bytes).unwrap(), code);
            for cut in 0..bytes.len() {
                assert!(HandoverCode::parse(bytes.get(..cut).unwrap()).is_err());
            }
            assert!(HandoverCode::parse(&[bytes.as_slice(), &[0]].concat()).is_err());
            assert!(!format!("{code:?}").contains('7'));
        }
        for other in [b"".as_slice(), b"\x00", b"\x83\x03\x00\x00", b"\x9f\x01\xff", &[0x41; 2_000]] {
            assert!(HandoverCode::parse(other).is_err());
        }
    }

    #[test]
    fn a_weak_key_is_none() {
        let key = SoftwareKey::from_seed(&[1; 32]).public_key();
        let bytes = HandoverCode::Asked { key: key.clone(), secret: [7; 16] }.to_bytes();
        let at = bytes.windows(32).position(|window| key.to_cose().ends_with(window)).unwrap();
        let mut weak = bytes.clone();
        weak.get_mut(at..at + 32).unwrap().fill(0);
        assert!(HandoverCode::parse(&weak).is_err());
    }
}
