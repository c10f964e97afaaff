//! A history as it is played: one phone, one server, a line between them. After each event the promises are checked,
//! and at the end the line is whole and everything must arrive.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{LazyLock, Mutex};

use healthcode::resident::{AnswerValue, CheckInInput, DeclarationInput, IdentityForm};
use healthcode::sync::{ExchangeStep, SyncReport};
use healthcode::token::TrustList;
use healthcode::{HealthcodeError, NetworkKind, resident};
use healthcode_cli::time::World;
use healthcode_e2e::phone::{at_home, li_si, stay_in_wuhan, zhang_san};
use proptest_state_machine::{ReferenceStateMachine, StateMachineTest};
use tempfile::TempDir;

use crate::authority::Authority;
use crate::fault::Fault;
use crate::files;
use crate::handset::Handset;
use crate::history::{Declared, Entry, Event, Histories, Model, Start, beginning};
use crate::ledger::Ledger;
use crate::line::{Came, Line};
use crate::promises;

/// The most calls of one exchange: one that goes on and on is a fault.
const MOST_CALLS: usize = 40;

/// How a sync ended.
#[derive(Debug)]
pub enum Ended {
    /// With a report.
    Done(SyncReport),
    /// With an error.
    Failed(HealthcodeError),
    /// Nothing came.
    Unanswered,
    /// The phone's process was killed.
    Killed,
}

/// A history under way.
pub struct Play {
    folder: TempDir,
    world: World,
    /// The server.
    pub authority: Authority,
    /// The phone.
    pub handset: Handset,
    line: Line,
    trust: TrustList,
    /// What the server has, as it was after the last event.
    pub ledger: Ledger,
    /// The ids of what was recorded, in the order of recording, beside the model's entries.
    pub recorded: Vec<String>,
    /// What may be lost: it was in a file that was rolled back, and nowhere else.
    pub forgiven: BTreeSet<String>,
    /// Whether a file was rolled back: links may have been issued anew since.
    pub rolled_back: bool,
    phone_copies: u8,
    server_copies: u8,
    events: BTreeMap<&'static str, u64>,
}

/// What all histories came to, by name: events, faults, decisions.
pub static COUNTS: Mutex<BTreeMap<String, u64>> = Mutex::new(BTreeMap::new());

/// The files with which histories begin, made once.
static BEGINNINGS: LazyLock<TempDir> = LazyLock::new(|| {
    let folder = files::folder();
    for start in [Start::Yellow, Start::Green, Start::Undeclared] {
        let here = folder.path().join(format!("{start:?}"));
        std::fs::create_dir(&here).unwrap();
        begin(&here, start);
    }
    folder
});

fn begin(folder: &Path, start: Start) {
    let world = World::new(beginning());
    let authority = Authority::open(folder, &world);
    let mut handset = Handset::open(folder, "phone", &authority, &world);
    let who = if start == Start::Yellow { zhang_san() } else { li_si() };
    handset.enrol(IdentityForm { ..who }, &authority);
    let mut line = Line::default();
    let done = |ended| assert!(matches!(ended, Ended::Done(_)), "{ended:?}");
    done(exchange(&mut handset, &mut line, &authority, &world, &[]));
    let declaration = match start {
        Start::Yellow => stay_in_wuhan(),
        Start::Green => at_home(),
        Start::Undeclared => return,
    };
    handset.record(resident::Entry::Declaration { declaration }).unwrap();
    done(exchange(&mut handset, &mut line, &authority, &world, &[]));
}

/// One sync of a phone, as an app with its own HTTP stack does it.
fn exchange(
    handset: &mut Handset,
    line: &mut Line,
    authority: &Authority,
    world: &World,
    faults: &[Fault],
) -> Ended {
    let exchange = handset.resident().exchange().unwrap();
    let mut reply = None;
    for call in 0..MOST_CALLS {
        let fault = faults.get(call).copied().unwrap_or(Fault::None);
        match exchange.next(reply.take()) {
            Ok(ExchangeStep::Done { report }) => return Ended::Done(report),
            Err(error) => {
                if let HealthcodeError::Network { retry_after, .. } = &error {
                    let after = retry_after.map(|after| u32::try_from(after.as_secs()).unwrap());
                    handset.resident().exchange_failed(after).unwrap();
                }
                let last = call.checked_sub(1).and_then(|last| faults.get(last));
                named(last.copied().unwrap_or(Fault::None), &error);
                return Ended::Failed(error);
            }
            Ok(ExchangeStep::Send { call }) => match line.carry(fault, &call, authority, world) {
                Came::Reply(came) => reply = Some(came),
                Came::Nothing => {
                    handset.resident().exchange_failed(None).unwrap();
                    return Ended::Unanswered;
                }
                Came::Killed => {
                    drop(exchange);
                    handset.kill(0);
                    return Ended::Killed;
                }
            },
        }
    }
    panic!("an exchange that does not end");
}

