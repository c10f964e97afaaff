//! Status lists: which tokens are withdrawn. The IETF Token Status List (draft-ietf-oauth-status-list) in its CWT
//! form, as another implementation reads and writes it, and here in one exact encoding.
//!
//! COSE_Sign1 with tag 18, no `external_aad`, protected header `{1: alg, 4: kid, 16: "application/statuslist+cwt"}`,
//! unprotected header empty; payload `{2: sub, 4: exp, 6: iat, 65533: {"lst": zlib stream, "bits": 1|2|4|8}, 65534:
//! ttl}`. Labels stand in the order of RFC 8949, 4.2.1, bytewise by their encodings, which is that of RFC 7049, 3.9
//! as well. All that the draft leaves open is as said here; only the zlib stream is not canonical.

mod statuses;

use minicbor::data::Tag;
use minicbor::decode::Error as DecodeError;
use minicbor::encode::{Error as EncodeError, Write};
use minicbor::{Decoder, Encoder};
use thiserror::Error;

pub use statuses::{Bits, MAX_PACKED, Statuses};

use super::cbor::seconds;
use super::envelope::{FormatError, Items, TokenError, sig_structure};
use super::key::{Algorithm, KeyId, PublicKey, Signer, SignerError};
use super::trust_list::{KeyUse, Opened, TrustList};
use crate::rules::calendar::Timestamp;

/// The most bytes of a signed list. 2^24 places take 0.25 MB with 1 % of them withdrawn, 2 MB at the very worst: what
/// does not fit here is split into lists that a phone can load.
pub const MAX_BYTES: usize = 4 * 1024 * 1024;
/// The most bytes of a list's URI.
pub const MAX_URI: usize = 512;
/// Whatever a list says: it is fetched anew after so many seconds, six hours.
pub const LONGEST_TTL: u32 = 6 * 3_600;
/// The media type that the protected header names (`typ`, RFC 9596): no other signed object has it.
pub const MEDIA_TYPE: &str = "application/statuslist+cwt";

const SUBJECT: u32 = 2;
const EXPIRY: u32 = 4;
const ISSUED: u32 = 6;
const STATUS_LIST: u32 = 65_533;
const TIME_TO_LIVE: u32 = 65_534;

/// What a status list says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusListContent {
    /// Where it lies, as the trust list has it; [`MAX_URI`] bytes at most.
    pub uri: String,
    /// When it was signed.
    pub issued_at: Timestamp,
    /// When it must have been replaced.
    pub expires_at: Timestamp,
    /// For how many seconds it may be kept before it is asked for again; more than 0.
    pub ttl: u32,
    /// The statuses.
    pub statuses: Statuses,
}

/// Why a status list cannot be signed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum StatusListError {
    /// No list can say this, or not in [`MAX_BYTES`].
    #[error("form: {0}")]
    Form(#[from] FormatError),
    /// The key did not sign.
    #[error(transparent)]
    Signer(#[from] SignerError),
}

impl StatusListContent {
    /// Whether it should have been replaced by `now`.
    #[must_use]
    pub fn is_expired(&self, now: Timestamp) -> bool {
        now >= self.expires_at
    }

    /// When a later list should be fetched: after its `ttl`, which counts up to [`LONGEST_TTL`], and before it expires.
    #[must_use]
    pub fn refresh_at(&self) -> Timestamp {
        let ttl = i64::from(self.ttl.min(LONGEST_TTL)) * 1_000;
        self.issued_at.plus_millis(ttl).min(self.expires_at)
    }

    /// Compresses and signs the list.
    pub fn sign(&self, issuer: &dyn Signer) -> Result<Vec<u8>, StatusListError> {
        let stream = self.statuses.deflate();
        let claims = Claims {
            uri: &self.uri,
            issued_at: self.issued_at,
            expires_at: self.expires_at,
            ttl: self.ttl,
            bits: self.statuses.bits(),
            stream: &stream,
        };
        claims.check()?;
        let payload = written(|e| claims.write(e));
        let key = issuer.public_key();
        let protected = written(|e| write_protected(e, key.algorithm(), key.id()));
        let signature = issuer.sign(&sig_structure(&protected, b"", &payload))?;
        let signed = written(|e| write_envelope(e, &protected, &payload, &signature));
        if signed.len() > MAX_BYTES { Err(FormatError::TooLarge.into()) } else { Ok(signed) }
    }
}

/// A parsed status list. Nothing of it is to be believed before [`SignedStatusList::verify`].
#[derive(Clone, Copy)]
pub struct SignedStatusList<'b> {
    algorithm: Algorithm,
    key_id: KeyId,
    items: Items<'b>,
    payload: &'b [u8],
}

