//! Keys and trust lists: who may say what. What a list cannot have makes it invalid as a whole, and the list in
//! force stays in force.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    missing_docs,
    reason = "tests"
)]

mod support;

use healthcode::rules::colour::Colour;
use healthcode::rules::text::Text;
use healthcode::token::decision::ReleaseCause;
use healthcode::token::envelope::{FormatError, Kind, Naming, TokenError, sign, sign_detached};
use healthcode::token::key::{PublicKey, Signer};
use healthcode::token::trust_list::{
    Issuer, KeyUse, Object, RootSet, SealError, StatusListEntry, TrustListContent, seal,
};
use healthcode::token::{
    Anchor, AppealNotice, AppealState, GateToken, Judgement, OperationId, Order, OrderId, RatingReceipt,
    Release, SubjectId, TrustList, TrustListError, cbor,
};
use minicbor::bytes::ByteVec;
use proptest::prelude::*;
use support::{
    DECISIONS, HardwareKey, OTHER_TOKENS, ROOTS, STRANGER, TIME, TOKENS, at, content, hours, issuer,
    issuer_key, key, other_issuer, public, roots, runs, sealed, signed_by, token, trust, trust_of,
};

fn open(bytes: &[u8]) -> Result<TrustList, TrustListError> {
    TrustList::open(bytes, &roots(2), 7)
}

fn open_signed(content: &TrustListContent) -> Result<TrustList, TrustListError> {
    open(&signed_by(content, &ROOTS))
}

fn own() -> TrustListContent {
    content(vec![issuer(), other_issuer()])
}

/// A list with one thing of its first issuer changed.
fn with(change: impl Fn(&mut Issuer)) -> Result<TrustList, TrustListError> {
    let mut first = issuer();
    change(&mut first);
    open_signed(&content(vec![first, other_issuer()]))
}

fn cose_key(head: &[u8], x: &[u8], tail: &[u8]) -> Result<PublicKey, FormatError> {
    PublicKey::from_cose(&[head, x, tail].concat())
}

const ED25519: &[u8] = b"\xa3\x01\x01\x20\x06\x21\x58\x20";
const P256: &[u8] = b"\xa4\x01\x02\x20\x01\x21\x58\x20";

/// The eight points of small order, and the other spellings of those that have one.
const SMALL_ORDER: [&str; 14] = [
    "0100000000000000000000000000000000000000000000000000000000000000",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    "0100000000000000000000000000000000000000000000000000000000000080",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
];

fn unhex(text: &str) -> [u8; 32] {
    let bytes =
        text.as_bytes().chunks(2).map(|pair| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap());
    bytes.collect::<Vec<_>>().try_into().unwrap()
}

#[test]
fn a_key_of_small_order_is_no_key() {
    for point in SMALL_ORDER {
        assert_eq!(PublicKey::ed25519(&unhex(point)), Err(FormatError::Key), "{point}");
        assert_eq!(cose_key(ED25519, &unhex(point), b""), Err(FormatError::Key), "{point}");
    }
}

#[test]
fn an_ed25519_key_has_one_spelling() {
    // RFC 8032, 5.1.3: a y not below p = 2^255 - 19 is no point. These stand for y of 3, 4, 5, 6, 9, 10, 14, 15, 16, 18.
    for y in [3_u8, 4, 5, 6, 9, 10, 14, 15, 16, 18] {
        let mut spelling = [0xff; 32];
        spelling[0] = 0xed + y;
        spelling[31] = 0x7f;
        assert_eq!(PublicKey::ed25519(&spelling), Err(FormatError::Key), "p + {y}");
    }
}

#[test]
fn a_p256_key_lies_on_the_curve() {
    let mut x = [0; 32];
    // No y belongs to x = 1; two belong to x = 5.
    x[31] = 1;
    assert_eq!(cose_key(P256, &x, b"\x22\xf5"), Err(FormatError::Key));
    x[31] = 5;
    let odd = cose_key(P256, &x, b"\x22\xf5").unwrap();
    let even = cose_key(P256, &x, b"\x22\xf4").unwrap();
    assert_ne!(odd, even);
    assert_eq!(cose_key(P256, &[0xff; 32], b"\x22\xf5"), Err(FormatError::Key));
    assert_eq!(PublicKey::p256(&[0]), Err(FormatError::Key), "the point at infinity");
    let mut off = [7; 65];
    off[0] = 4;
    assert_eq!(PublicKey::p256(&off), Err(FormatError::Key));
}

