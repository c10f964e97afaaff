//! Every kind is recognised, every field explained, what is refused is named, and nothing is believed.

use healthcode::rules::calendar::{LegalDate, Timestamp};
use healthcode::rules::colour::Colour;
use healthcode::rules::gate_policy::HANGZHOU_2020;
use healthcode::rules::identity::Region;
use healthcode::rules::rulebook::Rulebook;
use healthcode::rules::text::Text;
use healthcode::token::cbor::encode;
use healthcode::token::code_text::CodeText;
use healthcode::token::decision::{RatingReason, ReleaseCause};
use healthcode::token::key::Signer;
use healthcode::token::policy::sign_policies;
use healthcode::token::root::RootContent;
use healthcode::token::rules::sign_rulebook;
use healthcode::token::trust_list::{Issuer, IssuerKey, KeyUse, StatusListEntry, TrustListContent, seal};
use healthcode::token::{
    Anchor, Challenge, Flags, GateToken, Judgement, KeyNotice, Mode, OperationId, Order, OrderId,
    OutageNotice, Presentation, RatingReceipt, Release, SegmentId, SoftwareKey, StatusReference, Statuses,
    SubjectId,
};
use healthcode::wire::{CheckIn, Link, Operation, OperationBody, Receipt, RequestClaims};

use super::*;

const LIST: &str = "https://code.example/v1/status-lists/1";
const T: i64 = 1_582_185_600;
const SUBJECT: SubjectId = SubjectId([3; 16]);
const ORDER: OrderId = OrderId([4; 8]);

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(T + seconds)
}

fn key(seed: u8) -> SoftwareKey {
    SoftwareKey::from_seed(&[seed; 32])
}

fn look(data: impl Into<Vec<u8>>) -> Report {
    let mut report = Report::default();
    inspect(&mut report, data.into());
    report
}

fn look_trusting(data: impl Into<Vec<u8>>) -> Report {
    let roots = vec![key(9).public_key()];
    let list = trust::open(&trust_list(), &roots, 1).unwrap();
    let trust = Some(Trust { roots, threshold: 1, list: Some(list) });
    let mut report = Report { trust, ..Report::default() };
    inspect(&mut report, data.into());
    report
}

fn what(report: &Report) -> Vec<&'static str> {
    report.guesses.iter().map(|guess| guess.what).collect()
}

fn meaning<'r>(report: &'r Report, path: &str) -> &'r str {
    &report.lines.iter().find(|line| line.path == path).unwrap_or_else(|| panic!("{path}")).meaning
}

