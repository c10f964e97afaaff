//! The rules at the gate: a scanned text, the gate's time and its trust list come to one verdict. Pure; the first
//! rule that matches wins, in the order in which they stand in [`Gate::judge`]. What was seen before is asked
//! through a function, because it lives in the checkpoint's memory and nowhere else.

use super::code_text::{CodeText, CodeTextError, Foreign, Prefix};
use super::envelope::TokenError;
use super::gate_token::GateToken;
use super::presentation::{Mode, Scanned};
use super::trust_list::{Issuer, Opened, TrustList};
use super::verdict::{AskReason, CardReason, Holder, Side, Verdict};
use crate::rules::calendar::{MILLIS_PER_HOUR, Timestamp};
use crate::rules::colour::Colour;

/// How long a shown presentation stays fresh, in milliseconds.
pub const FRESH_MILLIS: i64 = 60_000;
/// How far a shown presentation may lie ahead of the gate, beyond the gate's own uncertainty.
pub const AHEAD_MILLIS: i64 = 15_000;
/// How far a token's issue may lie ahead of the gate before the gate must doubt itself.
pub const ISSUE_AHEAD_MILLIS: i64 = 5 * 60_000;

/// What a gate knows of the time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GateTime {
    /// From an anchor of this boot session, within an uncertainty in milliseconds.
    Firm {
        /// The time.
        now: Timestamp,
        /// How far true time may lie beyond it.
        uncertainty_millis: i64,
    },
    /// From the wall clock, not below the lower bound, confirmed by the staff.
    Coarse {
        /// The time.
        now: Timestamp,
    },
    /// Never anchored, or in contradiction with itself.
    None,
}

/// The parameters of a gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GatePolicy {
    /// Up to this age of the evidence a code counts as it is, in hours.
    pub as_is_hours: u16,
    /// Up to this age the card is compared, beyond it a phone must connect; in hours.
    pub list_grace_hours: u16,
    /// The strictest colour that passes.
    pub passes: Colour,
}

impl Default for GatePolicy {
    fn default() -> Self {
        Self { as_is_hours: 24, list_grace_hours: 72, passes: Colour::Green }
    }
}

/// The challenge that a gate has open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenChallenge {
    /// Its bytes as shown.
    pub bytes: Vec<u8>,
    /// The first four bytes of its nonce.
    pub short_nonce: [u8; 4],
}

/// What a gate remembers of a shown presentation: the token's id and the time that it names.
pub type SeenKey = ([u8; 8], Timestamp);

/// A verdict and what the checkpoint does about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judged {
    /// The verdict.
    pub verdict: Verdict,
    /// The presentation to remember as seen.
    pub seen: Option<SeenKey>,
    /// Whether it answered the open challenge, which is used up with that.
    pub answered: bool,
}

/// A gate at one instant.
pub struct Gate<'a> {
    /// What it knows of the time.
    pub time: GateTime,
    /// Its trust list; none before the first sync.
    pub trust: Option<&'a TrustList>,
    /// Its parameters.
    pub policy: GatePolicy,
    /// The challenge that it has open and that is not too old.
    pub challenge: Option<&'a OpenChallenge>,
    /// Whether a presentation was seen here before, or cannot be told from one that was.
    pub seen: &'a dyn Fn(&SeenKey) -> bool,
}

impl Gate<'_> {
    /// Judges a scanned text.
    #[must_use]
    pub fn judge(&self, text: &str) -> Judged {
        match self.judge_steps(text) {
            Ok(judged) => judged,
            Err(verdict) => Judged { verdict: *verdict, seen: None, answered: false },
        }
    }

    fn judge_steps(&self, text: &str) -> Result<Judged, Box<Verdict>> {
        let (now, firm) = match self.time {
            GateTime::Firm { now, uncertainty_millis } => (now, Some(uncertainty_millis)),
            GateTime::Coarse { now } => (now, None),
            GateTime::None => return Err(connect(Side::Gate)),
        };
        let trust = self.trust.filter(|trust| !trust.is_expired(now)).ok_or_else(|| connect(Side::Gate))?;

        let code = CodeText::parse(text).map_err(not_ours)?;
        if code.prefix == Prefix::Paper {
            return Err(paper(trust, &code.bytes));
        }
        if code.prefix != Prefix::Code {
            return Err(Box::new(Verdict::NotAHealthCode { what: Foreign::Other }));
        }
        let scanned = Scanned::parse(&code.bytes).map_err(|error| invalid(&error))?;
        let content = scanned.content();
        let opened = open_token(trust, &content.token)?;
        let (token, holder) = (&opened.object, holder_of(&opened));
        let key = token.holder.as_ref().ok_or_else(|| invalid(&"paper-with-proof"))?;
        let (own_answer, ask) = self.match_answer(content.mode);
        if !matches!(content.mode, Mode::Answer(_)) || own_answer.is_some() {
            scanned.verify(key, own_answer).map_err(token_error)?;
        }
        check_region(&opened)?;

        if token.issued_at.since(now) > ISSUE_AHEAD_MILLIS {
            return Err(connect(Side::Gate));
        }
        if now >= token.expires_at {
            return Err(Box::new(Verdict::Renew { holder, expired_at: token.expires_at }));
        }
        let seen = match content.mode {
            Mode::Shown(at) => Some((token.id, at)),
            Mode::Answer(_) => None,
        };
        if seen.as_ref().is_some_and(self.seen) {
            return Err(Box::new(Verdict::AlreadySeen { holder }));
        }
        if let Some(reason) = ask.or_else(|| wrong_time(content.mode, now, firm)) {
            return Err(Box::new(Verdict::AskForAnswer { holder, reason }));
        }
        let colour = effective(token.colour, content.flags.lowered, opened.issuer);
        let verdict = self.by_colour(token, holder, colour, now);
        Ok(Judged { verdict, seen, answered: own_answer.is_some() })
    }

    /// The bytes of the challenge that an answer answers, or why it answers none of ours.
    fn match_answer(&self, mode: Mode) -> (Option<&[u8]>, Option<AskReason>) {
        match (mode, self.challenge) {
            (Mode::Shown(_), _) => (None, None),
            (Mode::Answer(nonce), Some(open)) if open.short_nonce == nonce => (Some(&open.bytes), None),
            (Mode::Answer(_), _) => (None, Some(AskReason::OtherChallenge)),
        }
    }

    fn by_colour(&self, token: &GateToken, holder: Holder, colour: Colour, now: Timestamp) -> Verdict {
        let valid_until = token.expires_at;
        if colour > self.policy.passes {
            return Verdict::Stop { holder, colour, valid_until };
        }
        let age = now.since(token.issued_at);
        let hours = |hours: u16| i64::from(hours) * MILLIS_PER_HOUR;
        if age <= hours(self.policy.as_is_hours) {
            Verdict::Pass { holder, colour, valid_until }
        } else if age <= hours(self.policy.list_grace_hours) {
            let reason = CardReason::OldEvidence;
            Verdict::CompareCard { holder, colour, reason, status_as_of: token.issued_at }
        } else {
            Verdict::ConnectFirst { side: Side::Either }
        }
    }
}