/// Head, x, tail, and why they are refused.
type Encoding<'b> = (&'b [u8], &'b [u8], &'b [u8], FormatError);

#[test]
fn a_cose_key_has_one_encoding() {
    let x = &public(TOKENS).to_cose()[8..];
    assert_eq!(cose_key(ED25519, x, b"").unwrap(), public(TOKENS));
    let encodings: [Encoding<'_>; 14] = [
        (b"\xa3\x01\x01\x20\x06\x21\x58\x20", x, b"\x00", FormatError::NotDeterministic),
        (b"\xa3\x18\x01\x01\x20\x06\x21\x58\x20", x, b"", FormatError::NotDeterministic),
        (b"\xa3\x01\x01\x20\x18\x06\x21\x58\x20", x, b"", FormatError::NotDeterministic),
        (b"\xa3\x01\x01\x20\x06\x21\x59\x00\x20", x, b"", FormatError::NotDeterministic),
        (b"\xb8\x03\x01\x01\x20\x06\x21\x58\x20", x, b"", FormatError::NotDeterministic),
        (b"\xbf\x01\x01\x20\x06\x21\x58\x20", x, b"\xff", FormatError::Key),
        (b"\xa3\x20\x06\x01\x01\x21\x58\x20", x, b"", FormatError::Key),
        (b"\xa4\x01\x01\x20\x06\x21\x58\x20", x, b"\x03\x27", FormatError::Key),
        (b"\xa4\x01\x01\x20\x06\x21\x58\x20", x, b"\x22\xf5", FormatError::Key),
        (b"\xa3\x01\x01\x20\x07\x21\x58\x20", x, b"", FormatError::Key),
        (b"\xa3\x01\x01\x20\x01\x21\x58\x20", x, b"", FormatError::Key),
        (b"\xa3\x01\x01\x20\x06\x21\x58\x1f", &x[..31], b"", FormatError::Key),
        (b"\xa3\x01\x01\x20\x06\x21\x78\x20", x, b"", FormatError::Key),
        (b"\xa4\x01\x01\x20\x06\x21\x58\x20", x, b"\x21\x40", FormatError::Key),
    ];
    for (head, x, tail, reason) in encodings {
        assert_eq!(cose_key(head, x, tail), Err(reason), "{head:02x?} {tail:02x?}");
    }
    let hardware = HardwareKey::new(false).public_key().to_cose();
    let (x, odd) = (&hardware[8..40], &hardware[40..]);
    assert!(cose_key(P256, x, odd).is_ok());
    let y: &[u8] = &[b"\x22\x58\x20", x].concat();
    for tail in [b"\x22\x01", b"\x22\xf6", b"\x23\xf5", y] {
        assert_eq!(cose_key(P256, x, tail), Err(FormatError::Key), "{tail:02x?}");
    }
    assert_eq!(cose_key(b"\xa4\x01\x02\x20\x02\x21\x58\x20", x, odd), Err(FormatError::Key));
}

#[test]
fn as_many_roots_must_sign_as_the_threshold_says() {
    let bytes = signed_by(&own(), &ROOTS[..1]);
    assert!(TrustList::open(&bytes, &roots(1), 7).is_ok());
    assert_eq!(open(&bytes), Err(TrustListError::Signatures));
    for pair in [[11, 12], [12, 13], [13, 11]] {
        assert!(open(&signed_by(&own(), &pair)).is_ok(), "{pair:?}");
    }
    assert_eq!(open(&signed_by(&own(), &[])), Err(TrustListError::Signatures));
    let unset = RootSet { threshold: 0, ..roots(1) };
    assert_eq!(
        TrustList::open(&bytes, &unset, 7),
        Err(TrustListError::Signatures),
        "no threshold is no permission"
    );
}

#[test]
fn a_root_that_signs_twice_counts_once_and_a_stranger_never() {
    assert_eq!(open(&signed_by(&own(), &[11, 11])), Err(TrustListError::Signatures));
    assert_eq!(open(&signed_by(&own(), &[11, STRANGER])), Err(TrustListError::Signatures));
    assert!(open(&signed_by(&own(), &[STRANGER, 11, 12])).is_ok());
    let too_many = [11; 33];
    assert_eq!(open(&signed_by(&own(), &too_many)), Err(FormatError::TooLarge.into()));
}

