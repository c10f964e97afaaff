//! What a purge takes away, and that nobody sees a difference.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use proptest::prelude::*;

use super::test_phone::{TestPhone, at_home, noon, zhang_san};
use super::{Home, Preview, QuarantineView, ShownCode};
use crate::rules::calendar::Timestamp;
use crate::rules::colour::Colour;
use crate::store::{OutboxState, StoreError, SubjectKey};
use crate::sync::Config;
use crate::sync::purge::purge;
use crate::token::decision::ReleaseCause;
use crate::token::{OperationId, OrderId};
use crate::wire::message::ChangeKind;

const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;

/// What there is of a subject: check-ins, declarations, decisions by kind, token.
#[derive(Debug, PartialEq, Eq)]
struct Rows {
    check_ins: Vec<OperationId>,
    declarations: Vec<OperationId>,
    outbox: Vec<(OperationId, OutboxState)>,
    decisions: Vec<(u64, ChangeKind)>,
    token: bool,
}

fn rows(phone: &TestPhone, key: &SubjectKey) -> Rows {
    let read = phone.core().store.read(|file| {
        Ok::<_, StoreError>(Rows {
            check_ins: file.check_ins(key)?.into_iter().map(|stored| stored.operation).collect(),
            declarations: file.declarations(key)?.into_iter().map(|(operation, _)| operation).collect(),
            outbox: file.outbox(key)?.into_iter().map(|row| (row.operation, row.state)).collect(),
            decisions: file
                .serial_decisions(key)?
                .into_iter()
                .map(|(serial, kept)| (serial, kept.kind))
                .collect(),
            token: file.token(key)?.is_some(),
        })
    });
    read.unwrap()
}

fn kinds(rows: &Rows) -> Vec<ChangeKind> {
    rows.decisions.iter().map(|(_, kind)| kind.clone()).collect()
}

/// A yellow order of seven days, served and released at noon of the 17th; nothing was declared.
fn served(phone: &mut TestPhone, key: &SubjectKey) -> OrderId {
    let order = phone.order(key, Colour::Yellow, None);
    for day in 10..17 {
        phone.go_to(noon(day).plus_millis(60_000));
        let tap = phone.tap(key, &[]);
        phone.deliver(key, true);
        phone.judge(key, tap, order, true);
    }
    phone.go_to(noon(17));
    phone.release(key, order, ReleaseCause::Completed);
    order
}

#[test]
fn check_ins_of_an_order_go_when_the_appeal_window_has_passed_and_not_before() {
    let mut phone = TestPhone::new();
    let key = phone.enrol(1, &zhang_san());
    served(&mut phone, &key);
    let before = rows(&phone, &key);
    assert_eq!(before.check_ins.len(), 7);
    // H runs behind by the drift allowance between two servers' times: go there with one.
    phone.go_to(noon(17 + 14).plus_millis(-1_000));
    purge(&phone.core());
    assert_eq!(rows(&phone, &key), before);
    phone.go_to(noon(17 + 14));
    purge(&phone.core());
    let after = rows(&phone, &key);
    assert_eq!((after.check_ins, after.outbox, after.decisions), (vec![], vec![], vec![]));
}

#[test]
fn the_wall_clock_and_a_phone_that_has_no_servers_time_purge_nothing() {
    let mut phone = TestPhone::new();
    let key = phone.enrol(1, &zhang_san());
    served(&mut phone, &key);
    let before = rows(&phone, &key);
    // A file of the same rows, without the clock that a server set, and an app that was built a year later.
    phone.core().store.write(|file| file.delete_document(crate::sync::phone::CLOCK)).unwrap();
    let (config, ports) = (Config { built_at: noon(400), ..phone.config() }, phone.ports());
    phone.resident.shut_down().unwrap();
    phone.resident = super::Resident::open(config, ports).unwrap();
    purge(&phone.core());
    assert_eq!(rows(&phone, &key), before);
}

#[test]
fn an_order_stays_while_a_rule_may_ask_whether_it_was_served() {
    let mut phone = TestPhone::new();
    let key = phone.enrol(1, &zhang_san());
    // A stay of today, which the order covers: as long as the declaration stays, so does what says that it was served.
    phone.declare(&key, Some(0));
    phone.deliver(&key, true);
    served(&mut phone, &key);
    phone.token(&key, Colour::Green);
    phone.go_to(noon(60));
    purge(&phone.core());
    let kept = rows(&phone, &key);
    assert_eq!(kept.check_ins, []);
    assert_eq!(kinds(&kept), [ChangeKind::Order, ChangeKind::Release]);
    // A new declaration takes its place: then nothing asks any more.
    phone.declare(&key, None);
    phone.deliver(&key, true);
    phone.go_to(noon(75));
    purge(&phone.core());
    let kept = rows(&phone, &key);
    assert_eq!((kept.declarations.len(), kept.decisions.len()), (1, 0));
}

