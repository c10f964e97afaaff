//! The gate's table, row by row, with both sides' phones right, lagging, leading, off and rebooted. The bounds are taken
//! at their last instant on either side.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]
#![allow(clippy::print_stdout, reason = "the counts are told")]

use healthcode::rules::colour::Colour;
use healthcode::rules::gate_policy::{Direction, GatePolicies, GatePolicy, HANGZHOU_2020};
use healthcode::rules::identity::Region;
use healthcode::token::gate::GateTime;
use healthcode::token::{Challenge, GateToken, KeyUse, OutageNotice, StatusReference};
use healthcode_attacks::world::{
    GUANGDONG, HOLDER, Lane, ZHEJIANG, answered, at, challenge, code, green, guangdong, hours, on_paper,
    paper, public, sealed, sealed_by, seed_of, shown, token, trust_of, zhejiang,
};

const WITHDRAWN: u32 = 70_000;

fn firm(seconds: i64, uncertainty_millis: i64) -> Lane {
    Lane::new(GateTime::Firm { now: at(seconds), uncertainty_millis })
}

fn coloured(colour: Colour, seconds: i64) -> String {
    code(&shown(&sealed(&GateToken { colour, ..token() }), seconds))
}

fn answer(challenge: &Challenge) -> String {
    code(&answered(&sealed(&token()), challenge, HOLDER))
}

fn written(paper: &GateToken) -> String {
    on_paper(&sealed(paper))
}

#[test]
fn a_code_within_the_window_is_judged_by_its_colour() {
    for (shown, unsure, expected) in [
        (240, 0, "pass green"),
        (239, 0, "ask_for_answer Older"),
        (315, 0, "pass green"),
        (316, 0, "ask_for_answer Newer"),
        (320, 4_999, "ask_for_answer Newer"),
        (320, 5_000, "pass green"),
        (335, 20_000, "pass green"),
        (336, 20_000, "ask_for_answer Newer"),
        (239, 20_000, "ask_for_answer Older"),
    ] {
        assert_eq!(firm(300, unsure).says(&green(shown)), expected, "{shown} {unsure}");
    }
    assert_eq!(firm(300, 0).says(&coloured(Colour::Yellow, 300)), "stop yellow");
    assert_eq!(firm(300, 0).says(&coloured(Colour::Red, 300)), "stop red");
}

#[test]
fn what_is_older_or_newer_is_asked_and_never_accused() {
    // A screenshot of yesterday, a phone that was off, a phone whose clock was moved.
    for shown in [-hours(9), 0, 100, 600, hours(24)] {
        let lane = firm(300, 0);
        let told = lane.judge(&green(shown)).verdict;
        assert_eq!(told.name(), "ask_for_answer", "{shown}");
        assert!(told.holder().is_some(), "staff see whose code it is");
        assert!(!told.action().en.to_lowercase().contains("fake"));
    }
}

#[test]
fn a_coarse_gate_asks_for_an_answer_to_any_passive_code() {
    for shown in [299, 300, 301, -hours(9), hours(9)] {
        assert_eq!(Lane::coarse(300).says(&green(shown)), "ask_for_answer GateTime", "{shown}");
    }
    assert_eq!(Lane::coarse(300).says(&coloured(Colour::Red, 300)), "ask_for_answer GateTime");
}

#[test]
fn the_first_answer_to_the_open_challenge_is_judged_whatever_either_clock_says() {
    for lane in [Lane::firm(300), Lane::coarse(300), firm(300, 20_000), Lane::coarse(hours(20))] {
        let mut lane = lane.asking(&challenge());
        assert_eq!(lane.scan(&answer(&challenge())), "pass green");
        assert_eq!(lane.scan(&answer(&challenge())), "ask_for_answer OtherChallenge", "it is used up");
    }
    let red = GateToken { colour: Colour::Red, ..token() };
    let red = code(&answered(&sealed(&red), &challenge(), HOLDER));
    let mut lane = Lane::firm(300).asking(&challenge());
    assert_eq!(lane.scan(&red), "stop red");
    assert!(lane.challenge.is_none(), "a red answer uses it up as well");
}

