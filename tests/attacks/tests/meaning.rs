//! Attacks that keep the form: a good signature over something else, by somebody else, about somebody else, for another
//! place or another time. Each has its exact verdict.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]
#![allow(clippy::print_stdout, reason = "the counts are told")]

use healthcode::rules::colour::Colour;
use healthcode::rules::identity::Region;
use healthcode::token::envelope::{FormatError, Kind, Naming, sign};
use healthcode::token::trust_list::{Object, seal};
use healthcode::token::{
    Anchor, GateToken, Judgement, KeyNotice, KeyUse, Order, RatingReceipt, Release, StatusReference,
    TokenError, cbor,
};
use healthcode::wire::receipt::Receipt;
use healthcode_attacks::forge::{Forged, replaced};
use healthcode_attacks::objects::{anchor, judgement, key_notice, order, rating, receipt, release};
use healthcode_attacks::world::{
    GUANGDONG, HOLDER, Lane, OTHER_HOLDER, STRANGER, USES, ZHEJIANG, answered, at, challenge, code, green,
    guangdong, hours, key, on_paper, paper, public, sealed, sealed_by, seed_of, showing, shown, token, trust,
    trust_of,
};

/// Offers an object, signed as each kind by each of the issuer's keys: one of them all is right.
fn offered_as_every_kind_by_every_key<T: Object + PartialEq + std::fmt::Debug>(object: &T) -> usize {
    let trust = trust();
    let mut refused = 0;
    for key_use in USES {
        let signer = key(seed_of(ZHEJIANG, key_use));
        for kind in Kind::all() {
            let bytes = sign(kind, Naming::ById, &cbor::encode(object), &signer).unwrap();
            let opened = trust.open_object::<T>(&bytes).map(|opened| opened.issuer.id.clone());
            let expected = match (key_use == T::USE, kind == T::KIND) {
                (false, _) => Err(TokenError::UnknownKey),
                (true, false) => Err(TokenError::Signature),
                (true, true) => Ok("zhejiang".to_owned()),
            };
            assert_eq!(opened, expected, "{key_use:?} {kind:?}");
            refused += usize::from(expected.is_err());
        }
    }
    assert_eq!(refused, USES.len() * Kind::all().len() - 1);
    refused
}

#[test]
fn a_signature_of_every_kind_is_refused_as_every_other_and_so_is_a_key_of_another_use() {
    let refused = [
        offered_as_every_kind_by_every_key::<GateToken>(&token()),
        offered_as_every_kind_by_every_key::<Anchor>(&anchor()),
        offered_as_every_kind_by_every_key::<Order>(&order()),
        offered_as_every_kind_by_every_key::<Release>(&release()),
        offered_as_every_kind_by_every_key::<RatingReceipt>(&rating()),
        offered_as_every_kind_by_every_key::<Judgement>(&judgement()),
        offered_as_every_kind_by_every_key::<KeyNotice>(&key_notice()),
        offered_as_every_kind_by_every_key::<Receipt>(&receipt()),
    ];
    println!("\nkinds: {}", refused.iter().sum::<usize>());
}

/// Signs another object's bytes as this kind, with the key that may: whether they are read as one.
fn read_as<T: Object + PartialEq>(payload: &[u8]) -> (Kind, bool) {
    let bytes = sign(T::KIND, Naming::ById, payload, &key(seed_of(ZHEJIANG, T::USE))).unwrap();
    let opened = trust().open_object::<T>(&bytes).map(|_| ());
    let Err(refused) = opened else { return (T::KIND, true) };
    // Members that it does not know are passed over, and missed in its re-encoding.
    let forms = [FormatError::Content, FormatError::NotDeterministic, FormatError::TooLarge];
    assert!(forms.map(TokenError::Form).contains(&refused), "{refused}");
    (T::KIND, false)
}

