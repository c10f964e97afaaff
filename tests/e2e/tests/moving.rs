//! A person moves from one authority to another, each a server of its own process, and the phone is a real one.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use std::io::{Read as _, Write as _};
use std::net::TcpListener;

use healthcode::HealthcodeError;
use healthcode::resident::{AnswerValue, JournalEvent, SubjectCard, SubjectState};
use healthcode::rules::colour::Colour;
use healthcode_cli::time::World;
use healthcode_e2e::phone::{Phone, at, at_home, li_si};
use healthcode_e2e::server::Pair;

fn cards(phone: &Phone) -> Vec<SubjectCard> {
    phone.resident.home().unwrap().subjects
}

/// Asks to move to Shenzhen and confirms the code that comes to the number on record there.
fn move_to_shenzhen(pair: &Pair, phone: &Phone) -> String {
    let asked = phone.move_to("shenzhen").unwrap();
    assert_eq!(asked.digits, 6);
    let code = pair.shenzhen.one_time_code().unwrap();
    assert_eq!(pair.hangzhou.one_time_code(), None, "at home nothing is asked");
    phone.enrol_there(&code).unwrap()
}

#[test]
fn who_moves_types_a_code_and_nothing_else_and_days_served_count_there() {
    let world = World::new(at(11, 9, 0));
    let mut pair = Pair::start(&world);
    let mut phone = Phone::open(&pair.hangzhou, "phone.db");
    phone.become_yellow(&pair.hangzhou);
    for day in 11..=13 {
        world.go_to(at(day, 10, 0));
        phone.tap().unwrap();
        phone.sync().unwrap();
    }
    let home = phone.subject.clone();
    assert_eq!(
        phone.move_to("hangzhou"),
        Err(HealthcodeError::InvalidField { field: "issuer".to_owned(), reason: "home".to_owned() })
    );
    assert_eq!(
        phone.move_to("nowhere"),
        Err(HealthcodeError::InvalidField { field: "issuer".to_owned(), reason: "not-listed".to_owned() })
    );

    let listed = phone.resident.authorities().unwrap();
    let named: Vec<_> = listed.iter().map(|one| (one.id.as_str(), one.home)).collect();
    assert_eq!(named, [("hangzhou", true), ("shenzhen", false)]);
    let there = move_to_shenzhen(&pair, &phone);
    let report = phone.sync().unwrap();
    assert_eq!((report.waiting, report.refused, report.problems.len()), (0, 0, 0), "{report:?}");
    assert!(report.accepted >= 2, "the declaration and the days: {report:?}");
    let both = cards(&phone);
    assert_eq!(both.len(), 2);
    let card = both.iter().find(|card| card.subject == there).unwrap();
    assert_eq!((card.issuer.as_str(), card.state, card.declared), ("shenzhen", SubjectState::Active, true));
    assert_eq!(card.moved_from.as_deref(), Some(home.as_str()));
    assert_eq!(card.issuer_name.as_ref().unwrap().en, "Shenzhen");
    assert_eq!(card.colour, Some(Colour::Yellow), "a move sheds no colour");
    let served = phone.resident.quarantine(there.clone()).unwrap().unwrap();
    let left = phone.resident.quarantine(home.clone()).unwrap().unwrap();
    assert_eq!(
        (left.counted, left.days, served.days),
        (3, 7, 4),
        "three of seven days are behind the person"
    );
    let journal = phone.resident.journal(there.clone(), None).unwrap().entries;
    let taken = journal.iter().any(|entry| {
        matches!(&entry.event, JournalEvent::ServedElsewhere { issuer, days: 3, refused: None } if issuer == "hangzhou")
    });
    assert!(taken, "{journal:?}");
    assert_eq!(phone.sync().unwrap().accepted, 0, "and nothing is brought twice");

    the_code_follows_the_region(&phone, &home, &there);
    a_dead_server_there_holds_up_nothing_at_home(&mut pair, &phone, &world, &there);

    // The file as it is after an end of the app.
    phone.close();
    let again = Phone::open(&pair.hangzhou, "phone.db");
    assert_eq!(cards(&again).len(), 2);
    assert!(!again.resident.form(Some(there)).unwrap().questions.is_empty(), "Shenzhen's rules are kept");
}

