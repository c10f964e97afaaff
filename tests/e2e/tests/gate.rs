//! A checkpoint's object over a whole day at the gate: fresh codes, codes shown again, answers, restarts.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use std::sync::Arc;

use healthcode::checkpoint::{Checkpoint, GateTimeState, Lane};
use healthcode::resident::ScannedText;
use healthcode::rules::colour::Colour;
use healthcode::token::Verdict;
use healthcode::token::verdict::{AskReason, Side};
use healthcode::{HealthcodeError, NetworkKind};
use healthcode_cli::time::{PhoneClock, World};
use healthcode_e2e::phone::{Phone, at, config, february, ports};
use healthcode_e2e::server::ServerProcess;
use tokio::runtime::Runtime;

struct Scene {
    server: ServerProcess,
    phone: Phone,
    gate: Arc<Checkpoint>,
    gate_clock: Arc<PhoneClock>,
    runtime: Runtime,
}

impl Scene {
    /// A green resident, and a gate that has just synced.
    fn new() -> Self {
        let server = ServerProcess::start(World::new(at(11, 9, 0)));
        let mut phone = Phone::open(&server, "phone.db");
        phone.become_green(&server);
        let (ports, gate_clock) = ports(&server.world, 9);
        let config = config(&server, &server.folder.path().join("gate.db"));
        let gate = Checkpoint::open(config, ports, Lane::new("North gate")).unwrap();
        let scene = Self { server, phone, gate, gate_clock, runtime: Runtime::new().unwrap() };
        scene.sync_gate();
        scene.server.world.pass(1_000);
        scene
    }

    fn sync_gate(&self) {
        self.runtime.block_on(self.gate.sync(None)).unwrap();
    }

    fn code(&self, challenge: Option<String>) -> String {
        self.phone.resident.code(self.phone.subject.clone(), challenge).unwrap().text
    }

    fn verify(&self, text: &str) -> Verdict {
        self.gate.verify(text.to_owned(), None).unwrap().verdict
    }

    fn asks(&self, text: &str) -> Option<AskReason> {
        match self.verify(text) {
            Verdict::AskForAnswer { reason, .. } => Some(reason),
            _ => None,
        }
    }

    fn passes(&self, text: &str) -> bool {
        matches!(self.verify(text), Verdict::Pass { colour: Colour::Green, .. })
    }
}

#[test]
fn a_code_passes_once_and_its_picture_is_asked_for_an_answer() {
    let scene = Scene::new();
    let code = scene.code(None);
    assert!(scene.passes(&code));
    scene.server.world.pass(2_900);
    assert!(scene.passes(&code), "it lies in the camera's view still");
    scene.server.world.pass(3_100);
    assert!(matches!(scene.verify(&code), Verdict::AlreadySeen { .. }));
    scene.server.world.pass(20_000);
    assert!(matches!(scene.verify(&code), Verdict::AlreadySeen { .. }));
    scene.server.world.pass(60_000);
    assert_eq!(scene.asks(&code), Some(AskReason::Older));
    assert!(scene.passes(&scene.code(None)), "a fresh one passes");
}

#[test]
fn an_answer_is_to_one_challenge_once_within_its_minute() {
    let scene = Scene::new();
    let first = scene.gate.challenge().unwrap();
    let scanned = scene.phone.resident.scan(first.text.clone());
    assert_eq!(scanned, Ok(ScannedText::Challenge { gate: "North gate".to_owned() }));
    let answer = scene.code(Some(first.text.clone()));
    let second = scene.gate.challenge().unwrap();
    assert_eq!(scene.asks(&answer), Some(AskReason::OtherChallenge), "a new challenge closes the one before");
    let answer = scene.code(Some(second.text.clone()));
    assert!(scene.passes(&answer));
    scene.server.world.pass(5_000);
    assert_eq!(scene.asks(&answer), Some(AskReason::OtherChallenge), "it is used up");

    let third = scene.gate.challenge().unwrap();
    let late = scene.code(Some(third.text));
    scene.server.world.pass(60_001);
    assert_eq!(scene.asks(&late), Some(AskReason::OtherChallenge), "a minute is over");

    let wrong = scene.phone.resident.code(scene.phone.subject.clone(), Some(scene.code(None)));
    let expected =
        HealthcodeError::InvalidField { field: "challenge".to_owned(), reason: "not-a-challenge".to_owned() };
    assert_eq!(wrong.map(|_| ()), Err(expected));
}

