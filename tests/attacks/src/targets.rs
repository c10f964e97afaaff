//! What is fuzzed: for each decoder one function that takes any bytes and panics if something does not hold. Nothing is
//! believed that was not signed, whatever parses has this one encoding, a gate comes to the same verdict twice. The fuzz
//! targets of `tests/fuzz` call these, and so do the replay of their corpus and the properties.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use healthcode::rules::gate_policy::GatePolicies;
use healthcode::token::code_text::{CodeText, Prefix};
use healthcode::token::envelope::{Kind, Naming, sign, sign_detached};
use healthcode::token::gate::Gate;
use healthcode::token::key::{PublicKey, Signer};
use healthcode::token::presentation::Scanned;
use healthcode::token::status_list::{MAX_PACKED, SignedStatusList};
use healthcode::token::trust_list::TrustListContent;
use healthcode::token::{
    Anchor, Challenge, GateToken, KeyUse, Order, OutageNotice, Presentation, Release, RootContent, Sign1,
    SoftwareKey, TrustList, cbor,
};
use minicbor::Decoder;
use minicbor::bytes::ByteVec;

use crate::forge::{byte_string, to_be_signed};
use crate::world::{
    HOLDER, LIST_VERSION, Lane, ROOTS, ZHEJIANG, at, challenge, code, key, on_paper, public, roots, seed_of,
    shown, told, trust,
};

