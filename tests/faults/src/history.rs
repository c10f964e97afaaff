//! What can happen in a phone's life, and in which order: the reference model of the histories.
//!
//! The model is as simple as can be: the true time, and a list of what the resident did at which true instant. It knows
//! nothing of segments, receipts, cursors or clocks; what these must come to is said in [`crate::promises`].

use healthcode::rules::calendar::{LegalCalendar, LegalDate, Timestamp};
use proptest::prelude::*;
use proptest::strategy::Union;
use proptest_state_machine::ReferenceStateMachine;

use crate::fault::Fault;

/// Whether the phone's file is rolled back to earlier copies of itself.
pub const RESTORE_PHONE: bool = true;
/// Whether the server's database is rolled back to earlier copies of itself.
pub const RESTORE_SERVER: bool = true;
/// Whether also to a copy that the server made within its present start, and so cannot tell from what it has by itself:
/// the first phone that comes shows it.
pub const RESTORE_UNSEEN: bool = true;

/// The hour at which every history begins: 11 February 2020, 09:00.
pub fn beginning() -> Timestamp {
    calendar().at(LegalDate::from_ymd(2020, 2, 11).unwrap(), 9 * 60)
}

/// The legal calendar of the rulebook.
pub const fn calendar() -> LegalCalendar {
    LegalCalendar::new(480).unwrap()
}

/// Who the resident is when the history begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Start {
    /// Seven days of quarantine, ordered a moment ago.
    Yellow,
    /// Green.
    Green,
    /// Enrolled, and nothing more.
    Undeclared,
}

/// What is declared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Declared {
    /// Nothing.
    Well,
    /// A symptom.
    Fever,
    /// A contact: red.
    Contact,
}

/// What the resident recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry {
    /// A check-in, with a symptom or without.
    Tap(bool),
    /// A declaration.
    Declaration(Declared),
}

/// What happens.
#[derive(Clone, Debug)]
pub enum Event {
    /// The resident records something.
    Record(Entry),
    /// A sync; what happens to its calls, one after the other, and to the rest nothing.
    Sync(Vec<Fault>),
    /// A sync to which nothing happens.
    Heal,
    /// So many milliseconds pass.
    Pass(i64),
    /// Time passes until the next legal day, this many minutes into it.
    NextDay(u16),
    /// The phone is switched off for so many minutes, or its battery taken out.
    Reboot {
        /// How long it is off.
        minutes: u16,
        /// Whether the app could not end.
        killed: bool,
    },
    /// The app is closed and opened.
    RestartApp,
    /// The app's process is killed; so many bytes of a write under way are left.
    Kill(u16),
    /// The server ends and starts.
    RestartServer,
    /// The server's process is killed.
    KillServer(u16),
    /// Somebody sets the phone's wall clock off by so many hours.
    MoveWall(i16),
    /// One of the requests that did not arrive, or not only once, arrives now.
    Late(u8),
    /// The phone's file is copied.
    CopyPhone,
    /// The phone's file is rolled back to one of the copies.
    RestorePhone(u8),
    /// The server's database is copied.
    CopyServer,
    /// The server's database is rolled back to one of the copies.
    RestoreServer {
        /// Which.
        which: u8,
        /// Whether it was made within the server's present start, so that the server cannot see it by itself.
        unseen: bool,
    },
}

/// The model.
#[derive(Clone, Debug)]
pub struct Model {
    /// Who the resident was at the beginning.
    pub start: Start,
    /// The true time.
    pub now: Timestamp,
    /// What the resident did, and when, in truth.
    pub entries: Vec<(Entry, Timestamp)>,
    /// Whether the phone's boot clock has counted all of it, and no call took its time: then the server knows each
    /// instant exactly.
    pub exact: bool,
    /// How long after what went before a sync begins, in milliseconds.
    pub pause_millis: i64,
    phone_copies: u8,
    /// The first copy of the phone's file that may come back. One from before a restore of the server does not: what
    /// becomes of two rollbacks that know of different pasts has a test of its own.
    oldest_copy: u8,
    server_copies: u8,
}

impl Model {
    /// The beginning of a history.
    #[must_use]
    pub const fn new(start: Start, now: Timestamp, pause_millis: i64) -> Self {
        Self {
            start,
            now,
            entries: Vec::new(),
            exact: true,
            pause_millis,
            phone_copies: 0,
            oldest_copy: 0,
            server_copies: 0,
        }
    }

    fn today(&self) -> LegalDate {
        calendar().date_of(self.now)
    }

    /// Whether the resident has checked in today.
    fn tapped_today(&self) -> bool {
        let tap = self.entries.iter().rfind(|(entry, _)| matches!(entry, Entry::Tap(_)));
        tap.is_some_and(|(_, at)| calendar().date_of(*at) == self.today())
    }
}

/// The machine that makes histories.
pub struct Histories;

impl ReferenceStateMachine for Histories {
    type State = Model;
    type Transition = Event;