#[test]
fn what_waits_the_latest_declaration_and_the_last_symptoms_stay_for_ever() {
    let mut phone = TestPhone::new();
    let key = phone.enrol(1, &zhang_san());
    let told = phone.tap(&key, &["fever"]);
    phone.tap(&key, &[]);
    phone.declare(&key, None);
    let latest = phone.declare(&key, None);
    phone.deliver(&key, true);
    let waiting = phone.tap(&key, &[]);
    phone.go_to(noon(400));
    purge(&phone.core());
    let kept = rows(&phone, &key);
    assert_eq!(kept.check_ins, [told, waiting]);
    assert_eq!(kept.declarations, [latest]);
    assert_eq!(kept.outbox.iter().filter(|(_, state)| *state == OutboxState::Waiting).count(), 1);
}

#[test]
fn check_ins_without_an_order_stay_for_the_travel_and_the_appeal_window() {
    let mut phone = TestPhone::new();
    let key = phone.enrol(1, &zhang_san());
    let tap = phone.tap(&key, &[]);
    phone.deliver(&key, true);
    phone.go_to(noon(10 + 28).plus_millis(-1_000));
    purge(&phone.core());
    assert_eq!(rows(&phone, &key).check_ins, [tap]);
    phone.go_to(noon(10 + 28));
    purge(&phone.core());
    assert_eq!(rows(&phone, &key).check_ins, []);
}

#[test]
fn a_rating_stays_until_it_can_no_longer_be_appealed_and_the_latest_after_that() {
    let mut phone = TestPhone::new();
    let key = phone.enrol(1, &zhang_san());
    phone.rate(&key, Colour::Yellow);
    phone.rate(&key, Colour::Green);
    phone.go_to(noon(10 + 14).plus_millis(-1_000));
    purge(&phone.core());
    assert_eq!(rows(&phone, &key).decisions.len(), 2);
    phone.go_to(noon(400));
    purge(&phone.core());
    assert_eq!(rows(&phone, &key).decisions, [(2, ChangeKind::Rating)]);
}

#[test]
fn a_token_goes_when_it_has_been_expired_for_longer_than_the_appeal_window() {
    let mut phone = TestPhone::new();
    let key = phone.enrol(1, &zhang_san());
    phone.token(&key, Colour::Green);
    phone.go_to(noon(10 + 3 + 14).plus_millis(-1_000));
    purge(&phone.core());
    assert!(rows(&phone, &key).token);
    phone.go_to(noon(10 + 3 + 14));
    purge(&phone.core());
    assert!(!rows(&phone, &key).token);
    assert_eq!(phone.resident.home().unwrap().subjects[0].colour, None);
}

#[test]
fn the_links_of_an_orders_check_ins_stay_without_a_gap() {
    let mut phone = TestPhone::new();
    let key = phone.enrol(1, &zhang_san());
    let first = phone.declare(&key, None);
    phone.deliver(&key, true);
    let order = phone.order(&key, Colour::Red, None);
    phone.tap(&key, &[]);
    let between = phone.declare(&key, None);
    phone.tap(&key, &[]);
    phone.declare(&key, None);
    phone.deliver(&key, true);
    phone.go_to(noon(60));
    purge(&phone.core());
    // The order is still in force: the declaration between its check-ins is over, and its link is a part of the proof.
    let kept = rows(&phone, &key);
    assert!(!kept.declarations.contains(&first) && kept.declarations.contains(&between));
    let links = phone.links(&key);
    assert_eq!(links.iter().map(|(sequence, _)| *sequence).collect::<Vec<_>>(), [1, 2, 3, 4]);
    assert!(links.windows(2).all(|pair| pair[1].1.previous == pair[0].1.digest()));
    phone.release(&key, order, ReleaseCause::Officer);
    phone.go_to(noon(60 + 14));
    purge(&phone.core());
    assert_eq!(rows(&phone, &key).outbox.len(), 1);
}

/// Something that happens in a history.
#[derive(Clone, Copy, Debug)]
enum Event {
    Pass(i64),
    Tap { symptoms: bool },
    Declare { stay: bool },
    Deliver { accepted: bool },
    Order { red: bool },
    Judge { counts: bool },
    Release { completed: bool },
    Rate { yellow: bool },
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        3 => (1_i64..20 * 24).prop_map(Event::Pass),
        4 => prop::bool::weighted(0.2).prop_map(|symptoms| Event::Tap { symptoms }),
        1 => any::<bool>().prop_map(|stay| Event::Declare { stay }),
        3 => prop::bool::weighted(0.8).prop_map(|accepted| Event::Deliver { accepted }),
        2 => any::<bool>().prop_map(|red| Event::Order { red }),
        2 => any::<bool>().prop_map(|counts| Event::Judge { counts }),
        2 => prop::bool::weighted(0.7).prop_map(|completed| Event::Release { completed }),
        1 => any::<bool>().prop_map(|yellow| Event::Rate { yellow }),
    ]
}

/// A phone with its history, and the orders that were given in it, the last one first in force.
struct Story {
    phone: TestPhone,
    key: SubjectKey,
    orders: Vec<OrderId>,
    judged: Vec<OperationId>,
}

