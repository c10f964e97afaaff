//! A verdict as a line: for the staff in their language, or for a machine as JSON.

use healthcode::rules::calendar::{LegalCalendar, Timestamp};
use healthcode::rules::colour::Colour;
use healthcode::rules::text::Text;
use healthcode::token::Verdict;
use healthcode::token::code_text::Foreign;
use healthcode::token::verdict::{AskReason, CardReason, Side};
use serde_json::{Map, Value, json};

use crate::arguments::Language;
use crate::inspect::printable;

/// Where a text came from, for the line of a machine.
pub(super) enum Source<'s> {
    /// A line of standard input, from 1.
    Line(u64),
    /// A picture's file.
    Picture(&'s str),
}

/// How lines are written.
#[derive(Clone, Copy)]
pub(super) struct Style {
    pub(super) language: Language,
    pub(super) as_json: bool,
    /// Whether the time is this machine's word alone.
    pub(super) assumed_clock: bool,
}

impl Style {
    /// One verdict, without the line's end.
    pub(super) fn line(self, verdict: &Verdict, challenge: Option<&str>, source: &Source<'_>) -> String {
        if self.as_json {
            self.json(verdict, challenge, source).to_string()
        } else {
            self.text(verdict, source)
        }
    }

    fn json(self, verdict: &Verdict, challenge: Option<&str>, source: &Source<'_>) -> Value {
        let details = Details::of(verdict);
        let mut line = Map::new();
        let mut put = |name: &str, value: Value| {
            if !value.is_null() {
                line.insert(name.to_owned(), value);
            }
        };
        let at = |at: Option<Timestamp>| at.map_or(Value::Null, |at| at.to_string().into());
        put("verdict", verdict.name().into());
        put("action", json!(verdict.action()));
        if let Some(holder) = verdict.holder() {
            put("masked_name", holder.masked_name.as_str().into());
            put("id_tail", holder.id_tail.as_str().into());
            put("region", holder.region.as_str().into());
            put("issuer", holder.issuer.as_str().into());
            put("issuer_name", json!(holder.issuer_name));
        }
        put("colour", details.colour.map_or(Value::Null, |colour| colour.word().into()));
        put("reason", details.reason.as_ref().map_or(Value::Null, |(name, _)| name.as_str().into()));
        put("valid_until", at(details.valid_until));
        put("expired_at", at(details.expired_at));
        put("status_as_of", at(details.status_as_of));
        put("extended", if details.extended { true.into() } else { Value::Null });
        put("challenge", challenge.map_or(Value::Null, Value::from));
        match source {
            Source::Line(number) => put("line", (*number).into()),
            Source::Picture(path) => put("picture", (*path).into()),
        }
        if self.assumed_clock {
            put("clock", "assumed".into());
        }
        line.into()
    }

    fn text(self, verdict: &Verdict, source: &Source<'_>) -> String {
        let details = Details::of(verdict);
        let mut parts = vec![self.pick(&verdict.action()).to_owned()];
        if let Some(holder) = verdict.holder() {
            parts.push(format!("{} {}", holder.masked_name, holder.id_tail));
            parts.push(self.pick(&holder.issuer_name).to_owned());
        }
        if let Some(colour) = details.colour {
            parts.push(self.pick(&colour_word(colour)).to_owned());
        }
        if let Some((_, words)) = &details.reason {
            parts.push(self.pick(words).to_owned());
        }
        let times = [
            (details.valid_until, "有效期至", "valid until"),
            (details.expired_at, "过期时间", "expired"),
            (details.status_as_of, "状态截至", "status as of"),
        ];
        for (at, zh, en) in times {
            if let Some(at) = at {
                parts.push(format!("{} {}", self.pick(&Text::new(zh, en)), legal(at)));
            }
        }
        if details.extended {
            parts.push(self.pick(&Text::new("停机期间延长", "extended by an outage notice")).to_owned());
        }
        if let Source::Picture(path) = source {
            parts.push((*path).to_owned());
        }
        if self.assumed_clock {
            parts.push(self.pick(&Text::new("时钟：假定", "clock: assumed")).to_owned());
        }
        printable(&parts.join(" · "))
    }