/// A target and its name: the binary's in `tests/fuzz`, the corpus's folder.
pub type Target = (&'static str, fn(&[u8]));

/// All targets.
pub const TARGETS: [Target; 10] = [
    ("envelope", envelope),
    ("token", token),
    ("presentation", presentation),
    ("challenge", challenge_or_text),
    ("trust_list", trust_list),
    ("objects", objects),
    ("roots", roots_documents),
    ("policy", policy),
    ("status_list", status_list),
    ("notices", notices),
];

pub use crate::notices::any as notices;

/// The target of a name.
#[must_use]
pub fn target(name: &str) -> Option<fn(&[u8])> {
    TARGETS.iter().find(|(own, _)| *own == name).map(|(_, run)| *run)
}

/// The most bytes of the objects at a gate.
const LIMIT: usize = 448;

/// A gate that knows the time and has a challenge open, and one that does not.
static LANES: LazyLock<[Lane; 2]> =
    LazyLock::new(|| [Lane::firm(30).asking(&challenge()), Lane::coarse(30).asking(&challenge())]);
static TRUST: LazyLock<TrustList> = LazyLock::new(trust);
static TOKENS: LazyLock<SoftwareKey> = LazyLock::new(|| key(seed_of(ZHEJIANG, KeyUse::Tokens)));
static STATUSES: LazyLock<SoftwareKey> = LazyLock::new(|| key(seed_of(ZHEJIANG, KeyUse::Status)));
static HOLDERS: LazyLock<SoftwareKey> = LazyLock::new(|| key(HOLDER));
static HOLDERS_PUBLIC: LazyLock<PublicKey> = LazyLock::new(|| public(HOLDER));
static ROOT_KEYS: LazyLock<[SoftwareKey; 2]> = LazyLock::new(|| [key(ROOTS[0]), key(ROOTS[1])]);
/// What the seeds have signed: no other bytes verify.
static SIGNED: LazyLock<BTreeSet<Vec<u8>>> = LazyLock::new(crate::seeds::signed);

/// The same verdict twice, from either lane.
fn judged(text: &str) -> [String; 2] {
    LANES.each_ref().map(|lane| {
        let judged = lane.judge(text);
        assert_eq!(judged, lane.judge(text), "one verdict");
        assert!(!judged.verdict.action().zh.is_empty());
        told(&judged.verdict)
    })
}

/// Any bytes as an envelope.
pub fn envelope(bytes: &[u8]) {
    let Ok(parsed) = Sign1::parse(bytes, LIMIT) else { return };
    assert_eq!(rebuilt(bytes), bytes, "one encoding");
    let key_id = parsed.key_id();
    for kind in [Kind::Token, Kind::Show, Kind::Trust, Kind::answer_to(&challenge().to_bytes())] {
        for signer in [&*TOKENS, &*HOLDERS] {
            if parsed.verify(kind, &signer.public_key()).is_ok() {
                assert!(SIGNED.contains(bytes), "nobody has signed it: {key_id:?}");
            }
        }
        assert!(parsed.verify_detached(kind, &HOLDERS_PUBLIC, bytes).is_err());
    }
}

/// An envelope, taken apart and put together by hand.
fn rebuilt(bytes: &[u8]) -> Vec<u8> {
    let mut d = Decoder::new(bytes);
    assert_eq!(d.array().unwrap(), Some(4));
    let protected = byte_string(d.bytes().unwrap());
    assert_eq!(d.map().unwrap(), Some(0));
    let payload = match d.bytes() {
        Ok(payload) => byte_string(payload),
        Err(_) => vec![0xf6],
    };
    let signature = &bytes[bytes.len() - 64..];
    [&[0x84], &protected[..], &[0xa0], &payload, &[0x58, 0x40], signature].concat()
}

/// Any bytes as a signed token, as a token's claims under a good signature, and as paper.
pub fn token(bytes: &[u8]) {
    if TRUST.open_object::<GateToken>(bytes).is_ok() {
        assert!(SIGNED.contains(bytes), "nobody has signed it");
    }
    let _ = judged(&on_paper(bytes));
    let claims: Option<GateToken> = cbor::decode(bytes, LIMIT).ok();
    if let Some(claims) = &claims {
        assert_eq!(cbor::encode(claims), bytes, "one encoding");
    }
    let sealed = sign(Kind::Token, Naming::ById, bytes, &*TOKENS).unwrap();
    match TRUST.open_object::<GateToken>(&sealed) {
        Ok(opened) => {
            assert_eq!(Some(&opened.object), claims.as_ref());
            let _ = judged(&code(&shown(&sealed, 30)));
            let _ = judged(&on_paper(&sealed));
        }
        Err(_) => assert!(judged(&code(&shown(&sealed, 30))).iter().all(|told| is_refused(told))),
    }
}

/// Any bytes as a code, and as what a holder signs.
pub fn presentation(bytes: &[u8]) {
    if let Ok(scanned) = Scanned::parse(bytes)
        && scanned.verify(&HOLDERS_PUBLIC, Some(&challenge().to_bytes())).is_ok()
    {
        assert!(SIGNED.contains(bytes), "nobody has signed it");
    }
    for told in judged(&code(bytes)) {
        // An answer to a challenge that this gate has not shown cannot be verified: it asks again and says no more.
        let asked = told == "ask_for_answer OtherChallenge";
        assert!(is_refused(&told) || asked || SIGNED.contains(bytes), "{told}");
    }
    let content: Option<Presentation> = cbor::decode(bytes, LIMIT).ok();
    if let Some(content) = &content {
        assert_eq!(cbor::encode(content), bytes, "one encoding");
    }
    for kind in [Kind::Show, Kind::answer_to(&challenge().to_bytes())] {
        let signed = sign(kind, Naming::Implied, bytes, &*HOLDERS).unwrap();
        let verdicts = judged(&code(&signed));
        if content.is_none() {
            assert!(verdicts.iter().all(|told| is_refused(told)), "{verdicts:?}");
        }
    }
}

/// Whether a verdict says nothing of a person.
fn is_refused(told: &str) -> bool {
    told.starts_with("invalid ") || told.starts_with("not_a_health_code ") || told == "unknown_issuer"
}

/// Any bytes as a challenge, as a text, and as a key.
pub fn challenge_or_text(bytes: &[u8]) {
    if let Ok(challenge) = Challenge::parse(bytes) {
        assert_eq!(challenge.to_bytes(), bytes, "one encoding");
        assert!(Challenge::is_gate_name(&challenge.gate));
    }
    if let Ok(key) = PublicKey::from_cose(bytes) {
        assert_eq!(key.to_cose(), bytes, "one encoding");
        assert_eq!(key.id()[..], key.thumbprint()[..8]);
    }
    let text = String::from_utf8_lossy(bytes);
    for text in [text.to_string(), format!("H1:{text}"), format!("H2:{text}"), format!("H3:{text}")] {
        if let Ok(read) = CodeText::parse(&text) {
            assert_eq!(CodeText::write(read.prefix, &read.bytes), text, "one spelling");
            assert_eq!(read.prefix == Prefix::Code, text.starts_with("H1:"));
        }
        let verdicts = judged(&text);
        assert!(verdicts.iter().all(|told| is_refused(told)) || SIGNED.contains(bytes), "{verdicts:?}");
    }
}

/// Any bytes as a trust list, and as a list's content under good signatures.
pub fn trust_list(bytes: &[u8]) {
    let open = |bytes: &[u8]| TrustList::open(bytes, &roots(), LIST_VERSION);
    if open(bytes).is_ok() {
        assert!(SIGNED.contains(bytes), "nobody has signed it");
    }
    let signatures: Vec<ByteVec> =
        ROOT_KEYS.iter().map(|root| sign_detached(Kind::Trust, bytes, root).unwrap().into()).collect();
    let document = cbor::encode(&(ByteVec::from(bytes.to_vec()), signatures));
    if let Ok(list) = open(&document) {
        assert_eq!(cbor::encode(list.content()), bytes, "one encoding");
        assert!(list.content().version >= LIST_VERSION);
        let lane = Lane::firm(30).trusting(list);
        let text = crate::world::green(30);
        assert_eq!(lane.judge(&text), lane.judge(&text));
    } else {
        // A content that parses may contradict itself; then it has one encoding still.
        if let Ok(content) = cbor::decode::<TrustListContent>(bytes, 4_096) {
            assert_eq!(cbor::encode(&content), bytes, "one encoding");
        }
    }
}

/// Any bytes as an anchor, an order and a release under good signatures: what else comes from an issuer.
pub fn objects(bytes: &[u8]) {
    fn one_encoding<T: healthcode::token::trust_list::Object>(bytes: &[u8]) {
        let signer = key(seed_of(ZHEJIANG, T::USE));
        let sealed = sign(T::KIND, Naming::ById, bytes, &signer).unwrap();
        if let Ok(opened) = TRUST.open_object::<T>(&sealed) {
            assert_eq!(cbor::encode(&opened.object), bytes, "one encoding");
        }
    }
    one_encoding::<Anchor>(bytes);
    one_encoding::<Order>(bytes);
    one_encoding::<Release>(bytes);
    one_encoding::<healthcode::token::RatingReceipt>(bytes);
    one_encoding::<healthcode::token::Judgement>(bytes);
    one_encoding::<healthcode::token::KeyNotice>(bytes);
}

/// Any bytes as what the roots sign besides the list, as they stand and under good signatures.
pub fn roots_documents(bytes: &[u8]) {
    let set = roots();
    if set.succeed(bytes).is_ok() || OutageNotice::open(bytes, &set).is_ok() {
        assert!(SIGNED.contains(bytes), "nobody has signed it");
    }
    let signed = |kind: Kind| {
        let sign = |root: &SoftwareKey| ByteVec::from(sign_detached(kind, bytes, root).unwrap());
        cbor::encode(&(ByteVec::from(bytes.to_vec()), ROOT_KEYS.iter().map(sign).collect::<Vec<_>>()))
    };
    if let Ok(next) = set.succeed(&signed(Kind::Root)) {
        assert!(next.is_sound() && next.version == set.version + 1);
        assert!(next.keys.contains(&public(ROOTS[0])), "the two that signed are two of its own");
    }
    if let Ok(content) = cbor::decode::<RootContent>(bytes, 4_096) {
        assert_eq!(cbor::encode(&content), bytes, "one encoding");
    }
    if let Ok(notice) = OutageNotice::open(&signed(Kind::Outage), &set) {
        assert_eq!(cbor::encode(&notice), bytes, "one encoding");
        assert!(notice.extension_millis(at(0), at(30)) <= 168 * 3_600_000);
        let mut lane = Lane::firm(30);
        lane.outages.push(notice);
        assert_eq!(lane.says(&crate::world::green(30)), "pass green");
    }
}

/// Any bytes as the JSON of gate policies: what is read can be judged by, and read again.
pub fn policy(bytes: &[u8]) {
    let Ok(policies) = GatePolicies::parse(bytes) else { return };
    let again = GatePolicies::parse(&serde_json::to_vec(&policies).unwrap()).unwrap();
    assert_eq!(policies, again);
    let [lane, _] = &*LANES;
    for policy in &policies.gates {
        let gate = Gate::new(lane.time, lane.trust.as_ref(), policy);
        for text in [crate::world::green(30), crate::world::green(-90)] {
            let judged = gate.judge(&text);
            assert_eq!(judged, gate.judge(&text), "one verdict");
            assert_ne!(judged.verdict.name(), "invalid");
        }
    }
}

/// Any bytes as a signed status list, as one's claims and as its zlib stream, both under a good signature.
pub fn status_list(bytes: &[u8]) {
    if TRUST.open_status_list(bytes).is_ok() {
        assert!(SIGNED.contains(bytes), "nobody has signed it");
    }
    if let Ok(parsed) = SignedStatusList::parse(bytes) {
        assert!(parsed.verify(&HOLDERS_PUBLIC).is_err());
        let _ = parsed.unverified_content();
    }
    let good = crate::world::status_list(0, 600, &[]);
    let head = minicbor::to_vec(&good.uri).unwrap();
    let mut stream = [&b"\xa5\x02"[..], &head, b"\x04\x1a\x5e\x4e\x3e\x98\x06\x1a\x5e\x4e\x3c\x40"].concat();
    stream.extend_from_slice(b"\x19\xff\xfd\xa2\x63lst");
    stream.extend(byte_string(bytes));
    stream.extend_from_slice(b"\x64bits\x01\x19\xff\xfe\x19\xa8\xc0");
    for payload in [bytes, &stream] {
        let Ok(opened) = TRUST.open_status_list(&sealed_status_list(payload)) else { continue };
        let content = opened.object.content();
        assert!(content.statuses.packed().len() <= MAX_PACKED);
        assert_eq!(content.statuses.get(u32::MAX), None);
        // The stream has no one encoding; what it says has: signed anew, it says the same.
        let again = content.sign(&*STATUSES).unwrap();
        assert_eq!(TRUST.open_status_list(&again).unwrap().object.content(), content);
    }
}

/// A status list of this payload, as Zhejiang's key for them would sign it.
#[must_use]
pub fn sealed_status_list(payload: &[u8]) -> Vec<u8> {
    let head = [b"\xa3\x01\x27\x04\x48", &STATUSES.public_key().id()[..], b"\x10\x78\x1a"].concat();
    let protected = [&head[..], b"application/statuslist+cwt"].concat();
    let signature = STATUSES.sign(&to_be_signed(&protected, b"", payload)).unwrap();
    let items = [byte_string(&protected), vec![0xa0], byte_string(payload), byte_string(&signature)];
    [&[0xd2, 0x84], &items.concat()[..]].concat()
}
