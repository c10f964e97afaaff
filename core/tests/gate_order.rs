//! Several faults at once: the first of the gate's order is told. And what holds for any code at any time: nobody
//! passes but a holder of a green, valid, fresh code that was not lowered; no text makes a gate fail.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    missing_docs,
    reason = "tests"
)]

mod support;

use std::collections::BTreeSet;

use healthcode::rules::colour::Colour;
use healthcode::rules::identity::Region;
use healthcode::token::code_text::{CodeText, Prefix};
use healthcode::token::gate::{Gate, GateTime, OpenChallenge};
use healthcode::token::trust_list::{TrustListContent, seal};
use healthcode::token::verdict::Verdict;
use healthcode::token::{Challenge, Flags, GateToken, Mode, Presentation, TrustList};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use support::gate::{firm, gate, told};
use support::{
    HOLDER, ROOTS, STRANGER, TOKENS, at, code, hours, issuer, key, other_issuer, roots, runs, sealed, shown,
    signed_by, token, trust, trust_of,
};

/// What can be wrong, in the gate's order, and what is told of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Fault {
    NoTime,
    ListExpired,
    Form,
    // Where the issuer is unknown, nothing can be said of signatures.
    UnknownIssuer,
    Signature,
    Region,
    IssuedAhead,
    Expired,
    Seen,
    Older,
    Colour,
    OldEvidence,
}

const ORDER: [(Fault, &str); 12] = [
    (Fault::NoTime, "connect_first Gate"),
    (Fault::ListExpired, "connect_first Gate"),
    (Fault::Form, "invalid base45"),
    (Fault::UnknownIssuer, "unknown_issuer"),
    (Fault::Signature, "invalid signature"),
    (Fault::Region, "invalid region"),
    (Fault::IssuedAhead, "connect_first Gate"),
    (Fault::Expired, "renew"),
    (Fault::Seen, "already_seen"),
    (Fault::Older, "ask_for_answer Older"),
    (Fault::Colour, "stop red"),
    (Fault::OldEvidence, "compare_card OldEvidence"),
];

/// What no code can be at once: a token expires after its issue, and one from ahead is not old.
fn possible(faults: &BTreeSet<Fault>) -> bool {
    let ahead = faults.contains(&Fault::IssuedAhead);
    !(ahead && (faults.contains(&Fault::Expired) || faults.contains(&Fault::OldEvidence)))
}

/// Seconds after the token's issue at which a code of these faults is scanned.
fn scanned_at(faults: &BTreeSet<Fault>) -> i64 {
    if faults.contains(&Fault::IssuedAhead) {
        -301
    } else if faults.contains(&Fault::OldEvidence) {
        hours(30)
    } else {
        30
    }
}

fn faulty(faults: &BTreeSet<Fault>) -> String {
    let has = |fault| faults.contains(&fault);
    let now = scanned_at(faults);
    let mut token = token();
    if has(Fault::Region) {
        token.region = Region::from_code(420_100).unwrap();
    }
    if has(Fault::Expired) {
        token.expires_at = at(now);
    }
    if has(Fault::Colour) {
        token.colour = Colour::Red;
    }
    let issuer = if has(Fault::UnknownIssuer) { STRANGER } else { TOKENS };
    let holder = if has(Fault::Signature) { STRANGER } else { HOLDER };
    let time = at(if has(Fault::Older) { now - 61 } else { now });
    let token = seal(&token, &key(issuer)).unwrap();
    let content = Presentation { token, mode: Mode::Shown(time), flags: Flags::default() };
    let text = code(&content.sign(None, &key(holder)).unwrap());
    if has(Fault::Form) { text + "!" } else { text }
}

/// A list that expires at this second.
fn list_until(second: i64) -> TrustList {
    let content = TrustListContent::new(1, 7, at(-hours(24)), at(second), vec![issuer(), other_issuer()]);
    TrustList::open(&signed_by(&content, &ROOTS), &roots(2), 7).unwrap()
}

