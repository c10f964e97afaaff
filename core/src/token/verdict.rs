//! What a gate says. One enum, each variant with one action for the staff and a text in both languages. Stale is
//! never red, unknown is never sick, and no verdict tells a reason for a colour.

use super::code_text::Foreign;
use crate::rules::calendar::Timestamp;
use crate::rules::colour::Colour;
use crate::rules::text::Text;

/// Whose code it is, as far as a gate may know: what staff compare with the person's card.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "device", derive(uniffi::Record))]
pub struct Holder {
    /// The masked name.
    pub masked_name: String,
    /// The last four characters of the identity document.
    pub id_tail: String,
    /// The issuer's id in the trust list.
    pub issuer: String,
    /// The issuer's name.
    pub issuer_name: Text,
    /// The region for which the issuer speaks, six digits of GB/T 2260.
    pub region: String,
}

/// Which side cures what a gate cannot judge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "device", derive(uniffi::Enum))]
pub enum Side {
    /// The gate's phone must connect.
    Gate,
    /// The resident's phone must connect.
    Resident,
    /// Either is enough.
    Either,
}

/// Why a gate asks for an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "device", derive(uniffi::Enum))]
pub enum AskReason {
    /// The code is older than a minute: a picture of a code, or a phone that was off.
    Older,
    /// The code lies ahead of the gate's time.
    Newer,
    /// The gate's own time is not sure enough for codes that are only shown.
    GateTime,
    /// The answer was to another challenge, to a used one, or came too late.
    OtherChallenge,
}

/// Why the card must be compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "device", derive(uniffi::Enum))]
pub enum CardReason {
    /// A paper code has no holder's proof.
    Paper,
    /// What is known of the status is old.
    OldEvidence,
    /// The policy asks for it.
    Policy,
    /// The gate can show no challenge or read no answer, and its policy is content with the card.
    NoAnswer,
}

/// A gate's verdict on one scanned text.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "device", derive(uniffi::Enum))]
pub enum Verdict {
    /// The person may pass.
    Pass {
        /// Whose code it is.
        holder: Holder,
        /// The colour.
        colour: Colour,
        /// Until when the code is valid.
        valid_until: Timestamp,
        /// Whether it passes only because an outage notice of its issuer is in force.
        extended: bool,
    },
    /// The person may not pass with this colour.
    Stop {
        /// Whose code it is.
        holder: Holder,
        /// The colour.
        colour: Colour,
        /// Until when the code is valid.
        valid_until: Timestamp,
    },
    /// Show the gate's challenge and scan the answer. No accusation: a phone that was off looks the same.
    AskForAnswer {
        /// Whose code it is.
        holder: Holder,
        /// Why.
        reason: AskReason,
    },
    /// Compare the person's identity card with masked name and tail.
    CompareCard {
        /// Whose code it is.
        holder: Holder,
        /// The colour.
        colour: Colour,
        /// Why.
        reason: CardReason,
        /// The instant of which the status is known.
        status_as_of: Timestamp,
        /// Whether it is accepted only because an outage notice of its issuer is in force.
        extended: bool,
    },
    /// The same presentation was shown here before: ask for a fresh one.
    AlreadySeen {
        /// Whose code it is.
        holder: Holder,
    },
    /// The code has expired: the resident's phone connects and gets a new one.
    Renew {
        /// Whose code it is.
        holder: Holder,
        /// When it expired.
        expired_at: Timestamp,
    },
    /// The code was withdrawn: the resident's phone connects and gets the one in force.
    Withdrawn {
        /// Whose code it is.
        holder: Holder,
    },
    /// A health code of an issuer that this gate's trust list does not have.
    UnknownIssuer,
    /// Something else than a resident's code.
    NotAHealthCode {
        /// What it is.
        what: Foreign,
    },
    /// A health code whose form or signature is wrong.
    Invalid {
        /// The stable name of what is wrong.
        reason: String,
    },
    /// It cannot be judged before a phone connects.
    ConnectFirst {
        /// Which phone.
        side: Side,
    },
}

impl Verdict {
    /// The verdict's name in JSON.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Pass { .. } => "pass",
            Self::Stop { .. } => "stop",
            Self::AskForAnswer { .. } => "ask_for_answer",
            Self::CompareCard { .. } => "compare_card",
            Self::AlreadySeen { .. } => "already_seen",
            Self::Renew { .. } => "renew",
            Self::Withdrawn { .. } => "withdrawn",
            Self::UnknownIssuer => "unknown_issuer",
            Self::NotAHealthCode { .. } => "not_a_health_code",
            Self::Invalid { .. } => "invalid",
            Self::ConnectFirst { .. } => "connect_first",
        }
    }

    /// What the staff do, in both languages.
    #[must_use]
    pub fn action(&self) -> Text {
        let (zh, en) = match self {
            Self::Pass { .. } => ("请通行", "Let the person pass"),
            Self::Stop { colour: Colour::Red, .. } => ("红码：请留步", "Red code: do not let pass"),
            Self::Stop { colour: Colour::Yellow, .. } => ("黄码：请留步", "Yellow code: do not let pass"),
            Self::Stop { colour: Colour::Green, .. } => {
                ("本处不接受此码", "This gate does not accept this code: do not let pass")
            }
            Self::AskForAnswer { .. } => {
                ("请对方扫描本机的验证码", "Ask the person to scan this phone's challenge")
            }
            Self::CompareCard { .. } => ("请核对身份证", "Compare the person's identity card"),
            Self::AlreadySeen { .. } => ("此码刚刚出示过，请刷新", "Shown here before: ask for a fresh code"),
            Self::Renew { .. } => ("健康码已过期，请联网更新", "Expired: the resident's phone must connect"),
            Self::Withdrawn { .. } => {
                ("健康码已更换，请联网更新", "Replaced: the resident's phone must connect")
            }
            Self::UnknownIssuer => (
                "本机未收录此发码机构，请联网更新",
                "Unknown issuer: connect this phone for the current list",
            ),
            Self::NotAHealthCode { .. } => ("这不是健康码", "This is not a health code"),
            Self::Invalid { .. } => ("健康码无效", "Not a valid health code"),
            Self::ConnectFirst { side: Side::Gate } => ("请先将本机联网", "Connect this phone first"),
            Self::ConnectFirst { side: Side::Resident } => {
                ("请对方手机先联网", "The resident's phone must connect first")
            }
            Self::ConnectFirst { side: Side::Either } => {
                ("请任一手机联网后重扫", "Connect either phone, then scan again")
            }
        };
        Text::new(zh, en)
    }

    /// Whose code it is, where a token was verified.
    #[must_use]
    pub const fn holder(&self) -> Option<&Holder> {
        match self {
            Self::Pass { holder, .. }
            | Self::Stop { holder, .. }
            | Self::AskForAnswer { holder, .. }
            | Self::CompareCard { holder, .. }
            | Self::AlreadySeen { holder }
            | Self::Renew { holder, .. }
            | Self::Withdrawn { holder } => Some(holder),
            _ => None,
        }
    }
}