fn connect(side: Side) -> Box<Verdict> {
    Box::new(Verdict::ConnectFirst { side })
}

fn invalid(reason: &dyn std::fmt::Display) -> Box<Verdict> {
    Box::new(Verdict::Invalid { reason: reason.to_string() })
}

fn not_ours(error: CodeTextError) -> Box<Verdict> {
    match error {
        CodeTextError::Foreign(what) => Box::new(Verdict::NotAHealthCode { what }),
        CodeTextError::Base45 => invalid(&"base45"),
        CodeTextError::TooLong => invalid(&"too-large"),
    }
}

/// No status list covers paper yet at this gate: it cannot be judged offline.
fn paper(trust: &TrustList, bytes: &[u8]) -> Box<Verdict> {
    match open_token(trust, bytes) {
        Ok(opened) if opened.object.holder.is_some() => invalid(&"phone-without-proof"),
        Ok(opened) => check_region(&opened).err().unwrap_or_else(|| connect(Side::Gate)),
        Err(verdict) => verdict,
    }
}

fn open_token<'t>(trust: &'t TrustList, bytes: &[u8]) -> Result<Opened<'t, GateToken>, Box<Verdict>> {
    trust.open_object::<GateToken>(bytes).map_err(token_error)
}

fn check_region(opened: &Opened<'_, GateToken>) -> Result<(), Box<Verdict>> {
    let speaks = opened.issuer.speaks_for(opened.object.region);
    if speaks { Ok(()) } else { Err(token_error(TokenError::Region)) }
}

fn token_error(error: TokenError) -> Box<Verdict> {
    match error {
        TokenError::UnknownKey => Box::new(Verdict::UnknownIssuer),
        TokenError::Form(form) => invalid(&form),
        TokenError::Signature => invalid(&"signature"),
        TokenError::OutsideKeyWindow => invalid(&"key-window"),
        TokenError::Region => invalid(&"region"),
        TokenError::OtherSubject => invalid(&"subject"),
    }
}

fn holder_of(opened: &Opened<'_, GateToken>) -> Holder {
    Holder {
        masked_name: opened.object.masked_name.clone(),
        id_tail: opened.object.id_tail.clone(),
        issuer: opened.issuer.id.clone(),
        issuer_name: opened.issuer.name.clone(),
        region: opened.object.region.digits(),
    }
}

fn wrong_time(mode: Mode, now: Timestamp, firm: Option<i64>) -> Option<AskReason> {
    match (mode, firm) {
        (Mode::Answer(_), _) => None,
        (Mode::Shown(_), None) => Some(AskReason::GateTime),
        (Mode::Shown(at), Some(_)) if now.since(at) > FRESH_MILLIS => Some(AskReason::Older),
        (Mode::Shown(at), Some(uncertainty)) => {
            (at.since(now) > uncertainty + AHEAD_MILLIS).then_some(AskReason::Newer)
        }
    }
}

/// The colour that counts here: the issuer's as the trust list maps it, then lowered by the phone's own flag, so that
/// no mapping makes a lowered code green.
fn effective(colour: Colour, lowered: bool, issuer: &Issuer) -> Colour {
    let mapped = issuer.colours.get(usize::from(colour.code())).copied();
    // A list with another number was refused whole; the strictest is the safe reading.
    mapped.and_then(Colour::from_code).unwrap_or(Colour::Red).lowered_if(lowered)
}