#[test]
fn an_answer_to_another_a_used_or_a_late_challenge_gets_a_new_one() {
    let other = Challenge::new([9; 16], "South Gate", None);
    assert_eq!(Lane::firm(300).asking(&challenge()).says(&answer(&other)), "ask_for_answer OtherChallenge");
    assert_eq!(Lane::coarse(300).asking(&challenge()).says(&answer(&other)), "ask_for_answer OtherChallenge");
    // A late or used one is no longer open.
    assert_eq!(Lane::firm(300).says(&answer(&challenge())), "ask_for_answer OtherChallenge");
}

#[test]
fn evidence_counts_as_it_is_for_a_day_with_the_card_for_three_and_then_either_side_connects() {
    for (age, expected) in [
        (hours(24), "pass green"),
        (hours(24) + 1, "compare_card OldEvidence"),
        (hours(72), "compare_card OldEvidence"),
        (hours(72) + 1, "connect_first Either"),
        (hours(24 * 13), "connect_first Either"),
    ] {
        assert_eq!(Lane::firm(age).says(&green(age)), expected, "{age}");
        let coarse = Lane::coarse(age).asking(&challenge());
        assert_eq!(coarse.says(&answer(&challenge())), expected, "{age}");
        // A list that covers it makes the evidence as young as the list is.
        let listed = Lane::firm(age).listing(age - 60, age + hours(24), &[]);
        assert_eq!(listed.says(&green(age)), "pass green", "{age}");
        // One that is older than the token makes nothing older.
        let listed = Lane::firm(age).listing(-hours(24), age + hours(24), &[]);
        assert_eq!(listed.says(&green(age)), expected, "{age}");
    }
    let old = Lane::firm(hours(100)).listing(hours(40), hours(200), &[]);
    assert_eq!(old.says(&green(hours(100))), "compare_card OldEvidence", "a list 60 h old");
}

#[test]
fn red_stops_however_old_the_evidence_is() {
    for age in [hours(24), hours(72), hours(100)] {
        assert_eq!(Lane::firm(age).says(&coloured(Colour::Red, age)), "stop red", "{age}");
    }
}

#[test]
fn an_expired_token_is_renewed_and_a_withdrawn_one_replaced_and_neither_is_red() {
    let end = hours(24 * 14);
    assert_eq!(Lane::firm(end - 1).says(&green(end - 1)), "connect_first Either");
    assert_eq!(Lane::firm(end).says(&green(end)), "renew");
    assert_eq!(Lane::coarse(end).says(&green(end)), "renew");
    let listed = |withdrawn: &[u32]| Lane::firm(300).listing(60, hours(24), withdrawn);
    assert_eq!(listed(&[WITHDRAWN]).says(&green(300)), "withdrawn");
    assert_eq!(listed(&[WITHDRAWN - 1, WITHDRAWN + 1]).says(&green(300)), "pass green");
    assert_eq!(listed(&[WITHDRAWN]).says(&coloured(Colour::Red, 300)), "withdrawn");
    // Withdrawn is told before expired, seen and time; and by an expired list as well.
    assert_eq!(listed(&[WITHDRAWN]).says(&green(-hours(9))), "withdrawn");
    let both = Lane::firm(end).listing(60, hours(24), &[WITHDRAWN]);
    assert_eq!(both.says(&green(end)), "withdrawn");
}

#[test]
fn another_issuers_list_and_another_list_say_nothing() {
    let elsewhere = GateToken { region: Region::from_code(440_100).unwrap(), ..token() };
    let theirs = code(&shown(&sealed_by(&elsewhere, seed_of(GUANGDONG, KeyUse::Tokens)), 300));
    let lane = Lane::firm(300).listing(60, hours(24), &[WITHDRAWN]);
    assert_eq!(lane.says(&theirs), "pass green", "the same place in Zhejiang's list");
    let second = GateToken { status: StatusReference { list: 2, index: WITHDRAWN }, ..token() };
    assert_eq!(lane.says(&code(&shown(&sealed(&second), 300))), "pass green");
}

#[test]
fn a_status_index_beyond_the_list_is_invalid() {
    let lane = Lane::firm(300).listing(60, hours(24), &[]);
    for (index, expected) in
        [(99_999, "pass green"), (100_000, "invalid status-index"), (u32::MAX, "invalid status-index")]
    {
        let token = GateToken { status: StatusReference { list: 1, index }, ..token() };
        assert_eq!(lane.says(&code(&shown(&sealed(&token), 300))), expected, "{index}");
        let paper = GateToken { holder: None, ..token };
        let expected = if index == 99_999 { "compare_card Paper" } else { expected };
        assert_eq!(lane.says(&written(&paper)), expected, "{index}");
    }
}

