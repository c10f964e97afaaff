//! The world that is attacked: two issuers, Zhejiang and Guangdong, each with a key for every use, their trust list, a
//! resident with a green token, and a gate's lane. Everything comes from fixed seeds and fixed instants.

use healthcode::rules::calendar::Timestamp;
use healthcode::rules::colour::Colour;
use healthcode::rules::identity::Region;
use healthcode::rules::text::Text;
use healthcode::token::code_text::{CodeText, Prefix};
use healthcode::token::key::{PublicKey, Signer, SignerError, SoftwareKey};
use healthcode::token::status_list::{StatusListContent, Statuses};
use healthcode::token::trust_list::{
    Issuer, IssuerKey, KeyUse, RootSet, StatusListEntry, TrustList, TrustListContent, seal,
};
use healthcode::token::{Challenge, Flags, GateToken, Mode, Presentation, StatusReference};
use p256::ecdsa::signature::Signer as _;

pub use crate::lane::{Lane, told};

/// The seeds of the keys, each 32 bytes of this value.
pub const HOLDER: u8 = 2;
/// Another resident's key.
pub const OTHER_HOLDER: u8 = 3;
/// The roots of the trust list, of which two must sign.
pub const ROOTS: [u8; 3] = [11, 12, 13];
/// A key that no list and no root set knows.
pub const STRANGER: u8 = 99;
/// Zhejiang's keys begin here, in the order of [`USES`].
pub const ZHEJIANG: u8 = 20;
/// Guangdong's.
pub const GUANGDONG: u8 = 40;

/// All uses of an issuer's keys.
pub const USES: [KeyUse; 9] = [
    KeyUse::Tokens,
    KeyUse::Time,
    KeyUse::Rules,
    KeyUse::Decisions,
    KeyUse::Status,
    KeyUse::Notices,
    KeyUse::Policy,
    KeyUse::Venues,
    KeyUse::Acts,
];

/// The trust list's version.
pub const LIST_VERSION: u32 = 7;
/// 2020-02-20T08:00:00Z, when the token is issued.
pub const ISSUED: i64 = 1_582_185_600;
/// How long it is valid, in hours.
pub const VALID_HOURS: i64 = 14 * 24;

/// Seconds after the token's issue.
#[must_use]
pub const fn at(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(ISSUED + seconds)
}

/// So many hours, in seconds.
#[must_use]
pub const fn hours(hours: i64) -> i64 {
    hours * 3_600
}

/// The key of a seed.
#[must_use]
pub fn key(seed: u8) -> SoftwareKey {
    SoftwareKey::from_seed(&[seed; 32])
}

/// Its public half.
#[must_use]
pub fn public(seed: u8) -> PublicKey {
    key(seed).public_key()
}

/// The seed of an issuer's key for a use.
#[must_use]
pub fn seed_of(issuer: u8, key_use: KeyUse) -> u8 {
    let place = USES.iter().position(|each| *each == key_use).unwrap();
    issuer + u8::try_from(place).unwrap()
}

/// A P-256 key as a phone's hardware has it.
pub struct HardwareKey(p256::ecdsa::SigningKey);

impl HardwareKey {
    /// The key of a seed.
    #[must_use]
    pub fn new(seed: u8) -> Self {
        Self(p256::ecdsa::SigningKey::from_slice(&[seed; 32]).unwrap())
    }
}

impl Signer for HardwareKey {
    fn public_key(&self) -> PublicKey {
        PublicKey::p256(self.0.verifying_key().to_sec1_point(false).as_bytes()).unwrap()
    }

    fn sign(&self, message: &[u8]) -> Result<[u8; 64], SignerError> {
        let signature: p256::ecdsa::Signature = self.0.sign(message);
        Ok(signature.to_bytes().into())
    }
}

/// The roots that a gate's app is built with.
#[must_use]
pub fn roots() -> RootSet {
    RootSet::embedded(1, 2, ROOTS.map(public).to_vec())
}

/// An issuer's key for one use: from a day before the token's issue to a week after, that for status lists a month.
#[must_use]
pub fn issuer_key(seed: u8, key_use: KeyUse) -> IssuerKey {
    IssuerKey {
        cose_key: public(seed).to_cose().into(),
        key_use,
        not_before: at(-hours(24)),
        not_after: at(hours(24 * if key_use == KeyUse::Status { 30 } else { 7 })),
    }
}

fn issuer(id: &str, name: Text, region: u32, first_seed: u8) -> Issuer {
    Issuer {
        id: id.to_owned(),
        name,
        regions: vec![region],
        base_url: format!("https://{id}.example/v1/"),
        keys: USES.map(|key_use| issuer_key(seed_of(first_seed, key_use), key_use)).to_vec(),
        status_lists: vec![StatusListEntry { list: 1, uri: format!("https://{id}.example/v1/lists/1") }],
        colours: [0, 1, 2],
        time_epoch: 1,
        removed_keys: Vec::new(),
    }
}

/// The issuer of the token.
#[must_use]
pub fn zhejiang() -> Issuer {
    issuer("zhejiang", Text::new("浙江", "Zhejiang"), 330_000, ZHEJIANG)
}