#[test]
fn a_gate_that_was_restarted_asks_for_its_date_and_then_for_answers() {
    let scene = Scene::new();
    assert_eq!(scene.gate.status().unwrap().time, GateTimeState::Firm);
    scene.gate_clock.restart();
    scene.server.world.pass(60_000);
    let status = scene.gate.status().unwrap();
    assert_eq!((status.time, status.date), (GateTimeState::ConfirmDate, Some(february(11))));
    let code = scene.code(None);
    assert_eq!(scene.verify(&code), Verdict::ConnectFirst { side: Side::Gate });

    assert!(scene.gate.confirm_date(february(12)).is_err(), "not the date that the phone shows");
    scene.gate.confirm_date(february(11)).unwrap();
    assert_eq!(scene.gate.status().unwrap().time, GateTimeState::Coarse);
    scene.server.world.pass(4_000);
    assert_eq!(scene.asks(&scene.code(None)), Some(AskReason::GateTime));
    let challenge = scene.gate.challenge().unwrap();
    assert!(scene.passes(&scene.code(Some(challenge.text))));

    // The wall clock is moved afterwards: the confirmed time runs on by a clock that nobody can set.
    scene.gate_clock.set_wall_off_by(40 * 86_400_000);
    assert_eq!(scene.gate.status().unwrap().date, Some(february(11)));
    scene.gate_clock.restart();
    assert_eq!(scene.gate.status().unwrap().time, GateTimeState::ConfirmDate);
    // A clock behind what is sure cannot be confirmed at all.
    scene.gate_clock.set_wall_off_by(-40 * 86_400_000);
    assert_eq!(scene.gate.status().unwrap().time, GateTimeState::None);
    assert!(scene.gate.confirm_date(february(11)).is_err());
}

#[test]
fn a_gate_that_was_off_for_days_passes_no_token_that_has_expired() {
    let scene = Scene::new();
    let challenge = |scene: &Scene| scene.gate.challenge().unwrap().text;
    let stale = scene.code(Some(challenge(&scene)));
    scene.gate_clock.restart();
    scene.server.world.pass(10 * 86_400_000);
    let verdict = scene.verify(&stale);
    assert_eq!(verdict, Verdict::ConnectFirst { side: Side::Gate });
    let today = scene.gate.status().unwrap().date.unwrap();
    scene.gate.confirm_date(today).unwrap();
    // The trust list has expired with it.
    let answer = scene.code(Some(challenge(&scene)));
    assert_eq!(scene.verify(&answer), Verdict::ConnectFirst { side: Side::Gate });
    scene.sync_gate();
    let answer = scene.code(Some(challenge(&scene)));
    assert!(matches!(scene.verify(&answer), Verdict::Renew { .. }));
}

#[test]
fn a_gate_that_never_synced_judges_nothing_and_offline_is_a_typed_error() {
    let mut scene = Scene::new();
    let code = scene.code(None);
    scene.server.kill();
    let (ports, _) = ports(&scene.server.world, 9);
    let config = config(&scene.server, &scene.server.folder.path().join("new-gate.db"));
    let gate = Checkpoint::open(config, ports, Lane::new("South gate")).unwrap();
    assert_eq!(gate.verify(code, None).unwrap().verdict, Verdict::ConnectFirst { side: Side::Gate });
    let offline = scene.runtime.block_on(gate.sync(None));
    assert_eq!(
        offline.map(|_| ()),
        Err(HealthcodeError::Network { kind: NetworkKind::Offline, retry_after: None })
    );
    // The gate that has synced goes on without a network.
    scene.server.world.pass(5_000);
    assert!(scene.passes(&scene.code(None)));
    for foreign in
        ["", "https://example.org", "HC1:6BF", "H1:", "H1:ZZZ", "H9:AA", "张三", &"H1:0".repeat(5_000)]
    {
        let verdict = scene.verify(foreign);
        assert!(matches!(verdict, Verdict::NotAHealthCode { .. } | Verdict::Invalid { .. }), "{foreign}");
    }
}
