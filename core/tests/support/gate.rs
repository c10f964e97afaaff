//! Gates, codes and what a verdict tells, for the tests of the gate's rules.

use healthcode::rules::colour::Colour;
use healthcode::rules::gate_policy::GatePolicy;
use healthcode::token::gate::{Gate, GateTime, Judged};
use healthcode::token::verdict::Verdict;
use healthcode::token::{Flags, GateToken, Mode, Presentation, TrustList};

use super::{HOLDER, at, code, key, sealed, shown, token, trust};

/// A gate with a sure time, to the second, that has seen nothing and has no challenge open.
pub(crate) fn firm(now: i64) -> GateTime {
    GateTime::Firm { now: at(now), uncertainty_millis: 0 }
}

pub(crate) fn coarse(now: i64) -> GateTime {
    GateTime::Coarse { now: at(now) }
}

static POLICY: std::sync::LazyLock<GatePolicy> = std::sync::LazyLock::new(GatePolicy::default);

pub(crate) fn gate(time: GateTime, trust: &TrustList) -> Gate<'_> {
    Gate::new(time, Some(trust), &POLICY)
}

pub(crate) fn judged_at(time: GateTime, text: &str) -> Judged {
    gate(time, &trust()).judge(text)
}

pub(crate) fn verdict(time: GateTime, text: &str) -> Verdict {
    judged_at(time, text).verdict
}

/// The verdict's name, with what it says of the colour, the reason or the side.
pub(crate) fn told(verdict: &Verdict) -> String {
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

pub(crate) fn says(time: GateTime, text: &str) -> String {
    told(&verdict(time, text))
}

/// A code of a green token, shown some seconds after its issue.
pub(crate) fn green(seconds: i64) -> String {
    code(&shown(&sealed(&token()), seconds))
}

/// A code with this token, these flags, answering this challenge.
pub(crate) fn made(token: &GateToken, mode: Mode, lowered: bool, challenge: Option<&[u8]>) -> String {
    let content = Presentation { token: sealed(token), mode, flags: Flags { lowered } };
    code(&content.sign(challenge, &key(HOLDER)).unwrap())
}

pub(crate) fn coloured(colour: Colour, lowered: bool) -> String {
    made(&GateToken { colour, ..token() }, Mode::Shown(at(30)), lowered, None)
}
