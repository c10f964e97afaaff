//! The first screen: who is on this phone, in which colour, what is due, and when to wake the app.

use super::care::{self, Carer};
use super::quarantine;
use super::region;
use super::standing::Standing;
use super::time_state::TimeState;
use crate::error::HealthcodeError;
use crate::rules::calendar::Timestamp;
use crate::rules::colour::Colour;
use crate::rules::quarantine::{Progress, Risk};
use crate::rules::rulebook::Rulebook;
use crate::rules::text::Text;
use crate::store::SubjectKey;
use crate::sync::exchange::retry_state;
use crate::sync::phone::{Now, Phone};
use crate::token::ids::hex;

/// Everything that a first screen shows.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct Home {
    /// The subjects, in the order in which they were enrolled.
    pub subjects: Vec<SubjectCard>,
    /// The time as this phone knows it.
    pub time: TimeState,
    /// The sync.
    pub sync: SyncState,
    /// When the app has something to do next: a day opens, a reminder is due, a token wants replacing, a failed sync
    /// may be tried again. None for nothing.
    pub next_wake: Option<Timestamp>,
    /// The region in which this phone is said to be, see [`super::Resident::set_region`]; six digits of GB/T 2260.
    #[uniffi(default = None)]
    pub region: Option<String>,
}

/// One subject on the first screen.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct SubjectCard {
    /// The subject's id: what the other calls take.
    pub subject: String,
    /// The issuer's id.
    pub issuer: String,
    /// The masked name.
    pub masked_name: String,
    /// The last four characters of the identity document.
    pub id_tail: String,
    /// Where the subject stands with the issuer.
    pub state: SubjectState,
    /// The code's colour; none before the first rating.
    pub colour: Option<Colour>,
    /// The colour's word.
    pub word: Option<Text>,
    /// Days that count so far, with an order in force.
    pub counted_days: Option<u16>,
    /// Days that the order takes.
    pub order_days: Option<u16>,
    /// The check-in that is due now.
    pub due: Option<Risk>,
    /// Whether all days are done and only the server's release is missing: connect to confirm.
    pub connect_to_confirm: bool,
    /// Entries that wait to be sent.
    pub waiting: u32,
    /// Whether a declaration was ever recorded.
    pub declared: bool,
    /// Another phone that wants to take this one's place. Show it at once: whoever has not asked for it refuses it.
    pub takeover: Option<Takeover>,
    /// The subject id of who cares for this subject with this phone; none where it is the subject's own. Show whose each
    /// screen's data are: the masked name above.
    #[uniffi(default = None)]
    pub cared_for_by: Option<String>,
    /// Who cares for the subject, this phone's carer included.
    #[uniffi(default = [])]
    pub carers: Vec<Carer>,
    /// The issuer's name. Show it wherever one person has codes of several.
    #[uniffi(default = None)]
    pub issuer_name: Option<Text>,
    /// The subject id of the same person at the authority from which the person moved to this one.
    #[uniffi(default = None)]
    pub moved_from: Option<String>,
    /// Whether this is the code to show where the phone is: where the region's own authority has given the person one,
    /// that; else that of the first authority, which a gate there reads by the trust list. One of each person's.
    #[uniffi(default = true)]
    pub shown_here: bool,
}

/// Another phone has enrolled for the subject and waits to take this one's place. Answer with
/// [`super::Entry::Consent`].
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct Takeover {
    /// The other phone's key.
    pub key: String,
    /// When it takes over unless it is refused.
    pub from: Timestamp,
}

/// Where a subject stands with the issuer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum SubjectState {
    /// This phone speaks for the subject.
    Active,
    /// Another phone did so before and is being told: this one takes over then.
    Pending {
        /// When it does.
        until: Timestamp,
    },
    /// Another phone has taken this one's place; or what this phone's carer does for the subject has ended.
    Replaced,
    /// The server does not know the subject by this phone's key: it has lost it, or the first phone has refused this
    /// one. Enrol again: what is kept here is not lost, and days that were counted are proved by their receipts.
    Unknown,
}

/// The sync.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Record)]
pub struct SyncState {
    /// Entries of all subjects that wait to be sent.
    pub waiting: u32,
    /// When the last sync succeeded, as this phone's lower bound of time.
    pub last_success: Option<Timestamp>,
    /// Background work waits until then after a failure; a person may always try.
    pub not_before: Option<Timestamp>,
    /// Failures since the last success.
    pub failures: u32,
    /// Whether a sync is under way now.
    pub running: bool,
}

// Masked, and still a person.
impl std::fmt::Debug for SubjectCard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SubjectCard({}, {:?})", self.subject, self.colour)
    }
}

