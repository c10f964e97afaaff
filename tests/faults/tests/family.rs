//! Several people on one phone, and one person on several: nothing lands at the wrong one, however many work at once.
//! `HEALTHCODE_SECONDS` says for how long the threads run.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]
#![allow(clippy::print_stdout, reason = "how much was tried")]
#![allow(clippy::disallowed_methods, reason = "for how long the threads run is true time")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use healthcode::HealthcodeError;
use healthcode::resident::{
    CheckInInput, DeclarationInput, Entry, EntryOutcome, IdentityForm, JournalEvent, Resident, StayInput,
    SubjectState,
};
use healthcode::rules::colour::Colour;
use healthcode::rules::quarantine::NotCounted;
use healthcode_e2e::phone::{at_home, li_si, zhang_san};
use healthcode_faults::handset::read_only;
use healthcode_faults::house::{House, Phone};

const THREADS: u32 = 8;

fn within() -> &'static Path {
    Path::new(env!("CARGO_TARGET_TMPDIR"))
}

fn sun_qi() -> IdentityForm {
    IdentityForm {
        name: "孙七".to_owned(), document_number: "330185199301101152".to_owned(), ..zhang_san()
    }
}

fn seconds() -> Duration {
    let asked = std::env::var("HEALTHCODE_SECONDS").ok().and_then(|text| text.parse().ok());
    Duration::from_secs(asked.unwrap_or(1))
}

/// What the server has: the operations of each subject.
fn delivered(house: &House) -> BTreeMap<String, BTreeSet<String>> {
    let file = read_only(&house.file("server.db"));
    let mut statement =
        file.prepare("SELECT lower(hex(subject)), lower(hex(operation)) FROM operation").unwrap();
    let rows = statement.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)));
    let mut operations = BTreeMap::<_, BTreeSet<_>>::new();
    for row in rows.unwrap() {
        let (subject, operation) = row.unwrap();
        operations.entry(subject).or_default().insert(operation);
    }
    operations
}

fn journal(resident: &Resident, subject: &str) -> Vec<JournalEvent> {
    let (mut after, mut events) = (None, Vec::new());
    loop {
        let page = resident.journal(subject.to_owned(), after).unwrap();
        events.extend(page.entries.into_iter().map(|entry| entry.event));
        after = page.next;
        if after.is_none() {
            return events;
        }
    }
}

fn recorded(events: &[JournalEvent]) -> BTreeSet<String> {
    let operation = |event: &JournalEvent| match event {
        JournalEvent::Declared { operation, .. } | JournalEvent::CheckedIn { operation, .. } => {
            Some(operation.clone())
        }
        _ => None,
    };
    events.iter().filter_map(operation).collect()
}

/// Numbers that look random and are the same every time (Knuth, MMIX).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

/// What one thread does until the time is over: the operations that it recorded, by subject.
fn work(house: &House, people: &[Phone; 2], seed: u64, until: Instant) -> Vec<(usize, String)> {
    let (mut dice, mut done) = (Dice(seed), Vec::new());
    while Instant::now() < until {
        let whose = usize::try_from(dice.roll(2)).unwrap();
        let Phone { resident, subject } = &people[whose];
        let (own, mask) = (|| subject.clone(), ["*三", "*四"][whose]);
        match dice.roll(8) {
            0 | 1 => {
                let check_in = CheckInInput { symptoms: Vec::new() };
                done.push((whose, resident.record(own(), Entry::CheckIn { check_in }).unwrap().operation));
            }
            2 => {
                // Only the first of the two was in a high-risk area: no colour of one is the other's.
                let yesterday = house.today().plus_days(-1);
                let stay = StayInput { region: "420100".to_owned(), from: yesterday, to: yesterday };
                let travel = if whose == 0 { vec![stay] } else { Vec::new() };
                let declaration = DeclarationInput { travel, ..at_home() };
                done.push((
                    whose,
                    resident.record(own(), Entry::Declaration { declaration }).unwrap().operation,
                ));
            }
            3 => {
                people[whose].sync(house);
            }
            4 => {
                for card in resident.home().unwrap().subjects {
                    let expected = if card.subject == people[0].subject { "*三" } else { "*四" };
                    assert_eq!(card.masked_name, expected);
                }
            }
            5 => match resident.code(own(), None) {
                Ok(code) => {
                    assert_eq!(code.masked_name, mask);
                    let expected = if whose == 0 { Colour::Yellow } else { Colour::Green };
                    assert_eq!(code.colour, expected);
                }
                Err(error) => assert_eq!(error, HealthcodeError::NotRated),
            },
            6 => assert!(whose == 0 || resident.quarantine(own()).unwrap().is_none()),
            _ => {
                let other = &people[1 - whose].subject;
                let export = resident.export(Some(own())).unwrap();
                assert!(export.contains(subject.as_str()));
                // The one is named with the other as who cares for it, and never the other way round.
                assert!(whose == 1 || !export.contains(other.as_str()));
            }
        }
    }
    done
}