#[test]
fn a_token_or_a_list_from_ahead_moves_no_time_and_has_the_gate_connect() {
    for (now, expected) in
        [(-300, "pass green"), (-301, "connect_first Gate"), (-hours(20), "connect_first Gate")]
    {
        assert_eq!(Lane::firm(now).says(&green(now)), expected, "{now}");
        let coarse = if now == -300 { "ask_for_answer GateTime" } else { "connect_first Gate" };
        assert_eq!(Lane::coarse(now).says(&green(now)), coarse, "{now}");
    }
    let listed = |issued| Lane::firm(300).listing(issued, hours(24), &[]);
    assert_eq!(listed(600).says(&green(300)), "pass green");
    assert_eq!(listed(601).says(&green(300)), "connect_first Gate");
    let twice = Lane::firm(-400).says(&green(-400));
    assert_eq!(twice, Lane::firm(-400).says(&green(-400)), "and again: nothing was learnt from it");
}

#[test]
fn paper_needs_the_card_and_a_list_of_three_days_or_the_gate_connects() {
    let expired_list = Lane::firm(300).listing(60, 300, &[]);
    for (lane, expected) in [
        (Lane::firm(300), "connect_first Gate"),
        (Lane::firm(300).listing(60, hours(24), &[]), "compare_card Paper"),
        (Lane::firm(hours(72)).listing(0, hours(100), &[]), "compare_card Paper"),
        (Lane::firm(hours(72) + 1).listing(0, hours(100), &[]), "connect_first Gate"),
        (Lane::firm(300).listing(60, 301, &[]), "compare_card Paper"),
        (expired_list, "connect_first Gate"),
        (Lane::coarse(300).listing(60, hours(24), &[]), "compare_card Paper"),
        (Lane::new(GateTime::None).listing(60, hours(24), &[]), "connect_first Gate"),
    ] {
        assert_eq!(lane.says(&written(&paper())), expected);
    }
    let mut lane = Lane::firm(300).listing(60, hours(24), &[]);
    for _ in 0..3 {
        assert_eq!(lane.scan(&written(&paper())), "compare_card Paper", "paper is never seen before");
    }
}

#[test]
fn green_paper_kept_after_red_is_withdrawn_as_soon_as_a_list_says_so() {
    let before = Lane::firm(hours(10)).listing(hours(9), hours(33), &[]);
    assert_eq!(before.says(&written(&paper())), "compare_card Paper");
    // The colour changed at ten o'clock; every token of the person is withdrawn.
    let after = Lane::firm(hours(12)).listing(hours(11), hours(35), &[WITHDRAWN]);
    assert_eq!(after.says(&written(&paper())), "withdrawn");
    // A gate that keeps its old list is content for three days at most, with the card; then it must connect.
    let old = |now| Lane::firm(now).listing(hours(9), hours(24 * 30), &[]);
    assert_eq!(old(hours(81)).says(&written(&paper())), "compare_card Paper");
    assert_eq!(old(hours(81) + 1).says(&written(&paper())), "connect_first Gate");
    let red = GateToken { colour: Colour::Red, ..paper() };
    assert_eq!(before.says(&written(&red)), "stop red");
    let ended = hours(24 * 14);
    let at_end = Lane::firm(ended).listing(ended - 60, ended + hours(24), &[]);
    assert_eq!(at_end.says(&written(&paper())), "renew");
}

#[test]
fn a_gate_without_time_judges_nothing_at_all() {
    let texts = [
        green(300),
        answer(&challenge()),
        written(&paper()),
        "https://example.org".to_owned(),
        String::new(),
    ];
    for text in texts {
        let lane = Lane::new(GateTime::None).asking(&challenge()).listing(60, hours(24), &[WITHDRAWN]);
        assert_eq!(lane.says(&text), "connect_first Gate");
    }
}

