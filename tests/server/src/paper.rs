//! Paper codes: gate tokens without a holder's key, for people without a phone. Issued and withdrawn by an operation of
//! the person's or a carer's phone, or by an officer; every phone of the person is told. What never enters: a page. A
//! phone draws it, or the core for the officer who prints it at a counter.

use healthcode::rules::calendar::Timestamp;
use healthcode::rules::identity::Region;
use healthcode::rules::rulebook::{PaperTerms, Rulebook};
use healthcode::token::outage::MAX_HOURS;
use healthcode::token::trust_list::{seal, unseal};
use healthcode::token::{By, GateToken, PaperNotice, Sign1, Signer as _, StatusReference};
use healthcode::wire::message::ChangeKind;
use healthcode::wire::operation::PaperChange;
use healthcode::wire::{Bytes, Problem, ProblemKind};
use serde::{Deserialize, Serialize};

use crate::desk::Desk;
use crate::error::ServerError;
use crate::issue::place_of;
use crate::keys::random;
use crate::life::number_in_tokens;
use crate::state::TokenPlace;

/// A paper code of a person, for as long as a gate may see it.
#[derive(Clone, Serialize, Deserialize)]
pub struct PaperState {
    /// The id of its gate token.
    pub id: Bytes,
    /// The id of the key that signed the token.
    pub key: Bytes,
    /// When it expires.
    pub expires_at: Timestamp,
    /// Where its status stands.
    pub place: TokenPlace,
    /// The serial of what was said of it last.
    pub said: u64,
    /// Whether it was withdrawn.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub withdrawn: bool,
}

/// When a paper code of an instant expires: with the last of so many legal days, the day of issue among them.
pub(crate) fn expires_at(rulebook: &Rulebook, issued_at: Timestamp) -> Timestamp {
    let PaperTerms { lifetime_days, .. } = rulebook.paper;
    let last = rulebook.offset_minutes.date_of(issued_at).plus_days(i32::from(lifetime_days));
    rulebook.offset_minutes.at(last, 0)
}

/// When the last token expires that was issued by an instant: paper lives longer than a phone's.
pub(crate) fn last_expiry(rulebook: &Rulebook, issued_at: Timestamp) -> Timestamp {
    rulebook.tokens.expires_at(issued_at).max(expires_at(rulebook, issued_at))
}