#[test]
fn of_any_faults_at_once_the_first_in_order_is_told() {
    let (valid, moments) = (trust(), [-301, 30, hours(30)]);
    let expired = moments.map(list_until);
    let mut told_of = BTreeSet::new();
    for chosen in 0_u32..1 << ORDER.len() {
        let faults: BTreeSet<_> =
            (0..).zip(ORDER).filter(|(bit, _)| chosen >> bit & 1 == 1).map(|(_, (fault, _))| fault).collect();
        if !possible(&faults) {
            continue;
        }
        let now = scanned_at(&faults);
        let moment = moments.iter().position(|moment| *moment == now).unwrap();
        let time = if faults.contains(&Fault::NoTime) { GateTime::None } else { firm(now) };
        let trust = if faults.contains(&Fault::ListExpired) { &expired[moment] } else { &valid };
        let seen = |_: &_| faults.contains(&Fault::Seen);
        let judged = Gate { seen: &seen, ..gate(time, trust) }.judge(&faulty(&faults));
        let first = ORDER.iter().find(|(fault, _)| faults.contains(fault));
        assert_eq!(told(&judged.verdict), first.map_or("pass green", |(_, told)| told), "{faults:?}");
        told_of.extend(first.map(|(fault, _)| *fault));
    }
    assert_eq!(told_of.len(), ORDER.len());
}

#[test]
fn a_coarse_gate_tells_the_faults_before_it_asks_for_an_answer() {
    let (trust, coarse) = (trust(), GateTime::Coarse { now: at(30) });
    let of = |fault| faulty(&BTreeSet::from([fault]));
    for (fault, expected) in [
        (Fault::Form, "invalid base45"),
        (Fault::UnknownIssuer, "unknown_issuer"),
        (Fault::Signature, "invalid signature"),
        (Fault::Region, "invalid region"),
        (Fault::Expired, "renew"),
        (Fault::Older, "ask_for_answer GateTime"),
        (Fault::Colour, "ask_for_answer GateTime"),
    ] {
        assert_eq!(told(&gate(coarse, &trust).judge(&of(fault)).verdict), expected, "{fault:?}");
    }
    let seen = Gate { seen: &|_| true, ..gate(coarse, &trust) };
    assert_eq!(told(&seen.judge(&of(Fault::Seen)).verdict), "already_seen");
}

#[test]
fn a_foreign_answer_tells_that_a_code_is_expired_before_it_asks_again() {
    let trust = trust();
    let expired = GateToken { expires_at: at(30), ..token() };
    for (token, expected) in [(expired, "renew"), (token(), "ask_for_answer OtherChallenge")] {
        let mode = Mode::Answer([9; 4]);
        let content = Presentation { token: sealed(&token), mode, flags: Flags::default() };
        let text = code(&content.sign(Some(b"another"), &key(HOLDER)).unwrap());
        assert_eq!(told(&gate(firm(30), &trust).judge(&text).verdict), expected);
    }
}

/// One scan in all that a gate looks at. The expected verdict is reckoned here without a look at the gate's own code.
#[derive(Clone, Debug)]
#[allow(clippy::struct_excessive_bools, reason = "each is a fault of its own")]
struct Scan {
    now: i64,
    firm: Option<i64>,
    shown: Option<i64>,
    right_answer: bool,
    life: i64,
    colour: Colour,
    lowered: bool,
    mapping: [u8; 3],
    seen: bool,
    own_key: bool,
}

fn colour() -> impl Strategy<Value = Colour> {
    prop_oneof![4 => Just(Colour::Green), 1 => Just(Colour::Yellow), 1 => Just(Colour::Red)]
}

fn scan() -> impl Strategy<Value = Scan> {
    let now = prop_oneof![2 => -400..400_i64, 1 => 0..hours(80), 1 => -hours(300)..hours(1_000)];
    let firm = proptest::option::weighted(0.8, 0..=20_000_i64);
    // Mostly around the window; now and then far from it.
    let ahead = proptest::option::weighted(0.7, prop_oneof![5 => -70..45_i64, 1 => -hours(80)..hours(80)]);
    let life = prop_oneof![1..500_i64, Just(hours(72)), Just(hours(336))];
    let mapping = prop_oneof![3 => Just([0, 1, 2]), 1 => [0..3_u8, 0..3_u8, 0..3_u8]];
    let often = || prop::bool::weighted(0.85);
    (now, firm, ahead, often(), life, colour(), prop::bool::weighted(0.15), mapping, often(), often())
        .prop_map(|(now, firm, ahead, right_answer, life, colour, lowered, mapping, unseen, own_key)| Scan {
            now,
            firm,
            shown: ahead.map(|ahead| now + ahead),
            right_answer,
            life,
            colour,
            lowered,
            mapping,
            seen: !unseen,
            own_key,
        })
}

