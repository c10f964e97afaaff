//! What the journal tells: its pages, entries and events, as they cross the border.

use crate::rules::calendar::{LegalDate, Timestamp};
use crate::rules::colour::Colour;
use crate::rules::quarantine::{Certainty, NotCounted};
use crate::rules::rating::Reason;
use crate::rules::text::Text;
use crate::token::decision::ReleaseCause;
use crate::token::{ActKind, AppealState, By, ServedRefusal};

/// A page of the journal.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
#[uniffi::export(Debug)]
pub struct JournalPage {
    /// What happened, the latest last; at most 50.
    pub entries: Vec<JournalEntry>,
    /// What to give as `after` for the next page; none where this one is the last.
    pub next: Option<String>,
    /// The masked name of the person that it is about.
    #[uniffi(default = "")]
    pub masked_name: String,
}

/// Something that happened.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
#[uniffi::export(Debug)]
pub struct JournalEntry {
    /// Names the entry for as long as it is kept; what `after` takes.
    pub id: String,
    /// When: for what was recorded here, a lower bound of true time; for what was decided, the issuer's time.
    pub at: Timestamp,
    /// What.
    pub event: JournalEvent,
}

/// What can happen.
#[derive(Clone, PartialEq, Eq, uniffi::Enum)]
#[uniffi::export(Debug)]
pub enum JournalEvent {
    /// A declaration was recorded.
    Declared {
        /// The operation's id.
        operation: String,
        /// The legal day for which it speaks.
        declared_on: LegalDate,
        /// What became of it.
        outcome: EntryOutcome,
    },
    /// A check-in was recorded.
    CheckedIn {
        /// The operation's id.
        operation: String,
        /// The symptoms that it told of, by their ids in the form.
        symptoms: Vec<String>,
        /// The order that was in force.
        order: Option<String>,
        /// What became of it.
        outcome: EntryOutcome,
    },
    /// Another phone that wanted to take this one's place was let in, or refused.
    Answered {
        /// The operation's id.
        operation: String,
        /// The other phone's key.
        key: String,
        /// Whether it was let in.
        allow: bool,
        /// What became of it.
        outcome: EntryOutcome,
    },
    /// The authority was told of a match of an exposure notice.
    ToldExposure {
        /// The operation's id.
        operation: String,
        /// The notice's number in the authority's log.
        notice: u32,
        /// The rule that it names.
        rule: String,
        /// The legal day of the meeting.
        on: LegalDate,
        /// What became of it.
        outcome: EntryOutcome,
    },
    /// The resident said that an entry of where the resident was is wrong.
    WrongEntry {
        /// The entry, see `whereabouts`.
        entry: String,
    },
    /// A quarantine was ordered.
    Ordered {
        /// The order's id.
        order: String,
        /// Yellow or red.
        colour: Colour,
        /// The rule that caused it, or `manual`.
        rule: String,
        /// The cause.
        cause: Text,
        /// The first day.
        starts_on: LegalDate,
        /// How many days.
        days: u16,
        /// The order that it took the place of.
        supersedes: Option<String>,
        /// When it lapses unless a second officer confirms it; none for an order that a rule gave or that is confirmed.
        provisional_until: Option<Timestamp>,
    },
    /// An order ended.
    Released {
        /// The order's id.
        order: String,
        /// Why.
        cause: ReleaseCause,
    },
    /// Another phone wants to speak for the person, or no longer does.
    OtherPhone {
        /// The id of its key, hexadecimal.
        key: String,
        /// From when on it does; none where it was refused or given up.
        active_from: Option<Timestamp>,
        /// The masked name of the carer whose key it is; none for another phone of the person's own.
        carer: Option<String>,
    },
    /// The end of what a carer does for the person was asked for.
    EndedCare {
        /// The operation's id.
        operation: String,
        /// The carer's key.
        key: String,
        /// What became of it.
        outcome: EntryOutcome,
    },
    /// A paper code was asked for, or its withdrawal.
    AskedForPaper {
        /// The operation's id.
        operation: String,
        /// The code that is to be withdrawn; none where a new one was asked for.
        withdraw: Option<String>,
        /// What became of it.
        outcome: EntryOutcome,
    },
    /// An appeal was made.
    Appealed {
        /// The operation's id: the name of the appeal.
        operation: String,
        /// The rule whose reason it contests, or `manual`.
        rule: String,
        /// What became of it.
        outcome: EntryOutcome,
    },
    /// Days that were served under another authority's order were brought.
    BroughtServed {
        /// The operation's id.
        operation: String,
        /// The other authority.
        issuer: String,
        /// What became of it.
        outcome: EntryOutcome,
    },
    /// A paper code was issued or withdrawn.
    Paper {
        /// Its id, hexadecimal.
        paper: String,
        /// Until when it is good; none where it was withdrawn.
        expires_at: Option<Timestamp>,
        /// Who asked for it; none where the authority withdrew it because the colour had changed.
        by: Option<By>,
    },
    /// An officer did something for or about the person.
    Acted {
        /// What the authority calls the officer.
        officer: String,
        /// What was done.
        act: ActKind,
        /// What the officer wrote to the resident.
        note: Option<String>,
    },
    /// The authority said where an appeal stands.
    AppealAnswered {
        /// The appeal.
        appeal: String,
        /// Where it stands.
        state: AppealState,
        /// By when the authority has bound itself to decide.
        due_by: Timestamp,
        /// Why it was decided so.
        reason: Option<Text>,
    },
    /// The authority said what days served elsewhere come to.
    ServedElsewhere {
        /// The other authority.
        issuer: String,
        /// How many of its days count here.
        days: u16,
        /// Why they do not; none where they do.
        refused: Option<ServedRefusal>,
    },
    /// The colour was decided.
    Rated {
        /// The colour.
        colour: Colour,
        /// Why; empty for green.
        reasons: Vec<Reason>,
        /// The order in force.
        order: Option<String>,
        /// Until when it can be appealed.
        appeal_by: Timestamp,
    },
}

/// What became of something that was recorded.
#[derive(Clone, PartialEq, Eq, uniffi::Enum)]
#[uniffi::export(Debug)]
pub enum EntryOutcome {
    /// It waits to be sent.
    Waiting,
    /// The issuer has it.
    Accepted {
        /// Since when.
        at: Timestamp,
    },
    /// The issuer has it and refused it; it holds up nothing else.
    Refused {
        /// When.
        at: Timestamp,
        /// The problem's stable word, such as `invalid`.
        problem: String,
        /// What was wrong, and what can be done about it.
        text: Text,
    },
    /// The issuer has the check-in, and it counts.
    Counted {
        /// Since when the issuer has it.
        at: Timestamp,
        /// When it was judged.
        judged_at: Timestamp,
        /// For which day it counts.
        day: LegalDate,
        /// How surely.
        certainty: Certainty,
        /// Who made it, where it was not the person.
        by: Option<By>,
    },
    /// The issuer has the check-in, and it does not count.
    NotCounted {
        /// Since when the issuer has it.
        at: Timestamp,
        /// When it was judged.
        judged_at: Timestamp,
        /// Why not.
        reason: NotCounted,
    },
}

silent!(JournalPage, JournalEntry, JournalEvent, EntryOutcome);
