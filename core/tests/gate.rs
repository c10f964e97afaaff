//! The rules at the gate, row by row: every verdict of the table, and each bound at its last instant on either side.
//! Which of several faults is told stands in `gate_order.rs`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    missing_docs,
    reason = "tests"
)]

mod support;

use std::cell::RefCell;

use healthcode::rules::calendar::Timestamp;
use healthcode::rules::certlogic::Expression;
use healthcode::rules::colour::Colour;
use healthcode::rules::gate_policy::GatePolicy;
use healthcode::time::{Reading, TrustedClock};
use healthcode::token::challenge::LIFETIME_MILLIS;
use healthcode::token::gate::{Gate, GateTime, OpenChallenge, SeenKey};
use healthcode::token::trust_list::TrustListContent;
use healthcode::token::verdict::{AskReason, CardReason, Side, Verdict};
use healthcode::token::{Anchor, BootSession, Challenge, GateToken, Mode, TrustList};
use serde_json::json;
use support::gate::{coarse, coloured, firm, gate, green, judged_at, made, says, told, verdict};
use support::{ROOTS, VALID_HOURS, at, hours, issuer, roots, signed_by, token, trust, trust_of};

#[test]
fn a_fresh_green_code_passes_and_the_verdict_names_holder_issuer_and_expiry() {
    let judged = judged_at(firm(30), &green(30));
    let Verdict::Pass { holder, colour, valid_until, extended: false } = judged.verdict else {
        panic!("{:?}", judged.verdict)
    };
    assert_eq!((holder.masked_name.as_str(), holder.id_tail.as_str()), ("*小明", "123X"));
    assert_eq!((holder.issuer.as_str(), holder.issuer_name.en.as_str()), ("zhejiang", "Zhejiang"));
    assert_eq!((holder.region.as_str(), colour), ("330100", Colour::Green));
    assert_eq!(valid_until, at(hours(VALID_HOURS)));
    assert_eq!((judged.seen, judged.answered), (Some(([0xc7; 8], at(30))), false));
}

#[test]
fn yellow_and_red_stop() {
    assert_eq!(says(firm(30), &coloured(Colour::Yellow, false)), "stop yellow");
    assert_eq!(says(firm(30), &coloured(Colour::Red, false)), "stop red");
}

#[test]
fn a_lowered_flag_makes_green_yellow_and_changes_nothing_else() {
    for (colour, expected) in
        [(Colour::Green, "stop yellow"), (Colour::Yellow, "stop yellow"), (Colour::Red, "stop red")]
    {
        let lowered = judged_at(firm(30), &coloured(colour, true));
        assert_eq!(told(&lowered.verdict), expected);
        let plain = judged_at(firm(30), &coloured(colour, false));
        assert_eq!(lowered.verdict.holder(), plain.verdict.holder());
        assert_eq!((lowered.seen, lowered.answered), (plain.seen, plain.answered));
    }
}

#[test]
fn a_policy_that_lets_yellow_pass_lets_red_not() {
    let trust = trust();
    let mut policy = GatePolicy::default();
    policy.rules[0].when = Expression::parse(json!({"!": [{"===": [{"var": "colour"}, "red"]}]})).unwrap();
    let gate = Gate { policy: &policy, ..gate(firm(30), &trust) };
    assert_eq!(told(&gate.judge(&coloured(Colour::Yellow, false)).verdict), "pass yellow");
    assert_eq!(told(&gate.judge(&coloured(Colour::Green, true)).verdict), "pass yellow");
    assert_eq!(told(&gate.judge(&coloured(Colour::Red, false)).verdict), "stop red");
}

#[test]
fn a_trust_lists_mapping_says_what_an_issuers_colours_count_as() {
    let mapped = |colours: [u8; 3], colour, lowered| {
        let mut issuer = issuer();
        issuer.colours = colours;
        told(&gate(firm(30), &trust_of(vec![issuer])).judge(&coloured(colour, lowered)).verdict)
    };
    assert_eq!(mapped([1, 2, 2], Colour::Green, false), "stop yellow");
    assert_eq!(mapped([0, 2, 2], Colour::Yellow, false), "stop red");
    assert_eq!(mapped([0, 0, 2], Colour::Yellow, false), "pass green");
    assert_eq!(mapped([0, 0, 2], Colour::Yellow, true), "stop yellow", "no mapping undoes a lowering");
    assert_eq!(mapped([0, 0, 2], Colour::Green, true), "stop yellow", "no mapping undoes a lowering");
    assert_eq!(mapped([2, 1, 2], Colour::Green, true), "stop red");
}