/// An error names what happened to the last call.
fn named(fault: Fault, error: &HealthcodeError) {
    let HealthcodeError::Network { kind, retry_after } = error else {
        // Only the server itself says no in other words, and what reached it broken it did not take.
        assert!(matches!(error, HealthcodeError::Rejected { .. }), "{fault:?} -> {error:?}");
        return;
    };
    match fault {
        Fault::Busy(wait) => {
            assert_eq!(*kind, NetworkKind::Unavailable);
            assert_eq!(retry_after.map(|after| after.as_secs()), wait.map(u64::from));
        }
        Fault::Instead(stranger) => {
            let expected = stranger.kind();
            assert!(expected.is_none_or(|expected| expected == *kind), "{fault:?} -> {error:?}");
        }
        Fault::Cut(_) | Fault::Flipped(..) | Fault::Stale(_) => assert_eq!(*kind, NetworkKind::BadAnswer),
        _ => panic!("{fault:?} -> {error:?}"),
    }
}

impl Play {
    fn start(model: &Model) -> Self {
        let folder = files::folder();
        let from = BEGINNINGS.path().join(format!("{:?}", model.start));
        for name in ["server.db", "server.keys", "phone-0.db"] {
            std::fs::copy(from.join(name), folder.path().join(name)).unwrap();
        }
        let world = World::new(beginning());
        let authority = Authority::open(folder.path(), &world);
        let handset = Handset::open(folder.path(), "phone", &authority, &world);
        let trust = authority.trust();
        let ledger = Ledger::read(&authority, &trust, &handset.subject);
        let recorded = ledger.delivered.iter().map(|delivered| delivered.operation.clone()).collect();
        Self {
            folder,
            world,
            authority,
            handset,
            line: Line::default(),
            trust,
            ledger,
            recorded,
            forgiven: BTreeSet::new(),
            rolled_back: false,
            phone_copies: 0,
            server_copies: 0,
            events: BTreeMap::new(),
        }
    }

    /// The true time.
    pub fn now(&self) -> healthcode::rules::calendar::Timestamp {
        self.world.now()
    }

    /// How many operations there were before the model's first entry.
    pub fn before(&self, model: &Model) -> usize {
        self.recorded.len() - model.entries.len()
    }

    fn sync(&mut self, faults: &[Fault]) -> Ended {
        exchange(&mut self.handset, &mut self.line, &self.authority, &self.world, faults)
    }

    /// A sync to which nothing happens brings everything over.
    fn heal(&mut self, model: &Model) {
        let rounds = if self.rolled_back { 4 } else { 1 };
        for _ in 0..rounds {
            let ended = self.sync(&[]);
            assert!(matches!(ended, Ended::Done(_)), "{ended:?}");
            if self.handset.card().waiting == 0 {
                break;
            }
        }
        self.look();
        promises::healed(self, model);
    }

    fn look(&mut self) {
        self.ledger = Ledger::read(&self.authority, &self.trust, &self.handset.subject);
    }

    fn play(&mut self, event: Event, model: &Model) {
        match event {
            Event::Record(entry) => {
                let recorded = self.handset.record(input(entry)).unwrap();
                self.recorded.push(recorded.operation);
            }
            Event::Sync(faults) => {
                self.sync(&faults);
            }
            Event::Heal => self.heal(model),
            Event::Pass(_) | Event::NextDay(_) => {}
            Event::Reboot { killed, .. } => self.handset.reboot(killed, model.now),
            Event::RestartApp => self.handset.restart_app(),
            Event::Kill(torn) => self.handset.kill(torn),
            Event::RestartServer => self.authority.restart(),
            Event::KillServer(torn) => self.authority.kill(torn),
            Event::MoveWall(hours) => self.handset.set_wall_off_by(i64::from(hours) * 3_600_000),
            Event::Late(which) => {
                let delivered = self.ledger.operations();
                self.line.late(which, &delivered, &self.authority, &self.world);
            }
            Event::CopyPhone => {
                self.handset.copy_to(&self.folder.path().join(format!("phone-copy-{}", self.phone_copies)));
                self.phone_copies += 1;
            }
            Event::RestorePhone(which) => {
                let which = which % self.phone_copies;
                self.handset.restore(&self.folder.path().join(format!("phone-copy-{which}")));
                self.rolled_back = true;
                self.forgive();
            }
            Event::CopyServer => {
                self.authority.copy_to(&self.folder.path().join(format!("server-copy-{}", self.server_copies)));
                self.server_copies += 1;
            }
            Event::RestoreServer(which) => {
                let which = which % self.server_copies;
                self.authority.restore(&self.folder.path().join(format!("server-copy-{which}")));
                self.rolled_back = true;
                self.look();
                self.forgive();
            }
        }
        self.world.go_to(model.now);
    }