impl<'b> SignedStatusList<'b> {
    /// Reads the envelope.
    pub fn parse(bytes: &'b [u8]) -> Result<Self, FormatError> {
        if bytes.len() > MAX_BYTES {
            return Err(FormatError::TooLarge);
        }
        let mut d = Decoder::new(bytes);
        if !d.tag().is_ok_and(|tag| tag == SIGN1) {
            return Err(FormatError::NotSign1);
        }
        let items = Items::read(&mut d)?;
        let payload = items.payload.ok_or(FormatError::Payload)?;
        let (algorithm, key_id) = read_protected(items.protected)?;
        exact(items.protected, |e| write_protected(e, algorithm, key_id))?;
        exact(bytes, |e| write_envelope(e, items.protected, payload, &items.signature))?;
        Ok(Self { algorithm, key_id, items, payload })
    }

    /// The key id in the protected header.
    #[must_use]
    pub const fn key_id(&self) -> KeyId {
        self.key_id
    }

    /// The content without any check of the signature: to take untrusted lists apart for people.
    pub fn unverified_content(&self) -> Result<StatusListContent, FormatError> {
        Claims::read(self.payload)?.into_content()
    }

    /// The content, once the signature is `key`'s: how an issuer reads again what it has signed. Whoever trusts a
    /// list of issuers asks [`TrustList::open_status_list`].
    pub fn verify(&self, key: &PublicKey) -> Result<StatusListContent, TokenError> {
        Ok(self.verified_claims(key)?.into_content()?)
    }

    fn verified_claims(&self, key: &PublicKey) -> Result<Claims<'b>, TokenError> {
        if self.key_id != key.id() {
            return Err(TokenError::UnknownKey);
        }
        if self.algorithm != key.algorithm() {
            return Err(FormatError::Algorithm.into());
        }
        let message = sig_structure(self.items.protected, b"", self.payload);
        if !key.verifies(&message, &self.items.signature) {
            return Err(TokenError::Signature);
        }
        Ok(Claims::read(self.payload)?)
    }
}

impl std::fmt::Debug for SignedStatusList<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SignedStatusList({:?}, {:02x?})", self.algorithm, self.key_id)
    }
}

/// A verified status list of a listed issuer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusList {
    number: u32,
    content: StatusListContent,
}

impl StatusList {
    /// Its number in tokens of its issuer.
    #[must_use]
    pub const fn number(&self) -> u32 {
        self.number
    }

    /// What it says.
    #[must_use]
    pub const fn content(&self) -> &StatusListContent {
        &self.content
    }

    /// The status of the token at an index: 0 is valid, anything else is not. None if the list ends before it.
    #[must_use]
    pub fn status(&self, index: u32) -> Option<u8> {
        self.content.statuses.get(index)
    }
}

impl TrustList {
    /// Verifies a status list of any listed issuer: signed by a key for status lists, in its window, and for a URI
    /// that the trust list names as that issuer's. Inflated is only what has passed all this.
    pub fn open_status_list(&self, bytes: &[u8]) -> Result<Opened<'_, StatusList>, TokenError> {
        let signed = SignedStatusList::parse(bytes)?;
        let (public, key) = self.key(signed.key_id)?;
        if key.listed.key_use != KeyUse::Status {
            return Err(TokenError::UnknownKey);
        }
        let claims = signed.verified_claims(public)?;
        if claims.issued_at < key.listed.not_before || claims.issued_at >= key.listed.not_after {
            return Err(TokenError::OutsideKeyWindow);
        }
        let entry = key.issuer.status_lists.iter().find(|entry| entry.uri == claims.uri);
        let number = entry.ok_or(TokenError::OtherSubject)?.list;
        let content = claims.into_content()?;
        Ok(Opened { object: StatusList { number, content }, issuer: key.issuer })
    }
}

/// The payload's claims, the statuses still compressed.
struct Claims<'b> {
    uri: &'b str,
    issued_at: Timestamp,
    expires_at: Timestamp,
    ttl: u32,
    bits: Bits,
    stream: &'b [u8],
}

impl<'b> Claims<'b> {
    fn read(payload: &'b [u8]) -> Result<Self, FormatError> {
        let claims = Self::decode(&mut Decoder::new(payload)).map_err(|_| FormatError::Content)?;
        claims.check()?;
        exact(payload, |e| claims.write(e))?;
        Ok(claims)
    }

    /// The first thing that no list can say.
    fn check(&self) -> Result<(), FormatError> {
        let uri = !self.uri.is_empty() && self.uri.len() <= MAX_URI;
        if uri && self.issued_at < self.expires_at && self.ttl > 0 { Ok(()) } else { Err(FormatError::Value) }
    }

    fn into_content(self) -> Result<StatusListContent, FormatError> {
        let Self { uri, issued_at, expires_at, ttl, bits, stream } = self;
        let statuses = Statuses::inflate(bits, stream)?;
        Ok(StatusListContent { uri: uri.to_owned(), issued_at, expires_at, ttl, statuses })
    }

