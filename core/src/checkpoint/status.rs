//! Where a checkpoint stands: what it knows of the time, and how old what it judges by is.

use super::{Checkpoint, gate_time};
use crate::error::HealthcodeError;
use crate::rules::calendar::{LegalDate, Timestamp};
use crate::rules::text::Text;
use crate::time::ClockHint;
use crate::token::gate::GateTime;

/// What a gate knows of the time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum GateTimeState {
    /// From a server, in this start of the phone: codes are judged as they are shown.
    Firm,
    /// From the phone's own clock, its date confirmed by the staff: codes must answer a challenge.
    Coarse,
    /// From the phone's own clock: show its date to the staff, then [`Checkpoint::confirm_date`].
    ConfirmDate,
    /// Not at all: connect first.
    None,
}

/// A kind of gate for which there is a policy.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct PolicyChoice {
    /// Its id: what a [`super::Lane`] names.
    pub id: String,
    /// Its name, for the staff.
    pub name: Text,
}

/// A status list as this phone has it.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct StatusListState {
    /// The issuer's id.
    pub issuer: String,
    /// The list's number.
    pub number: u32,
    /// The instant as of which it tells.
    pub issued_at: Timestamp,
    /// When a later one is fetched by a sync: after what the list says, six hours at most, or when it expires.
    pub refresh_at: Timestamp,
    /// When it proves nothing more.
    pub expires_at: Timestamp,
}

/// An outage notice in force.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct OutageState {
    /// The issuer's id.
    pub issuer: String,
    /// By how many hours its tokens and the limits of a gate's evidence are extended.
    pub hours: u16,
    /// Until when.
    pub ends_at: Timestamp,
}

/// Where a checkpoint stands.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct CheckpointStatus {
    /// What the gate knows of the time.
    pub time: GateTimeState,
    /// The time by which it judges, or would once its date is confirmed.
    pub now: Timestamp,
    /// The legal date of `now`; none before the first sync.
    pub date: Option<LegalDate>,
    /// What to tell the staff when the phone's own clock is wrong.
    pub hint: Option<ClockHint>,
    /// The version of the trust list; none before the first sync.
    pub trust_list_version: Option<u32>,
    /// When the trust list expires: sync before.
    pub trust_list_expires_at: Option<Timestamp>,
    /// Whether trust list and roots are those that the home issuer named last: if not, connect.
    pub is_current: bool,
    /// The version of the root keys in force.
    pub root_version: u32,
    /// How many issuers it knows.
    pub issuers: u32,
    /// The lane's policy; none where it names none, or one that is not here yet: then connect.
    pub policy: Option<PolicyChoice>,
    /// The policies' version; none before they came.
    pub policy_version: Option<u32>,
    /// The kinds of gates that a lane can be.
    pub policies: Vec<PolicyChoice>,
    /// The status lists.
    pub status_lists: Vec<StatusListState>,
    /// The outage notices in force.
    pub outages: Vec<OutageState>,
}

#[uniffi::export]
impl Checkpoint {
    /// Where this checkpoint stands: what it knows of the time, and how old what it judges by is.
    ///
    /// # Errors
    ///
    /// `Port`, `Storage`.
    pub fn status(&self) -> Result<CheckpointStatus, HealthcodeError> {
        let phone = self.hold.phone()?;
        let now = phone.now()?;
        let (time, at) = match gate_time(&now, &self.state()) {
            GateTime::Firm { now, .. } => (GateTimeState::Firm, now),
            GateTime::Coarse { now } => (GateTimeState::Coarse, now),
            GateTime::None if now.anchored && now.wall >= now.lower_bound => {
                (GateTimeState::ConfirmDate, now.wall)
            }
            GateTime::None => (GateTimeState::None, now.lower_bound),
        };
        let (trust, documents) = (phone.trust(), phone.gate_documents()?);
        let content = trust.as_ref().map(|trust| trust.content());
        let policies = documents.policies.as_ref();
        let choices: Vec<_> = policies
            .iter()
            .flat_map(|policies| &policies.gates)
            .map(|gate| PolicyChoice { id: gate.id.clone(), name: gate.name.clone() })
            .collect();
        let lists = documents.lists().map(|(issuer, list)| {
            let content = list.content();
            StatusListState {
                issuer: issuer.to_owned(),
                number: list.number(),
                issued_at: content.issued_at,
                refresh_at: content.refresh_at(),
                expires_at: content.expires_at,
            }
        });
        let in_force = documents.outages.iter().filter(|notice| notice.hours > 0 && at < notice.ends_at);
        let outage = in_force.map(|notice| OutageState {
            issuer: notice.issuer.clone(),
            hours: notice.hours,
            ends_at: notice.ends_at,
        });
        Ok(CheckpointStatus {
            time,
            now: at,
            date: phone.rulebook().map(|rulebook| rulebook.offset_minutes.date_of(at)),
            hint: now.hint,
            trust_list_version: content.map(|content| content.version),
            trust_list_expires_at: trust.as_ref().map(|trust| trust.expires_at()),
            is_current: phone.current_trust().is_some(),
            root_version: phone.roots().version,
            issuers: content.map_or(0, |content| u32::try_from(content.issuers.len()).unwrap_or(u32::MAX)),
            policy: choices.iter().find(|choice| self.lane.policy.as_ref() == Some(&choice.id)).cloned(),
            policy_version: policies.map(|policies| policies.version),
            policies: choices,
            status_lists: lists.collect(),
            outages: outage.collect(),
        })
    }
}
