//! A history as it is played: one phone, one server, a line between them. After each event the promises are checked,
//! and at the end the line is whole and everything must arrive.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Mutex;

use healthcode::resident::{self, AnswerValue, CheckInInput, DeclarationInput};
use healthcode::rules::calendar::Timestamp;
use healthcode::token::TrustList;
use healthcode_cli::time::World;
use healthcode_e2e::phone::at_home;
use proptest_state_machine::{ReferenceStateMachine, StateMachineTest};
use tempfile::TempDir;

use crate::authority::Authority;
use crate::beginning;
use crate::fault::Fault;
use crate::files;
use crate::handset::{Handset, Shown};
use crate::history::{self, Declared, Entry, Event, Histories, Model};
use crate::ledger::Ledger;
use crate::line::Line;
use crate::promises;
use crate::sync::{self, Ended};

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
    /// What the phone shows and has, as it was after the last event other than the passing of time.
    pub shown: Shown,
    /// The ids of what was recorded, in the order of recording, beside the model's entries.
    pub recorded: Vec<String>,
    /// What may be lost: it was in a file that was rolled back, and nowhere else.
    pub forgiven: BTreeSet<String>,
    /// Whether a file was rolled back: links may have been issued anew since.
    pub rolled_back: bool,
    pause_millis: i64,
    phone_copies: u8,
    server_copies: Vec<(PathBuf, Timestamp)>,
    events: BTreeMap<&'static str, u64>,
}

/// What all histories came to, by name: events, faults, decisions.
pub static COUNTS: Mutex<BTreeMap<String, u64>> = Mutex::new(BTreeMap::new());

impl Play {
    fn start(model: &Model) -> Self {
        let folder = files::folder();
        beginning::copy_to(folder.path(), model.start);
        let world = World::new(history::beginning());
        let authority = Authority::open(folder.path(), &world);
        let handset = Handset::open(folder.path(), "phone", &authority, &world);
        let trust = authority.trust();
        let ledger = Ledger::read(authority.database(), &trust, &handset.subject);
        let shown = handset.look();
        let recorded = ledger.delivered.iter().map(|delivered| delivered.operation.clone()).collect();
        Self {
            folder,
            world,
            authority,
            handset,
            line: Line::default(),
            trust,
            ledger,
            shown,
            recorded,
            forgiven: BTreeSet::new(),
            rolled_back: false,
            pause_millis: model.pause_millis,
            phone_copies: 0,
            server_copies: Vec::new(),
            events: BTreeMap::new(),
        }
    }

    /// The true time.
    pub fn now(&self) -> Timestamp {
        self.world.now()
    }

    /// How many operations there were before the model's first entry.
    pub fn before(&self, model: &Model) -> usize {
        self.recorded.len() - model.entries.len()
    }

    fn sync(&mut self, faults: &[Fault]) -> Ended {
        self.world.pass(self.pause_millis);
        sync::exchange(&mut self.handset, &mut self.line, &self.authority, &self.world, faults)
    }

    /// A sync to which nothing happens brings everything over.
    fn heal(&mut self, model: &Model) {
        let rounds = if self.rolled_back { 4 } else { 1 };
        self.world.pass(self.pause_millis);
        for _ in 0..rounds {
            let (handset, line) = (&mut self.handset, &mut self.line);
            let ended = sync::exchange(handset, line, &self.authority, &self.world, &[]);
            assert!(matches!(ended, Ended::Done(_)), "{ended:?}");
            self.shown = self.handset.look();
            if self.shown.card().waiting == 0 {
                break;
            }
        }
        self.ledger.read_on(&self.trust);
        promises::healed(self, model);
    }

    /// Reads anew what an event may have changed.
    fn look(&mut self, touched: Touched) {
        match touched {
            Touched::Nothing => return,
            Touched::Outbox => {
                self.shown.outbox = self.handset.outbox();
                return;
            }
            Touched::App => {
                self.shown.outbox = self.handset.outbox();
                self.shown.home = self.handset.resident().home().unwrap();
                self.shown.home_at = self.world.now();
                return;
            }
            Touched::Phone => {}
            Touched::Line => self.ledger.read_on(&self.trust),
            Touched::ServerFile => {
                let after = self.read();
                let before = std::mem::replace(&mut self.ledger, after);
                assert!(self.ledger.operations().is_superset(before.operations()), "the server keeps it");
                assert_eq!(self.ledger.decisions, before.decisions);
            }
        }
        self.shown = self.handset.look();
    }

    fn read(&self) -> Ledger {
        Ledger::read(self.authority.database(), &self.trust, &self.handset.subject)
    }

    fn play(&mut self, event: Event, model: &Model) {
        match event {
            Event::Record(entry) => {
                let recorded = self.handset.record(input(entry)).unwrap();
                let today = history::calendar().date_of(model.now);
                assert!(recorded.day.is_none_or(|day| day <= today), "for a day that has not come");
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
            Event::Late(which) => self.line.late(which, &self.authority),
            Event::CopyPhone => {
                self.handset.copy_to(&self.folder.path().join(format!("phone-copy-{}", self.phone_copies)));
                self.phone_copies += 1;
            }
            Event::RestorePhone(which) => {
                self.handset.restore(&self.folder.path().join(format!("phone-copy-{which}")));
                self.rolled_back = true;
                self.forgive();
            }
            Event::CopyServer => {
                let copy = self.folder.path().join(format!("server-copy-{}", self.server_copies.len()));
                self.authority.copy_to(&copy);
                self.server_copies.push((copy, self.world.now()));
            }
            Event::RestoreServer { which, unseen } => self.restore_server(which, unseen),
        }
        self.world.go_to(model.now);
    }

    /// A backup that is older than what phones keep is one that no phone can bring up to date.
    fn restore_server(&mut self, which: u8, unseen: bool) {
        if !unseen {
            self.authority.restart();
        }
        self.server_copies.truncate(usize::from(which) + 1);
        let (copy, at) = &self.server_copies[usize::from(which)];
        if self.world.now() < at.plus_hours(24 * promises::KEPT_DAYS) {
            self.authority.restore(copy);
            self.rolled_back = true;
            self.ledger = self.read();
            self.forgive();
        }
    }

    /// What is in neither file any more is nobody's promise.
    fn forgive(&mut self) {
        let here: BTreeSet<_> = self.handset.look().outbox.into_iter().map(|row| row.operation).collect();
        let there = self.ledger.operations();
        let gone =
            self.recorded.iter().filter(|recorded| !here.contains(*recorded) && !there.contains(*recorded));
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

/// What an event touches: what has to be read anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Touched {
    Nothing,
    Outbox,
    App,
    Phone,
    Line,
    ServerFile,
}

impl Touched {
    const fn by(event: &Event) -> Self {
        match event {
            // A healing looks by itself.
            Event::Heal
            | Event::Pass(_)
            | Event::NextDay(_)
            | Event::MoveWall(_)
            | Event::CopyPhone
            | Event::CopyServer => Self::Nothing,
            Event::Record(_) => Self::Outbox,
            Event::RestartApp | Event::Kill(_) => Self::App,
            Event::Reboot { .. } | Event::RestorePhone(_) | Event::RestoreServer { .. } => Self::Phone,
            Event::Sync(_) | Event::Late(_) | Event::RestartServer => Self::Line,
            Event::KillServer(_) => Self::ServerFile,
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
        Event::RestoreServer { .. } => "server restore",
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
        let touched = Touched::by(&event);
        play.play(event, model);
        play.look(touched);
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