fn the_code_follows_the_region(phone: &Phone, home: &str, there: &str) {
    let shown = || {
        let here = cards(phone).into_iter().filter(|card| card.shown_here);
        here.map(|card| card.subject).collect::<Vec<_>>()
    };
    assert_eq!(shown(), [home], "without a region the first authority's");
    phone.resident.set_region(Some("440305".to_owned())).unwrap();
    assert_eq!(shown(), [there]);
    assert_eq!(phone.resident.home().unwrap().region.as_deref(), Some("440305"));
    let code = phone.resident.code(there.to_owned(), None).unwrap();
    assert_eq!(code.issuer_name.unwrap().en, "Shenzhen");
    phone.resident.set_region(Some("110000".to_owned())).unwrap();
    assert_eq!(shown(), [home], "where neither speaks, the first's, which a gate maps");
    assert!(phone.resident.set_region(Some("99".to_owned())).is_err());
    phone.resident.set_region(None).unwrap();
    assert_eq!(shown(), [home]);
}

fn a_dead_server_there_holds_up_nothing_at_home(pair: &mut Pair, phone: &Phone, world: &World, there: &str) {
    pair.shenzhen.kill();
    world.go_to(at(14, 10, 0));
    phone.tap().unwrap();
    phone.tap_as(there).unwrap();
    let report = phone.sync().unwrap();
    assert_eq!((report.accepted, report.waiting), (1, 1), "{report:?}");
    assert_eq!(report.problems[0].problem, "unreachable");
    assert_eq!(report.problems[0].subject, there);
    // Somebody else answers at its address: that fails nobody's exchange but its own.
    let other = TcpListener::bind(("127.0.0.1", pair.shenzhen.port())).unwrap();
    let answers = std::thread::spawn(move || {
        let (mut stream, _) = other.accept().unwrap();
        let _ = stream.read(&mut [0; 8_192]);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi");
    });
    let report = phone.sync().unwrap();
    assert_eq!((report.waiting, report.problems[0].problem.as_str()), (1, "bad-answer"), "{report:?}");
    answers.join().unwrap();
    pair.shenzhen.restart();
    let report = phone.sync().unwrap();
    assert_eq!((report.accepted, report.waiting, report.problems.len()), (1, 0, 0), "{report:?}");
    let there = phone.resident.quarantine(there.to_owned()).unwrap().unwrap();
    assert_eq!(there.counted, 1, "a day there counts there");
}

#[test]
fn a_quarantine_that_ends_at_home_after_the_move_is_brought_when_it_ends() {
    let world = World::new(at(11, 9, 0));
    let pair = Pair::start(&world);
    let mut phone = Phone::open(&pair.hangzhou, "phone.db");
    phone.become_yellow(&pair.hangzhou);
    world.go_to(at(11, 18, 0));
    let there = move_to_shenzhen(&pair, &phone);
    phone.sync().unwrap();
    let colour = |subject: &str| {
        let cards = cards(&phone);
        cards.iter().find(|card| card.subject == subject).and_then(|card| card.colour)
    };
    assert_eq!(colour(&there), Some(Colour::Yellow));
    for day in 11..=17 {
        world.go_to(at(day, 10, 0));
        phone.tap().unwrap();
        phone.sync().unwrap();
    }
    world.go_to(at(18, 8, 0));
    phone.sync().unwrap();
    assert_eq!(colour(&phone.subject), Some(Colour::Green), "served at home");
    assert_eq!(colour(&there), Some(Colour::Green), "and brought in the same sync");
}

#[test]
fn a_contact_that_was_declared_and_served_at_home_is_served_there_too() {
    let world = World::new(at(11, 9, 0));
    let pair = Pair::start(&world);
    let mut phone = Phone::open(&pair.hangzhou, "phone.db");
    phone.enrol(&pair.hangzhou, li_si());
    let mut contact = at_home();
    contact.answers[0].value = AnswerValue::YesNo { yes: true };
    phone.declare(contact);
    assert_eq!(phone.card().colour, Some(Colour::Red));
    for day in 11..=24 {
        world.go_to(at(day, 10, 0));
        phone.tap().unwrap();
        phone.sync().unwrap();
    }
    world.go_to(at(25, 8, 0));
    phone.sync().unwrap();
    assert_eq!(phone.card().colour, Some(Colour::Green), "served at home");
    let there = move_to_shenzhen(&pair, &phone);
    let report = phone.sync().unwrap();
    assert!(report.waiting == 0 && report.problems.is_empty(), "{report:?}");
    let card = cards(&phone).into_iter().find(|card| card.subject == there).unwrap();
    assert!(card.declared, "the declaration of before went along, on the last day on which it can");
    assert_eq!(card.colour, Some(Colour::Green), "and what was served since answers it");
}