#[test]
fn roots_sign_this_list_as_a_trust_list() {
    let document = |kind: Kind, signed: &[u8], carried: &[u8]| {
        let sign = |seed: u8| ByteVec::from(sign_detached(kind, signed, &key(seed)).unwrap());
        cbor::encode(&(ByteVec::from(carried.to_vec()), vec![sign(11), sign(12)]))
    };
    let payload = cbor::encode(&own());
    assert!(open(&document(Kind::Trust, &payload, &payload)).is_ok());
    assert_eq!(open(&document(Kind::Root, &payload, &payload)), Err(TrustListError::Signatures));
    let other = cbor::encode(&content(vec![issuer()]));
    assert_eq!(open(&document(Kind::Trust, &payload, &other)), Err(TrustListError::Signatures));
}

#[test]
fn a_list_never_goes_back() {
    let bytes = signed_by(&own(), &ROOTS);
    assert!(TrustList::open(&bytes, &roots(2), 0).is_ok());
    assert!(TrustList::open(&bytes, &roots(2), 7).is_ok());
    assert_eq!(TrustList::open(&bytes, &roots(2), 8), Err(TrustListError::RolledBack));
    let rotated = RootSet { version: 2, ..roots(2) };
    assert_eq!(TrustList::open(&bytes, &rotated, 7), Err(TrustListError::RolledBack));
}

#[test]
fn a_list_of_a_later_form_asks_for_a_newer_app_and_one_of_later_roots_for_these() {
    let later = TrustListContent { format: 2, ..own() };
    assert_eq!(open_signed(&later), Err(TrustListError::Newer));
    let later_roots = TrustListContent { root_version: 2, ..own() };
    assert_eq!(open_signed(&later_roots), Err(TrustListError::NextRoot));
    // A later form may have what this one does not: a seventh member.
    let mut payload = cbor::encode(&TrustListContent { format: 2, ..own() });
    payload[0] += 1;
    payload.extend(b"\x07\xf5");
    let signatures: Vec<ByteVec> =
        ROOTS.iter().map(|seed| sign_detached(Kind::Trust, &payload, &key(*seed)).unwrap().into()).collect();
    assert_eq!(open(&cbor::encode(&(ByteVec::from(payload), signatures))), Err(TrustListError::Newer));
}

#[test]
fn a_list_expires_at_its_instant_and_not_before() {
    let trust = trust();
    assert!(!trust.is_expired(at(hours(24 * 30) - 1)));
    assert!(trust.is_expired(at(hours(24 * 30))));
}

#[test]
fn one_key_or_one_issuer_twice_makes_a_list_invalid() {
    let inconsistent = Err(TrustListError::Inconsistent);
    assert!(with(|_| ()).is_ok());
    assert_eq!(with(|it| it.keys.push(issuer_key(TOKENS, KeyUse::Tokens))), inconsistent);
    assert_eq!(with(|it| it.keys.push(issuer_key(TOKENS, KeyUse::Rules))), inconsistent, "for another use");
    assert_eq!(
        with(|it| it.keys.push(issuer_key(OTHER_TOKENS, KeyUse::Tokens))),
        inconsistent,
        "of another issuer"
    );
    assert_eq!(with(|it| it.id = "hubei".to_owned()), inconsistent);
}