fn token() -> GateToken {
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

fn code(mode: Mode) -> String {
    let presentation =
        Presentation { token: seal(&token(), &key(1)).unwrap(), mode, flags: Flags::default() };
    CodeText::write(Prefix::Code, &presentation.sign(None, &key(2)).unwrap())
}

fn trust_list() -> Vec<u8> {
    let uses = [
        (1, KeyUse::Tokens),
        (3, KeyUse::Time),
        (4, KeyUse::Rules),
        (5, KeyUse::Decisions),
        (6, KeyUse::Policy),
        (7, KeyUse::Status),
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

fn order() -> Order {
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
    }
}

fn evidence() -> healthcode::time::Evidence {
    let session = healthcode::token::BootSession([1; 8]);
    healthcode::time::Evidence { lower_bound: at(0), session, boot_millis: 5, anchor: None }
}

/// One of every kind that an issuer or a phone signs, and its name.
fn signed() -> Vec<(&'static str, Vec<u8>)> {
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
    };
    let receipt = Receipt {
        subject: SUBJECT,
        serial: 4,
        head: [8; 32],
        received_at: at(0),
        accepted: true,
        incarnation: [2; 8],
        late: false,
    };
    let release = Release {
        subject: SUBJECT,
        serial: 5,
        order: ORDER,
        released_at: at(9),
        cause: ReleaseCause::Officer,
    };
    let notice =
        KeyNotice { subject: SUBJECT, serial: 6, key: [5; 8], noticed_at: at(0), active_from: Some(at(9)) };
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

#[test]
fn every_signed_kind_is_recognised_accepted_and_verified_by_its_own_key() {
    for (name, bytes) in signed() {
        let report = look_trusting(bytes.clone());
        assert_eq!(what(&report), [name]);
        assert!(report.guesses[0].refused.is_none() && report.odd.is_empty(), "{name} {:?}", report.odd);
        assert!(report.lines.iter().all(|line| line.meaning != "unknown here"), "{name}");
        let phones = [
            "a link of the chain of operations",
            "an operation that a phone recorded",
            "a request's signature",
        ];
        let verified = report.signatures[0].outcome.is_verified();
        assert_eq!(verified, !phones.contains(&name), "{name}");
        // Without a trust list the same is explained, and nothing is said of the signature.
        let alone = look(bytes);
        assert_eq!((alone.lines.len(), alone.signatures.len()), (report.lines.len(), 0));
    }
}

#[test]
fn the_text_of_a_code_is_explained_to_the_last_field() {
    let report = look(code(Mode::Shown(at(30))) + "\r\n");
    assert_eq!(what(&report), ["a presentation: a resident's code"]);
    assert!(report.is_well() && report.input.contains("QR version 12"), "{}", report.input);
    for (path, part) in [
        ("payload/1", "2020-02-20T08:00:30Z, 2020-02-20T16:00:30+08:00"),
        ("payload/0/protected/1", "EdDSA"),
        ("payload/0/payload/4", "RFC 8392"),
        ("payload/0/payload/8/1/1", "OKP"),
        ("payload/0/payload/-65537/1", "green"),
        ("payload/0/payload/-65537/3", "Zhejiang"),
        ("payload/2", "none"),
    ] {
        assert!(meaning(&report, path).contains(part), "{path}: {}", meaning(&report, path));
    }
}

#[test]
fn a_shown_code_verifies_an_answer_is_left_open_and_a_strangers_token_is_named() {
    let outcomes = |report: &Report| -> Vec<char> {
        let letter = |signature: &report::Signature| match signature.outcome {
            report::Outcome::Verified(_) => 'v',
            report::Outcome::Wrong(_) => 'w',
            report::Outcome::Open(_) => 'o',
        };
        report.signatures.iter().map(letter).collect()
    };
    let shown = look_trusting(code(Mode::Shown(at(30))));
    assert_eq!((outcomes(&shown), shown.is_well()), (vec!['v', 'v'], true));
    let answer = look_trusting(code(Mode::Answer([1; 4])));
    assert_eq!((outcomes(&answer), answer.is_well()), (vec!['v', 'o'], true));
    let forged = look_trusting(seal(&token(), &key(66)).unwrap());
    assert_eq!((outcomes(&forged), forged.is_well()), (vec!['w'], false));
    // A key for decisions signs no token.
    assert_eq!(outcomes(&look_trusting(seal(&token(), &key(5)).unwrap())), ['w']);
    let mut changed = seal(&token(), &key(1)).unwrap();
    *changed.last_mut().unwrap() ^= 1;
    assert_eq!(outcomes(&look_trusting(changed)), ['w']);
}

#[test]
fn what_root_keys_sign_and_what_nobody_signs_is_recognised() {
    let list = look_trusting(trust_list());
    assert_eq!((what(&list), list.is_well()), (vec!["a trust list"], true));
    assert!(list.odd.is_empty(), "{:?}", list.odd);
    assert_eq!(meaning(&list, "payload/6/0/5/0/3"), "first instant that it may give as an issue: no bound");
    let mut changed = trust_list();
    *changed.last_mut().unwrap() ^= 1;
    assert!(!look_trusting(changed).is_well());

    let notice = OutageNotice::new(1, "hangzhou".to_owned(), 2, at(0), at(86_400), 48);
    let signed_notice = notice.sign(&[&key(9)]).unwrap();
    let told = look_trusting(OutageNotice::to_text(&signed_notice));
    assert_eq!((what(&told), told.is_well(), told.odd.len()), (vec!["an outage notice"], true, 0));
    assert!(!look_trusting(notice.sign(&[&key(8)]).unwrap()).is_well());

    let next = RootContent::new(2, 1, &[key(8).public_key()], at(0), at(86_400));
    let told = look_trusting(next.sign(&[&key(9), &key(8)]).unwrap());
    assert_eq!((what(&told), told.is_well()), (vec!["a set of root keys"], true));
    assert!(!look_trusting(next.sign(&[&key(8)]).unwrap()).is_well(), "the set before must sign too");

    let challenge = Challenge::new([7; 16], "西湖三号门", Some(signed()[2].1.clone()));
    let told = look(CodeText::write(Prefix::Challenge, &challenge.to_bytes()));
    assert_eq!((what(&told), told.is_well()), (vec!["a gate's challenge"], true));
    assert!(meaning(&told, "3/payload/1").contains("2020-02-20T08:00:00Z"));
    assert_eq!(what(&look(key(1).public_key().to_cose())), ["a public key (COSE_Key)"]);
}

#[test]
fn a_status_list_tells_how_many_it_withdraws() {
    let content = StatusListContent {
        uri: LIST.to_owned(),
        issued_at: at(0),
        expires_at: at(86_400),
        ttl: 600,
        statuses: Statuses::new(1_000, [1, 2, 999]).unwrap(),
    };
    let report = look_trusting(content.sign(&key(7)).unwrap());
    assert_eq!((what(&report), report.is_well()), (vec!["a status list"], true));
    assert!(report.odd.is_empty(), "{:?}", report.odd);
    let last = report.lines.last().unwrap();
    assert_eq!(last.value, 1_000);
    assert!(last.meaning.contains("of which 3 "));
    assert!(meaning(&report, "payload/65533/lst").contains("zlib"));
    assert!(!look_trusting(content.sign(&key(5)).unwrap()).is_well(), "another use's key");
}

#[test]
fn bytes_are_taken_in_every_spelling_and_words_are_not_taken_for_bytes() {
    let bytes = seal(&token(), &key(1)).unwrap();
    let hex = healthcode::token::ids::hex(&bytes);
    let url = Bytes(bytes.clone()).to_text();
    let spaced: String =
        hex.as_bytes().chunks(32).flat_map(|line| [line, b"\n"].concat()).map(char::from).collect();
    for given in [
        bytes,
        hex.clone().into(),
        hex.to_uppercase().into(),
        spaced.into(),
        url.clone().into(),
        (url + "\n").into(),
    ] {
        assert_eq!(what(&look(given)), ["a gate token"]);
    }
    for (text, part) in [
        ("hello", "not a health code"),
        ("https://example.org/a", "a web address"),
        ("wxp://f2f0", "a payment code"),
        ("HC1:6BF", "EU digital"),
        ("shc:/567", "SMART"),
        ("", "not a health code"),
    ] {
        let report = look(text);
        assert!(report.input.contains(part) && !report.is_well(), "{}", report.input);
    }
}

#[test]
fn what_is_refused_is_explained_as_far_as_it_goes_and_the_reason_named() {
    let good = code(Mode::Shown(at(30)));
    let refused = |report: &Report| report.guesses[0].refused.clone().unwrap_or_default();
    assert_eq!(refused(&look(good.replacen('G', "g", 1))), "base45: a small letter, character 6");
    assert!(refused(&look(good.replacen('G', "李", 1))).contains("U+674E"));

    let bytes = seal(&GateToken { expires_at: at(-5), ..token() }, &key(1)).unwrap();
    assert_eq!(
        (what(&look(bytes.clone())), refused(&look(bytes))),
        (vec!["a gate token"], "value".to_owned())
    );

    // A label twice, which another decoder may read over.
    let payload = encode(&token());
    let claims = b"\x04\x1a";
    let place = payload.windows(2).position(|window| window == claims).unwrap();
    let mut twice = payload.clone();
    twice[0] += 1;
    let entry = payload[place..place + 6].to_vec();
    twice.splice(place..place, entry);
    let report = look(twice);
    assert!(report.odd.iter().any(|odd| odd.contains("a label twice")), "{:?}", report.odd);
    assert!(refused(&report).starts_with("the signature is missing"));

    let mut trailing = seal(&token(), &key(1)).unwrap();
    trailing.extend([0, 0]);
    let report = look(trailing);
    assert!(report.odd.contains(&"2 bytes left over at its end".to_owned()), "{:?}", report.odd);
    assert_eq!(refused(&report), "not-deterministic");

    let cut = seal(&token(), &key(1)).unwrap();
    let report = look(cut[..cut.len() - 1].to_vec());
    assert!(report.odd[0].contains("it ends too early at byte"), "{:?}", report.odd);
    assert!(!report.is_well());
}

#[test]
fn a_token_offered_as_another_kind_is_not_taken_for_one() {
    // A release is a key notice with another fifth member; the number of its cause is no instant.
    for (name, bytes) in signed() {
        assert_eq!(what(&look(bytes)), [name]);
    }
}

#[test]
fn any_bytes_come_to_a_report_in_bounded_time() {
    let token = seal(&token(), &key(1)).unwrap();
    for place in 0..token.len() {
        for bit in [0x01, 0x20, 0x80] {
            let mut changed = token.clone();
            changed[place] ^= bit;
            look_trusting(changed);
        }
        look(token[..place].to_vec());
    }
    let many = look([b"\x99\xff\xff".as_slice(), &vec![0; 0xffff]].concat());
    assert_eq!(many.lines.len() + many.left_off, 0x1_0000);
    look(vec![0x9f; 100_000]);
    look("H1:".to_owned() + &"0".repeat(1_000_000));
    look("{".repeat(100_000));
}

#[test]
fn both_forms_of_a_report_name_every_field() {
    let report = look_trusting(code(Mode::Shown(at(30))));
    let (mut text, mut json) = (Vec::new(), Vec::new());
    report.print(false, &mut text).unwrap();
    report.print(true, &mut json).unwrap();
    let text = String::from_utf8(text).unwrap();
    let json: Value = serde_json::from_slice(&json).unwrap();
    assert_eq!(json["fields"].as_array().unwrap().len(), report.lines.len());
    assert_eq!(
        (&json["could_be"][0]["refused"], &json["signatures"][1]["verified"]),
        (&Value::Null, &true.into())
    );
    assert!(report.lines.iter().all(|line| text.contains(line.path.as_str())));
    assert!(text.contains("signature  a gate token (payload/0): holds, by 杭州 Hangzhou (hangzhou)"));
    let mut untrusting = Vec::new();
    look(code(Mode::Shown(at(30)))).print(false, &mut untrusting).unwrap();
    assert!(String::from_utf8(untrusting).unwrap().contains("not looked at"));
}