#[test]
fn two_subjects_used_by_eight_threads_at_once_and_nothing_lands_at_the_wrong_one() {
    let house = House::open(within());
    let own = house.enrolled("phone.db", zhang_san());
    let other = house.care(&own, li_si(), true);
    let people = [own, other];
    assert_ne!(people[0].subject, people[1].subject);
    let until = Instant::now() + seconds();
    let done: Vec<_> = std::thread::scope(|scope| {
        let (house, people) = (&house, &people);
        let begin = |seed| scope.spawn(move || work(house, people, u64::from(seed) + 1, until));
        let threads: Vec<_> = (0..THREADS).map(begin).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    people[0].sync(&house);
    assert_eq!(people[0].resident.home().unwrap().sync.waiting, 0);
    let server = delivered(&house);
    assert_eq!(server.len(), 2);
    for (whose, phone) in people.iter().enumerate() {
        let ours: BTreeSet<_> =
            done.iter().filter(|(of, _)| *of == whose).map(|(_, operation)| operation.clone()).collect();
        assert!(!ours.is_empty());
        assert_eq!(server[&phone.subject], ours, "at the server");
        let events = journal(&phone.resident, &phone.subject);
        assert_eq!(recorded(&events), ours, "on the phone");
    }
    println!("{} operations of two subjects by {THREADS} threads", done.len());
}

/// What became of a check-in: whether it counts, why not, and by whom.
fn outcome(events: &[JournalEvent], wanted: &str) -> (bool, Option<NotCounted>, Option<String>) {
    let outcome = events.iter().find_map(|event| match event {
        JournalEvent::CheckedIn { operation, outcome, .. } if operation == wanted => Some(outcome.clone()),
        _ => None,
    });
    match outcome.unwrap() {
        EntryOutcome::Counted { by, .. } => (true, None, by.map(|by| by.name)),
        EntryOutcome::NotCounted { reason, .. } => (false, Some(reason), None),
        other => panic!("{other:?}"),
    }
}

#[test]
fn two_carers_offline_on_one_day_check_in_once_and_each_ends_for_itself() {
    let house = House::open_family(within());
    let mother = house.care(&house.enrolled("mother.db", zhang_san()), sun_qi(), false);
    let father = house.care(&house.enrolled("father.db", li_si()), sun_qi(), false);
    assert_eq!(mother.subject, father.subject);
    mother.become_yellow(&house);
    mother.sync(&house);
    father.sync(&house);
    house.next_morning();
    let tap = |phone: &Phone| {
        let check_in = CheckInInput { symptoms: Vec::new() };
        phone.resident.record(phone.subject.clone(), Entry::CheckIn { check_in }).unwrap().operation
    };
    let (hers, his) = (tap(&mother), tap(&father));
    for phone in [&father, &mother, &father] {
        phone.sync(&house);
    }
    let of_mother = outcome(&journal(&mother.resident, &mother.subject), &hers);
    let of_father = outcome(&journal(&father.resident, &father.subject), &his);
    let both = [&of_mother, &of_father];
    assert_eq!(both.iter().filter(|(counts, ..)| *counts).count(), 1);
    assert_eq!(both.iter().filter(|(_, why, _)| *why == Some(NotCounted::DayTaken)).count(), 1);
    for phone in [&mother, &father] {
        let view = phone.resident.quarantine(phone.subject.clone()).unwrap().unwrap();
        assert_eq!(view.counted, 1, "both know that the day is done");
        assert!(view.due.is_none());
    }

    let card = |phone: &Phone| {
        let cards = phone.resident.home().unwrap().subjects;
        cards.into_iter().find(|card| card.subject == phone.subject).unwrap()
    };
    let carers = card(&father).carers;
    let names: Vec<_> = carers.iter().map(|carer| (carer.masked_name.as_str(), carer.this_phone)).collect();
    assert_eq!(names, [("*三", false), ("*四", true)]);
    assert!(card(&mother).takeover.is_none() && card(&father).takeover.is_none());
    // The father ends what he does; the mother goes on and is told.
    let end = |phone: &Phone, key: &str| {
        phone.resident.record(phone.subject.clone(), Entry::EndCare { key: key.to_owned() })
    };
    assert!(end(&father, &carers[0].key).is_err(), "not hers");
    end(&father, &carers[1].key).unwrap();
    father.sync(&house);
    mother.sync(&house);
    assert_eq!(card(&father).state, SubjectState::Replaced);
    assert_eq!(card(&mother).carers.len(), 1);
    assert_eq!(card(&mother).state, SubjectState::Active);
    assert!(father.resident.code(father.subject.clone(), None).is_err());
    assert!(mother.resident.code(mother.subject.clone(), None).is_ok());
}

#[test]
fn a_family_moves_to_a_new_phone_and_the_old_one_is_told() {
    let house = House::open_family(within());
    let own = house.enrolled("old.db", zhang_san());
    let child = house.care(&own, sun_qi(), false);
    child.become_yellow(&house);
    let mother = house.care(&house.enrolled("other.db", li_si()), sun_qi(), false);
    let new: Arc<Resident> = house.resident("new.db");
    // The person first: who cares for somebody is known by name there.
    let moved = [house.hand_over(&own, &new), house.hand_over(&child, &new)];
    assert_eq!((&moved[0].subject, &moved[1].subject), (&own.subject, &child.subject));
    let cards = new.home().unwrap().subjects;
    assert!(cards.iter().all(|card| card.state == SubjectState::Active));
    assert_eq!(cards[1].cared_for_by.as_ref(), Some(&own.subject));
    assert_eq!((cards[1].colour, cards[1].order_days.is_some()), (Some(Colour::Yellow), true));
    own.sync(&house);
    let replaced = own.resident.home().unwrap().subjects;
    assert!(replaced.iter().all(|card| card.state == SubjectState::Replaced));
    // The other carer is told of the new key and is asked nothing.
    mother.sync(&house);
    let card = mother.resident.home().unwrap().subjects.remove(1);
    assert_eq!((card.carers.len(), card.state, card.takeover), (2, SubjectState::Active, None));
    // The new phone can care for more: its own key there is the one that agrees.
    house.care(&moved[0], li_si(), true);
    house.next_morning();
    moved[1].tap();
    moved[1].sync(&house);
    let view = new.quarantine(child.subject.clone()).unwrap().unwrap();
    assert_eq!(view.counted, 1);
}
