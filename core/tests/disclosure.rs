//! What a code reveals to whoever scans it, told in words: everything that is in it, and nothing that is not.

#![cfg(feature = "device")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    missing_docs,
    reason = "tests"
)]

mod support;

use healthcode::HealthcodeError;
use healthcode::resident::explain_disclosure;
use healthcode::rules::colour::Colour;
use healthcode::token::code_text::{CodeText, Foreign, Prefix};
use healthcode::token::disclosure::{Disclosure, DisclosureKind};
use healthcode::token::ids::hex;
use healthcode::token::trust_list::seal;
use healthcode::token::{Anchor, Challenge, GateToken, Mode, OutageNotice};
use proptest::prelude::*;
use support::gate::made;
use support::{HOLDER, ROOTS, STRANGER, TIME, TOKENS, at, code, key, public, runs, sealed, shown, token};

fn explain(text: &str) -> Disclosure {
    explain_disclosure(text.to_owned()).unwrap()
}

fn values(told: &Disclosure) -> Vec<(&str, &str)> {
    told.reveals.iter().map(|item| (item.name.as_str(), item.value.en.as_str())).collect()
}

fn reason(text: &str) -> String {
    match explain_disclosure(text.to_owned()) {
        Err(HealthcodeError::InvalidField { field, reason }) if field == "text" => reason,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_phones_code_tells_all_that_is_in_it_and_that_it_can_be_linked() {
    let told = explain(&code(&shown(&sealed(&token()), 30)));
    assert_eq!(told.kind, DisclosureKind::PhoneCode);
    assert!(told.linkable);
    assert_eq!(
        values(&told),
        [
            ("masked-name", "*小明"),
            ("id-tail", "123X"),
            ("colour", "green"),
            ("region", "330100 Zhejiang"),
            ("issued-at", "20 February 2020, 16:00:00"),
            ("expires-at", "5 March 2020, 16:00:00"),
            ("issuer-key", &hex(&public(TOKENS).id())),
            ("token-id", "c7c7c7c7c7c7c7c7"),
            ("status", "1 / 70000"),
            ("holder-key", &hex(&public(HOLDER).id())),
            ("lowered", "no"),
            ("shown-at", "20 February 2020, 16:00:30"),
        ]
    );
    let shown = &told.reveals.last().unwrap().value;
    assert_eq!(shown.zh, "2020年2月20日 16:00:30");
    let note = |name| told.reveals.iter().find(|item| item.name == name).unwrap().note.clone().unwrap();
    for (name, word) in [("status", "the same"), ("holder-key", "link"), ("masked-name", "dishonest")] {
        assert!(note(name).en.contains(word), "{name}");
    }
    let withheld: String = told.withholds.iter().map(|text| text.en.clone() + "\n").collect();
    for what in ["reason", "full name", "full number", "telephone", "Where one was"] {
        assert!(withheld.contains(what), "{what}");
    }
}

#[test]
fn a_lowered_phone_and_an_answer_are_told_and_the_answer_names_no_time() {
    let challenge = Challenge::new([0xab; 16], "北门", None).to_bytes();
    let text = made(&token(), Mode::Answer([0xab; 4]), true, Some(&challenge));
    let told = explain(&text);
    let values = values(&told);
    assert!(values.contains(&("lowered", "yes")) && values.contains(&("answers", "abababab")));
    assert!(values.contains(&("colour", "green")), "what the authority gave");
    assert!(!values.iter().any(|(name, _)| *name == "shown-at"));
}

#[test]
fn paper_tells_the_same_without_a_phone() {
    let on_paper = GateToken { holder: None, colour: Colour::Red, ..token() };
    let told = explain(&CodeText::write(Prefix::Paper, &sealed(&on_paper)));
    assert_eq!((told.kind, told.linkable), (DisclosureKind::PaperCode, true));
    let names: Vec<_> = values(&told).iter().map(|(name, _)| *name).collect();
    assert!(names.contains(&"status") && values(&told).contains(&("colour", "red")));
    assert!(["holder-key", "lowered", "shown-at", "answers"].iter().all(|name| !names.contains(name)));
}

#[test]
fn nothing_is_verified_so_a_strangers_token_is_explained_too() {
    let forged = seal(&token(), &key(STRANGER)).unwrap();
    let told = explain(&code(&shown(&forged, 30)));
    assert!(values(&told).contains(&("issuer-key", &hex(&public(STRANGER).id()))));
}

#[test]
fn a_challenge_tells_of_the_gate_alone() {
    let anchor = Anchor {
        at: at(5),
        epoch: 1,
        root_version: 1,
        trust_list_version: 7,
        rules_version: 1,
        policy_version: 0,
        nonce: None,
    };
    let anchor = seal(&anchor, &key(TIME)).unwrap();
    let bytes = Challenge::new([7; 16], "西门", Some(anchor)).to_bytes();
    let told = explain(&CodeText::write(Prefix::Challenge, &bytes));
    assert_eq!((told.kind, told.linkable, told.withholds.len()), (DisclosureKind::Challenge, false, 0));
    assert_eq!(
        values(&told),
        [
            ("gate", "西门"),
            ("nonce", "07070707070707070707070707070707"),
            ("anchor", "20 February 2020, 16:00:05"),
            ("anchor-key", &hex(&public(TIME).id())),
        ]
    );
}

#[test]
fn an_outage_notice_tells_of_an_authority_alone() {
    let notice = OutageNotice::new(1, "zhejiang".to_owned(), 3, at(0), at(86_400), 48);
    let told = explain(&OutageNotice::to_text(&notice.sign(&[&key(ROOTS[0])]).unwrap()));
    assert_eq!((told.kind, told.linkable, told.withholds.len()), (DisclosureKind::Outage, false, 0));
    assert_eq!(
        values(&told),
        [
            ("outage-issuer", "zhejiang"),
            ("outage-issued-at", "20 February 2020, 16:00:00"),
            ("outage-ends-at", "21 February 2020, 16:00:00"),
            ("outage-hours", "48"),
        ]
    );
    assert_eq!(reason("H6:00"), "content");
}

#[test]
fn other_texts_are_said_to_be_what_they_are() {
    for (text, kind) in [
        ("H4:00", DisclosureKind::Venue),
        ("H5:00", DisclosureKind::Handover),
        ("https://example.org/", DisclosureKind::Foreign { what: Foreign::Url }),
        ("wxp://f2f0", DisclosureKind::Foreign { what: Foreign::Payment }),
        ("HC1:6BF", DisclosureKind::Foreign { what: Foreign::EuCertificate }),
        ("shc:/5676", DisclosureKind::Foreign { what: Foreign::SmartHealthCard }),
        ("h1:AA", DisclosureKind::Foreign { what: Foreign::Other }),
        ("", DisclosureKind::Foreign { what: Foreign::Other }),
        ("张三", DisclosureKind::Foreign { what: Foreign::Other }),
    ] {
        let told = explain(text);
        assert_eq!((told.kind, told.reveals.len(), told.linkable), (kind, 0, false), "{text}");
        assert!(!told.summary.zh.is_empty() && !told.summary.en.is_empty());
    }
}

#[test]
fn a_damaged_code_is_a_typed_error() {
    let good = code(&shown(&sealed(&token()), 30));
    assert_eq!(reason(&format!("{good}!")), "base45");
    assert_eq!(reason(&good.to_lowercase().replacen("h1:", "H1:", 1)), "base45");
    assert_eq!(reason(&format!("H1:{}", "0".repeat(4_000))), "too-long");
    assert_eq!(reason("H1:"), "not-cose-sign1");
    assert_eq!(reason("H2:00"), "content");
    assert_eq!(reason(&good.replacen("H1:", "H3:", 1)), "protected-header");
    let on_paper = GateToken { holder: None, ..token() };
    assert_eq!(reason(&made(&on_paper, Mode::Shown(at(30)), false, None)), "content");
    assert_eq!(reason(&CodeText::write(Prefix::Paper, &sealed(&token()))), "content");
}

#[test]
fn no_debug_output_holds_what_the_code_says_of_a_person() {
    let told = explain(&code(&shown(&sealed(&token()), 30)));
    let debug = format!("{told:?} {:?}", told.reveals);
    assert!(!debug.contains("小明") && !debug.contains("123X"), "{debug}");
}

proptest! {
    #![proptest_config(runs(256))]

    #[test]
    fn any_text_is_explained_or_refused(text in "(H[1-6]:)?[ -~]{0,60}", bytes in prop::collection::vec(any::<u8>(), 0..80)) {
        let _ = explain_disclosure(text);
        for prefix in [Prefix::Code, Prefix::Paper, Prefix::Challenge, Prefix::Outage] {
            let _ = explain_disclosure(CodeText::write(prefix, &bytes));
        }
    }
}
