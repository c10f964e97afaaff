//! What a gate says to texts that are no resident's code, to paper, and to codes of the wrong key, region or form.

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
use healthcode::rules::identity::Region;
use healthcode::token::code_text::{CodeText, Foreign, MAX_CHARACTERS, Prefix};
use healthcode::token::key::Signer;
use healthcode::token::trust_list::seal;
use healthcode::token::verdict::Verdict;
use healthcode::token::{Flags, GateToken, Mode, Presentation};
use support::gate::{coarse, firm, gate, judged_at, made, says, told, verdict};
use support::{
    HardwareKey, OTHER_TOKENS, STRANGER, at, code, hours, issuer, key, other_issuer, sealed, shown, token,
    trust_of,
};

fn paper(token: &GateToken) -> String {
    CodeText::write(Prefix::Paper, &sealed(token))
}

#[test]
fn paper_without_a_list_that_covers_it_must_connect_first_and_never_passes() {
    let on_paper = GateToken { holder: None, ..token() };
    for (time, colour) in [(firm(30), Colour::Green), (coarse(30), Colour::Green), (firm(30), Colour::Red)] {
        let judged = judged_at(time, &paper(&GateToken { colour, ..on_paper.clone() }));
        assert_eq!((told(&judged.verdict).as_str(), judged.seen), ("connect_first Gate", None));
    }
    assert_eq!(says(firm(30), &paper(&token())), "invalid phone-without-proof");
    assert_eq!(
        says(firm(30), &made(&on_paper, Mode::Shown(at(30)), false, None)),
        "invalid paper-with-proof"
    );
    let stranger = seal(&on_paper, &key(STRANGER)).unwrap();
    assert_eq!(says(firm(30), &CodeText::write(Prefix::Paper, &stranger)), "unknown_issuer");
    let foreign = GateToken { region: Region::from_code(420_100).unwrap(), ..on_paper };
    assert_eq!(says(firm(30), &paper(&foreign)), "invalid region");
}

#[test]
fn an_issuer_speaks_for_its_own_regions_only() {
    let wuhan = GateToken { region: Region::from_code(420_100).unwrap(), ..token() };
    assert_eq!(says(firm(30), &code(&shown(&sealed(&wuhan), 30))), "invalid region");
    let own = code(&shown(&seal(&wuhan, &key(OTHER_TOKENS)).unwrap(), 30));
    let passed = verdict(firm(30), &own);
    assert_eq!(told(&passed), "pass green");
    assert_eq!(passed.holder().unwrap().issuer, "hubei");
    assert_eq!(told(&gate(firm(30), &trust_of(vec![issuer()])).judge(&own).verdict), "unknown_issuer");
    assert_eq!(told(&gate(firm(30), &trust_of(vec![other_issuer()])).judge(&own).verdict), "pass green");
}

#[test]
fn wrong_signatures_and_keys_are_named() {
    let stranger =
        Presentation { token: sealed(&token()), mode: Mode::Shown(at(30)), flags: Flags::default() };
    let stranger = code(&stranger.sign(None, &key(STRANGER)).unwrap());
    assert_eq!(says(firm(30), &stranger), "invalid signature");
    let early = GateToken { issued_at: at(-hours(24) - 1), ..token() };
    assert_eq!(says(firm(30), &code(&shown(&sealed(&early), 30))), "invalid key-window");
    let hardware = HardwareKey::new(true);
    let token = sealed(&GateToken { holder: Some(hardware.public_key()), ..token() });
    let content = Presentation { token: token.clone(), mode: Mode::Shown(at(30)), flags: Flags::default() };
    assert_eq!(says(firm(30), &code(&content.sign(None, &hardware).unwrap())), "pass green");
    assert_eq!(says(firm(30), &code(&shown(&token, 30))), "invalid algorithm");
}

#[test]
fn what_is_no_residents_code_is_named() {
    for (text, what) in [
        ("https://example.org/H1:", Foreign::Url),
        ("weixin://wxpay/bizpayurl?pr=1", Foreign::Payment),
        ("HC1:6BF", Foreign::EuCertificate),
        ("shc:/56762", Foreign::SmartHealthCard),
        ("h1:BB8", Foreign::Other),
        ("H2:BB8", Foreign::Challenge),
        ("H4:BB8", Foreign::Venue),
        ("H5:BB8", Foreign::Handover),
        ("H6:BB8", Foreign::OutageNotice),
        ("", Foreign::Other),
    ] {
        assert_eq!(verdict(firm(30), text), Verdict::NotAHealthCode { what }, "{text}");
    }
    assert_eq!(says(firm(30), "H1:bb8"), "invalid base45");
    assert_eq!(says(firm(30), "H3:::"), "invalid base45");
    assert_eq!(says(firm(30), "H1:"), "invalid not-cose-sign1");
    let long = "0".repeat(MAX_CHARACTERS);
    assert_eq!(says(firm(30), &format!("H1:{long}")), "invalid too-large");
    assert_eq!(says(firm(30), &code(&[0; 449])), "invalid too-large");
}