#[test]
fn of_the_objects_shapes_two_alone_are_alike_and_only_their_kinds_keep_them_apart() {
    let payloads = [
        (Kind::Token, cbor::encode(&token())),
        (Kind::Time, cbor::encode(&anchor())),
        (Kind::Order, cbor::encode(&order())),
        (Kind::Release, cbor::encode(&release())),
        (Kind::Rating, cbor::encode(&rating())),
        (Kind::Judgement, cbor::encode(&judgement())),
        (Kind::Key, cbor::encode(&key_notice())),
        (Kind::Receipt, cbor::encode(&receipt())),
    ];
    let mut alike = Vec::new();
    for (own, payload) in &payloads {
        let read = [
            read_as::<GateToken>(payload),
            read_as::<Anchor>(payload),
            read_as::<Order>(payload),
            read_as::<Release>(payload),
            read_as::<RatingReceipt>(payload),
            read_as::<Judgement>(payload),
            read_as::<KeyNotice>(payload),
            read_as::<Receipt>(payload),
        ];
        assert!(read.contains(&(*own, true)), "{own:?} is its own");
        alike.extend(read.iter().filter(|(other, is)| *is && other != own).map(|(other, _)| (*own, *other)));
    }
    // The cause of a release is a small number, and so is an instant in 1970.
    assert_eq!(alike, [(Kind::Release, Kind::Key)]);
}

#[test]
fn a_holders_signature_of_every_other_kind_is_no_presentation() {
    let payload = cbor::encode(&showing(&sealed(&token()), 30));
    for kind in Kind::all() {
        let bytes = sign(kind, Naming::Implied, &payload, &key(HOLDER)).unwrap();
        let expected = if kind == Kind::Show { "pass green" } else { "invalid signature" };
        assert_eq!(Lane::firm(30).says(&code(&bytes)), expected, "{kind:?}");
    }
    let lane = || Lane::firm(30).asking(&challenge());
    let mode = healthcode::token::Mode::Answer(challenge().short_nonce());
    let payload = cbor::encode(&healthcode::token::Presentation { mode, ..showing(&sealed(&token()), 30) });
    let right = Kind::answer_to(&challenge().to_bytes());
    for kind in [&Kind::all()[..], &[right]].concat() {
        let bytes = sign(kind, Naming::Implied, &payload, &key(HOLDER)).unwrap();
        let expected = if kind == right { "pass green" } else { "invalid signature" };
        assert_eq!(lane().says(&code(&bytes)), expected, "{kind:?}");
    }
}

#[test]
fn a_token_signed_as_another_kind_is_no_token() {
    let signer = key(seed_of(ZHEJIANG, KeyUse::Tokens));
    for kind in Kind::all() {
        let bytes = sign(kind, Naming::ById, &cbor::encode(&token()), &signer).unwrap();
        let expected = if kind == Kind::Token { "pass green" } else { "invalid signature" };
        assert_eq!(Lane::firm(30).says(&code(&shown(&bytes, 30))), expected, "{kind:?}");
        let bytes = sign(kind, Naming::ById, &cbor::encode(&paper()), &signer).unwrap();
        if kind != Kind::Token {
            assert_eq!(Lane::firm(30).says(&on_paper(&bytes)), "invalid signature", "{kind:?}");
        }
    }
}

#[test]
fn a_code_of_either_province_passes_a_gate_of_the_other_and_names_its_issuer() {
    let guangzhou = GateToken { region: Region::from_code(440_100).unwrap(), ..token() };
    let theirs = sealed_by(&guangzhou, seed_of(GUANGDONG, KeyUse::Tokens));
    for (token, issuer, name, region) in
        [(sealed(&token()), "zhejiang", "浙江", "330100"), (theirs, "guangdong", "广东", "440100")]
    {
        let judged = Lane::firm(30).judge(&code(&shown(&token, 30))).verdict;
        assert_eq!(judged.name(), "pass");
        let holder = judged.holder().unwrap();
        assert_eq!((holder.issuer.as_str(), holder.issuer_name.zh.as_str()), (issuer, name));
        assert_eq!(holder.region, region);
    }
}