    fn init_state() -> BoxedStrategy<Model> {
        let start =
            prop_oneof![6 => Just(Start::Yellow), 2 => Just(Start::Green), 1 => Just(Start::Undeclared)];
        // An app may sync within the second, or not.
        (start, prop_oneof![Just(0), Just(1_000)])
            .prop_map(|(start, pause)| Model::new(start, beginning(), pause))
            .boxed()
    }

    fn transitions(model: &Model) -> BoxedStrategy<Event> {
        let tap = if model.tapped_today() { 3 } else { 30 };
        let on = if model.tapped_today() { 30 } else { 5 };
        let mut events = vec![
            (tap, Just(Event::Record(Entry::Tap(false))).boxed()),
            (1, Just(Event::Record(Entry::Tap(true))).boxed()),
            (1, declared().prop_map(|declared| Event::Record(Entry::Declaration(declared))).boxed()),
            (16, proptest::collection::vec(Fault::any(), 1..4).prop_map(Event::Sync).boxed()),
            (6, Just(Event::Heal).boxed()),
            (6, (1_i64..90 * 60_000).prop_map(Event::Pass).boxed()),
            (2, (60_i64..36 * 60).prop_map(|minutes| Event::Pass(minutes * 60_000)).boxed()),
            (on, prop_oneof![4 => 360_u16..1380, 1 => 0_u16..180].prop_map(Event::NextDay).boxed()),
            (2, reboot()),
            (2, Just(Event::RestartApp).boxed()),
            (3, torn().prop_map(Event::Kill).boxed()),
            (1, Just(Event::RestartServer).boxed()),
            (2, torn().prop_map(Event::KillServer).boxed()),
            (1, (-200_i16..200).prop_map(Event::MoveWall).boxed()),
            (4, any::<u8>().prop_map(Event::Late).boxed()),
        ];
        if RESTORE_PHONE {
            events.push((2, Just(Event::CopyPhone).boxed()));
        }
        if model.oldest_copy < model.phone_copies {
            let copies = model.oldest_copy..model.phone_copies;
            events.push((3, copies.prop_map(Event::RestorePhone).boxed()));
        }
        if RESTORE_SERVER {
            events.push((2, Just(Event::CopyServer).boxed()));
        }
        if model.server_copies > 0 {
            events.push((3, restore_server(model.server_copies)));
        }
        Union::new_weighted(events).boxed()
    }

    fn apply(mut model: Model, event: &Event) -> Model {
        match event {
            Event::Record(entry) => model.entries.push((*entry, model.now)),
            Event::Pass(millis) => model.now = model.now.plus_millis(*millis),
            Event::NextDay(minutes) => model.now = calendar().at(model.today().plus_days(1), *minutes),
            Event::Reboot { minutes, .. } => {
                model.now = model.now.plus_millis(i64::from(*minutes) * 60_000);
                model.exact = false;
            }
            Event::Heal => model.now = model.now.plus_millis(model.pause_millis),
            Event::Sync(faults) => {
                model.now = model.now.plus_millis(model.pause_millis);
                for fault in faults {
                    if let Fault::Slow(there, back) = fault {
                        model.now = model.now.plus_millis((i64::from(*there) + i64::from(*back)) * 1_000);
                        model.exact = false;
                    }
                }
            }
            Event::CopyPhone => model.phone_copies = model.phone_copies.saturating_add(1),
            Event::CopyServer => model.server_copies = model.server_copies.saturating_add(1),
            Event::RestoreServer { which, .. } => {
                // Later copies are of a past that did not happen any more: an operator does not go there.
                model.server_copies = which + 1;
                model.oldest_copy = model.phone_copies;
                model.exact = false;
            }
            Event::RestorePhone(_) | Event::Late(_) => {
                model.exact = false;
            }
            Event::RestartApp
            | Event::Kill(_)
            | Event::RestartServer
            | Event::KillServer(_)
            | Event::MoveWall(_) => {}
        }
        model
    }

    fn preconditions(model: &Model, event: &Event) -> bool {
        match event {
            Event::RestorePhone(which) => (model.oldest_copy..model.phone_copies).contains(which),
            Event::RestoreServer { which, .. } => *which < model.server_copies,
            _ => true,
        }
    }
}

fn declared() -> BoxedStrategy<Declared> {
    prop_oneof![3 => Just(Declared::Well), 1 => Just(Declared::Fever), 1 => Just(Declared::Contact)].boxed()
}

fn restore_server(copies: u8) -> BoxedStrategy<Event> {
    let unseen = if RESTORE_UNSEEN { any::<bool>().boxed() } else { Just(false).boxed() };
    (0..copies, unseen).prop_map(|(which, unseen)| Event::RestoreServer { which, unseen }).boxed()
}

fn reboot() -> BoxedStrategy<Event> {
    (prop_oneof![3 => 0_u16..10, 1 => 0_u16..1440], any::<bool>())
        .prop_map(|(minutes, killed)| Event::Reboot { minutes, killed })
        .boxed()
}

fn torn() -> BoxedStrategy<u16> {
    prop_oneof![Just(0), 1_u16..9000].boxed()
}
