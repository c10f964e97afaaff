//! The rules at the gate: a scanned text, the gate's time and its trust list come to one verdict. Pure; the first
//! rule that matches wins, in the order in which they stand in [`Gate::judge`]. What was seen before is asked
//! through a function, because it lives in the checkpoint's memory and nowhere else.

use super::code_text::{CodeText, CodeTextError, Foreign, Prefix};
use super::envelope::TokenError;
use super::gate_token::{GateToken, StatusReference};
use super::outage::OutageNotice;
use super::presentation::{Mode, Scanned};
use super::trust_list::{Issuer, Opened, TrustList};
use super::verdict::{AskReason, CardReason, Holder, Side, Verdict};
use crate::rules::calendar::{MILLIS_PER_HOUR, Timestamp};
use crate::rules::colour::Colour;
use crate::rules::gate_policy::{Class, Direction, Facts, GatePolicy, Passage};

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

/// What the gate's status lists say of one place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListedStatus {
    /// Whether the place says that its token is withdrawn; none where the list has no such place.
    pub withdrawn: Option<bool>,
    /// When the list was issued: the status is known as of this instant.
    pub issued_at: Timestamp,
    /// When the list expires: then it proves nothing more of what it does not withdraw.
    pub expires_at: Timestamp,
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
    /// Who passes here.
    pub policy: &'a GatePolicy,
    /// Where the person goes.
    pub direction: Direction,
    /// Whether it can show a challenge and read the answer.
    pub takes_answers: bool,
    /// What its status lists say of an issuer's token; none where no list of the gate's covers it.
    pub status: &'a dyn Fn(&str, StatusReference) -> Option<ListedStatus>,
    /// The outage notices in force, one an issuer.
    pub outages: &'a [OutageNotice],
    /// The challenge that it has open and that is not too old.
    pub challenge: Option<&'a OpenChallenge>,
    /// Whether a presentation was seen here before, or cannot be told from one that was.
    pub seen: &'a dyn Fn(&SeenKey) -> bool,
}