#[test]
fn a_gate_without_display_or_camera_compares_the_card_where_its_policy_says_so() {
    let lane = |mut lane: Lane, allowed| {
        lane.takes_answers = false;
        lane.policy.card_without_answer = allowed;
        lane
    };
    for (make, shown) in [(Lane::firm as fn(i64) -> Lane, 100), (Lane::firm, 400), (Lane::coarse, 300)] {
        let told = lane(make(300), true).says(&green(shown));
        assert_eq!(told, "compare_card NoAnswer");
        let told = lane(make(300), false).says(&green(shown));
        assert!(told.starts_with("ask_for_answer"), "{told}");
    }
    assert_eq!(lane(Lane::firm(300), true).says(&green(300)), "pass green");
    assert_eq!(lane(Lane::firm(300), true).says(&coloured(Colour::Red, 100)), "stop red");
    assert_eq!(lane(Lane::firm(hours(73)), true).says(&green(0)), "connect_first Either");
    // An answer to nothing of its own is signed by nobody, the phone's own flag included: no card makes up for it.
    let told = lane(Lane::firm(300), true).says(&answer(&challenge()));
    assert_eq!(told, "ask_for_answer OtherChallenge");
}

#[test]
fn a_gate_whose_list_of_issuers_has_expired_judges_nothing() {
    let end = hours(24 * 30);
    assert_eq!(Lane::firm(end - 1).says(&green(end - 1)), "renew");
    assert_eq!(Lane::firm(end).says(&green(end)), "connect_first Gate");
    assert_eq!(Lane::coarse(end).says("https://example.org"), "connect_first Gate");
}

/// What a gate of each kind says to a phone whose clock is off by so much, shown and as an answer.
#[test]
fn lagging_and_leading_phones_pass_by_an_answer_where_they_do_not_pass_as_shown() {
    for (off, firm_says) in [
        (-hours(24 * 365), "ask_for_answer Older"),
        (-600, "ask_for_answer Older"),
        (-61, "ask_for_answer Older"),
        (-60, "pass green"),
        (0, "pass green"),
        (15, "pass green"),
        (16, "ask_for_answer Newer"),
        (600, "ask_for_answer Newer"),
        (hours(24 * 365), "ask_for_answer Newer"),
    ] {
        let now = 1_000;
        assert_eq!(Lane::firm(now).says(&green(now + off)), firm_says, "{off}");
        assert_eq!(Lane::coarse(now).says(&green(now + off)), "ask_for_answer GateTime", "{off}");
        assert_eq!(Lane::new(GateTime::None).says(&green(now + off)), "connect_first Gate", "{off}");
    }
    // Answers carry no time: a phone that was off or rebooted needs none.
    assert_eq!(Lane::firm(1_000).asking(&challenge()).says(&answer(&challenge())), "pass green");
    assert_eq!(Lane::coarse(1_000).asking(&challenge()).says(&answer(&challenge())), "pass green");
}

#[test]
fn a_coarse_gate_that_lags_or_leads_never_passes_what_has_expired_by_its_own_clock() {
    let short = GateToken { expires_at: at(hours(12)), ..token() };
    let text = code(&answered(&sealed(&short), &challenge(), HOLDER));
    for (now, expected) in [
        (-hours(20), "connect_first Gate"),
        (-301, "connect_first Gate"),
        (0, "pass green"),
        (hours(12) - 1, "pass green"),
        (hours(12), "renew"),
        (hours(24 * 21), "renew"),
        (hours(24 * 30), "connect_first Gate"),
    ] {
        assert_eq!(Lane::coarse(now).asking(&challenge()).says(&text), expected, "{now}");
    }
}

fn notice(of: &str, issued: i64, ends: i64, given: u16) -> OutageNotice {
    OutageNotice::new(1, of.to_owned(), 1, at(issued), at(ends), given)
}