#[test]
fn a_region_that_the_issuer_may_not_speak_for_is_invalid() {
    for (region, expected) in [
        (330_100, "pass green"),
        (330_000, "pass green"),
        (330_106, "pass green"),
        (440_100, "invalid region"),
        (310_000, "invalid region"),
        (420_100, "invalid region"),
    ] {
        let token = GateToken { region: Region::from_code(region).unwrap(), ..token() };
        assert_eq!(Lane::firm(30).says(&code(&shown(&sealed(&token), 30))), expected, "{region}");
    }
    // Guangdong's key does not make Hangzhou Guangdong's.
    let theirs = sealed_by(&token(), seed_of(GUANGDONG, KeyUse::Tokens));
    assert_eq!(Lane::firm(30).says(&code(&shown(&theirs, 30))), "invalid region");
    assert_eq!(
        Lane::firm(30).says(&on_paper(&sealed_by(&paper(), seed_of(GUANGDONG, KeyUse::Tokens)))),
        "invalid region"
    );
    // A region that is none is no claim at all.
    let claims = cbor::encode(&token());
    let code_of = |code: u64| minicbor::to_vec(code).unwrap();
    for none in [0, 1, 999_999, 3_301_000, 16_330_100, u64::MAX] {
        let claims = replaced(&claims, &code_of(330_100), &code_of(none));
        let token = Forged::token(&claims).signed_by(seed_of(ZHEJIANG, KeyUse::Tokens));
        assert_eq!(Lane::firm(30).says(&code(&shown(&token, 30))), "invalid content", "{none}");
    }
}

#[test]
fn an_issuer_that_the_list_does_not_have_is_unknown_and_not_forged() {
    let stranger = sealed_by(&token(), STRANGER);
    assert_eq!(Lane::firm(30).says(&code(&shown(&stranger, 30))), "unknown_issuer");
    assert_eq!(Lane::firm(30).says(&on_paper(&sealed_by(&paper(), STRANGER))), "unknown_issuer");
    let without = || Lane::firm(30).trusting(trust_of(vec![guangdong()]));
    assert_eq!(without().says(&green(30)), "unknown_issuer");
    // Zhejiang's key id over a stranger's signature.
    let claims = cbor::encode(&token());
    let posing = Forged::token(&claims).signed_by(STRANGER);
    assert_eq!(Lane::firm(30).says(&code(&shown(&posing, 30))), "invalid signature");
}

#[test]
fn a_code_with_another_holders_key_in_cnf_is_no_code_of_this_phone() {
    let others = sealed(&GateToken { holder: Some(public(OTHER_HOLDER)), ..token() });
    assert_eq!(Lane::firm(30).says(&code(&shown(&others, 30))), "invalid signature");
    let by_stranger = showing(&sealed(&token()), 30).sign(None, &key(OTHER_HOLDER)).unwrap();
    assert_eq!(Lane::firm(30).says(&code(&by_stranger)), "invalid signature");
    let answer = answered(&sealed(&token()), &challenge(), OTHER_HOLDER);
    assert_eq!(Lane::firm(30).asking(&challenge()).says(&code(&answer)), "invalid signature");
    // The issuer's own key presents nobody.
    let by_issuer =
        showing(&sealed(&token()), 30).sign(None, &key(seed_of(ZHEJIANG, KeyUse::Tokens))).unwrap();
    assert_eq!(Lane::firm(30).says(&code(&by_issuer)), "invalid signature");
}

#[test]
fn a_red_persons_proof_around_a_green_persons_token_is_refused() {
    let red = GateToken { colour: Colour::Red, holder: Some(public(OTHER_HOLDER)), ..token() };
    assert_eq!(
        Lane::firm(30).says(&code(&showing(&sealed(&red), 30).sign(None, &key(OTHER_HOLDER)).unwrap())),
        "stop red"
    );
    let swapped = showing(&sealed(&token()), 30).sign(None, &key(OTHER_HOLDER)).unwrap();
    assert_eq!(Lane::firm(30).says(&code(&swapped)), "invalid signature");
    // The red person's presentation with the green token put in its place.
    let own = showing(&sealed(&red), 30).sign(None, &key(OTHER_HOLDER)).unwrap();
    let spliced = replaced(&own, &sealed(&red), &sealed(&token()));
    assert_eq!(Lane::firm(30).says(&code(&spliced)), "invalid signature");
}

