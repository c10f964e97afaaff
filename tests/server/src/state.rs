//! What the server knows of one subject: all that a decision about the person needs, and nothing of anybody else.

use healthcode::rules::calendar::{LegalDate, Timestamp};
use healthcode::rules::colour::Colour;
use healthcode::rules::declaration::Declaration;
use healthcode::rules::facts::{ReportedSymptoms, ServedOrder};
use healthcode::rules::quarantine::{Attribution, Quarantine, Tap};
use healthcode::rules::rating::Reason;
use healthcode::token::By;
use healthcode::token::ids::{OperationId, OrderId, SegmentId, SubjectId};
use healthcode::wire::Bytes;
use healthcode::wire::link::Head;
use healthcode::wire::operation::ToldExposure;
use serde::{Deserialize, Serialize};

use crate::appeal::{AppealCase, SetAside};
pub use crate::care::{Asked, CarerOf};
pub use crate::officer::state::{ActsHead, Alone, HeldDays, Left, ManualOrder, OrderedBy};
pub use crate::paper::PaperState;
pub use crate::served::BroughtState;

/// How many ends of answers are known: a phone that missed more is told everything.
const MARKS: usize = 32;
/// Serials count from here: a smaller number takes fewer bytes.
pub(crate) const YEAR_2020: Timestamp = Timestamp::from_seconds(1_577_836_800);

/// What the server knows of one subject.
#[derive(Clone, Serialize, Deserialize)]
pub struct SubjectState {
    /// The person's key at the records port: a random word of theirs, nothing of the document.
    pub person: String,
    /// The masked name, as tokens carry it.
    pub masked_name: String,
    /// The last four characters of the document, as tokens carry them.
    pub id_tail: String,
    /// The serial of what was said last.
    pub serial: u64,
    /// The life of the database in which it was said, and the serial with which the life before ended.
    #[serde(default)]
    pub life: (u32, u64),
    /// The last serials at which an answer ended: a cursor that stands at none of them is of a past that was lost.
    #[serde(default)]
    pub marks: Vec<u64>,
    /// The serials of the last of each kind: what a phone offers back is not put in the place of something newer.
    #[serde(default)]
    pub last: LastSerials,
    /// The digest of the link that was countersigned last.
    pub head: Head,
    /// The keys of the person's phones, in the order in which they came.
    pub keys: Vec<HolderKey>,
    /// The last declaration.
    pub declaration: Option<Declaration>,
    /// The officer who made it, or who has reported symptoms since, for the person; none where the person said it last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub said_by: Option<OrderedBy>,
    /// What the last check-in with symptoms told.
    pub reported: Option<ReportedSymptoms>,
    /// Matches of exposure notices that the person told, but for those whose notice is known to be withdrawn.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exposures: Vec<ToldExposure>,
    /// Whether something was said since the last rating.
    pub rating_due: bool,
    /// The digest of what the public records said at the last look.
    pub records: Option<Bytes>,
    /// The last rating.
    pub rating: Option<Rated>,
    /// The order in force.
    pub order: Option<OrderState>,
    /// The orders that ran to their release.
    pub served: Vec<ServedOrder>,
    /// The person's appeals.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub appeals: Vec<AppealCase>,
    /// The rules that granted appeals have set aside.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aside: Vec<SetAside>,
    /// The paper codes that a gate may still see.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub papers: Vec<PaperState>,
    /// For whom this person cares, or has asked to: some of it may be over by now.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cares_for: Vec<SubjectId>,
    /// Who has asked to care for this person and waits for an officer.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub asked: Vec<Asked>,
    /// Where the records have the person reside; none where it was not noted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resides_in: Option<u32>,
    /// Where the log of officers' acts about the person stands.
    #[serde(default)]
    pub acts: ActsHead,
    /// What orders that no rule gave leave behind.
    #[serde(default, skip_serializing_if = "Left::is_empty")]
    pub left: Left,
    /// The orders of other authorities whose days were brought here.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub brought: Vec<BroughtState>,
}

/// The serials with which the state came to be what it is.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct LastSerials {
    /// Of the receipt of the last link.
    pub link: u64,
    /// Of the receipt of the last declaration.
    pub declaration: u64,
    /// Of the receipt of the last symptoms, or of the last match of an exposure notice.
    #[serde(default)]
    pub told: u64,
    /// Of the last order, or its release.
    pub order: u64,
    /// Of the last rating.
    pub rating: u64,
}