#[test]
fn a_shown_code_is_fresh_for_sixty_seconds_and_to_fifteen_ahead_of_the_gate() {
    let millis = |millis| GateTime::Firm { now: at(90).plus_millis(millis), uncertainty_millis: 0 };
    assert_eq!(says(millis(0), &green(30)), "pass green");
    assert_eq!(says(millis(1), &green(30)), "ask_for_answer Older");
    assert_eq!(says(firm(91), &green(30)), "ask_for_answer Older");
    assert_eq!(says(firm(hours(2)), &green(30)), "ask_for_answer Older");
    assert_eq!(says(millis(0), &green(105)), "pass green");
    assert_eq!(says(millis(-1), &green(105)), "ask_for_answer Newer");
    assert_eq!(says(millis(0), &green(106)), "ask_for_answer Newer");
    assert_eq!(says(millis(0), &green(hours(24))), "ask_for_answer Newer");
}

#[test]
fn a_gates_uncertainty_widens_the_window_ahead_and_not_behind() {
    let unsure = |uncertainty_millis| GateTime::Firm { now: at(90), uncertainty_millis };
    assert_eq!(says(unsure(4_999), &green(110)), "ask_for_answer Newer");
    assert_eq!(says(unsure(5_000), &green(110)), "pass green");
    assert_eq!(says(unsure(20_000), &green(125)), "pass green");
    assert_eq!(says(unsure(20_000), &green(126)), "ask_for_answer Newer");
    assert_eq!(says(unsure(20_000), &green(29)), "ask_for_answer Older");
}

/// What a gate's clock says `age` after an anchor that took `round_trip` to come; both in milliseconds.
fn firm_after(round_trip: i64, age: i64) -> Option<(Timestamp, i64)> {
    let mut reading = Reading { boot_id: "boot".to_owned(), boot_millis: 0, wall: at(0) };
    let mut clock = TrustedClock::new(Timestamp::from_millis(0), &reading, BootSession([1; 8]));
    let (epoch, root_version, trust_list_version, rules_version, policy_version) = (0, 1, 7, 1, 0);
    let anchor = Anchor {
        at: at(0),
        epoch,
        root_version,
        trust_list_version,
        rules_version,
        policy_version,
        nonce: None,
    };
    let asked = clock.evidence();
    reading.boot_millis = round_trip;
    let looked = clock.look(&reading, || unreachable!("the same boot"));
    looked.anchor(&anchor, [0; 32], &asked, 0).unwrap();
    reading.boot_millis += age;
    clock.look(&reading, || unreachable!("the same boot"));
    clock.firm()
}

#[test]
fn a_firm_time_is_unsure_by_the_round_trip_and_200_ppm_of_its_age_and_ends_at_20_seconds() {
    let day = 24 * 3_600_000;
    assert_eq!(firm_after(800, 0), Some((at(0), 800)));
    assert_eq!(firm_after(800, 3_600_000), Some((at(hours(1)), 800 + 720)));
    assert_eq!(firm_after(800, day), Some((at(hours(24)), 800 + 17_280)));
    assert_eq!(firm_after(0, 100_000_000).map(|(_, unsure)| unsure), Some(20_000));
    assert_eq!(firm_after(0, 100_000_001), None);
    assert_eq!(firm_after(20_000, 0).map(|(_, unsure)| unsure), Some(20_000));
    assert_eq!(firm_after(20_001, 0), None);
    // A day after its anchor the gate takes a code that its clock, slow by 17 s, sees 32 s ahead.
    let (now, uncertainty_millis) = firm_after(0, day).unwrap();
    let time = GateTime::Firm { now, uncertainty_millis };
    assert_eq!(says(time, &green(hours(24) + 32)), "pass green");
    assert_eq!(says(time, &green(hours(24) + 33)), "ask_for_answer Newer");
}

#[test]
fn a_gate_with_a_coarse_time_asks_for_an_answer_to_whatever_is_only_shown() {
    for seconds in [30, -hours(1), hours(1)] {
        assert_eq!(says(coarse(30), &green(seconds)), "ask_for_answer GateTime", "{seconds}");
    }
}