#[test]
fn a_token_older_or_younger_than_its_keys_window_is_refused() {
    for (issued, expected) in [
        (-hours(24) - 1, "invalid key-window"),
        (-hours(24), "pass green"),
        (hours(24 * 7) - 1, "pass green"),
        (hours(24 * 7), "invalid key-window"),
    ] {
        let now = issued + 30;
        let token = GateToken { issued_at: at(issued), expires_at: at(now + hours(1)), ..token() };
        let told = Lane::firm(now).says(&code(&shown(&sealed(&token), now)));
        assert_eq!(told, expected, "{issued}");
        let paper = GateToken { holder: None, ..token };
        let told = Lane::firm(now).says(&on_paper(&sealed(&paper)));
        assert_eq!(told == "invalid key-window", expected == "invalid key-window", "{issued}");
    }
    let signed = |issued: i64| Anchor { at: at(issued), ..anchor() };
    let by_time = |anchor: &Anchor| seal(anchor, &key(seed_of(ZHEJIANG, KeyUse::Time))).unwrap();
    assert!(trust().open_object::<Anchor>(&by_time(&signed(0))).is_ok());
    for issued in [-hours(24) - 1, hours(24 * 7)] {
        let opened = trust().open_object::<Anchor>(&by_time(&signed(issued))).map(|_| ());
        assert_eq!(opened, Err(TokenError::OutsideKeyWindow));
    }
}

#[test]
fn negative_and_huge_times_are_no_times() {
    let claims = cbor::encode(&token());
    let (issued, expires) = (token().issued_at.seconds(), token().expires_at.seconds());
    let item = |seconds: i128| match u64::try_from(seconds) {
        Ok(seconds) => minicbor::to_vec(seconds).unwrap(),
        Err(_) => minicbor::to_vec(i64::try_from(seconds).unwrap()).unwrap(),
    };
    // 9999-12-31T23:59:59Z is the last instant that there is.
    let last = 253_402_300_799;
    let told = |claims: &[u8]| {
        let token = Forged::token(claims).signed_by(seed_of(ZHEJIANG, KeyUse::Tokens));
        Lane::firm(30).says(&code(&shown(&token, 30)))
    };
    for (from, to, expected) in [
        (expires, last, "pass green"),
        (expires, last + 1, "invalid content"),
        (expires, -1, "invalid content"),
        (expires, i128::from(i64::MIN), "invalid content"),
        (expires, i128::from(i64::MAX), "invalid content"),
        (expires, i128::from(u64::MAX), "invalid content"),
        (expires, 0, "invalid value"),
        (expires, i128::from(issued), "invalid value"),
        (issued, -1, "invalid content"),
        (issued, last + 1, "invalid content"),
        (issued, i128::from(u64::MAX), "invalid content"),
        (issued, i128::from(expires), "invalid value"),
        (issued, last, "invalid value"),
        (issued, 0, "invalid key-window"),
    ] {
        assert_eq!(told(&replaced(&claims, &item(from.into()), &item(to))), expected, "{from} to {to}");
    }
    let time = minicbor::to_vec(at(30).seconds()).unwrap();
    let payload = cbor::encode(&showing(&sealed(&token()), 30));
    for (seconds, expected) in [
        (0, "ask_for_answer Older"),
        (i128::from(u32::MAX), "ask_for_answer Newer"),
        (i128::from(u32::MAX) + 1, "invalid content"),
        (-1, "invalid content"),
        (i128::from(u64::MAX), "invalid content"),
    ] {
        let payload = replaced(&payload, &time, &item(seconds));
        let told = Lane::firm(30).says(&code(&Forged::presentation(&payload).signed_by(HOLDER)));
        assert_eq!(told, expected, "{seconds}");
    }
    let anchor = cbor::encode(&anchor());
    for seconds in [-1, last + 1, i128::from(u64::MAX)] {
        let payload = replaced(&anchor, &item(at(60).seconds().into()), &item(seconds));
        let bytes = sign(Kind::Time, Naming::ById, &payload, &key(seed_of(ZHEJIANG, KeyUse::Time))).unwrap();
        assert_eq!(trust().open_object::<Anchor>(&bytes), Err(TokenError::Form(FormatError::Content)));
    }
}

#[test]
fn a_gate_at_the_ends_of_time_comes_to_a_verdict() {
    // 1970, 2038, the last second of a presentation's clock, the year 9999.
    for seconds in [0, i64::from(i32::MAX) + 1, i64::from(u32::MAX), 253_402_300_799] {
        let lane = Lane::firm(seconds - at(0).seconds());
        let told = lane.says(&green(30));
        assert_eq!(told, "connect_first Gate", "an expired list, or a token from ahead");
    }
}

#[test]
fn a_status_list_number_that_no_token_has_is_refused() {
    for list in [256, 65_536, u32::MAX] {
        let token = GateToken { status: StatusReference { list, index: 0 }, ..token() };
        assert_eq!(Lane::firm(30).says(&code(&shown(&sealed(&token), 30))), "invalid value", "{list}");
    }
}

