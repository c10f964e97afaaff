//! Both sides' phones off, rebooted, lagging and leading: whole objects over a night and over a month, in one virtual
//! time, with an authority in this process.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

use std::sync::Arc;

use healthcode::checkpoint::{Checkpoint, GateTimeState, Lane};
use healthcode::resident::{Entry, Resident};
use healthcode::rules::calendar::Timestamp;
use healthcode::rules::rulebook::Rulebook;
use healthcode::sync::ExchangeStep;
use healthcode::{HealthcodeError, NetworkKind};
use healthcode_attacks::world::told;
use healthcode_cli::time::PhoneClock;
use healthcode_e2e::phone::{at, at_home, february, li_si, ports};
use healthcode_faults::house::{House, Phone};
use tempfile::TempDir;

const NOWHERE: &str = "http://127.0.0.1:1";
const DAY: i64 = 86_400_000;
const MINUTE: i64 = 60_000;

/// A green resident's phone and a gate's, each with clocks of its own.
struct Scene {
    house: House,
    phone: Phone,
    phone_clock: Arc<PhoneClock>,
    gate: Arc<Checkpoint>,
    gate_clock: Arc<PhoneClock>,
    _folder: TempDir,
}

impl Scene {
    /// On 11 February 2020 at 09:00, both have just synced.
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let house = House::open(folder.path());
        let (own, phone_clock) = ports(&house.world, 7);
        let resident = Resident::open(house.config("phone.db", NOWHERE), own).unwrap();
        let phone = house.enrol(resident, li_si());
        let declaration = at_home();
        phone.resident.record(phone.subject.clone(), Entry::Declaration { declaration }).unwrap();
        phone.sync(&house);
        let (own, gate_clock) = ports(&house.world, 9);
        let gate = Checkpoint::open(house.config("gate.db", NOWHERE), own, Lane::new("North Gate")).unwrap();
        let scene = Self { house, phone, phone_clock, gate, gate_clock, _folder: folder };
        scene.sync_gate();
        scene
    }

    fn go_to(&self, at: Timestamp) {
        self.house.world.go_to(at);
    }

    fn sync_gate(&self) {
        let exchange = self.gate.exchange().unwrap();
        let mut reply = None;
        while let ExchangeStep::Send { call } = exchange.next(reply.take()).unwrap() {
            reply = Some(self.house.send(&call));
        }
        self.house.world.pass(1_000);
    }

    fn shown(&self) -> Result<String, HealthcodeError> {
        self.phone.resident.code(self.phone.subject.clone(), None).map(|code| code.text)
    }

    fn verify(&self, text: String) -> String {
        // Another text was in view before, or some time has passed.
        self.house.world.pass(3_001);
        told(&self.gate.verify(text, None).unwrap().verdict)
    }

    /// What the gate says to the phone's answer to its challenge.
    fn answered(&self) -> String {
        let challenge = self.gate.challenge().unwrap();
        let answer = self.phone.resident.code(self.phone.subject.clone(), Some(challenge.text)).unwrap();
        self.verify(answer.text)
    }

    fn gate_time(&self) -> GateTimeState {
        self.gate.status().unwrap().time
    }
}

#[test]
fn a_phone_that_was_off_from_23_00_to_06_50_without_network_passes_at_07_00() {
    let scene = Scene::new();
    scene.go_to(at(11, 22, 0));
    scene.sync_gate();
    scene.go_to(at(12, 6, 50));
    scene.phone_clock.restart();
    scene.go_to(at(12, 7, 0));
    // It knows no time of its own since its start, so that it shows no code and says: scan the gate.
    assert_eq!(scene.shown().unwrap_err(), HealthcodeError::TimeUnsure);
    assert_eq!(scene.gate_time(), GateTimeState::Firm);
    assert_eq!(scene.answered(), "pass green");
    assert_eq!(scene.answered(), "pass green", "and again, by a new challenge");
}

#[test]
fn two_phones_that_were_both_off_over_night_find_together_once_the_staff_confirm_the_date() {
    let scene = Scene::new();
    scene.go_to(at(12, 6, 50));
    scene.phone_clock.restart();
    scene.gate_clock.restart();
    scene.go_to(at(12, 7, 0));
    assert_eq!(scene.gate_time(), GateTimeState::ConfirmDate);
    assert_eq!(scene.answered(), "connect_first Gate");
    scene.gate.confirm_date(february(12)).unwrap();
    assert_eq!(scene.gate_time(), GateTimeState::Coarse);
    assert_eq!(scene.answered(), "pass green");
}