/// A key of a phone.
#[derive(Clone, Serialize, Deserialize)]
pub struct HolderKey {
    /// Its id.
    pub id: Bytes,
    /// The key as COSE_Key.
    pub cose_key: Bytes,
    /// From when on it speaks for the person.
    pub active_from: Timestamp,
    /// Whose it is, where it is one of somebody who cares for the person; none for the person's own. Keys of one owner are
    /// a group: a later one takes the place of an earlier one of its own group alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub carer: Option<CarerOf>,
    /// When the care that it served ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked_at: Option<Timestamp>,
    /// The head on which its segment opens.
    pub opens_on: Head,
    /// Its segment, once a link has opened it.
    pub segment: Option<Segment>,
    /// The token that it holds.
    pub token: Option<IssuedToken>,
    /// Where the statuses of all the tokens stand that it was given and that may still pass.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub places: Vec<TokenPlace>,
}

/// Where the status of a token stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "(u32, u32, i64, Colour)", into = "(u32, u32, i64, Colour)")]
pub struct TokenPlace {
    /// The status list.
    pub list: u32,
    /// The place in it.
    pub index: u32,
    /// Until when a gate may let the token pass, the most generous outage notice included.
    pub until: Timestamp,
    /// The token's colour.
    pub colour: Colour,
}

// Several of them stand in every state: numbers without names.
impl From<(u32, u32, i64, Colour)> for TokenPlace {
    fn from((list, index, until, colour): (u32, u32, i64, Colour)) -> Self {
        Self { list, index, until: Timestamp::from_seconds(until), colour }
    }
}

impl From<TokenPlace> for (u32, u32, i64, Colour) {
    fn from(place: TokenPlace) -> Self {
        (place.list, place.index, place.until.seconds(), place.colour)
    }
}

/// A segment of links.
#[derive(Clone, Copy, Serialize, Deserialize)]
pub struct Segment {
    /// Its id.
    pub id: SegmentId,
    /// The sequence that is expected next.
    pub next: u64,
    /// The digest of its last link.
    pub head: Head,
}

/// A token that was issued.
#[derive(Clone, Serialize, Deserialize)]
pub struct IssuedToken {
    /// Its id.
    pub id: Bytes,
    /// The signed token.
    pub bytes: Bytes,
    /// When it was issued.
    pub issued_at: Timestamp,
    /// Its colour.
    pub colour: Colour,
}

/// A rating.
#[derive(Clone, Serialize, Deserialize)]
pub struct Rated {
    /// The colour.
    pub colour: Colour,
    /// Why.
    pub reasons: Vec<Reason>,
    /// Until when it can be appealed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub appeal_by: Option<Timestamp>,
}

/// An order in force, and the check-ins under it.
#[derive(Clone, Serialize, Deserialize)]
pub struct OrderState {
    /// Its name.
    pub id: OrderId,
    /// Its colour.
    pub colour: Colour,
    /// The rule that gave it, or `manual`.
    #[serde(default)]
    pub rule: String,
    /// Its days as they are counted.
    pub quarantine: Quarantine,
    /// The exposure notices on which it stands; none where it has another cause.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notices: Vec<u32>,
    /// What else there is to an order that an officer gave without a rule; none for any other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manual: Option<ManualOrder>,
    /// The last exposure that was known when a rule gave it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exposed_on: Option<LegalDate>,
    /// The check-ins, in the order of their receipt.
    pub check_ins: Vec<CheckInState>,
}

impl OrderState {
    /// Whether an operation is one of its check-ins.
    #[must_use]
    pub fn has(&self, operation: OperationId) -> bool {
        self.check_ins.iter().any(|check_in| check_in.operation == operation)
    }

    /// How many exact check-ins it has of the day of an exact one; none for another.
    #[must_use]
    pub fn exact_on(&self, tap: Tap) -> usize {
        let day = |tap: &Tap| self.quarantine.terms.calendar.date_of(tap.earliest);
        let exact = |tap: &Tap| tap.earliest == tap.latest;
        let taps = self.check_ins.iter().map(|check_in| &check_in.tap);
        taps.filter(|known| exact(&tap) && exact(known) && day(known) == day(&tap)).count()
    }

    /// When its check-ins can have been made, in the order of their receipt.
    #[must_use]
    pub fn taps(&self) -> Vec<Tap> {
        self.check_ins.iter().map(|check_in| check_in.tap).collect()
    }
}