impl Scan {
    fn judge(&self) -> Verdict {
        let mut issuer = issuer();
        issuer.colours = self.mapping;
        let trust = trust_of(vec![issuer]);
        let challenge = Challenge::new([7; 16], "gate", None);
        let open = OpenChallenge { bytes: challenge.to_bytes(), short_nonce: challenge.short_nonce() };
        let mode =
            self.shown.map_or(Mode::Answer(challenge.short_nonce()), |seconds| Mode::Shown(at(seconds)));
        let token = GateToken { expires_at: at(self.life), colour: self.colour, ..token() };
        let content = Presentation { token: sealed(&token), mode, flags: Flags { lowered: self.lowered } };
        let answered = if self.right_answer { open.bytes.as_slice() } else { b"another" };
        let covered = self.shown.is_none().then_some(answered);
        let signer = key(if self.own_key { HOLDER } else { STRANGER });
        let text = code(&content.sign(covered, &signer).unwrap());
        let now = at(self.now);
        let time = self.firm.map_or(GateTime::Coarse { now }, |uncertainty_millis| GateTime::Firm {
            now,
            uncertainty_millis,
        });
        Gate { challenge: Some(&open), seen: &|_| self.seen, ..gate(time, &trust) }.judge(&text).verdict
    }

    /// All that must hold for a pass.
    fn passes(&self) -> bool {
        let list_in_force = self.now < hours(24 * 30);
        let valid = -300 <= self.now && self.now < self.life;
        let proven = match (self.shown, self.firm) {
            (None, _) => self.right_answer,
            (Some(_), None) => false,
            (Some(shown), Some(unsure)) => {
                let ahead = (shown - self.now) * 1_000;
                !self.seen && (-60_000..=unsure + 15_000).contains(&ahead)
            }
        };
        let green = self.mapping[usize::from(self.colour.code())] == 0 && !self.lowered;
        list_in_force && self.own_key && valid && proven && green && self.now <= hours(24)
    }
}

#[test]
fn the_scans_of_the_property_do_pass_and_do_not() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let scans = (0..1_000).map(|_| scan().new_tree(&mut runner).unwrap().current());
    let passing = scans.filter(Scan::passes).count();
    assert!((50..800).contains(&passing), "{passing} of 1,000");
}

/// The names that an `invalid` verdict can have from bytes alone; they are stable.
const REASONS: [&str; 15] = [
    "base45",
    "too-large",
    "not-cose-sign1",
    "unprotected-header",
    "protected-header",
    "algorithm",
    "signature-length",
    "payload",
    "content",
    "value",
    "not-deterministic",
    "key",
    "signature",
    "paper-with-proof",
    "phone-without-proof",
];

/// Nothing but a name of what is wrong.
fn is_refused(verdict: &Verdict) -> bool {
    match verdict {
        Verdict::Invalid { reason } => REASONS.contains(&reason.as_str()),
        Verdict::NotAHealthCode { .. } | Verdict::UnknownIssuer => true,
        _ => false,
    }
}

proptest! {
    #![proptest_config(runs(1_500))]

    #[test]
    fn a_code_passes_exactly_when_it_is_green_valid_fresh_proven_and_not_lowered(scan in scan()) {
        let verdict = scan.judge();
        prop_assert_eq!(matches!(verdict, Verdict::Pass { .. }), scan.passes(), "{:?}", verdict);
    }

    #[test]
    fn any_text_is_refused_by_name(text in any::<String>(), body in "[0-9A-Z $%*+./:-]{0,700}", kind in 0..7_u8) {
        let trust = trust();
        for text in [text, format!("H{kind}:{body}")] {
            for time in [firm(30), GateTime::Coarse { now: at(30) }] {
                let verdict = gate(time, &trust).judge(&text).verdict;
                prop_assert!(is_refused(&verdict), "{:?}", verdict);
            }
        }
    }

    #[test]
    fn any_bytes_in_a_code_are_refused_by_name(bytes in prop::collection::vec(any::<u8>(), 0..500)) {
        let trust = trust();
        let content = Presentation { token: bytes.clone(), mode: Mode::Shown(at(30)), flags: Flags::default() };
        let proven = content.sign(None, &key(HOLDER)).unwrap();
        for text in [code(&bytes), CodeText::write(Prefix::Paper, &bytes), code(&proven)] {
            let verdict = gate(firm(30), &trust).judge(&text).verdict;
            prop_assert!(is_refused(&verdict), "{:?}", verdict);
        }
    }

    #[test]
    fn no_changed_code_says_anything_but_what_is_wrong(
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let valid = shown(&sealed(&token()), 30);
        let mut bytes = valid.clone();
        for (index, byte) in edits {
            bytes[index.index(valid.len())] = byte;
        }
        let verdict = gate(firm(30), &trust()).judge(&code(&bytes)).verdict;
        prop_assert_eq!(is_refused(&verdict), bytes != valid, "{:?}", verdict);
    }
}