fn open(gate: &str) -> (OpenChallenge, Mode) {
    let challenge = Challenge::new([7; 16], gate, None);
    let short_nonce = challenge.short_nonce();
    (OpenChallenge { bytes: challenge.to_bytes(), short_nonce }, Mode::Answer(short_nonce))
}

#[test]
fn an_answer_to_the_open_challenge_needs_no_time_and_is_judged_by_colour() {
    let (trust, (challenge, mode)) = (trust(), open("west"));
    for time in [firm(30), coarse(30), coarse(hours(23))] {
        let gate = Gate { challenge: Some(&challenge), ..gate(time, &trust) };
        let answer = |colour, lowered| {
            gate.judge(&made(&GateToken { colour, ..token() }, mode, lowered, Some(&challenge.bytes)))
        };
        let judged = answer(Colour::Green, false);
        assert_eq!(
            (told(&judged.verdict).as_str(), judged.seen, judged.answered),
            ("pass green", None, true)
        );
        assert_eq!(told(&answer(Colour::Green, true).verdict), "stop yellow");
        let red = answer(Colour::Red, false);
        assert_eq!((told(&red.verdict).as_str(), red.answered), ("stop red", true));
    }
}

#[test]
fn an_answer_to_another_a_used_or_a_late_challenge_gets_a_new_challenge() {
    assert_eq!(LIFETIME_MILLIS, 60_000);
    let (trust, (challenge, mode)) = (trust(), open("west"));
    let answer = made(&token(), mode, false, Some(&challenge.bytes));
    for time in [firm(30), coarse(30)] {
        let other = OpenChallenge { short_nonce: [8; 4], ..challenge.clone() };
        // The checkpoint hands over no challenge that was used or is older than its lifetime.
        for open in [Some(&other), None] {
            let judged = Gate { challenge: open, ..gate(time, &trust) }.judge(&answer);
            assert_eq!(told(&judged.verdict), "ask_for_answer OtherChallenge");
            assert!(!judged.answered && judged.seen.is_none());
        }
    }
}

#[test]
fn an_answer_is_to_one_gates_challenge_and_no_answer_is_shown_nor_a_shown_code_an_answer() {
    let (trust, (challenge, mode)) = (trust(), open("west"));
    let here = Gate { challenge: Some(&challenge), ..gate(firm(30), &trust) };
    let (east, _) = open("east");
    let relayed = made(&token(), mode, false, Some(&east.bytes));
    assert_eq!(told(&here.judge(&relayed).verdict), "invalid signature", "the same nonce at another gate");
    assert_eq!(told(&here.judge(&made(&token(), mode, false, None)).verdict), "invalid signature");
    let as_shown = made(&token(), Mode::Shown(at(30)), false, Some(&challenge.bytes));
    assert_eq!(told(&here.judge(&as_shown).verdict), "invalid signature");
    assert_eq!(told(&here.judge(&green(30)).verdict), "pass green", "a shown code needs no answer");
}

#[test]
fn evidence_is_good_for_a_day_then_the_card_is_compared_and_after_three_a_phone_connects() {
    let late = |now: i64| verdict(firm(now), &green(now));
    assert_eq!(told(&late(hours(24))), "pass green");
    let Verdict::CompareCard { colour, reason, status_as_of, .. } = late(hours(24) + 1) else {
        panic!("a card")
    };
    assert_eq!((colour, reason, status_as_of), (Colour::Green, CardReason::OldEvidence, at(0)));
    assert_eq!(told(&late(hours(72))), "compare_card OldEvidence");
    assert_eq!(told(&late(hours(72) + 1)), "connect_first Either");
    let trust = trust();
    let policy = GatePolicy { as_is_hours: 1, list_grace_hours: 2, ..GatePolicy::default() };
    let strict = |now| told(&Gate { policy: &policy, ..gate(firm(now), &trust) }.judge(&green(now)).verdict);
    assert_eq!(
        (strict(hours(1)).as_str(), strict(hours(2)).as_str()),
        ("pass green", "compare_card OldEvidence")
    );
    assert_eq!(strict(hours(2) + 1), "connect_first Either");
    // However old the evidence: a colour that does not pass is told.
    let red = made(&GateToken { colour: Colour::Red, ..token() }, Mode::Shown(at(hours(80))), false, None);
    assert_eq!(says(firm(hours(80)), &red), "stop red");
}