impl<'a> Gate<'a> {
    /// A gate that has seen nothing, has no challenge open and no status list, through which people come in.
    #[must_use]
    pub fn new(time: GateTime, trust: Option<&'a TrustList>, policy: &'a GatePolicy) -> Self {
        Self {
            time,
            trust,
            policy,
            direction: Direction::In,
            takes_answers: true,
            status: &|_, _| None,
            outages: &[],
            challenge: None,
            seen: &|_| false,
        }
    }

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
        match code.prefix {
            Prefix::Code => self.judge_code(trust, &code.bytes, now, firm),
            Prefix::Paper => self.judge_paper(trust, &code.bytes, now),
            Prefix::Challenge => Err(not_a_code(Foreign::Challenge)),
            Prefix::Venue => Err(not_a_code(Foreign::Venue)),
            Prefix::Handover => Err(not_a_code(Foreign::Handover)),
            Prefix::Outage => Err(not_a_code(Foreign::OutageNotice)),
        }
    }

    fn judge_code(
        &self,
        trust: &TrustList,
        bytes: &[u8],
        now: Timestamp,
        firm: Option<i64>,
    ) -> Result<Judged, Box<Verdict>> {
        let scanned = Scanned::parse(bytes).map_err(|error| invalid(&error))?;
        let content = scanned.content();
        let opened = open_token(trust, &content.token)?;
        let token = &opened.object;
        let key = token.holder.as_ref().ok_or_else(|| invalid(&"paper-with-proof"))?;
        let (own_answer, ask) = self.match_answer(content.mode);
        if !matches!(content.mode, Mode::Answer(_)) || own_answer.is_some() {
            scanned.verify(key, own_answer).map_err(token_error)?;
        }
        check_region(&opened)?;
        let known = self.check_standing(&opened, now)?;

        let seen = match content.mode {
            Mode::Shown(at) => Some((token.id, at)),
            Mode::Answer(_) => None,
        };
        if seen.as_ref().is_some_and(self.seen) {
            return Err(Box::new(Verdict::AlreadySeen { holder: holder_of(&opened) }));
        }
        let ask = ask.or_else(|| wrong_time(content.mode, now, firm));
        // Only for what was shown: an answer to nothing of ours is signed by nobody, its flag included.
        let no_answer = seen.is_some() && !self.takes_answers && self.policy.card_without_answer;
        let no_answer = no_answer && ask.is_some();
        if let Some(reason) = ask.filter(|_| !no_answer) {
            return Err(Box::new(Verdict::AskForAnswer { holder: holder_of(&opened), reason }));
        }
        let card = no_answer.then_some(CardReason::NoAnswer);
        let verdict = self.by_colour(&opened, content.flags.lowered, &known, card, now);
        Ok(Judged { verdict, seen, answered: own_answer.is_some() })
    }

    /// Paper has no holder's proof: the card is compared, where a list tells that it was not withdrawn.
    fn judge_paper(&self, trust: &TrustList, bytes: &[u8], now: Timestamp) -> Result<Judged, Box<Verdict>> {
        let opened = open_token(trust, bytes)?;
        if opened.object.holder.is_some() {
            return Err(invalid(&"phone-without-proof"));
        }
        check_region(&opened)?;
        let known = self.check_standing(&opened, now)?;
        if known.list.is_none() {
            return Err(connect(Side::Gate));
        }
        let verdict = self.by_colour(&opened, false, &known, Some(CardReason::Paper), now);
        Ok(Judged { verdict, seen: None, answered: false })
    }

    /// What is known of a token's status; the first thing that speaks against its being in force ends it.
    fn check_standing(&self, opened: &Opened<'_, GateToken>, now: Timestamp) -> Result<Known, Box<Verdict>> {
        let (token, issuer) = (&opened.object, &opened.issuer.id);
        let ahead = |at: Timestamp| at.since(now) > ISSUE_AHEAD_MILLIS;
        let listed = (self.status)(issuer, token.status);
        if ahead(token.issued_at) || listed.is_some_and(|listed| ahead(listed.issued_at)) {
            return Err(connect(Side::Gate));
        }
        match listed.map(|listed| listed.withdrawn) {
            Some(None) => return Err(invalid(&"status-index")),
            Some(Some(true)) => return Err(Box::new(Verdict::Withdrawn { holder: holder_of(opened) })),
            _ => {}
        }
        let extension = self.extension(issuer, token.issued_at, now);
        let valid_until = token.expires_at.plus_millis(extension);
        if now >= valid_until {
            return Err(Box::new(Verdict::Renew { holder: holder_of(opened), expired_at: token.expires_at }));
        }
        let in_force = |listed: &ListedStatus| {
            now < listed.expires_at.plus_millis(self.extension(issuer, listed.issued_at, now))
        };
        let list = listed.filter(in_force).map(|listed| listed.issued_at);
        Ok(Known { list, valid_until, extended: now >= token.expires_at })
    }

    /// By how many milliseconds an outage notice extends what an issuer issued at an instant.
    fn extension(&self, issuer: &str, issued_at: Timestamp, now: Timestamp) -> i64 {
        let notice = self.outages.iter().find(|notice| notice.issuer == issuer);
        notice.map_or(0, |notice| notice.extension_millis(issued_at, now))
    }

    /// The bytes of the challenge that an answer answers, or why it answers none of ours.
    fn match_answer(&self, mode: Mode) -> (Option<&[u8]>, Option<AskReason>) {
        match (mode, self.challenge) {
            (Mode::Shown(_), _) => (None, None),
            (Mode::Answer(nonce), Some(open)) if open.short_nonce == nonce => (Some(&open.bytes), None),
            (Mode::Answer(_), _) => (None, Some(AskReason::OtherChallenge)),
        }
    }

    /// The policy's word on the colour, then on the age of the evidence. `card` is a reason to compare it in any case.
    fn by_colour(
        &self,
        opened: &Opened<'_, GateToken>,
        lowered: bool,
        known: &Known,
        card: Option<CardReason>,
        now: Timestamp,
    ) -> Verdict {
        let (token, issuer, holder) = (&opened.object, &opened.issuer.id, holder_of(opened));
        // The phone's own flag last: no mapping makes a lowered code green.
        let colour = opened.issuer.counts_as(token.colour).lowered_if(lowered);
        // Paper can be withdrawn by nothing but a list: its own issue proves nothing of today.
        let paper = token.holder.is_none();
        let own = (!paper).then_some(token.issued_at);
        let Some(status_as_of) = known.list.max(own) else { return *connect(Side::Gate) };
        let age = now.since(status_as_of).max(0);
        let facts = Facts {
            colour,
            class: if paper { Class::Paper } else { Class::Phone },
            issuer,
            region: token.region,
            direction: self.direction,
            evidence_hours: age / MILLIS_PER_HOUR,
            lowered,
        };
        let valid_until = known.valid_until;
        let passage = match self.policy.passage(&facts) {
            None => return *connect(Side::Gate),
            Some(Passage::Stop) => return Verdict::Stop { holder, colour, valid_until },
            Some(passage) => passage,
        };
        let extension = self.extension(issuer, status_as_of, now);
        let limit = |hours: u16| i64::from(hours) * MILLIS_PER_HOUR;
        let (as_is, grace) = (limit(self.policy.as_is_hours), limit(self.policy.list_grace_hours));
        let extended = |limit: i64| known.extended || age > limit;
        if age > grace + extension {
            return *connect(if paper { Side::Gate } else { Side::Either });
        }
        let old = (age > as_is + extension).then_some(CardReason::OldEvidence);
        let asked = (passage == Passage::CompareCard).then_some(CardReason::Policy);
        match card.or(old).or(asked) {
            None => Verdict::Pass { holder, colour, valid_until, extended: extended(as_is) },
            Some(reason) => {
                let extended = extended(if old.is_some() { grace } else { as_is });
                Verdict::CompareCard { holder, colour, reason, status_as_of, extended }
            }
        }
    }
}

/// What is known of a token that nothing speaks against.
struct Known {
    /// When the list that covers it was issued.
    list: Option<Timestamp>,
    /// When it expires, extended by what a notice gives.
    valid_until: Timestamp,
    /// Whether it would have expired without a notice.
    extended: bool,
}

fn connect(side: Side) -> Box<Verdict> {
    Box::new(Verdict::ConnectFirst { side })
}

fn invalid(reason: &dyn std::fmt::Display) -> Box<Verdict> {
    Box::new(Verdict::Invalid { reason: reason.to_string() })
}

fn not_a_code(what: Foreign) -> Box<Verdict> {
    Box::new(Verdict::NotAHealthCode { what })
}

fn not_ours(error: CodeTextError) -> Box<Verdict> {
    match error {
        CodeTextError::Foreign(what) => not_a_code(what),
        CodeTextError::Base45 => invalid(&"base45"),
        CodeTextError::TooLong => invalid(&"too-large"),
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
        TokenError::RemovedKey => connect(Side::Resident),
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

impl Issuer {
    /// What a colour of this issuer counts as here, as the trust list maps it.
    #[must_use]
    pub fn counts_as(&self, colour: Colour) -> Colour {
        let mapped = self.colours.get(usize::from(colour.code())).copied();
        // A list with another number was refused whole; the strictest is the safe reading.
        mapped.and_then(Colour::from_code).unwrap_or(Colour::Red)
    }
}
