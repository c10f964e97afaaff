//! Every kind is recognised, every field explained, what is refused is named, and nothing is believed.

use healthcode::token::cbor::encode;
use healthcode::token::code_text::CodeText;
use healthcode::token::key::Signer;
use healthcode::token::root::RootContent;
use healthcode::token::trust_list::seal;
use healthcode::token::{
    Challenge, GateToken, LogHead, Mode, OutageNotice, StatusListContent, Statuses, VenueCode,
};

use super::said_samples::said;
use super::samples::{LIST, at, code, key, signed, token, trust_list};
use super::*;

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

#[test]
fn every_signed_kind_is_recognised_accepted_and_verified_by_its_own_key() {
    for (name, bytes) in signed().into_iter().chain(said()) {
        let report = look_trusting(bytes.clone());
        assert_eq!(what(&report), [name]);
        assert!(report.guesses[0].refused.is_none() && report.odd.is_empty(), "{name} {:?}", report.odd);
        assert!(report.lines.iter().all(|line| line.meaning != "unknown here"), "{name}");
        let phones = [
            "a link of the chain of operations",
            "an operation that a phone recorded",
            "a request's signature",
            "a key's consent to another key",
            "an officer's request",
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

#[test]
fn the_head_of_a_log_is_verified_only_with_a_second_issuer() {
    let notice = samples::exposure_notice();
    let head = LogHead::new("hangzhou".to_owned(), 2, notice.digest(), at(0)).sign(&key(10)).unwrap();
    let report = look(head.to_bytes());
    assert_eq!(what(&report), ["the head of a log of exposure notices"]);
    assert!(report.is_well() && report.signatures.is_empty());
    assert!(meaning(&report, "payload/3").contains("how many notices"));
    let report = look_trusting(head.to_bytes());
    assert!(matches!(&report.signatures[0].outcome, report::Outcome::Wrong(why) if why == "unwitnessed"));
    assert!(!report.is_well());
}

#[test]
fn a_venues_code_is_explained_by_its_text_and_its_picture() {
    let signed = seal(&samples::venue(), &key(11)).unwrap();
    let text = VenueCode::to_text(&signed);
    let report = look_trusting(text.clone());
    assert!(report.input.starts_with("H4: a venue;"), "{}", report.input);
    assert_eq!(what(&report), ["a venue's code"]);
    assert!(report.signatures[0].outcome.is_verified());
    for (path, part) in [("payload/2", "venue"), ("payload/3", "330106"), ("payload/4/1", "English")] {
        let line = report.lines.iter().find(|line| line.path == path).unwrap();
        let whole = format!("{} {}", line.value, line.meaning);
        assert!(whole.contains(part), "{path}: {whole}");
    }
    let picture =
        healthcode::qr::png(&Matrix::encode(&text).unwrap(), healthcode::qr::Shade::Plain, 8).unwrap();
    assert_eq!(what(&look(picture)), ["a venue's code"]);
}