    /// What is in neither file any more is nobody's promise.
    fn forgive(&mut self) {
        let here: BTreeSet<_> = self.handset.outbox().into_iter().map(|row| row.operation).collect();
        let there = self.ledger.operations();
        let gone = self.recorded.iter().filter(|recorded| !here.contains(*recorded) && !there.contains(*recorded));
        self.forgiven.extend(gone.cloned());
    }

    fn count(self) {
        let mut counts = COUNTS.lock().unwrap();
        let mut add = |name: String, number: u64| *counts.entry(name).or_default() += number;
        add("histories".to_owned(), 1);
        for (event, number) in self.events {
            add(format!("event {event}"), number);
        }
        for (fault, number) in self.line.faults {
            add(format!("fault {fault}"), number);
        }
        let number = |length: usize| u64::try_from(length).unwrap();
        add("operations".to_owned(), number(self.recorded.len()));
        add("orders".to_owned(), number(self.ledger.orders.len()));
        add("releases".to_owned(), number(self.ledger.releases.len()));
        add("judgements".to_owned(), number(self.ledger.judgements.len()));
        let ambiguous = self.ledger.judgements.iter().filter(|judgement| {
            judgement.certainty == Some(healthcode::rules::quarantine::Certainty::Ambiguous)
        });
        add("ambiguous".to_owned(), number(ambiguous.count()));
    }
}

fn input(entry: Entry) -> resident::Entry {
    match entry {
        Entry::Tap(symptom) => {
            let symptoms = if symptom { vec!["cough".to_owned()] } else { Vec::new() };
            resident::Entry::CheckIn { check_in: CheckInInput { symptoms } }
        }
        Entry::Declaration(declared) => {
            let mut declaration: DeclarationInput = at_home();
            for answer in &mut declaration.answers {
                match (answer.question.as_str(), declared) {
                    ("contact", Declared::Contact) => answer.value = AnswerValue::YesNo { yes: true },
                    ("symptoms", Declared::Fever) => {
                        answer.value = AnswerValue::Any { options: vec!["fever".to_owned()] };
                    }
                    _ => {}
                }
            }
            resident::Entry::Declaration { declaration }
        }
    }
}

const fn name(event: &Event) -> &'static str {
    match event {
        Event::Record(Entry::Tap(_)) => "tap",
        Event::Record(Entry::Declaration(_)) => "declare",
        Event::Sync(_) => "sync",
        Event::Heal => "heal",
        Event::Pass(_) | Event::NextDay(_) => "time",
        Event::Reboot { .. } => "reboot",
        Event::RestartApp => "restart",
        Event::Kill(_) => "kill",
        Event::RestartServer => "server restart",
        Event::KillServer(_) => "server kill",
        Event::MoveWall(_) => "wall clock",
        Event::Late(_) => "late request",
        Event::CopyPhone | Event::CopyServer => "copy",
        Event::RestorePhone(_) => "restore",
        Event::RestoreServer(_) => "server restore",
    }
}

impl StateMachineTest for Play {
    type SystemUnderTest = Self;
    type Reference = Histories;

    fn init_test(model: &Model) -> Self {
        Self::start(model)
    }

    fn apply(
        mut play: Self,
        model: &Model,
        event: <Self::Reference as ReferenceStateMachine>::Transition,
    ) -> Self {
        *play.events.entry(name(&event)).or_default() += 1;
        play.play(event, model);
        play.look();
        play
    }

    fn check_invariants(play: &Self, model: &Model) {
        promises::always(play, model);
    }

    fn teardown(mut play: Self, model: Model) {
        play.heal(&model);
        play.count();
    }
}