#[test]
fn names_and_tails_that_no_card_has_are_refused() {
    let told = |name: &str, tail: &str| {
        let token = GateToken { masked_name: name.to_owned(), id_tail: tail.to_owned(), ..token() };
        let bytes = sealed(&token);
        if bytes.len() > 224 { "-".to_owned() } else { Lane::firm(30).says(&code(&shown(&bytes, 30))) }
    };
    assert_eq!(told("*明", "123X"), "pass green");
    for (name, tail) in [
        ("", "123X"),
        ("*\u{0}明", "123X"),
        ("*\n明", "123X"),
        ("*\u{7f}", "123X"),
        ("*明明明明明", "123X"),
        ("*明", "12"),
        ("*明", "12345"),
        ("*明", "123x"),
        ("*明", "12 X"),
        ("*明", "１X"),
    ] {
        assert_eq!(told(name, tail), "invalid value", "{name:?} {tail:?}");
    }
}

#[test]
fn a_code_shown_again_is_already_seen_and_its_picture_is_asked_for_an_answer() {
    let mut lane = Lane::firm(30);
    assert_eq!(lane.scan(&green(30)), "pass green");
    assert_eq!(lane.scan(&green(30)), "already_seen");
    let again = code(&shown(&sealed(&token()), 30));
    assert_eq!(lane.scan(&again), "already_seen", "signed anew, it is the same");
    assert_eq!(lane.scan(&green(31)), "pass green", "another of the same phone");
    assert_eq!(Lane::firm(91).says(&green(30)), "ask_for_answer Older");
}

#[test]
fn an_answer_to_another_gates_challenge_or_a_used_one_is_asked_again() {
    let other = healthcode::token::Challenge::new([7; 16], "South Gate", None);
    let answer =
        |challenge: &healthcode::token::Challenge| code(&answered(&sealed(&token()), challenge, HOLDER));
    let mut lane = Lane::firm(30).asking(&challenge());
    // The same nonce, copied by another gate: the name stands under the signature.
    assert_eq!(other.short_nonce(), challenge().short_nonce());
    assert_eq!(lane.scan(&answer(&other)), "invalid signature");
    let elsewhere = healthcode::token::Challenge::new([8; 16], "North Gate", None);
    assert_eq!(lane.scan(&answer(&elsewhere)), "ask_for_answer OtherChallenge");
    assert_eq!(lane.scan(&answer(&challenge())), "pass green");
    assert_eq!(lane.scan(&answer(&challenge())), "ask_for_answer OtherChallenge", "it is used up");
    // The same first four bytes, another nonce.
    let mut nonce = [7; 16];
    nonce[15] = 8;
    let near = healthcode::token::Challenge::new(nonce, "North Gate", None);
    assert_eq!(Lane::firm(30).asking(&challenge()).scan(&answer(&near)), "invalid signature");
    // An anchor slipped into the challenge that was answered.
    let anchored = healthcode::token::Challenge::new([7; 16], "North Gate", Some(vec![1]));
    assert_eq!(Lane::firm(30).asking(&challenge()).scan(&answer(&anchored)), "invalid signature");
}

#[test]
fn a_shown_code_is_no_answer_and_an_answer_is_no_shown_code() {
    let lane = || Lane::coarse(30).asking(&challenge());
    assert_eq!(lane().says(&green(30)), "ask_for_answer GateTime");
    let answer = code(&answered(&sealed(&token()), &challenge(), HOLDER));
    assert_eq!(lane().says(&answer), "pass green");
    assert_eq!(Lane::firm(30).says(&answer), "ask_for_answer OtherChallenge", "no challenge is open");
}

#[test]
fn a_lowered_phone_cannot_be_raised_without_its_key() {
    let lowered = |lowered| healthcode::token::Presentation {
        flags: healthcode::token::Flags { lowered },
        ..showing(&sealed(&token()), 30)
    };
    let bytes = lowered(true).sign(None, &key(HOLDER)).unwrap();
    assert_eq!(Lane::firm(30).says(&code(&bytes)), "stop yellow");
    let place = bytes.len() - 67;
    assert_eq!(bytes[place], 1);
    let raised = [&bytes[..place], &[0], &bytes[place + 1..]].concat();
    assert_eq!(Lane::firm(30).says(&code(&raised)), "invalid signature");
}
