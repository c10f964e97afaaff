//! One lane of a gate, and what its verdict is in words.

use std::collections::{BTreeMap, BTreeSet};

use healthcode::rules::gate_policy::{Direction, GatePolicy};
use healthcode::token::gate::{Gate, GateTime, Judged, ListedStatus, OpenChallenge, SeenKey};
use healthcode::token::status_list::StatusListContent;
use healthcode::token::{Challenge, OutageNotice, StatusReference, TokenError, TrustList, Verdict};

use crate::world::{at, signed_status_list, trust};

/// One lane of a gate: what it knows, to be judged by.
pub struct Lane {
    /// What it knows of the time.
    pub time: GateTime,
    /// Its trust list.
    pub trust: Option<TrustList>,
    /// Who passes.
    pub policy: GatePolicy,
    /// Where people go.
    pub direction: Direction,
    /// Whether it has a display and a camera for answers.
    pub takes_answers: bool,
    /// Its status lists, by issuer and number.
    pub lists: BTreeMap<(String, u32), StatusListContent>,
    /// The outage notices in force.
    pub outages: Vec<OutageNotice>,
    /// The challenge that it has open.
    pub challenge: Option<OpenChallenge>,
    /// What it has seen.
    pub seen: BTreeSet<SeenKey>,
}

impl Lane {
    /// A lane with this time and the list in force.
    #[must_use]
    pub fn new(time: GateTime) -> Self {
        Self {
            time,
            trust: Some(trust()),
            policy: GatePolicy::default(),
            direction: Direction::In,
            takes_answers: true,
            lists: BTreeMap::new(),
            outages: Vec::new(),
            challenge: None,
            seen: BTreeSet::new(),
        }
    }

    /// A lane that knows the time to the second: so many seconds after the token's issue.
    #[must_use]
    pub fn firm(seconds: i64) -> Self {
        Self::new(GateTime::Firm { now: at(seconds), uncertainty_millis: 0 })
    }

    /// A lane that goes by its phone's own clock.
    #[must_use]
    pub fn coarse(seconds: i64) -> Self {
        Self::new(GateTime::Coarse { now: at(seconds) })
    }

    /// The same with Zhejiang's first list, of these withdrawn places.
    #[must_use]
    pub fn listing(self, issued: i64, expires: i64, withdrawn: &[u32]) -> Self {
        self.loaded(&signed_status_list(issued, expires, withdrawn)).unwrap()
    }

    /// The same with a signed list, if the issuers' list accepts it.
    pub fn loaded(mut self, signed: &[u8]) -> Result<Self, TokenError> {
        let trust = self.trust.as_ref().ok_or(TokenError::UnknownKey)?;
        let opened = trust.open_status_list(signed)?;
        let name = (opened.issuer.id.clone(), opened.object.number());
        let content = opened.object.content().clone();
        self.lists.insert(name, content);
        Ok(self)
    }

    /// The same with this challenge open.
    #[must_use]
    pub fn asking(self, challenge: &Challenge) -> Self {
        let open = OpenChallenge { bytes: challenge.to_bytes(), short_nonce: challenge.short_nonce() };
        Self { challenge: Some(open), ..self }
    }

    /// The same with another list.
    #[must_use]
    pub fn trusting(self, trust: TrustList) -> Self {
        Self { trust: Some(trust), ..self }
    }

    /// Judges a text; nothing is remembered.
    #[must_use]
    pub fn judge(&self, text: &str) -> Judged {
        let gate = Gate {
            direction: self.direction,
            takes_answers: self.takes_answers,
            status: &|issuer, place| self.status(issuer, place),
            outages: &self.outages,
            challenge: self.challenge.as_ref(),
            seen: &|key| self.seen.contains(key),
            ..Gate::new(self.time, self.trust.as_ref(), &self.policy)
        };
        gate.judge(text)
    }

    fn status(&self, issuer: &str, place: StatusReference) -> Option<ListedStatus> {
        let list = self.lists.get(&(issuer.to_owned(), place.list))?;
        let withdrawn = list.statuses.get(place.index).map(|status| status != 0);
        Some(ListedStatus { withdrawn, issued_at: list.issued_at, expires_at: list.expires_at })
    }

    /// The verdict in words.
    #[must_use]
    pub fn says(&self, text: &str) -> String {
        told(&self.judge(text).verdict)
    }

    /// Judges a text and remembers what a checkpoint does.
    pub fn scan(&mut self, text: &str) -> String {
        let judged = self.judge(text);
        self.seen.extend(judged.seen);
        if judged.answered {
            self.challenge = None;
        }
        told(&judged.verdict)
    }
}

/// The verdict's name, with what it says of the colour, the reason or the side.
#[must_use]
pub fn told(verdict: &Verdict) -> String {
    let detail = match verdict {
        Verdict::Pass { colour, .. } | Verdict::Stop { colour, .. } => colour.word().to_owned(),
        Verdict::AskForAnswer { reason, .. } => format!("{reason:?}"),
        Verdict::CompareCard { reason, .. } => format!("{reason:?}"),
        Verdict::ConnectFirst { side } => format!("{side:?}"),
        Verdict::Invalid { reason } => reason.clone(),
        Verdict::NotAHealthCode { what } => format!("{what:?}"),
        _ => return verdict.name().to_owned(),
    };
    format!("{} {detail}", verdict.name())
}