/// The other issuer.
#[must_use]
pub fn guangdong() -> Issuer {
    issuer("guangdong", Text::new("广东", "Guangdong"), 440_000, GUANGDONG)
}

/// A list of these issuers, in force for a month.
#[must_use]
pub fn content(issuers: Vec<Issuer>) -> TrustListContent {
    TrustListContent::new(1, LIST_VERSION, at(-hours(24)), at(hours(24 * 30)), issuers)
}

/// A list, signed by the keys of these seeds.
#[must_use]
pub fn signed_by(content: &TrustListContent, seeds: &[u8]) -> Vec<u8> {
    let keys: Vec<SoftwareKey> = seeds.iter().map(|seed| key(*seed)).collect();
    let signers: Vec<&dyn Signer> = keys.iter().map(|key| key as &dyn Signer).collect();
    content.sign(&signers).unwrap()
}

/// The bytes of the list in force.
#[must_use]
pub fn trust_bytes() -> Vec<u8> {
    signed_by(&content(vec![zhejiang(), guangdong()]), &ROOTS[..2])
}

/// A verified list of these issuers.
#[must_use]
pub fn trust_of(issuers: Vec<Issuer>) -> TrustList {
    TrustList::open(&signed_by(&content(issuers), &ROOTS[..2]), &roots(), LIST_VERSION).unwrap()
}

/// The list in force.
#[must_use]
pub fn trust() -> TrustList {
    trust_of(vec![zhejiang(), guangdong()])
}

/// The resident's token: green, by Zhejiang, for Hangzhou.
#[must_use]
pub fn token() -> GateToken {
    GateToken {
        expires_at: at(hours(VALID_HOURS)),
        issued_at: at(0),
        id: [0xc7; 8],
        holder: Some(public(HOLDER)),
        colour: Colour::Green,
        region: Region::from_code(330_100).unwrap(),
        status: StatusReference { list: 1, index: 70_000 },
        masked_name: "*小明".to_owned(),
        id_tail: "123X".to_owned(),
    }
}

/// The same person's code on paper.
#[must_use]
pub fn paper() -> GateToken {
    GateToken { holder: None, id: [0x9a; 8], ..token() }
}

/// A token, signed by Zhejiang's key for tokens.
#[must_use]
pub fn sealed(token: &GateToken) -> Vec<u8> {
    sealed_by(token, seed_of(ZHEJIANG, KeyUse::Tokens))
}

/// A token, signed by the key of a seed.
#[must_use]
pub fn sealed_by(token: &GateToken, seed: u8) -> Vec<u8> {
    seal(token, &key(seed)).unwrap()
}

/// What a phone shows some seconds after the token's issue, nothing lowered.
#[must_use]
pub fn showing(token: &[u8], seconds: i64) -> Presentation {
    Presentation { token: token.to_vec(), mode: Mode::Shown(at(seconds)), flags: Flags::default() }
}

/// A presentation of the token by its holder.
#[must_use]
pub fn shown(token: &[u8], seconds: i64) -> Vec<u8> {
    showing(token, seconds).sign(None, &key(HOLDER)).unwrap()
}

/// An answer to a challenge by the holder of a seed.
#[must_use]
pub fn answered(token: &[u8], challenge: &Challenge, holder: u8) -> Vec<u8> {
    let mode = Mode::Answer(challenge.short_nonce());
    let presentation = Presentation { token: token.to_vec(), mode, flags: Flags::default() };
    presentation.sign(Some(&challenge.to_bytes()), &key(holder)).unwrap()
}

/// The resident's code, shown some seconds after the token's issue.
#[must_use]
pub fn green(seconds: i64) -> String {
    code(&shown(&sealed(&token()), seconds))
}

/// The text of a resident's code.
#[must_use]
pub fn code(presentation: &[u8]) -> String {
    CodeText::write(Prefix::Code, presentation)
}

/// The text of a paper code.
#[must_use]
pub fn on_paper(token: &[u8]) -> String {
    CodeText::write(Prefix::Paper, token)
}

/// The North Gate's challenge.
#[must_use]
pub fn challenge() -> Challenge {
    Challenge::new([7; 16], "North Gate", None)
}

/// Zhejiang's first status list, of 100,000 places: issued and expiring so many seconds after the token's issue.
#[must_use]
pub fn status_list(issued: i64, expires: i64, withdrawn: &[u32]) -> StatusListContent {
    StatusListContent {
        uri: zhejiang().status_lists[0].uri.clone(),
        issued_at: at(issued),
        expires_at: at(expires),
        ttl: 43_200,
        statuses: Statuses::new(100_000, withdrawn.iter().copied()).unwrap(),
    }
}

/// The same, signed.
#[must_use]
pub fn signed_status_list(issued: i64, expires: i64, withdrawn: &[u32]) -> Vec<u8> {
    status_list(issued, expires, withdrawn).sign(&key(seed_of(ZHEJIANG, KeyUse::Status))).unwrap()
}
