//! What a year of history costs when the app is opened.

use crate::clock::median_of;
use healthcode_faults::house::{House, Phone, quarantined};

const RUNS: usize = 41;

pub(crate) fn run() {
    let house = crate::house();
    drop(quarantined(&house, "empty.db"));
    let empty = Costs::of(&house, "empty.db");
    let other = crate::house();
    let phone = quarantined(&other, "year.db");
    phone.live(&other, 365);
    other.next_morning();
    phone.sync(&other);
    drop(phone);
    let year = Costs::of(&other, "year.db");
    println!("a year of daily check-ins, judged, one order after the other, against a first day");
    for (name, year, empty) in [
        ("open and draw today's code", year.open, empty.open),
        ("draw today's code", year.code, empty.code),
        ("the first screen", year.home, empty.home),
        ("the quarantine", year.quarantine, empty.quarantine),
    ] {
        println!(
            "  {name:<28} {year:>7.3} ms   on the first day {empty:>7.3} ms   ratio {:.2}",
            year / empty
        );
    }
}

struct Costs {
    open: f64,
    code: f64,
    home: f64,
    quarantine: f64,
}

impl Costs {
    fn of(house: &House, name: &str) -> Self {
        let code = |phone: &Phone| phone.resident.code(phone.subject.clone(), None).unwrap();
        let subject = house.phone(name).subject;
        let open = median_of(RUNS, || {
            let phone = Phone { subject: subject.clone(), resident: house.resident(name) };
            code(&phone)
        });
        let phone = house.phone(name);
        Self {
            open,
            code: median_of(RUNS, || code(&phone)),
            home: median_of(RUNS, || phone.resident.home().unwrap()),
            quarantine: median_of(RUNS, || phone.resident.quarantine(phone.subject.clone()).unwrap()),
        }
    }
}