impl Story {
    fn play(&mut self, event: Event) {
        let (phone, key) = (&mut self.phone, &self.key);
        match event {
            Event::Pass(hours) => phone.go_to(phone.now().plus_millis(hours * HOUR)),
            Event::Tap { symptoms } => {
                phone.tap(key, if symptoms { &["fever"] } else { &[] });
            }
            Event::Declare { stay } => {
                phone.declare(key, stay.then_some(3));
            }
            Event::Deliver { accepted } => phone.deliver(key, accepted),
            Event::Order { red } => {
                let colour = if red { Colour::Red } else { Colour::Yellow };
                let order = phone.order(key, colour, self.orders.last().copied());
                self.orders.push(order);
            }
            Event::Judge { counts } => {
                let Some(order) = self.orders.last() else { return };
                // No server judges what was not delivered to it.
                let Rows { check_ins, outbox, .. } = rows(phone, key);
                let waits = |tap| outbox.contains(&(tap, OutboxState::Waiting));
                let taps = check_ins.into_iter().filter(|tap| !self.judged.contains(tap) && !waits(*tap));
                for tap in taps.collect::<Vec<_>>() {
                    phone.judge(key, tap, *order, counts);
                    self.judged.push(tap);
                }
            }
            Event::Release { completed } => {
                // Of the last order or, as a superseded one's, of the one before.
                let place = if completed {
                    self.orders.len().checked_sub(1)
                } else {
                    self.orders.len().checked_sub(2)
                };
                let Some(order) = place.and_then(|place| self.orders.get(place).copied()) else { return };
                phone.release(key, order, ReleaseCause::Completed);
            }
            Event::Rate { yellow } => phone.rate(key, if yellow { Colour::Yellow } else { Colour::Green }),
        }
    }

    /// What a resident sees.
    fn seen(&self) -> (Home, Option<QuarantineView>, ShownCode, Preview, Option<Timestamp>) {
        let (resident, subject) = (&self.phone.resident, self.key.subject.to_string());
        let home = resident.home().unwrap();
        let (code, wake) = (resident.code(subject.clone(), None).unwrap(), home.next_wake);
        let preview = resident.preview(subject.clone(), at_home()).unwrap();
        (home, resident.quarantine(subject).unwrap(), code, preview, wake)
    }
}

/// Each writes a file: few by themselves, more by proptest's own variable.
fn cases() -> u32 {
    std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(16)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(cases()))]

    #[test]
    fn nobody_sees_what_was_purged_and_nothing_that_waits_goes(
        events in prop::collection::vec(event(), 1..40),
        days in 0_i64..40,
    ) {
        let phone = TestPhone::new();
        let key = phone.enrol(1, &zhang_san());
        let mut story = Story { phone, key, orders: Vec::new(), judged: Vec::new() };
        for event in events {
            story.play(event);
        }
        story.phone.go_to(story.phone.now().plus_millis(days * DAY));
        // As after a sync: the token is fresh. Green, so that the rules decide what is seen.
        story.phone.token(&story.key, Colour::Green);
        let (seen, before) = (story.seen(), rows(&story.phone, &story.key));
        purge(&story.phone.core());
        let after = rows(&story.phone, &story.key);
        prop_assert!(seen == story.seen(), "purged from {:?} to {:?}", before, after);
        let waiting = |rows: &Rows| rows.outbox.iter().filter(|(_, state)| *state == OutboxState::Waiting).count();
        prop_assert_eq!(waiting(&before), waiting(&after));
        prop_assert_eq!(before.declarations.last(), after.declarations.last());
        // No operation without what was said in it, and nothing said without its operation.
        prop_assert_eq!(after.outbox.len(), after.check_ins.len() + after.declarations.len());
        purge(&story.phone.core());
        prop_assert_eq!(rows(&story.phone, &story.key), after);
    }
}

#[test]
fn what_an_authority_that_is_listed_no_more_has_left_goes_by_the_rules_at_home() {
    let mut phone = TestPhone::new();
    let home = phone.enrol(1, &zhang_san());
    let at = |issuer: &str| SubjectKey { subject: home.subject, issuer: issuer.to_owned() };
    let (delisted, not_fetched) = (at("wuhan"), at("shenzhen"));
    phone.token(&home, Colour::Green);
    let written = phone.core().store.write(|file| {
        let token = file.token(&home)?.unwrap();
        [&delisted, &not_fetched].into_iter().try_for_each(|key| {
            let body = file.subject(&home)?.unwrap();
            file.put_subject(key, &body)?;
            file.put_token(key, &token)
        })
    });
    written.unwrap();
    let kept = |phone: &TestPhone| [&home, &delisted, &not_fetched].map(|key| rows(phone, key).token);
    purge(&phone.core());
    assert_eq!(kept(&phone), [true; 3]);
    phone.go_to(noon(28));
    purge(&phone.core());
    assert_eq!(
        kept(&phone),
        [false, false, true],
        "one whose rules have not come yet may keep it for longer"
    );
}
