//! The time as a screen shows it: what is known, how surely, and what to do where it is not well.

use crate::rules::calendar::Timestamp;
use crate::rules::text::Text;
use crate::sync::phone::Now;
use crate::time::ClockHint;

/// The time as this phone knows it.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct TimeState {
    /// The best estimate, or a lower bound where `sure` is false.
    pub now: Timestamp,
    /// Whether a server's time has been received since the phone was started. If not, mark the time on the screen, and
    /// the day with it: days are counted at the last time that is sure. None comes early, and a check-in is taken and
    /// kept all the same.
    pub sure: bool,
    /// What to tell a person whose phone's own clock is wrong.
    pub hint: Option<ClockHint>,
    /// What to tell a person about the time, and what to ask of them; none where all is well. The day comes first,
    /// then the phone's own clock.
    pub notice: Option<TimeNotice>,
}

/// What is wrong with the time, and what can be done about it.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct TimeNotice {
    /// What it is, for an app that says it in its own words.
    pub kind: TimeNoticeKind,
    /// What is wrong.
    pub what: Text,
    /// What the person should do.
    pub action: Text,
}

/// What can be wrong with the time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, uniffi::Enum)]
pub enum TimeNoticeKind {
    /// The phone has not connected since it was started, and does not know which day it is.
    DayUnknown,
    /// Its date and time are ahead of the true time by more than five minutes.
    ClockAhead,
    /// Its date and time are behind the true time by more than five minutes.
    ClockBehind,
}

impl TimeState {
    pub(crate) fn of(now: &Now) -> Self {
        let sure = now.estimate.is_some();
        let kind = match now.hint {
            _ if !sure => Some(TimeNoticeKind::DayUnknown),
            Some(ClockHint::Ahead) => Some(TimeNoticeKind::ClockAhead),
            Some(ClockHint::Behind) => Some(TimeNoticeKind::ClockBehind),
            None => None,
        };
        Self { now: now.best(), sure, hint: now.hint, notice: kind.map(TimeNotice::of) }
    }
}

impl TimeNotice {
    fn of(kind: TimeNoticeKind) -> Self {
        let (what, action) = match kind {
            TimeNoticeKind::DayUnknown => (
                Text::new(
                    "手机开机后尚未联网，无法确定今天是哪一天。打卡仍会保存。",
                    "This phone has not connected since it was started and does not know which day it is. A check-in is \
                     kept all the same.",
                ),
                Text::new("请联网一次，让手机获知日期。", "Connect once so that this phone learns the day."),
            ),
            TimeNoticeKind::ClockAhead => (
                Text::new(
                    "手机的日期和时间快于实际时间，隔离天数不受影响。",
                    "This phone's date and time are ahead of the true time. The days of a quarantine are not counted by them.",
                ),
                automatic(),
            ),
            TimeNoticeKind::ClockBehind => (
                Text::new(
                    "手机的日期和时间慢于实际时间，隔离天数不受影响。",
                    "This phone's date and time are behind the true time. The days of a quarantine are not counted by them.",
                ),
                automatic(),
            ),
        };
        Self { kind, what, action }
    }
}

fn automatic() -> Text {
    Text::new("请将日期和时间设为自动。", "Set date and time to automatic.")
}