/// A check-in under an order.
#[derive(Clone, Serialize, Deserialize)]
pub struct CheckInState {
    /// Its id.
    pub operation: OperationId,
    /// When it can have been made.
    pub tap: Tap,
    /// What was last said about it.
    pub judged: Option<Attribution>,
    /// The serial under which that was said.
    #[serde(default)]
    pub said: u64,
    /// Who made it, where it was not the person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<By>,
}

/// Where a key stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It speaks for the person.
    Active,
    /// It will, from this instant on.
    Pending(Timestamp),
    /// A later one has taken its place.
    Replaced,
}

impl SubjectState {
    /// A person's state before anything was said.
    #[must_use]
    pub fn new(person: &crate::PersonRecord) -> Self {
        Self {
            person: person.key.clone(),
            masked_name: person.name.mask(),
            id_tail: person.document.tail().to_owned(),
            serial: 0,
            life: (0, 0),
            marks: Vec::new(),
            last: LastSerials::default(),
            head: healthcode::wire::link::GENESIS,
            keys: Vec::new(),
            declaration: None,
            said_by: None,
            reported: None,
            exposures: Vec::new(),
            rating_due: false,
            records: None,
            rating: None,
            order: None,
            served: Vec::new(),
            appeals: Vec::new(),
            aside: Vec::new(),
            papers: Vec::new(),
            cares_for: Vec::new(),
            asked: Vec::new(),
            resides_in: Some(person.region.code()),
            acts: ActsHead::default(),
            left: Left::default(),
            brought: Vec::new(),
        }
    }

    /// Goes on in a life of the database.
    pub const fn enter(&mut self, generation: u32) {
        if self.life.0 != generation {
            self.life = (generation, self.serial);
        }
    }

    /// Notes that an answer ends here.
    pub fn mark(&mut self) {
        if self.marks.last() != Some(&self.serial) {
            self.marks.push(self.serial);
            self.marks.drain(..self.marks.len().saturating_sub(MARKS));
        }
    }

    /// The serial up to which a phone and this database have the same past, where the phone's cursor is not known here:
    /// what was lost was said before all that was said since.
    #[must_use]
    pub fn common_serial(&self, cursor: u64, of_this_life: bool) -> u64 {
        let ended = if of_this_life { self.serial } else { self.life.1 };
        let before = self.marks.iter().copied().filter(|mark| *mark < cursor).max();
        before.unwrap_or(0).min(ended)
    }

    /// The next serial: the millisecond of `now` since 2020, or the one after the last, and none below `floor`. So a
    /// database that came back older, whether anybody noticed or not, uses no serial that it used before.
    pub fn next_serial(&mut self, now: Timestamp, floor: u64) -> u64 {
        let since = u64::try_from(now.since(YEAR_2020)).unwrap_or(0);
        self.serial = (self.serial + 1).max(since).max(floor);
        self.serial
    }

    /// The notices of the told matches by a rule.
    #[must_use]
    pub fn notices_of(&self, rule: &str) -> Vec<u32> {
        let told = self.exposures.iter().filter(|told| told.rule == rule);
        let mut notices: Vec<_> = told.map(|told| told.notice).collect();
        notices.sort_unstable();
        notices.dedup();
        notices
    }

    /// The place of the key of an id.
    #[must_use]
    pub fn key_of(&self, id: &[u8]) -> Option<usize> {
        self.keys.iter().position(|key| key.id.0 == id)
    }

    /// Where the key at a place stands: of those of a group whose time has come, the last one speaks.
    #[must_use]
    pub fn standing(&self, place: usize, now: Timestamp) -> Standing {
        let Some(key) = self.keys.get(place) else { return Standing::Replaced };
        if key.active_from > now {
            return Standing::Pending(key.active_from);
        }
        if self.replaced_at(place, now).is_some() { Standing::Replaced } else { Standing::Active }
    }

    /// When the key at a place gave way to another one of its group, or its care ended; none while it speaks.
    #[must_use]
    pub fn replaced_at(&self, place: usize, now: Timestamp) -> Option<Timestamp> {
        let key = self.keys.get(place)?;
        let later = self.keys.iter().skip(place + 1).filter(|other| other.is_of_group(key));
        let later = later.map(|other| other.active_from).filter(|from| *from <= now);
        later.chain(key.revoked_at).min()
    }

    /// The colour in force; none before the first rating.
    #[must_use]
    pub fn colour(&self) -> Option<Colour> {
        let order = self.order.as_ref().map(|order| order.colour);
        order.or_else(|| self.rating.as_ref().map(|rating| rating.colour))
    }
}

// Declarations, colours and taps tell of health.
impl std::fmt::Debug for SubjectState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SubjectState(serial {})", self.serial)
    }
}
