//! The worked examples of `tests/vectors/quarantine.json`: order and taps in, days and release out. The same file is
//! asserted by every other language of this project; its form is explained in its own `about`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    missing_docs,
    reason = "tests"
)]

use std::collections::{BTreeMap, BTreeSet};

use healthcode::rules::calendar::{LegalDate, Timestamp};
use healthcode::rules::quarantine::{
    Attribution, Certainty, Day, DayState, MissEffect, MissedDay, NotCounted, Phase, Progress, Quarantine,
    QuarantineTerms, ReleaseAt, Risk, Tap, attribute, progress,
};
use serde::{Deserialize, Deserializer};

const EXAMPLES: &str = include_str!("../../tests/vectors/quarantine.json");

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Examples {
    about: String,
    examples: Vec<Example>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Example {
    name: String,
    order: OrderJson,
    taps: Vec<TapJson>,
    checks: Vec<Check>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OrderJson {
    starts_on: LegalDate,
    days: u16,
    issued_at: Instant,
    terms: QuarantineTerms,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TapJson {
    earliest: Instant,
    latest: Instant,
    received: Option<Instant>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Check {
    at: Instant,
    known: usize,
    phase: PhaseWord,
    counted: u16,
    today: LegalDate,
    calendar: BTreeMap<LegalDate, DayState>,
    #[serde(deserialize_with = "present")]
    due: Option<Due>,
    #[serde(deserialize_with = "present")]
    next_opens_at: Option<Instant>,
    #[serde(deserialize_with = "present")]
    earliest_release: Option<Instant>,
    #[serde(deserialize_with = "present")]
    release_at: Option<Instant>,
    attributions: Vec<AttributionJson>,
}

#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum PhaseWord {
    Running,
    Complete,
    Review,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Due {
    day: LegalDate,
    deadline: Instant,
    effect: MissEffect,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum AttributionJson {
    Counted(Counted),
    Not(Not),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Counted {
    day: LegalDate,
    certainty: Certainty,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Not {
    not: NotCounted,
}

/// An instant as RFC 3339 in UTC, in the one spelling that this library writes itself.
#[derive(Clone, Copy)]
struct Instant(Timestamp);

impl<'de> Deserialize<'de> for Instant {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let parsed = chrono::DateTime::parse_from_rfc3339(&text).map_err(serde::de::Error::custom)?;
        let at = Timestamp::from_millis(parsed.timestamp_millis());
        if at.to_string() == text {
            Ok(Self(at))
        } else {
            Err(serde::de::Error::custom(format!("{text} for {at}")))
        }
    }
}

/// A member that may be null and may not be left out.
fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    Option::deserialize(deserializer)
}

impl Example {
    fn quarantine(&self) -> Quarantine {
        let OrderJson { starts_on, days, issued_at, terms } = &self.order;
        Quarantine { starts_on: *starts_on, days: *days, issued_at: issued_at.0, terms: *terms }
    }

    fn taps(&self) -> Vec<Tap> {
        let tap = |tap: &TapJson| Tap {
            earliest: tap.earliest.0,
            latest: tap.latest.0,
            received: tap.received.map(|received| received.0),
            late: false,
        };
        self.taps.iter().map(tap).collect()
    }
}

impl Check {
    fn progress(&self, days: u16) -> Progress {
        let phase = match (self.phase, self.release_at) {
            (PhaseWord::Running, None) => Phase::Running,
            (PhaseWord::Review, None) => Phase::Review,
            (PhaseWord::Complete, Some(Instant(release_at))) => Phase::Complete { release_at },
            other => panic!("a release is of a complete order: {:?}", other.0),
        };
        let risk = |due: &Due| Risk { day: due.day, deadline: due.deadline.0, effect: due.effect };
        Progress {
            phase,
            counted: self.counted,
            days,
            today: self.today,
            calendar: self.calendar.iter().map(|(date, state)| Day { date: *date, state: *state }).collect(),
            due: self.due.as_ref().map(risk),
            next_opens_at: self.next_opens_at.map(|at| at.0),
            earliest_release: self.earliest_release.map(|at| at.0),
        }
    }

    fn attributions(&self) -> Vec<Attribution> {
        let attribution = |json: &AttributionJson| match json {
            AttributionJson::Counted(Counted { day, certainty }) => {
                Attribution::Counted { day: *day, certainty: *certainty }
            }
            AttributionJson::Not(Not { not }) => Attribution::Not(*not),
        };
        self.attributions.iter().map(attribution).collect()
    }
}

fn examples() -> Vec<Example> {
    let read: Examples = serde_json::from_str(EXAMPLES).unwrap();
    assert!(read.about.contains("RFC 3339"), "the file explains its own form");
    read.examples
}

#[test]
fn every_example_holds_at_every_instant_it_names() {
    for example in examples() {
        let (quarantine, taps) = (example.quarantine(), example.taps());
        assert_eq!(quarantine.terms.wrong_field(), None, "{}", example.name);
        assert!(!example.checks.is_empty(), "{}", example.name);
        for check in &example.checks {
            let (at, known) = (check.at.0, &taps[..check.known]);
            assert_eq!(attribute(&quarantine, known), check.attributions(), "{}, {at}", example.name);
            assert_eq!(
                progress(&quarantine, known, at),
                check.progress(quarantine.days),
                "{}, {at}",
                example.name
            );
        }
    }
}

#[test]
fn no_example_releases_before_its_instant_or_shows_a_check_in_for_a_day_before_the_issue() {
    for example in examples() {
        let quarantine = example.quarantine();
        for check in &example.checks {
            let earliest = check.earliest_release.map(|at| at.0);
            assert!(earliest.is_none_or(|at| at >= quarantine.issued_at), "{}", example.name);
            let early = check.calendar.range(..quarantine.issued_on());
            let shown: Vec<_> = early.filter(|(_, state)| **state == DayState::Done).collect();
            assert!(shown.is_empty(), "{}", example.name);
        }
    }
}

#[test]
fn the_examples_are_many_and_each_has_its_own_name() {
    let examples = examples();
    let names: BTreeSet<_> = examples.iter().map(|example| example.name.as_str()).collect();
    assert_eq!(names.len(), examples.len());
    assert!(examples.len() >= 26, "{} examples", examples.len());
}

/// What stands in the examples as words, each kind with all that there is of it.
#[test]
fn the_examples_show_every_state_reason_certainty_effect_and_policy() {
    let examples = examples();
    let checks = || examples.iter().flat_map(|example| &example.checks);
    for state in [
        DayState::Credited,
        DayState::BeforeIssue,
        DayState::Done,
        DayState::Missed,
        DayState::Tolerated,
        DayState::Open,
    ] {
        assert!(checks().any(|check| check.calendar.values().any(|shown| *shown == state)), "{state:?}");
    }
    for effect in [MissEffect::Restart, MissEffect::Extend, MissEffect::Forgiven] {
        assert!(
            checks().any(|check| check.due.as_ref().is_some_and(|due| due.effect == effect)),
            "{effect:?}"
        );
    }
    for phase in [PhaseWord::Running, PhaseWord::Complete, PhaseWord::Review] {
        assert!(checks().any(|check| check.phase == phase), "{phase:?}");
    }
    let attributions: Vec<_> = checks().flat_map(Check::attributions).collect();
    for reason in [
        NotCounted::BeforeOrder,
        NotCounted::TooOld,
        NotCounted::DayTaken,
        NotCounted::Unclear,
        NotCounted::AfterOrder,
    ] {
        assert!(attributions.contains(&Attribution::Not(reason)), "{reason:?}");
    }
    for wanted in [Certainty::Certain, Certainty::Late, Certainty::Ambiguous] {
        let shown =
            |it: &Attribution| matches!(it, Attribution::Counted { certainty, .. } if *certainty == wanted);
        assert!(attributions.iter().any(shown), "{wanted:?}");
    }
    let terms = || examples.iter().map(|example| example.order.terms);
    for policy in [MissedDay::Restart, MissedDay::Extend, MissedDay::Tolerate { days: 1 }] {
        assert!(terms().any(|terms| terms.missed_day == policy), "{policy:?}");
    }
    for release_at in [ReleaseAt::DayEnd, ReleaseAt::LastCheckIn] {
        assert!(terms().any(|terms| terms.release_at == release_at), "{release_at:?}");
    }
}

#[test]
fn an_example_with_a_member_that_is_unknown_or_left_out_is_refused() {
    assert!(serde_json::from_str::<Examples>(EXAMPLES).is_ok());
    for (from, to) in [
        (r#""counted""#, r#""counted_days""#),
        (r#""due""#, r#""dues""#),
        (r#""starts_on""#, r#""begins_on""#),
        (r#""late_until_minutes""#, r#""late_until""#),
        (r#""not": "too-old""#, r#""not": "too-young""#),
        ("T02:00:00Z", "T10:00:00+08:00"),
    ] {
        let changed = EXAMPLES.replacen(from, to, 1);
        assert_ne!(changed, EXAMPLES, "{from}");
        assert!(serde_json::from_str::<Examples>(&changed).is_err(), "{from}");
    }
}