#[test]
fn an_outage_notice_extends_one_issuers_tokens_and_both_limits_by_its_hours() {
    let told = |now: i64, expires: i64, given: OutageNotice| {
        let mut lane = Lane::firm(now);
        lane.outages.push(given);
        let token = GateToken { expires_at: at(expires), ..token() };
        lane.says(&code(&shown(&sealed(&token), now)))
    };
    let ours = || notice("zhejiang", hours(10), hours(200), 48);
    let end = hours(12);
    assert_eq!(told(end + hours(48) - 1, end, ours()), "pass green");
    assert_eq!(told(end + hours(48), end, ours()), "renew");
    assert_eq!(told(end, end, notice("guangdong", hours(10), hours(200), 48)), "renew", "another's");
    assert_eq!(told(end, end, notice("zhejiang", -1, hours(200), 48)), "renew", "issued after the notice");
    assert_eq!(told(end, end, notice("zhejiang", hours(10), end, 48)), "renew", "a notice that has ended");
    assert_eq!(told(end, end, notice("zhejiang", hours(10), hours(200), 0)), "renew", "one of no hours");
    let long = hours(24 * 14);
    for (age, expected) in [
        (hours(72), "pass green"),
        (hours(72) + 1, "compare_card OldEvidence"),
        (hours(120), "compare_card OldEvidence"),
        (hours(120) + 1, "connect_first Either"),
    ] {
        assert_eq!(told(age, long, ours()), expected, "{age}");
    }
    // It makes no red green and brings nothing back that was withdrawn.
    let mut lane = Lane::firm(end).listing(60, hours(24), &[WITHDRAWN]);
    lane.outages.push(ours());
    assert_eq!(lane.says(&green(end)), "withdrawn");
    lane.lists.clear();
    assert_eq!(lane.says(&coloured(Colour::Red, end)), "stop red");
}

#[test]
fn what_a_removed_key_signed_is_to_be_signed_anew_and_never_called_forged() {
    let seed = seed_of(ZHEJIANG, KeyUse::Tokens);
    let mut issuer = zhejiang();
    issuer.keys.retain(|key| key.key_use != KeyUse::Tokens);
    issuer.removed_keys.push(public(seed).id().to_vec().into());
    let lane = |lane: Lane| lane.trusting(trust_of(vec![issuer.clone(), guangdong()]));
    assert_eq!(lane(Lane::firm(300)).says(&green(300)), "connect_first Resident");
    assert_eq!(lane(Lane::coarse(300)).says(&green(300)), "connect_first Resident");
    assert_eq!(lane(Lane::firm(300)).says(&written(&paper())), "connect_first Resident");
    let elsewhere = GateToken { region: Region::from_code(440_100).unwrap(), ..token() };
    let theirs = code(&shown(&sealed_by(&elsewhere, seed_of(GUANGDONG, KeyUse::Tokens)), 300));
    assert_eq!(lane(Lane::firm(300)).says(&theirs), "pass green", "another issuer's is not touched");
}

fn policy(id: &str) -> GatePolicy {
    let policies = GatePolicies::parse(HANGZHOU_2020).unwrap();
    policies.gates.into_iter().find(|gate| gate.id == id).unwrap()
}

#[test]
fn a_policy_says_who_passes_in_which_direction_and_by_how_old_evidence() {
    let lane = |id: &str, direction, now: i64| {
        let mut lane = Lane::firm(now).listing(now - 60, now + hours(24), &[]);
        (lane.policy, lane.direction) = (policy(id), direction);
        lane
    };
    let own = |seconds| code(&shown(&sealed(&GateToken { colour: Colour::Yellow, ..token() }), seconds));
    let inwards = |id, text: &str| lane(id, Direction::In, 300).says(text);
    let outwards = |id, text: &str| lane(id, Direction::Out, 300).says(text);
    for id in ["residential", "highway-toll", "railway-station"] {
        assert_eq!(inwards(id, &green(300)), "pass green", "{id}");
        assert_eq!(inwards(id, &written(&paper())), "compare_card Paper", "{id}");
        assert_eq!(inwards(id, &coloured(Colour::Red, 300)), "stop red", "{id}");
    }
    // Yellow goes home by the card where its own authority guards the house; here it is another's.
    assert_eq!(inwards("residential", &own(300)), "stop yellow");
    assert_eq!(outwards("residential", &own(300)), "stop yellow");
    assert_eq!(outwards("highway-toll", &own(300)), "pass yellow");
    assert_eq!(inwards("highway-toll", &own(300)), "stop yellow");
    let station = |now| {
        let mut lane = Lane::firm(now);
        lane.policy = policy("railway-station");
        lane.says(&green(now))
    };
    assert_eq!(station(hours(12)), "pass green");
    assert_eq!(station(hours(12) + 1), "compare_card OldEvidence");
    assert_eq!(station(hours(24) + 1), "connect_first Either");
}
