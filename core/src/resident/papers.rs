//! The paper codes of a subject: those that the authority has told this phone of, and their pages. What never enters: a
//! proof. Whoever shows paper is compared with the card.

use std::collections::BTreeMap;

use super::input::PaperInput;
use super::standing::Standing;
use super::{Resident, known};
use crate::error::HealthcodeError;
use crate::paper::page;
use crate::qr::{CodePicture, Shade};
use crate::rules::calendar::Timestamp;
use crate::rules::colour::Colour;
use crate::rules::text::Text;
use crate::store::SubjectKey;
use crate::sync::phone::{Now, Phone};
use crate::sync::round::kept;
use crate::token::code_text::{CodeText, Prefix};
use crate::token::ids::{hex, unhex};
use crate::token::{By, GateToken, PaperNotice};
use crate::wire::PaperChange;
use crate::wire::message::ChangeKind;

/// A paper code of a subject. Keep text and picture in memory only, as those of a code.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct PaperCode {
    /// Its id: what [`Resident::paper_page`] and [`PaperInput::Withdraw`] take.
    pub id: String,
    /// The colour in which it was issued.
    pub colour: Colour,
    /// The frame: the colour with its shape.
    pub shade: Shade,
    /// The colour's word.
    pub word: Option<Text>,
    /// When it was issued.
    pub issued_at: Timestamp,
    /// When it expires: the end of a legal day.
    pub expires_at: Timestamp,
    /// Whether it passes still, as far as this phone knows.
    pub state: PaperCodeState,
    /// The carer or officer who asked for it; none where the person did.
    pub issued_by: Option<By>,
    /// The text in the QR code.
    pub text: String,
    /// The QR code.
    pub picture: CodePicture,
    /// The masked name of the person that it is about.
    #[uniffi(default = "")]
    pub masked_name: String,
}

/// Whether a paper code passes still.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum PaperCodeState {
    /// It does, after the card was compared.
    Valid,
    /// It was withdrawn: a gate says so once it has the status list.
    Withdrawn {
        /// When.
        at: Timestamp,
        /// The carer or officer who asked for that; none where the person did, or the authority because the colour has
        /// changed.
        by: Option<By>,
    },
    /// Its days are over.
    Expired,
}

// The text is a code that passes.
impl std::fmt::Debug for PaperCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PaperCode({}, {:?}, {:?})", self.id, self.colour, self.state)
    }
}

#[uniffi::export]
impl Resident {
    /// The paper codes of a subject, the latest first: those that passed in the last days of an appeal are among them.
    /// Ask for one, or withdraw one, by [`Resident::record`].
    ///
    /// # Errors
    ///
    /// `UnknownSubject`, `Storage`, `Port`.
    pub fn papers(&self, subject: String) -> Result<Vec<PaperCode>, HealthcodeError> {
        let phone = self.phone()?;
        let (key, now) = (known(&phone, &subject)?, phone.now()?);
        let rulebook = phone.rulebook_of(&key.issuer);
        let word = |colour| rulebook.as_ref().map(|rulebook| rulebook.colour_text(colour).word.clone());
        read(&phone, &key)?.iter().map(|paper| paper.shown(word(paper.token.colour), &now)).collect()
    }

    /// The page of a valid paper code, to print: one SVG document of A4 size without references, in Chinese and English,
    /// with a card to cut out. It carries a code that passes with the person's card: hand it to the platform's printing
    /// or share sheet, write it to no file of the app's.
    ///
    /// # Errors
    ///
    /// `InvalidField` for a paper code that is not known, was withdrawn, or has expired; `NotSynced` before the first
    /// sync; `UnknownSubject`, `Storage`, `Port`.
    pub fn paper_page(&self, subject: String, paper: String) -> Result<String, HealthcodeError> {
        let phone = self.phone()?;
        let (key, now) = (known(&phone, &subject)?, phone.now()?);
        let rulebook = phone.rulebook_of(&key.issuer).ok_or(HealthcodeError::NotSynced)?;
        let trust = phone.trust().ok_or(HealthcodeError::NotSynced)?;
        let papers = read(&phone, &key)?;
        let kept = find(&papers, &paper)?;
        kept.check_valid(&now)?;
        Ok(page(&kept.token, &kept.bytes, &rulebook, &Phone::issuer(&trust, &key.issuer)?.name)?)
    }
}