    fn decode(d: &mut Decoder<'b>) -> Result<Self, DecodeError> {
        let wrong = DecodeError::message;
        let map = |d: &mut Decoder<'b>, entries| match d.map()? {
            length if length == Some(entries) => Ok(()),
            _ => Err(wrong("claims")),
        };
        let label = |d: &mut Decoder<'b>, expected| match d.u32()? {
            label if label == expected => Ok(()),
            _ => Err(wrong("label")),
        };
        let name = |d: &mut Decoder<'b>, expected| match d.str()? {
            name if name == expected => Ok(()),
            _ => Err(wrong("name")),
        };
        map(d, 5)?;
        label(d, SUBJECT)?;
        let uri = d.str()?;
        label(d, EXPIRY)?;
        let expires_at = seconds::decode(d, &mut ())?;
        label(d, ISSUED)?;
        let issued_at = seconds::decode(d, &mut ())?;
        label(d, STATUS_LIST)?;
        map(d, 2)?;
        name(d, "lst")?;
        let stream = d.bytes()?;
        name(d, "bits")?;
        let bits = Bits::from_number(d.u8()?).ok_or_else(|| wrong("bits"))?;
        label(d, TIME_TO_LIVE)?;
        Ok(Self { uri, issued_at, expires_at, ttl: d.u32()?, bits, stream })
    }

    fn write<W: Write>(&self, e: &mut Encoder<W>) -> Result<(), EncodeError<W::Error>> {
        e.map(5)?.u32(SUBJECT)?.str(self.uri)?;
        seconds::encode(&self.expires_at, e.u32(EXPIRY)?, &mut ())?;
        seconds::encode(&self.issued_at, e.u32(ISSUED)?, &mut ())?;
        e.u32(STATUS_LIST)?.map(2)?.str("lst")?.bytes(self.stream)?.str("bits")?.u8(self.bits.number())?;
        e.u32(TIME_TO_LIVE)?.u32(self.ttl).map(|_| ())
    }
}

const SIGN1: Tag = Tag::new(18);

fn read_protected(bytes: &[u8]) -> Result<(Algorithm, KeyId), FormatError> {
    const WRONG: FormatError = FormatError::ProtectedHeader;
    let mut d = Decoder::new(bytes);
    if !matches!(d.map(), Ok(Some(3))) || !matches!(d.u8(), Ok(1)) {
        return Err(WRONG);
    }
    let algorithm = d.i64().ok().and_then(Algorithm::from_number).ok_or(FormatError::Algorithm)?;
    if !matches!(d.u8(), Ok(4)) {
        return Err(WRONG);
    }
    let key_id = d.bytes().ok().and_then(|id| id.try_into().ok()).ok_or(WRONG)?;
    let typed = matches!(d.u8(), Ok(16)) && matches!(d.str(), Ok(MEDIA_TYPE));
    if typed { Ok((algorithm, key_id)) } else { Err(WRONG) }
}

fn write_protected<W: Write>(
    e: &mut Encoder<W>,
    algorithm: Algorithm,
    key_id: KeyId,
) -> Result<(), EncodeError<W::Error>> {
    e.map(3)?.u8(1)?.i64(algorithm.number())?.u8(4)?.bytes(&key_id)?.u8(16)?.str(MEDIA_TYPE).map(|_| ())
}

fn write_envelope<W: Write>(
    e: &mut Encoder<W>,
    protected: &[u8],
    payload: &[u8],
    signature: &[u8; 64],
) -> Result<(), EncodeError<W::Error>> {
    e.tag(SIGN1)?.array(4)?.bytes(protected)?.map(0)?.bytes(payload)?.bytes(signature).map(|_| ())
}

#[allow(clippy::expect_used, reason = "writing to a vector cannot fail")]
fn written<F>(write: F) -> Vec<u8>
where
    F: FnOnce(&mut Encoder<Vec<u8>>) -> Result<(), EncodeError<std::convert::Infallible>>,
{
    let mut e = Encoder::new(Vec::new());
    write(&mut e).expect("writing to a vector cannot fail");
    e.into_writer()
}

/// Whether `bytes` are what is written. Compared as it is written: a list of megabytes is not copied for it.
fn exact<'b, F>(bytes: &'b [u8], write: F) -> Result<(), FormatError>
where
    F: FnOnce(&mut Encoder<Expected<'b>>) -> Result<(), EncodeError<Unexpected>>,
{
    let mut e = Encoder::new(Expected(bytes));
    if write(&mut e).is_ok() && e.writer().0.is_empty() { Ok(()) } else { Err(FormatError::NotDeterministic) }
}

/// The bytes that are still to be written.
struct Expected<'b>(&'b [u8]);

#[derive(Debug)]
struct Unexpected;

impl Write for Expected<'_> {
    type Error = Unexpected;

    fn write_all(&mut self, bytes: &[u8]) -> Result<(), Unexpected> {
        self.0 = self.0.strip_prefix(bytes).ok_or(Unexpected)?;
        Ok(())
    }
}
