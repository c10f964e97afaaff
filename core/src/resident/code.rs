//! A fresh code: the token with the holder's signature of now, as a picture.

use std::time::Duration;

use super::standing::Standing;
use crate::error::HealthcodeError;
use crate::qr::{CodePicture, Shade};
use crate::rules::calendar::Timestamp;
use crate::rules::colour::Colour;
use crate::rules::rating::Reason;
use crate::rules::text::Text;
use crate::store::SubjectKey;
use crate::sync::phone::Phone;
use crate::token::code_text::{CodeText, Prefix};
use crate::token::presentation::REFRESH_MILLIS;
use crate::token::{Challenge, Flags, Mode, Presentation};

/// A code to show now, with what the resident alone sees beside it. Keep it in memory only: no file, no clipboard.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct ShownCode {
    /// The text in the QR code.
    pub text: String,
    /// The QR code.
    pub picture: CodePicture,
    /// The frame: the colour with its shape.
    pub shade: Shade,
    /// The colour that a gate will read, the phone's own lowering included.
    pub colour: Colour,
    /// Whether the phone has lowered itself, because of something that the server does not know yet.
    pub lowered: bool,
    /// The colour's word.
    pub word: Text,
    /// What the colour asks of the holder.
    pub advice: Text,
    /// Why the colour is what it is: for the resident's eyes, no code carries it. Empty for green.
    pub reasons: Vec<Reason>,
    /// The masked name, as the gate will read it.
    pub masked_name: String,
    /// The last four characters of the identity document, as the gate will read them.
    pub id_tail: String,
    /// When the token expires: sync before.
    pub valid_until: Timestamp,
    /// Whether it has expired by this phone's time: a gate will say that it must be renewed.
    pub expired: bool,
    /// The instant that it names; none for an answer.
    pub shown_at: Option<Timestamp>,
    /// The gate that it answers.
    pub gate: Option<String>,
    /// How long to show it before asking for a new one; none for an answer, which is good for one challenge.
    pub refresh_in: Option<Duration>,
    /// The name of the authority whose code it is.
    #[uniffi(default = None)]
    pub issuer_name: Option<Text>,
}

impl std::fmt::Debug for ShownCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ShownCode(..)")
    }
}

pub(super) fn code(
    phone: &Phone,
    key: &SubjectKey,
    challenge: Option<&str>,
) -> Result<ShownCode, HealthcodeError> {
    let rulebook = phone.rulebook_of(&key.issuer).ok_or(HealthcodeError::NotRated)?;
    let standing = Standing::read(phone, key)?;
    if standing.body.replaced {
        return Err(HealthcodeError::Replaced);
    }
    let Some((bytes, token)) = &standing.token else { return Err(HealthcodeError::NotRated) };

    let challenge = challenge.map(read_challenge).transpose()?;
    if let Some(anchor) = challenge.as_ref().and_then(|(_, challenge)| challenge.anchor.as_deref()) {
        phone.raise(anchor)?;
    }
    let now = phone.now()?;
    let mode = match (&challenge, now.estimate) {
        (Some((_, challenge)), _) => Mode::Answer(challenge.short_nonce()),
        (None, Some(now)) => Mode::Shown(Timestamp::from_seconds(now.seconds())),
        (None, None) => return Err(HealthcodeError::TimeUnsure),
    };
    let at = now.best();
    let lowered = standing.is_lowered(Some(&rulebook), at);
    let presentation = Presentation { token: bytes.clone(), mode, flags: Flags { lowered } };
    let holder = phone.holder(key)?;
    let signed = presentation.sign(challenge.as_ref().map(|(bytes, _)| bytes.as_slice()), holder.as_ref())?;

    let text = CodeText::write(Prefix::Code, &signed);
    let colour = token.colour.lowered_if(lowered);
    if let Some((_, challenge)) = &challenge {
        super::answered::note(phone, key, &challenge.gate, colour, &now);
    }
    let meaning = rulebook.colour_text(colour);
    let reasons = standing.rating.iter().filter(|rating| rating.colour == token.colour);
    Ok(ShownCode {
        picture: CodePicture::of(&text)?,
        text,
        shade: colour.into(),
        colour,
        lowered,
        word: meaning.word.clone(),
        advice: meaning.advice.clone(),
        reasons: reasons.flat_map(|rating| rating.reasons.iter().map(Reason::from)).collect(),
        masked_name: token.masked_name.clone(),
        id_tail: token.id_tail.clone(),
        valid_until: token.expires_at,
        expired: at >= token.expires_at,
        shown_at: if let Mode::Shown(at) = mode { Some(at) } else { None },
        refresh_in: matches!(mode, Mode::Shown(_)).then_some(Duration::from_millis(REFRESH_MILLIS.into())),
        gate: challenge.map(|(_, challenge)| challenge.gate),
        issuer_name: phone.trust().and_then(|trust| Some(trust.issuer(&key.issuer)?.name.clone())),
    })
}

fn read_challenge(text: &str) -> Result<(Vec<u8>, Challenge), HealthcodeError> {
    let not_one = || HealthcodeError::field("challenge", "not-a-challenge");
    let code = CodeText::parse(text).map_err(|_| not_one())?;
    if code.prefix != Prefix::Challenge {
        return Err(not_one());
    }
    let challenge = Challenge::parse(&code.bytes).map_err(|_| not_one())?;
    Ok((code.bytes, challenge))
}