pub(super) fn home(phone: &Phone) -> Result<Home, HealthcodeError> {
    let now = phone.now()?;
    let time = TimeState::of(&now);
    let retry = retry_state(phone)?;
    // One view for all of them: a sync that ends in between shows wholly or not at all.
    let (standings, region) = phone.store.read(|file| {
        let read = |key| Ok::<_, HealthcodeError>((Standing::read_in(file, &key)?, key));
        let standings = file.subjects()?.into_iter().map(read).collect::<Result<Vec<_>, _>>()?;
        Ok::<_, HealthcodeError>((standings, region::region(file)?))
    })?;
    let shown = region::shown(phone, region, &standings, now.best());
    let trust = phone.trust();

    let mut wakes: Vec<Timestamp> = Vec::new();
    let mut subjects = Vec::with_capacity(standings.len());
    for (standing, key) in &standings {
        let progress = standing.course.as_ref().map(|course| quarantine::progress_of(course, &now));
        let rulebook = phone.rulebook_of(&key.issuer);
        wakes.extend(wakes_of(standing, progress.as_ref(), rulebook.as_deref(), &now));
        let mut card = card(standing, key, progress.as_ref(), rulebook.as_deref(), &time);
        card.shown_here = shown.contains(&key.subject);
        let issuer = trust.as_ref().and_then(|trust| trust.issuer(&key.issuer));
        card.issuer_name = issuer.map(|issuer| issuer.name.clone());
        subjects.push(card);
    }
    wakes.extend(retry.not_before);
    let waiting = standings.iter().map(|(standing, _)| standing.waiting).fold(0, u32::saturating_add);
    Ok(Home {
        subjects,
        sync: SyncState {
            waiting,
            last_success: retry.last_success,
            not_before: retry.not_before,
            failures: retry.failures,
            running: phone.is_exchanging(),
        },
        next_wake: wakes.into_iter().filter(|wake| *wake > time.now).min(),
        time,
        region: region.map(|region| format!("{:06}", region.code())),
    })
}

fn card(
    standing: &Standing,
    key: &SubjectKey,
    progress: Option<&Progress>,
    rulebook: Option<&Rulebook>,
    time: &TimeState,
) -> SubjectCard {
    let identity = &standing.body.identity;
    let pending = standing.body.pending_until.filter(|until| standing.token.is_none() && *until > time.now);
    let state = match pending {
        _ if standing.body.replaced => SubjectState::Replaced,
        _ if standing.body.unknown => SubjectState::Unknown,
        Some(until) => SubjectState::Pending { until },
        None => SubjectState::Active,
    };
    let lowered = standing.is_lowered(rulebook, time.now);
    let colour = standing.colour().map(|colour| colour.lowered_if(lowered));
    SubjectCard {
        subject: key.subject.to_string(),
        issuer: key.issuer.clone(),
        masked_name: identity.name.mask(),
        id_tail: identity.document.tail().to_owned(),
        state,
        word: colour.and_then(|colour| Some(rulebook?.colour_text(colour).word.clone())),
        colour,
        counted_days: progress.map(|progress| progress.counted),
        order_days: progress.map(|progress| progress.days),
        due: progress.and_then(|progress| progress.due),
        connect_to_confirm: progress.is_some_and(|progress| quarantine::is_confirmable(progress, time.now)),
        waiting: standing.waiting,
        declared: standing.declaration.is_some(),
        takeover: standing
            .body
            .takeover
            .as_ref()
            .filter(|_| state == SubjectState::Active)
            .map(|(key, from)| Takeover { key: hex(&key.0), from: *from }),
        cared_for_by: standing.body.cared_by.as_ref().map(|of| of.carer.to_string()),
        carers: care::carers(standing),
        issuer_name: None,
        moved_from: standing.body.moved.as_ref().map(|moved| moved.subject.to_string()),
        shown_here: true,
    }
}

fn wakes_of(
    standing: &Standing,
    progress: Option<&Progress>,
    rulebook: Option<&Rulebook>,
    now: &Now,
) -> Vec<Timestamp> {
    let mut wakes = Vec::new();
    if let (Some(course), Some(progress)) = (&standing.course, progress) {
        let mut days = quarantine::reminders(course, progress, rulebook, 0, now.lower_bound);
        days.extend(progress.next_opens_at);
        days.extend(progress.earliest_release);
        // Days are counted at the lower bound, which comes to an instant later than the estimate does: whoever wakes by
        // the estimate would find the day closed still, and would not be woken again.
        let lag = now.best().since(now.lower_bound);
        wakes.extend(days.into_iter().map(|at| at.plus_millis(lag)));
    }
    if let (Some((_, token)), Some(rulebook)) = (&standing.token, rulebook) {
        wakes.push(rulebook.tokens.refresh_at(token.issued_at));
    }
    wakes.extend(standing.body.pending_until.filter(|_| standing.token.is_none()));
    // Not all phones of a city at once.
    let spread = standing.spread_millis();
    wakes.into_iter().map(|at| at.plus_millis(spread)).collect()
}
