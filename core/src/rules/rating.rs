//! Rating: facts in; a colour, its reasons and a trace out. The server decides by it; the phone explains and
//! previews by the very same code.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use thiserror::Error;

use super::calendar::LegalDate;
use super::certlogic::{EvaluationError, holds_traced};
use super::colour::Colour;
use super::facts::{Facts, OpenOrder};
use super::rulebook::{Rule, Rulebook, Starts};
use super::sorted::positions;
use super::text::Text;

/// What stands in the place of a rule's id where an order of another authority holds here.
pub const ORDER_ELSEWHERE: &str = "order-elsewhere";

/// Why a colour is not green.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "device", derive(uniffi::Record))]
pub struct Reason {
    /// The rule's id in the rulebook, `manual` for an officer's act, or `order-elsewhere` for an order of another authority.
    pub rule: String,
    /// The colour that it gives.
    pub colour: Colour,
    /// The reason as a resident reads it.
    pub text: Text,
}

/// What one rule came to, and the facts that it read.
#[derive(Clone, PartialEq, Serialize)]
pub struct TraceStep {
    /// The rule's id.
    pub rule: String,
    /// Whether it holds.
    pub holds: bool,
    /// What it read, by path: personal data, for the resident's own eyes.
    pub read: Vec<(String, Value)>,
}

/// The quarantine that a rating asks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderTerms {
    /// The colour.
    pub colour: Colour,
    /// The rule that decides.
    pub rule: String,
    /// The first day.
    pub starts_on: LegalDate,
    /// How many days.
    pub days: u16,
}

/// What the rules come to.
#[derive(Clone, PartialEq)]
pub struct Rating {
    /// The colour: the strictest of the reasons', green without one.
    pub colour: Colour,
    /// Every rule that holds, the strictest first.
    pub reasons: Vec<Reason>,
    /// The quarantine; none for green.
    pub order: Option<OrderTerms>,
    /// Every rule in the rulebook's order.
    pub trace: Vec<TraceStep>,
}

/// Why there is no rating.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum RatingError {
    /// Nothing was declared yet.
    #[error("nothing was declared yet")]
    NotDeclared,
    /// The records port has not answered: unanswered is never green.
    #[error("the public records have not answered")]
    RecordsUnanswered,
    /// A rule cannot be evaluated: the rulebook is at fault, and silence is never green.
    #[error("rule {rule}: {error}")]
    Rule {
        /// Its id.
        rule: String,
        /// Why.
        error: EvaluationError,
    },
}

impl Rulebook {
    /// Rates a person. Both a declaration and the records' answer are needed.
    pub fn rate(&self, facts: &Facts) -> Result<Rating, RatingError> {
        if facts.records.is_none() {
            return Err(RatingError::RecordsUnanswered);
        }
        self.preview(facts)
    }

    /// What a declaration would come to as far as the phone can tell: without the public records, so the server may
    /// find more. Never a reason to show another colour.
    pub fn preview(&self, facts: &Facts) -> Result<Rating, RatingError> {
        if facts.declaration.is_none() {
            return Err(RatingError::NotDeclared);
        }
        let data = facts.to_json(self);
        let mut trace = Vec::with_capacity(self.rules.len());
        let mut matched: Vec<&Rule> = Vec::new();
        for rule in &self.rules {
            let (holds, read) = holds_traced(&rule.when, &data)
                .map_err(|error| RatingError::Rule { rule: rule.id.clone(), error })?;
            if holds {
                matched.push(rule);
            }
            let read = read.into_iter().map(|read| (read.path, read.value)).collect();
            trace.push(TraceStep { rule: rule.id.clone(), holds, read });
        }
        // The strictest first; among equals the rulebook's order stays.
        let keys = matched.iter().map(|rule| (-i64::from(rule.colour.code()), -i64::from(self.days(rule))));
        let matched: Vec<&Rule> =
            positions(keys).into_iter().filter_map(|place| matched.get(place).copied()).collect();
        let mut order = matched.first().map(|rule| OrderTerms {
            colour: rule.colour,
            rule: rule.id.clone(),
            starts_on: self.starts_on(rule, facts),
            days: self.days(rule),
        });
        let reason =
            |rule: &&Rule| Reason { rule: rule.id.clone(), colour: rule.colour, text: rule.text.clone() };
        let mut reasons: Vec<_> = matched.iter().map(reason).collect();
        // No rule has to say it: whoever registers elsewhere sheds no colour.
        let elsewhere = facts.order_elsewhere();
        let stricter = |open: &&OpenOrder| order.as_ref().is_none_or(|order| open.colour > order.colour);
        if let Some(open) = elsewhere.filter(stricter) {
            let (rule, colour) = (ORDER_ELSEWHERE.to_owned(), open.colour);
            let text = Text::new(
                "另一签发机构对您的隔离令仍然有效",
                "A quarantine order of another authority is in force for you",
            );
            reasons.insert(0, Reason { rule: rule.clone(), colour, text });
            order = Some(OrderTerms { colour, rule, starts_on: facts.today(self), days: open.days.max(1) });
        }
        Ok(Rating {
            colour: order.as_ref().map_or(Colour::Green, |order| order.colour),
            reasons,
            order,
            trace,
        })
    }