#[test]
fn an_issuer_has_an_id_known_regions_colours_keys_and_windows() {
    let inconsistent = Err(TrustListError::Inconsistent);
    assert_eq!(with(|it| it.id = String::new()), inconsistent);
    assert_eq!(with(|it| it.id = "x".repeat(65)), inconsistent);
    assert!(with(|it| it.id = "x".repeat(64)).is_ok());
    assert_eq!(with(|it| it.regions.push(990_000)), inconsistent);
    assert_eq!(with(|it| it.regions.push(3_300_000)), inconsistent);
    for colours in [[0, 1, 3], [255, 1, 2], [0, 3, 2]] {
        assert_eq!(with(|it| it.colours = colours), inconsistent, "{colours:?}");
    }
    assert_eq!(with(|it| it.keys[0].not_after = it.keys[0].not_before), inconsistent);
    assert_eq!(with(|it| it.keys[0].cose_key = vec![0xa0].into()), inconsistent);
    let padded = [public(TOKENS).to_cose(), vec![0]].concat();
    assert_eq!(with(|it| it.keys[0].cose_key = padded.clone().into()), inconsistent);
    let list = |list, uri: &str| StatusListEntry { list, uri: uri.to_owned() };
    let lists = |entries: [StatusListEntry; 2]| with(|it| it.status_lists = entries.to_vec());
    assert!(lists([list(1, "https://a/1"), list(2, "https://a/2")]).is_ok());
    assert_eq!(lists([list(1, "https://a/1"), list(1, "https://a/2")]), inconsistent);
    assert_eq!(lists([list(1, "https://a/1"), list(2, "https://a/1")]), inconsistent);
    assert_eq!(with(|it| it.removed_keys = vec![vec![1; 7].into()]), inconsistent);
}

#[test]
fn what_a_removed_key_signed_is_not_called_forged() {
    let mut issuer = issuer();
    let tokens = issuer.keys.iter().position(|key| key.key_use == KeyUse::Tokens).unwrap();
    issuer.keys.remove(tokens);
    issuer.removed_keys.push(public(TOKENS).id().to_vec().into());
    let trust = trust_of(vec![issuer.clone()]);
    let bytes = seal(&token(), &key(TOKENS)).unwrap();
    assert_eq!(trust.open_object::<GateToken>(&bytes), Err(TokenError::RemovedKey));
    // A list that removes a key and has it still says two things at once.
    let removed = public(TIME).id().to_vec();
    assert_eq!(with(|it| it.removed_keys = vec![removed.clone().into()]), Err(TrustListError::Inconsistent));
}

#[test]
fn a_key_signs_what_its_use_says_and_nothing_else() {
    let trust = trust();
    let token = token();
    assert!(trust.open_object::<GateToken>(&seal(&token, &key(TOKENS)).unwrap()).is_ok());
    for seed in [TIME, DECISIONS, STRANGER] {
        let bytes = seal(&token, &key(seed)).unwrap();
        assert_eq!(trust.open_object::<GateToken>(&bytes), Err(TokenError::UnknownKey), "{seed}");
    }
    let anchor = seal(&anchor(), &key(TIME)).unwrap();
    assert_eq!(trust.open_object::<Anchor>(&anchor).unwrap().object, self::anchor());
    assert_eq!(trust.open_object::<GateToken>(&anchor), Err(TokenError::UnknownKey));
    assert_eq!(trust.open_object::<Release>(&anchor), Err(TokenError::UnknownKey));
}

#[test]
fn a_home_issuers_objects_are_of_that_issuer() {
    let trust = trust();
    let anchor = seal(&anchor(), &key(TIME)).unwrap();
    assert!(trust.open_from::<Anchor>("zhejiang", &anchor).is_ok());
    assert_eq!(trust.open_from::<Anchor>("hubei", &anchor), Err(TokenError::UnknownKey));
    assert_eq!(trust.issuer("hubei").map(|it| it.id.as_str()), Some("hubei"));
    assert_eq!(trust.issuer("beijing"), None);
}

#[test]
fn a_key_signs_within_its_window_the_last_instant_excluded() {
    let trust = trust();
    let issued = |seconds| {
        let token = GateToken { issued_at: at(seconds), ..token() };
        trust.open_object::<GateToken>(&sealed(&token)).map(|_| ())
    };
    assert_eq!(issued(-hours(24) - 1), Err(TokenError::OutsideKeyWindow));
    assert_eq!(issued(-hours(24)), Ok(()));
    assert_eq!(issued(hours(24 * 7) - 1), Ok(()));
    assert_eq!(issued(hours(24 * 7)), Err(TokenError::OutsideKeyWindow));
}

fn anchor() -> Anchor {
    let (epoch, root_version, trust_list_version, rules_version, policy_version) = (1, 1, 7, 3, 0);
    let nonce = Some([9; 16]);
    Anchor { at: at(60), epoch, root_version, trust_list_version, rules_version, policy_version, nonce }
}

