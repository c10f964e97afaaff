//! One of every kind of object, for the tests: keys of fixed seeds, a trust list that names them.

use healthcode::rules::calendar::{LegalDate, Timestamp};
use healthcode::rules::colour::Colour;
use healthcode::rules::gate_policy::HANGZHOU_2020;
use healthcode::rules::identity::Region;
use healthcode::rules::rulebook::Rulebook;
use healthcode::rules::text::Text;
use healthcode::token::code_text::{CodeText, Prefix};
use healthcode::token::decision::{CarerKey, RatingReason, ReleaseCause};
use healthcode::token::key::Signer;
use healthcode::token::notice::{ExposureClass, PartEntry};
use healthcode::token::policy::sign_policies;
use healthcode::token::rules::sign_rulebook;
use healthcode::token::trust_list::{Issuer, IssuerKey, KeyUse, StatusListEntry, TrustListContent, seal};
use healthcode::token::{
    Anchor, By, ByRole, ExposureNotice, Flags, GateToken, Judgement, KeyNotice, Mode, OperationId, Order,
    OrderId, Presentation, RatingReceipt, Release, SegmentId, SoftwareKey, StatusReference, SubjectId,
    VenueCode,
};
use healthcode::wire::{Bytes, CheckIn, Link, Operation, OperationBody, Receipt, RequestClaims};

pub(super) const LIST: &str = "https://code.example/v1/status-lists/1";
pub(super) const T: i64 = 1_582_185_600;
pub(super) const SUBJECT: SubjectId = SubjectId([3; 16]);
pub(super) const ORDER: OrderId = OrderId([4; 8]);

pub(super) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(T + seconds)
}

pub(super) fn key(seed: u8) -> SoftwareKey {
    SoftwareKey::from_seed(&[seed; 32])
}

pub(super) fn token() -> GateToken {
    GateToken {
        expires_at: at(72 * 3_600),
        issued_at: at(0),
        id: [7; 8],
        holder: Some(key(2).public_key()),
        colour: Colour::Green,
        region: Region::from_code(330_100).unwrap(),
        status: StatusReference { list: 1, index: 70_000 },
        masked_name: "*三".to_owned(),
        id_tail: "002X".to_owned(),
    }
}

pub(super) fn code(mode: Mode) -> String {
    let presentation =
        Presentation { token: seal(&token(), &key(1)).unwrap(), mode, flags: Flags::default() };
    CodeText::write(Prefix::Code, &presentation.sign(None, &key(2)).unwrap())
}

pub(super) fn trust_list() -> Vec<u8> {
    let uses = [
        (1, KeyUse::Tokens),
        (3, KeyUse::Time),
        (4, KeyUse::Rules),
        (5, KeyUse::Decisions),
        (6, KeyUse::Policy),
        (7, KeyUse::Status),
        (10, KeyUse::Notices),
        (11, KeyUse::Venues),
    ];
    let listed = |(seed, key_use)| IssuerKey {
        cose_key: key(seed).public_key().to_cose().into(),
        key_use,
        not_before: Timestamp::from_seconds(0),
        not_after: at(90 * 86_400),
    };
    let issuer = Issuer {
        id: "hangzhou".to_owned(),
        name: Text::new("杭州", "Hangzhou"),
        regions: vec![330_100],
        base_url: "https://code.example".to_owned(),
        keys: uses.map(listed).to_vec(),
        status_lists: vec![StatusListEntry { list: 1, uri: LIST.to_owned() }],
        colours: [0, 1, 2],
        time_epoch: 1,
        removed_keys: vec![vec![1; 8].into()],
    };
    TrustListContent::new(5, 7, at(0), at(86_400), vec![issuer]).sign(&[&key(9)]).unwrap()
}

pub(super) fn order() -> Order {
    Order {
        subject: SUBJECT,
        serial: 1,
        order: ORDER,
        issued_at: at(0),
        colour: Colour::Yellow,
        rule: "area-high".to_owned(),
        cause: Text::new("因", "cause"),
        starts_on: LegalDate::from_ymd(2020, 2, 20).unwrap(),
        days: 7,
        terms: Rulebook::hangzhou_2020().terms(),
        rulebook: [1; 32],
        supersedes: Some(OrderId([9; 8])),
        provisional_until: Some(at(72 * 3_600)),
    }
}

pub(super) fn evidence() -> healthcode::time::Evidence {
    let session = healthcode::token::BootSession([1; 8]);
    healthcode::time::Evidence { lower_bound: at(0), session, boot_millis: 5, anchor: None }
}