/// A paper code as it was told.
struct Kept {
    id: [u8; 8],
    bytes: Vec<u8>,
    token: GateToken,
    issued_by: Option<By>,
    withdrawn: Option<(Timestamp, Option<By>)>,
}

impl Kept {
    fn text(&self) -> String {
        CodeText::write(Prefix::Paper, &self.bytes)
    }

    fn state(&self, now: &Now) -> PaperCodeState {
        match &self.withdrawn {
            Some((at, by)) => PaperCodeState::Withdrawn { at: *at, by: by.clone() },
            None if now.best() >= self.token.expires_at => PaperCodeState::Expired,
            None => PaperCodeState::Valid,
        }
    }

    fn check_valid(&self, now: &Now) -> Result<(), HealthcodeError> {
        let reason = match self.state(now) {
            PaperCodeState::Valid => return Ok(()),
            PaperCodeState::Withdrawn { .. } => "withdrawn",
            PaperCodeState::Expired => "in-the-past",
        };
        Err(HealthcodeError::field("paper", reason))
    }

    fn shown(&self, word: Option<Text>, now: &Now) -> Result<PaperCode, HealthcodeError> {
        let text = self.text();
        Ok(PaperCode {
            masked_name: self.token.masked_name.clone(),
            id: hex(&self.id),
            colour: self.token.colour,
            shade: self.token.colour.into(),
            word,
            issued_at: self.token.issued_at,
            expires_at: self.token.expires_at,
            state: self.state(now),
            issued_by: self.issued_by.clone(),
            picture: CodePicture::of(&text)?,
            text,
        })
    }
}

/// All that is known, the latest first.
fn read(phone: &Phone, key: &SubjectKey) -> Result<Vec<Kept>, HealthcodeError> {
    let decisions = phone.store.read(|file| file.decisions(key))?;
    let mut papers: Vec<Kept> = Vec::new();
    let mut withdrawn = BTreeMap::new();
    for decision in decisions.iter().filter(|decision| decision.kind == ChangeKind::Paper) {
        let PaperNotice { id, said_at, token, by, .. } = kept(&decision.object.0)?;
        match token {
            Some(bytes) => {
                let bytes = bytes.to_vec();
                let token = kept(&bytes)?;
                papers.push(Kept { id, bytes, token, issued_by: by, withdrawn: None });
            }
            None => {
                withdrawn.insert(id, (said_at, by));
            }
        }
    }
    for paper in &mut papers {
        paper.withdrawn = withdrawn.remove(&paper.id);
    }
    papers.reverse();
    Ok(papers)
}

fn find<'a>(papers: &'a [Kept], id: &str) -> Result<&'a Kept, HealthcodeError> {
    let unknown = || HealthcodeError::field("paper", "unknown");
    let id = unhex::<8>(id).ok_or_else(unknown)?;
    papers.iter().find(|paper| paper.id == id).ok_or_else(unknown)
}

/// What is asked for, if this phone can tell that it makes sense: the authority decides.
pub(super) fn check(
    phone: &Phone,
    key: &SubjectKey,
    input: &PaperInput,
    now: &Now,
) -> Result<PaperChange, HealthcodeError> {
    match input {
        PaperInput::Issue => {
            let rated = Standing::read(phone, key)?.colour().is_some();
            if rated { Ok(PaperChange::Issue {}) } else { Err(HealthcodeError::NotRated) }
        }
        PaperInput::Withdraw { paper } => {
            let papers = read(phone, key)?;
            let known = find(&papers, paper)?;
            known.check_valid(now)?;
            Ok(PaperChange::Withdraw { paper: known.id.to_vec().into() })
        }
    }
}

#[cfg(test)]
mod tests;