    fn pick(self, text: &Text) -> &str {
        match self.language {
            Language::Zh => &text.zh,
            Language::En => &text.en,
        }
    }
}

/// What a verdict says besides whose code it is.
#[derive(Default)]
struct Details {
    colour: Option<Colour>,
    /// A stable word, and what the staff read.
    reason: Option<(String, Text)>,
    valid_until: Option<Timestamp>,
    expired_at: Option<Timestamp>,
    status_as_of: Option<Timestamp>,
    /// Whether it counts only because an outage notice is in force.
    extended: bool,
}

impl Details {
    fn of(verdict: &Verdict) -> Self {
        let reason = |(name, zh, en): (&str, &str, &str)| Some((name.to_owned(), Text::new(zh, en)));
        let none = Self::default();
        match verdict {
            Verdict::Pass { colour, valid_until, extended, .. } => {
                Self { colour: Some(*colour), valid_until: Some(*valid_until), extended: *extended, ..none }
            }
            Verdict::Stop { colour, valid_until, .. } => {
                Self { colour: Some(*colour), valid_until: Some(*valid_until), ..none }
            }
            Verdict::AskForAnswer { reason: why, .. } => Self { reason: reason(ask_reason(*why)), ..none },
            Verdict::CompareCard { colour, reason: why, status_as_of, extended, .. } => Self {
                extended: *extended,
                colour: Some(*colour),
                reason: reason(card_reason(*why)),
                status_as_of: Some(*status_as_of),
                ..none
            },
            Verdict::Renew { expired_at, .. } => Self { expired_at: Some(*expired_at), ..none },
            Verdict::NotAHealthCode { what } => Self { reason: reason(foreign(*what)), ..none },
            Verdict::Invalid { reason: why } => {
                Self { reason: Some((why.clone(), Text::new(why.as_str(), why.as_str()))), ..none }
            }
            Verdict::ConnectFirst { side } => Self { reason: reason(side_words(*side)), ..none },
            Verdict::AlreadySeen { .. } | Verdict::Withdrawn { .. } | Verdict::UnknownIssuer => none,
        }
    }
}

fn colour_word(colour: Colour) -> Text {
    match colour {
        Colour::Green => Text::new("绿码", "green"),
        Colour::Yellow => Text::new("黄码", "yellow"),
        Colour::Red => Text::new("红码", "red"),
    }
}

const fn ask_reason(reason: AskReason) -> (&'static str, &'static str, &'static str) {
    match reason {
        AskReason::Older => ("older", "出示时间超过一分钟", "shown more than a minute ago"),
        AskReason::Newer => ("newer", "出示时间在本机时间之后", "shown ahead of this gate's time"),
        AskReason::GateTime => {
            ("gate_time", "本机时间未经服务器核实", "this gate's own time is not sure enough")
        }
        AskReason::OtherChallenge => {
            ("other_challenge", "所答不是当前的核验码", "an answer to another challenge, or too late")
        }
    }
}

const fn card_reason(reason: CardReason) -> (&'static str, &'static str, &'static str) {
    match reason {
        CardReason::Paper => ("paper", "纸质码", "on paper"),
        CardReason::OldEvidence => ("old_evidence", "状态信息较旧", "what is known of the status is old"),
        CardReason::Policy => ("policy", "本处规定须核对", "this gate's policy asks for it"),
        CardReason::NoAnswer => ("no_answer", "本处无法出示核验码", "this gate can show no challenge"),
    }
}

const fn side_words(side: Side) -> (&'static str, &'static str, &'static str) {
    match side {
        Side::Gate => ("gate", "本机", "this gate"),
        Side::Resident => ("resident", "对方手机", "the resident's phone"),
        Side::Either => ("either", "任一方", "either side"),
    }
}

