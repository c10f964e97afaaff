//! What the tests of codes share: keys of fixed seeds, a trust list of two issuers, a token, a presentation.

#![allow(dead_code, reason = "each test crate uses its part")]

pub(crate) mod gate;
pub(crate) mod status_list;

use healthcode::rules::calendar::Timestamp;
use healthcode::rules::colour::Colour;
use healthcode::rules::identity::Region;
use healthcode::rules::text::Text;
use healthcode::token::code_text::{CodeText, Prefix};
use healthcode::token::key::{PublicKey, Signer, SignerError, SoftwareKey};
use healthcode::token::presentation::{Flags, Mode, Presentation};
use healthcode::token::trust_list::{
    Issuer, IssuerKey, KeyUse, RootSet, StatusListEntry, TrustList, TrustListContent, seal,
};
use healthcode::token::{GateToken, StatusReference};
use p256::ecdsa::signature::Signer as _;
use proptest::test_runner::Config;

/// The seeds of the keys, each 32 bytes of this value.
pub(crate) const TOKENS: u8 = 1;
pub(crate) const HOLDER: u8 = 2;
pub(crate) const TIME: u8 = 3;
pub(crate) const DECISIONS: u8 = 4;
pub(crate) const OTHER_TOKENS: u8 = 5;
pub(crate) const ROOTS: [u8; 3] = [11, 12, 13];
/// A key that no list and no root set knows.
pub(crate) const STRANGER: u8 = 99;

/// 2020-02-20T08:00:00Z, when the token is issued.
pub(crate) const ISSUED: i64 = 1_582_185_600;
/// How long it is valid, in hours.
pub(crate) const VALID_HOURS: i64 = 14 * 24;

/// Seconds after the token's issue.
pub(crate) const fn at(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(ISSUED + seconds)
}

pub(crate) const fn hours(hours: i64) -> i64 {
    hours * 3_600
}

pub(crate) fn key(seed: u8) -> SoftwareKey {
    SoftwareKey::from_seed(&[seed; 32])
}

pub(crate) fn public(seed: u8) -> PublicKey {
    key(seed).public_key()
}

/// A P-256 key as a phone's hardware has it: it makes signatures with low and with high s.
pub(crate) struct HardwareKey {
    key: p256::ecdsa::SigningKey,
    high_s: bool,
}

impl HardwareKey {
    pub(crate) fn new(high_s: bool) -> Self {
        let key = p256::ecdsa::SigningKey::from_slice(&[HOLDER; 32]).expect("a scalar below the order");
        Self { key, high_s }
    }
}

impl Signer for HardwareKey {
    fn public_key(&self) -> PublicKey {
        let point = self.key.verifying_key().to_sec1_point(false);
        PublicKey::p256(point.as_bytes()).expect("a point of the curve")
    }

    fn sign(&self, message: &[u8]) -> Result<[u8; 64], SignerError> {
        let signature: p256::ecdsa::Signature = self.key.sign(message);
        let low = signature.normalize_s();
        let (r, s) = low.split_scalars();
        let high = p256::ecdsa::Signature::from_scalars(r, -s).expect("neither is zero");
        assert_ne!(low, high);
        Ok(if self.high_s { high } else { low }.to_bytes().into())
    }
}

pub(crate) fn roots(threshold: usize) -> RootSet {
    RootSet::embedded(1, threshold, ROOTS.map(public).to_vec())
}

pub(crate) fn issuer_key(seed: u8, key_use: KeyUse) -> IssuerKey {
    IssuerKey {
        cose_key: public(seed).to_cose().into(),
        key_use,
        not_before: at(-hours(24)),
        not_after: at(hours(24 * 7)),
    }
}

fn issuer_of(id: &str, name: Text, region: u32, keys: Vec<IssuerKey>) -> Issuer {
    Issuer {
        id: id.to_owned(),
        name,
        regions: vec![region],
        base_url: format!("https://{id}.example/v1/"),
        keys,
        status_lists: vec![StatusListEntry { list: 1, uri: format!("https://{id}.example/v1/lists/1") }],
        colours: [0, 1, 2],
        time_epoch: 1,
        removed_keys: Vec::new(),
    }
}

/// The issuer of the token: it speaks for Zhejiang.
pub(crate) fn issuer() -> Issuer {
    let keys = vec![
        issuer_key(TOKENS, KeyUse::Tokens),
        issuer_key(TIME, KeyUse::Time),
        issuer_key(DECISIONS, KeyUse::Decisions),
    ];
    issuer_of("zhejiang", Text::new("浙江", "Zhejiang"), 330_000, keys)
}

/// Another issuer: it speaks for Hubei.
pub(crate) fn other_issuer() -> Issuer {
    let keys = vec![issuer_key(OTHER_TOKENS, KeyUse::Tokens)];
    issuer_of("hubei", Text::new("湖北", "Hubei"), 420_000, keys)
}

pub(crate) fn content(issuers: Vec<Issuer>) -> TrustListContent {
    TrustListContent::new(1, 7, at(-hours(24)), at(hours(24 * 30)), issuers)
}

pub(crate) fn signed_by(content: &TrustListContent, seeds: &[u8]) -> Vec<u8> {
    let keys: Vec<SoftwareKey> = seeds.iter().map(|seed| key(*seed)).collect();
    let signers: Vec<&dyn Signer> = keys.iter().map(|key| key as &dyn Signer).collect();
    content.sign(&signers).expect("software keys sign")
}

/// A verified list of these issuers.
pub(crate) fn trust_of(issuers: Vec<Issuer>) -> TrustList {
    let bytes = signed_by(&content(issuers), &ROOTS[..2]);
    TrustList::open(&bytes, &roots(2), 7).expect("a list of our own")
}

pub(crate) fn trust() -> TrustList {
    trust_of(vec![issuer(), other_issuer()])
}

pub(crate) fn token() -> GateToken {
    GateToken {
        expires_at: at(hours(VALID_HOURS)),
        issued_at: at(0),
        id: [0xc7; 8],
        holder: Some(public(HOLDER)),
        colour: Colour::Green,
        region: Region::from_code(330_100).expect("Hangzhou"),
        status: StatusReference { list: 1, index: 70_000 },
        masked_name: "*小明".to_owned(),
        id_tail: "123X".to_owned(),
    }
}

pub(crate) fn sealed(token: &GateToken) -> Vec<u8> {
    seal(token, &key(TOKENS)).expect("software keys sign")
}

/// A presentation of the token by its holder, shown some seconds after its issue.
pub(crate) fn shown(token: &[u8], seconds: i64) -> Vec<u8> {
    let mode = Mode::Shown(at(seconds));
    let presentation = Presentation { token: token.to_vec(), mode, flags: Flags::default() };
    presentation.sign(None, &key(HOLDER)).expect("software keys sign")
}

/// The text of a resident's code.
pub(crate) fn code(presentation: &[u8]) -> String {
    CodeText::write(Prefix::Code, presentation)
}

/// The runs of a property; no file is kept of what failed.
pub(crate) fn runs(cases: u32) -> Config {
    Config { cases, failure_persistence: None, ..Config::default() }
}