#[test]
fn a_lagging_or_leading_wall_clock_of_either_side_changes_nothing_while_the_phone_is_on() {
    let scene = Scene::new();
    for off in [-40 * DAY, -90 * MINUTE, 90 * MINUTE, 40 * DAY] {
        scene.phone_clock.set_wall_off_by(off);
        scene.gate_clock.set_wall_off_by(-off);
        scene.house.world.pass(MINUTE);
        assert_eq!(scene.verify(scene.shown().unwrap()), "pass green", "{off}");
        assert_eq!(scene.answered(), "pass green", "{off}");
    }
}

#[test]
fn a_picture_of_a_code_taken_yesterday_is_asked_for_an_answer_by_any_gate() {
    let scene = Scene::new();
    let picture = scene.shown().unwrap();
    scene.go_to(at(12, 8, 0));
    assert_eq!(scene.verify(picture.clone()), "ask_for_answer Older");
    scene.gate_clock.restart();
    scene.gate.confirm_date(february(12)).unwrap();
    assert_eq!(scene.verify(picture), "ask_for_answer GateTime");
}

#[test]
fn a_gates_phone_that_was_off_for_a_month_does_not_pass_a_token_that_expired_three_weeks_ago() {
    let scene = Scene::new();
    scene.house.world.pass(31 * DAY);
    scene.gate_clock.restart();
    let calendar = Rulebook::hangzhou_2020().offset_minutes;
    let today = calendar.date_of(scene.house.world.now());

    // Its wall clock is right: the staff confirm the date, and the list of issuers has expired.
    assert_eq!(scene.answered(), "connect_first Gate");
    scene.gate.confirm_date(today).unwrap();
    assert_eq!(scene.answered(), "connect_first Gate");

    // Its wall clock stood still for the month: nobody confirms a date that is not today's.
    scene.gate_clock.restart();
    scene.gate_clock.set_wall_off_by(-31 * DAY + MINUTE);
    assert_eq!(scene.gate_time(), GateTimeState::ConfirmDate);
    assert!(scene.gate.confirm_date(today).is_err(), "it is not what the phone shows");
    assert_eq!(scene.answered(), "connect_first Gate");

    // Its wall clock lies before all that it knows.
    scene.gate_clock.set_wall_off_by(-32 * DAY);
    assert_eq!(scene.gate_time(), GateTimeState::None);
    assert_eq!(scene.answered(), "connect_first Gate");

    // Once connected it knows the day, and the token's key is listed for as long as a notice could extend what it signed.
    scene.sync_gate();
    assert_eq!(scene.answered(), "renew");
}

#[test]
fn a_code_whose_key_is_listed_no_longer_is_of_an_unknown_issuer_and_never_forged() {
    let scene = Scene::new();
    let mut told = Vec::new();
    for _ in 0..20 {
        scene.house.world.pass(7 * DAY);
        scene.sync_gate();
        told.push(scene.answered());
    }
    // The phone was never online: first it is told to renew, later nothing is known of what it shows.
    let renewed = told.iter().take_while(|told| *told == "renew").count();
    assert!((4..19).contains(&renewed), "{told:?}");
    assert!(told[renewed..].iter().all(|told| told == "unknown_issuer"), "{told:?}");
}

#[test]
fn a_gate_whose_own_http_stack_reaches_home_alone_goes_on_without_the_lists() {
    let scene = Scene::new();
    let (own, _) = ports(&scene.house.world, 9);
    let config = scene.house.config("south.db", NOWHERE);
    let gate = Checkpoint::open(config, own, Lane::new("South Gate")).unwrap();
    let exchange = gate.exchange().unwrap();
    let (mut step, mut unanswered) = (exchange.next(None).unwrap(), 0);
    let report = loop {
        step = match step {
            ExchangeStep::Done { report } => break report,
            ExchangeStep::Send { call } if call.server.is_some() => {
                unanswered += 1;
                exchange.unanswered().unwrap()
            }
            ExchangeStep::Send { call } => exchange.next(Some(scene.house.send(&call))).unwrap(),
        };
    };
    assert!(unanswered > 0);
    assert_eq!(report.status_lists, 0);
    let status = gate.status().unwrap();
    assert_eq!((status.time, status.status_lists), (GateTimeState::Firm, Vec::new()));

    // What it cannot do without ends it.
    let exchange = gate.exchange().unwrap();
    exchange.next(None).unwrap();
    let offline = HealthcodeError::Network { kind: NetworkKind::Offline, retry_after: None };
    assert_eq!(exchange.unanswered().unwrap_err(), offline);
}