impl Desk<'_> {
    /// What a phone asks for.
    pub(crate) fn take_paper(&mut self, change: &PaperChange, by: Option<By>) -> Result<(), Problem> {
        if self.is_late() {
            return Err(Problem::new(&ProblemKind::Replaced));
        }
        let done = match change {
            PaperChange::Issue {} => self.issue_paper(by).map(|_| ()),
            PaperChange::Withdraw { paper } => self.withdraw_paper(paper, by),
        };
        done.map_err(|error| match error {
            ServerError::Problem(problem) => *problem,
            error => {
                tracing::error!(%error, "a paper code");
                Problem::new(&ProblemKind::Unavailable)
            }
        })
    }

    /// Issues a paper code in the colour in force, and tells every phone of the person; the token, and as it was signed.
    ///
    /// # Errors
    ///
    /// The problem `invalid` at `colour` before the first rating, `limit` at `paper` where as many are valid as may be.
    pub(crate) fn issue_paper(&mut self, by: Option<By>) -> Result<(GateToken, Vec<u8>), ServerError> {
        let colour = self.state.colour().ok_or_else(|| Problem::new(&ProblemKind::Invalid).at("colour"))?;
        let valid = self.state.papers.iter().filter(|paper| !paper.withdrawn && self.now < paper.expires_at);
        if valid.count() >= usize::from(self.rulebook.paper.max_valid) {
            return Err(Problem::new(&ProblemKind::Limit).at("paper").into());
        }
        let issued_at = self.now_in_seconds();
        let (list, index) = self.life.once.take(&self.keys)?;
        let token = GateToken {
            expires_at: expires_at(self.rulebook, issued_at),
            issued_at,
            id: random()?,
            holder: None,
            colour,
            region: Region::from_code(self.region).map_err(|_| ServerError::Internal("region"))?,
            status: StatusReference { list: number_in_tokens(list), index },
            masked_name: self.state.masked_name.clone(),
            id_tail: self.state.id_tail.clone(),
        };
        let (signer, ..) = self.keys.token_key(issued_at);
        let (serial, bytes) = (self.next_serial()?, seal(&token, &signer)?);
        let notice = PaperNotice {
            subject: self.subject,
            serial,
            id: token.id,
            said_at: issued_at,
            token: Some(bytes.clone().into()),
            by,
        };
        self.say(ChangeKind::Paper, serial, &notice)?;
        self.state.papers.push(PaperState {
            id: token.id.to_vec().into(),
            key: signer.public_key().id().to_vec().into(),
            expires_at: token.expires_at,
            place: place_of(&token, list),
            said: serial,
            withdrawn: false,
        });
        Ok((token, bytes))
    }

    /// Withdraws a paper code, and tells every phone of the person.
    ///
    /// # Errors
    ///
    /// The problem `invalid` at `paper` for one that the person does not have, `already-done` for one that was
    /// withdrawn, `late` for one that has expired.
    pub(crate) fn withdraw_paper(&mut self, id: &Bytes, by: Option<By>) -> Result<(), ServerError> {
        let refused = |kind| Err(Problem::new(&kind).at("paper").into());
        let place = self.state.papers.iter().position(|paper| paper.id == *id);
        match place.and_then(|place| self.state.papers.get(place).map(|paper| (place, paper))) {
            None => refused(ProblemKind::Invalid),
            Some((_, paper)) if paper.withdrawn => refused(ProblemKind::AlreadyDone),
            Some((_, paper)) if self.now >= paper.expires_at => refused(ProblemKind::Late),
            Some((place, _)) => self.end_paper(place, by),
        }
    }

    /// Withdraws the papers of another colour than the one in force, and those whose key was removed; forgets those that
    /// no gate lets pass any more.
    pub(crate) fn withdraw_papers(&mut self) -> Result<(), ServerError> {
        let now = self.now;
        self.state.papers.retain(|paper| now < paper.place.until);
        let colour = self.state.colour();
        for place in 0..self.state.papers.len() {
            let gone = self.state.papers.get(place).is_some_and(|paper| {
                let other = colour.is_some_and(|colour| colour != paper.place.colour);
                !paper.withdrawn && (other || self.keys.removed().any(|id| id == paper.key.0))
            });
            if gone {
                self.end_paper(place, None)?;
            }
        }
        Ok(())
    }

    fn end_paper(&mut self, place: usize, by: Option<By>) -> Result<(), ServerError> {
        let serial = self.next_serial()?;
        let (subject, said_at) = (self.subject, self.now_in_seconds());
        let Some(paper) = self.state.papers.get_mut(place) else { return Ok(()) };
        (paper.withdrawn, paper.said) = (true, serial);
        let id = paper.id.0.as_slice().try_into().map_err(|_| ServerError::Internal("paper"))?;
        self.changes.withdrawn.push(paper.place.into());
        let notice = PaperNotice { subject, serial, id, said_at, token: None, by };
        self.say(ChangeKind::Paper, serial, &notice)
    }

    /// A notice that was lost: what was said of the paper later holds.
    pub(crate) fn recover_paper(&mut self, notice: &PaperNotice) {
        let known = self.state.papers.iter_mut().find(|paper| paper.id.0 == notice.id);
        match (known, &notice.token) {
            (Some(paper), None) if notice.serial > paper.said => {
                (paper.withdrawn, paper.said) = (true, notice.serial);
                let withdrawn = paper.place.into();
                self.changes.withdrawn.push(withdrawn);
            }
            (None, Some(token)) => {
                let (signer, ..) = self.keys.token_key(notice.said_at);
                let public = signer.public_key();
                let Ok(opened) = unseal::<GateToken>(token, &public) else { return };
                let key = Sign1::parse(token, token.len()).ok().and_then(|envelope| envelope.key_id());
                self.state.papers.push(PaperState {
                    id: notice.id.to_vec().into(),
                    key: key.unwrap_or_else(|| public.id()).to_vec().into(),
                    expires_at: opened.expires_at,
                    place: place_of(&opened, opened.status.list),
                    said: notice.serial,
                    withdrawn: false,
                });
            }
            _ => {}
        }
    }
}

/// Until when what was withdrawn by an instant may still be shown at a gate.
pub(crate) fn withdrawn_until(rulebook: &Rulebook, by: Timestamp) -> Timestamp {
    last_expiry(rulebook, by).plus_hours(i64::from(MAX_HOURS))
}