#[test]
fn an_expired_code_is_renewed_from_its_very_second_on() {
    let token = GateToken { expires_at: at(100), ..token() };
    let text = made(&token, Mode::Shown(at(100)), false, None);
    assert_eq!(says(firm(99), &text), "pass green");
    let Verdict::Renew { expired_at, .. } = verdict(firm(100), &text) else { panic!("expired") };
    assert_eq!(expired_at, at(100));
    assert_eq!(
        says(coarse(hours(24 * 21)), &text),
        "renew",
        "a gate that was off for a month, by its wall clock"
    );
}

#[test]
fn a_token_from_more_than_five_minutes_ahead_sends_the_gate_to_connect() {
    assert_eq!(says(firm(-300), &green(-300)), "pass green");
    assert_eq!(says(firm(-301), &green(-301)), "connect_first Gate");
    assert_eq!(says(coarse(-301), &green(-301)), "connect_first Gate");
}

#[test]
fn a_gate_without_time_or_with_no_or_an_expired_list_must_connect_first() {
    for text in [green(30), "https://example.org".to_owned(), String::new(), "H1:!".to_owned()] {
        assert_eq!(says(GateTime::None, &text), "connect_first Gate");
        let unlisted = Gate { trust: None, ..gate(firm(30), &trust()) }.judge(&text);
        assert_eq!(told(&unlisted.verdict), "connect_first Gate");
        for time in [firm(hours(24 * 30)), coarse(hours(24 * 30))] {
            assert_eq!(says(time, &text), "connect_first Gate");
        }
    }
    let content = TrustListContent::new(1, 7, at(-hours(24)), at(30), vec![issuer()]);
    let expired = TrustList::open(&signed_by(&content, &ROOTS), &roots(2), 7).unwrap();
    assert_eq!(told(&gate(firm(29), &expired).judge(&green(29)).verdict), "pass green");
    assert_eq!(told(&gate(firm(30), &expired).judge(&green(29)).verdict), "connect_first Gate");
}

#[test]
fn what_was_seen_is_asked_by_token_and_time_and_never_of_an_answer() {
    let (trust, (challenge, mode)) = (trust(), open("west"));
    let asked = RefCell::new(Vec::<SeenKey>::new());
    let seen = |key: &SeenKey| {
        asked.borrow_mut().push(*key);
        key.1 == at(30)
    };
    let gate = Gate { seen: &seen, challenge: Some(&challenge), ..gate(firm(60), &trust) };
    let again = gate.judge(&green(30));
    assert_eq!((told(&again.verdict).as_str(), again.seen), ("already_seen", None));
    assert_eq!(told(&gate.judge(&green(31)).verdict), "pass green");
    assert_eq!(*asked.borrow(), [([0xc7; 8], at(30)), ([0xc7; 8], at(31))]);
    let answer = made(&token(), mode, false, Some(&challenge.bytes));
    assert_eq!(told(&gate.judge(&answer).verdict), "pass green");
    assert_eq!(asked.borrow().len(), 2, "an answer is never looked up");
}

#[test]
fn what_is_judged_is_remembered_whatever_its_colour_and_what_is_not_is_not() {
    let key = Some(([0xc7; 8], at(30)));
    assert_eq!(judged_at(firm(30), &coloured(Colour::Red, false)).seen, key);
    assert_eq!(
        judged_at(firm(91), &green(30)).seen,
        None,
        "a screenshot was not let pass and can be answered for"
    );
    assert_eq!(judged_at(coarse(30), &green(30)).seen, None);
}

#[test]
fn every_verdict_has_one_action_in_both_languages() {
    for text in [green(30), green(-99), coloured(Colour::Red, false), "x".to_owned(), "H1:".to_owned()] {
        let action = verdict(firm(30), &text).action();
        assert!(!action.zh.is_empty() && !action.en.is_empty());
        assert!(!action.zh.is_ascii() && action.en.is_ascii());
    }
    let sides = [Side::Gate, Side::Resident, Side::Either];
    let [gate, resident, either] = sides.map(|side| Verdict::ConnectFirst { side }.action().en);
    assert!(gate != resident && resident != either && gate != either);
    let holder = verdict(firm(30), &green(30)).holder().unwrap().clone();
    let ask = Verdict::AskForAnswer { holder, reason: AskReason::Older };
    assert!(!ask.action().en.to_lowercase().contains("fake"), "no accusation");
}