    fn days(&self, rule: &Rule) -> u16 {
        rule.days.unwrap_or_else(|| self.days_of(rule.colour))
    }

    fn starts_on(&self, rule: &Rule, facts: &Facts) -> LegalDate {
        let today = facts.today(self);
        match rule.starts {
            Starts::Issue => today,
            Starts::LastExposure => {
                facts.last_exposure(self).map_or(today, |exposure| exposure.plus_days(1).min(today))
            }
        }
    }
}

// The trace holds what was declared.
impl std::fmt::Debug for TraceStep {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "TraceStep({}, {})", self.rule, self.holds)
    }
}

impl std::fmt::Debug for Rating {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Rating({:?}, {:?})", self.colour, self.trace)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
mod tests {
    use super::super::facts::{CaseRecord, OpenOrder, Records, ReportedSymptoms, ServedOrder};
    use super::*;
    use crate::rules::calendar::Timestamp;

    /// 2020-02-14, 09:00 at +08:00.
    const NOW: i64 = 1_581_642_000;

    fn facts(answers: &str, travel: &str) -> Facts {
        let declaration = format!(r#"{{"answers":{answers},"travel":{travel},"declared_on":"2020-02-14"}}"#);
        Facts {
            now: Timestamp::from_seconds(NOW),
            declaration: Some(serde_json::from_str(&declaration).unwrap()),
            records: Some(Records::default()),
            served: Vec::new(),
            check_in: None,
            exposures: Vec::new(),
        }
    }

    fn day(text: &str) -> LegalDate {
        LegalDate::parse(text).unwrap()
    }

    fn rated(facts: &Facts) -> (Colour, Vec<String>) {
        let rating = Rulebook::hangzhou_2020().rate(facts).unwrap();
        (rating.colour, rating.reasons.into_iter().map(|reason| reason.rule).collect())
    }

    const WELL: &str = r#"{"contact":false,"symptoms":[]}"#;
    const WUHAN: &str = r#"[{"region":"420100","from":"2020-01-20","to":"2020-02-08"}]"#;

    #[test]
    fn an_order_elsewhere_holds_here_whatever_the_rules_say_and_lowers_none_of_them() {
        let open = |colour, days| OpenOrder { issuer: "wuhan".to_owned(), colour, days };
        let rate = |travel: &str, orders: Vec<OpenOrder>| {
            let facts =
                Facts { records: Some(Records { orders, ..Records::default() }), ..facts(WELL, travel) };
            let rating = Rulebook::hangzhou_2020().rate(&facts).unwrap();
            let order = rating.order.unwrap();
            assert_eq!((order.colour, order.rule.as_str()), (rating.colour, rating.reasons[0].rule.as_str()));
            (rating.colour, order.rule, order.days, order.starts_on)
        };
        let (yellow, red) = (open(Colour::Yellow, 9), open(Colour::Red, 14));
        let elsewhere = |colour, days| (colour, ORDER_ELSEWHERE.to_owned(), days, day("2020-02-14"));
        assert_eq!(rate("[]", vec![yellow.clone()]), elsewhere(Colour::Yellow, 9));
        assert_eq!(rate("[]", vec![yellow.clone(), red.clone()]), elsewhere(Colour::Red, 14));
        assert_eq!(rate(WUHAN, vec![red]), elsewhere(Colour::Red, 14));
        let (colour, rule, days, _) = rate(WUHAN, vec![yellow]);
        assert_eq!(
            (colour, rule.as_str(), days),
            (Colour::Yellow, "area-high", 7),
            "the own rule speaks first"
        );
        let green = Records { orders: vec![open(Colour::Green, 3)], ..Records::default() };
        assert_eq!(rated(&Facts { records: Some(green), ..facts(WELL, "[]") }), (Colour::Green, vec![]));
    }

    #[test]
    fn nothing_to_tell_is_green_without_a_reason() {
        assert_eq!(rated(&facts(WELL, "[]")), (Colour::Green, vec![]));
    }

    #[test]
    fn a_stay_in_a_high_risk_area_is_yellow_for_seven_days_with_the_rules_id() {
        let rating = Rulebook::hangzhou_2020().rate(&facts(WELL, WUHAN)).unwrap();
        assert_eq!(rating.colour, Colour::Yellow);
        assert_eq!(rating.reasons[0].rule, "area-high");
        let order = rating.order.unwrap();
        assert_eq!((order.days, order.starts_on), (7, day("2020-02-14")));
    }

    #[test]
    fn contact_and_symptoms_after_a_high_risk_area_are_red_for_fourteen_days() {
        assert_eq!(rated(&facts(r#"{"contact":true,"symptoms":[]}"#, "[]")).0, Colour::Red);
        let rating = Rulebook::hangzhou_2020()
            .rate(&facts(r#"{"contact":false,"symptoms":["fever"]}"#, WUHAN))
            .unwrap();
        assert_eq!(rating.colour, Colour::Red);
        assert_eq!(rating.order.unwrap().days, 14);
        assert!(
            rating.reasons.iter().any(|reason| reason.rule == "area-high"),
            "the milder reason is told too"
        );
    }

    #[test]
    fn records_correct_a_declaration_that_leaves_a_stay_out() {
        let mut silent = facts(WELL, "[]");
        silent.records.as_mut().unwrap().stays = serde_json::from_str(WUHAN).unwrap();
        let (colour, rules) = rated(&silent);
        assert_eq!(colour, Colour::Yellow);
        assert!(rules.contains(&"undeclared-stay".to_owned()), "{rules:?}");
    }

    #[test]
    fn a_registered_case_is_red_whatever_was_declared() {
        for kind in ["confirmed", "suspected", "close-contact"] {
            let mut known = facts(WELL, "[]");
            known.records.as_mut().unwrap().cases =
                vec![CaseRecord { kind: kind.to_owned(), on: day("2020-02-12") }];
            assert_eq!(rated(&known).0, Colour::Red, "{kind}");
        }
    }

    #[test]
    fn what_was_served_is_over_and_a_stricter_cause_is_not() {
        let mut served = facts(WELL, WUHAN);
        served.served = vec![ServedOrder { colour: Colour::Yellow, starts_on: day("2020-02-08") }];
        assert_eq!(rated(&served).0, Colour::Green);
        served.records.as_mut().unwrap().cases =
            vec![CaseRecord { kind: "close-contact".to_owned(), on: day("2020-02-07") }];
        assert_eq!(rated(&served).0, Colour::Red, "seven yellow days do not serve a red cause");
    }

    #[test]
    fn symptoms_told_at_a_check_in_act_by_rule() {
        let mut ill = facts(WELL, "[]");
        ill.check_in = Some(ReportedSymptoms { on: day("2020-02-13"), symptoms: vec!["fever".to_owned()] });
        assert_eq!(rated(&ill).0, Colour::Yellow);
    }

    #[test]
    fn unanswered_records_and_silence_are_never_green() {
        let rulebook = Rulebook::hangzhou_2020();
        let mut unanswered = facts(WELL, "[]");
        unanswered.records = None;
        assert_eq!(rulebook.rate(&unanswered).unwrap_err(), RatingError::RecordsUnanswered);
        assert_eq!(rulebook.preview(&unanswered).unwrap().colour, Colour::Green);
        unanswered.declaration = None;
        assert_eq!(rulebook.preview(&unanswered).unwrap_err(), RatingError::NotDeclared);
    }

    #[test]
    fn every_reason_of_any_rule_is_in_the_rulebook_in_both_languages() {
        for rule in Rulebook::hangzhou_2020().rules {
            assert!(!rule.text.zh.is_empty() && !rule.text.en.is_empty(), "{}", rule.id);
        }
    }
}