fn release() -> Release {
    let (subject, order) = (SubjectId([1; 16]), OrderId([2; 8]));
    Release { subject, serial: 5, order, released_at: at(60), cause: ReleaseCause::Completed }
}

fn receipt() -> RatingReceipt {
    RatingReceipt {
        subject: SubjectId([1; 16]),
        serial: 4,
        rated_at: at(0),
        colour: Colour::Green,
        reasons: vec![],
        rulebook: [6; 32],
        rulebook_version: 3,
        order: None,
        appeal_by: at(hours(24 * 60)),
    }
}

/// Offers a payload, signed by the key that may, as each kind of object: it is refused or it is its one encoding.
fn offered<T: Object + PartialEq>(trust: &TrustList, payload: &[u8], seed: u8) {
    let bytes = sign(T::KIND, Naming::ById, payload, &key(seed)).unwrap();
    if let Ok(opened) = trust.open_object::<T>(&bytes) {
        assert_eq!(cbor::encode(&opened.object), payload);
    }
}

fn offered_as_each(trust: &TrustList, payload: &[u8]) {
    offered::<GateToken>(trust, payload, TOKENS);
    offered::<Anchor>(trust, payload, TIME);
    offered::<Order>(trust, payload, DECISIONS);
    offered::<Release>(trust, payload, DECISIONS);
    offered::<RatingReceipt>(trust, payload, DECISIONS);
    offered::<Judgement>(trust, payload, DECISIONS);
}

fn edited(valid: &[u8], edits: &[(prop::sample::Index, u8)], cut: usize) -> Vec<u8> {
    let mut bytes = valid.to_vec();
    for (index, byte) in edits {
        bytes[index.index(valid.len())] = *byte;
    }
    bytes.truncate(cut);
    bytes
}

fn edits() -> impl Strategy<Value = Vec<(prop::sample::Index, u8)>> {
    proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4)
}

proptest! {
    #![proptest_config(runs(1_000))]

    #[test]
    fn any_bytes_are_refused(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        prop_assert!(open(&bytes).is_err());
        prop_assert!(trust_of(vec![issuer()]).open_object::<GateToken>(&bytes).is_err());
        prop_assert!(PublicKey::from_cose(&bytes).is_err());
        offered_as_each(&trust(), &bytes);
    }

    #[test]
    fn a_changed_list_is_refused(edits in edits(), cut in 0_usize..2_000) {
        let valid = signed_by(&own(), &ROOTS[..2]);
        let bytes = edited(&valid, &edits, cut);
        prop_assert_eq!(open(&bytes).is_ok(), bytes == valid);
        // Signed over what was changed, it is refused or it is its one encoding.
        let payload = edited(&cbor::encode(&own()), &edits, cut);
        let signatures = ROOTS.map(|seed| ByteVec::from(sign_detached(Kind::Trust, &payload, &key(seed)).unwrap()));
        let document = cbor::encode(&(ByteVec::from(payload.clone()), signatures.to_vec()));
        if let Ok(list) = open(&document) {
            prop_assert_eq!(cbor::encode(list.content()), payload);
        }
    }

    #[test]
    fn a_changed_object_is_refused_or_its_one_encoding(edits in edits(), cut in 1_usize..500) {
        let trust = trust();
        for valid in [cbor::encode(&token()), cbor::encode(&anchor()), cbor::encode(&release()), cbor::encode(&receipt())] {
            offered_as_each(&trust, &edited(&valid, &edits, cut));
        }
    }
}

#[test]
fn what_nobody_could_open_is_not_sealed() {
    let notice = |bytes: usize| AppealNotice {
        subject: SubjectId([1; 16]),
        serial: 1,
        appeal: OperationId([2; 32]),
        said_at: at(0),
        state: AppealState::Refused,
        due_by: at(0),
        reason: Some(Text::new("长".repeat(bytes / 3), "")),
        officer: None,
        rating: None,
        rule: None,
    };
    let long = seal(&notice(AppealNotice::LIMIT), &key(DECISIONS));
    assert!(matches!(long, Err(SealError::TooLarge(bytes)) if bytes > AppealNotice::LIMIT));
    let most = seal(&notice(AppealNotice::LIMIT - 300), &key(DECISIONS)).unwrap();
    assert!(trust().open_object::<AppealNotice>(&most).is_ok());
}