const fn foreign(what: Foreign) -> (&'static str, &'static str, &'static str) {
    match what {
        Foreign::Url => ("url", "网址", "a web address"),
        Foreign::Payment => ("payment", "支付码", "a payment code"),
        Foreign::EuCertificate => ("eu_certificate", "欧盟数字新冠证书", "an EU digital COVID certificate"),
        Foreign::SmartHealthCard => ("smart_health_card", "SMART健康卡", "a SMART health card"),
        Foreign::Challenge => ("challenge", "卡口的核验码", "a checkpoint's challenge"),
        Foreign::Venue => ("venue", "场所码", "a venue's code"),
        Foreign::Handover => ("handover", "移交健康码的码", "the handover of a code to another phone"),
        Foreign::OutageNotice => ("outage_notice", "停机通知", "an outage notice"),
        Foreign::Other => ("other", "其他", "something else"),
    }
}

/// The legal time, to the minute.
fn legal(at: Timestamp) -> String {
    let local = LegalCalendar::new(8 * 60).map(|calendar| calendar.local(at)).unwrap_or_default();
    let (day, time) = (local.get(..10).unwrap_or_default(), local.get(11..16).unwrap_or_default());
    format!("{day} {time} +08:00")
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
mod tests {
    use healthcode::token::verdict::Holder;

    use super::*;

    const AT: Timestamp = Timestamp::from_seconds(1_582_185_600);

    fn holder() -> Holder {
        Holder {
            masked_name: "*三".to_owned(),
            id_tail: "002X".to_owned(),
            issuer: "hangzhou".to_owned(),
            issuer_name: Text::new("杭州市", "Hangzhou"),
            region: "330100".to_owned(),
        }
    }

    fn style(language: Language, as_json: bool, assumed_clock: bool) -> Style {
        Style { language, as_json, assumed_clock }
    }

    fn stop() -> Verdict {
        Verdict::Stop { holder: holder(), colour: Colour::Red, valid_until: AT }
    }

    #[test]
    fn a_line_tells_the_staff_what_to_do_in_their_language() {
        let line = |language| style(language, false, true).line(&stop(), None, &Source::Line(1));
        assert_eq!(
            line(Language::En),
            "Red code: do not let pass · *三 002X · Hangzhou · red · valid until 2020-02-20 16:00 +08:00 · \
             clock: assumed"
        );
        assert_eq!(
            line(Language::Zh),
            "红码：请留步 · *三 002X · 杭州市 · 红码 · 有效期至 2020-02-20 16:00 +08:00 · 时钟：假定"
        );
    }

    #[test]
    fn a_line_for_machines_has_the_verdicts_name_and_only_what_it_says() {
        let json = |verdict: &Verdict, challenge| -> Value {
            let line = style(Language::En, true, false).line(verdict, challenge, &Source::Line(3));
            serde_json::from_str(&line).unwrap()
        };
        let line = json(&stop(), None);
        for (name, value) in [
            ("verdict", "stop"),
            ("masked_name", "*三"),
            ("id_tail", "002X"),
            ("issuer", "hangzhou"),
            ("colour", "red"),
            ("valid_until", "2020-02-20T08:00:00Z"),
        ] {
            assert_eq!(line[name], value);
        }
        assert_eq!((&line["line"], line.get("clock"), line.get("reason")), (&3.into(), None, None));
        let asked =
            json(&Verdict::AskForAnswer { holder: holder(), reason: AskReason::Older }, Some("H2:00"));
        assert_eq!((asked["reason"].as_str(), asked["challenge"].as_str()), (Some("older"), Some("H2:00")));
        let other = json(&Verdict::NotAHealthCode { what: Foreign::Url }, None);
        assert_eq!((other["reason"].as_str(), other.get("masked_name")), (Some("url"), None));
    }
}