/// The second notice of a log: a train, and a withdrawal.
pub(super) fn exposure_notice() -> ExposureNotice {
    let class = ExposureClass {
        kind: 1,
        rule: "exposure-near".to_owned(),
        minutes: 15,
        apart: 1,
        from: at(0),
        until: at(14 * 86_400),
    };
    let part = PartEntry { class: 0, day: 18_295, records: 3, bytes: 40, digest: [5; 32].into() };
    ExposureNotice {
        classes: vec![class],
        parts: vec![part],
        withdraws: vec![1],
        ..ExposureNotice::new(2, [6; 32], Region::from_code(330_100).unwrap(), at(0))
    }
}

pub(super) fn venue() -> VenueCode {
    VenueCode::new(17, Region::from_code(330_106).unwrap(), Text::new("店", "Shop"), at(0))
}

/// One of every kind that an issuer or a phone signs, and its name.
pub(super) fn signed() -> Vec<(&'static str, Vec<u8>)> {
    let decisions = key(5);
    let rating = RatingReceipt {
        subject: SUBJECT,
        serial: 2,
        rated_at: at(0),
        colour: Colour::Red,
        reasons: vec![RatingReason {
            rule: "manual".to_owned(),
            colour: Colour::Red,
            text: Text::new("因", "cause"),
        }],
        rulebook: [1; 32],
        rulebook_version: 1,
        order: Some(ORDER),
        appeal_by: at(86_400),
    };
    let judgement = Judgement {
        subject: SUBJECT,
        serial: 3,
        operation: OperationId([6; 32]),
        order: ORDER,
        judged_at: at(0),
        earliest: at(-5),
        latest: at(-1),
        received: at(0),
        day: None,
        certainty: None,
        not_counted: Some(healthcode::rules::quarantine::NotCounted::TooOld),
        late: true,
        by: Some(By { role: ByRole::Carer, name: "*四".to_owned() }),
    };
    let receipt = Receipt {
        subject: SUBJECT,
        serial: 4,
        head: [8; 32],
        received_at: at(0),
        accepted: true,
        incarnation: [2; 8],
        late: false,
        key: Some([7; 8].into()),
    };
    let release = Release {
        subject: SUBJECT,
        serial: 5,
        order: ORDER,
        released_at: at(9),
        cause: ReleaseCause::Officer,
    };
    let notice = KeyNotice {
        subject: SUBJECT,
        serial: 6,
        key: [5; 8],
        noticed_at: at(0),
        active_from: Some(at(9)),
        carer: Some(CarerKey { carer: SubjectId([8; 16]), name: "*四".to_owned() }),
    };
    let link =
        Link { segment: SegmentId([1; 8]), sequence: 0, previous: [0; 32], operation: OperationId([6; 32]) };
    let body = OperationBody::CheckIn(CheckIn { symptoms: vec!["fever".to_owned()], order: Some(ORDER) });
    let request =
        RequestClaims::new("/v1/sync", b"{}", "hangzhou", [1; 16], Some(SUBJECT)).sign(&key(2)).unwrap();
    let anchor = Anchor {
        at: at(0),
        epoch: 1,
        root_version: 1,
        trust_list_version: 7,
        rules_version: 1,
        policy_version: 0,
        nonce: Some([1; 16]),
    };
    vec![
        ("a gate token", seal(&token(), &key(1)).unwrap()),
        ("a gate token", seal(&GateToken { holder: None, ..token() }, &key(1)).unwrap()),
        ("a time anchor", seal(&anchor, &key(3)).unwrap()),
        ("a quarantine order", seal(&order(), &decisions).unwrap()),
        ("a release from quarantine", seal(&release, &decisions).unwrap()),
        ("a rating receipt", seal(&rating, &decisions).unwrap()),
        ("a judgement of a check-in", seal(&judgement, &decisions).unwrap()),
        ("a check-in receipt", seal(&receipt, &decisions).unwrap()),
        ("a notice about a phone's key", seal(&notice, &decisions).unwrap()),
        ("an exposure notice", seal(&exposure_notice(), &key(10)).unwrap()),
        ("a venue's code", seal(&venue(), &key(11)).unwrap()),
        ("a link of the chain of operations", link.sign(&key(2)).unwrap()),
        (
            "an operation that a phone recorded",
            Operation::make(&body, evidence(), [1; 16], &key(2)).unwrap().bytes,
        ),
        ("a request's signature", Bytes::parse(&request).unwrap().0),
        ("gate policies", sign_policies(HANGZHOU_2020, &key(6)).unwrap()),
        (
            "a rulebook",
            sign_rulebook(&serde_json::to_vec(&Rulebook::hangzhou_2020()).unwrap(), &key(4)).unwrap(),
        ),
    ]
}
