//! The facts that rules judge: what was declared, what public records say, which orders were served, what the last
//! check-in told. Built from typed parts, handed to the rules as JSON under stable names, documented here.
//!
//! ```text
//! today, now                      2020-02-14, 2020-02-14T09:00:00+08:00
//! declaration                     null, or {declared_on, days_ago, answers{id: answer}, served}
//! travel[]                        {region, from, to, days_ago, risk, source: declared|recorded, declared, served}
//! records                         null where unanswered, or {cases[]: {kind, on, days_ago, served}}
//! check_in                        null, or {on, days_ago, symptoms[], served}
//! records.orders                  is for no rule to read: an order in force elsewhere holds here whatever the rules say
//! exposures[]                     {rule, on, days_ago, served}: matches of exposure notices
//! ```
//! `days_ago` counts legal days from the last day of a thing to today. `risk` is an area's word or `none`. `served`
//! is the strictest colour of a completed order that began on or after that day, or `none`: what was served is over.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::calendar::{LegalDate, Timestamp};
use super::colour::Colour;
use super::declaration::{Declaration, Stay};
use super::rulebook::Rulebook;

/// What public records say of one canonical person.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Records {
    /// Where the person is known to have been.
    pub stays: Vec<Stay>,
    /// Cases and contacts.
    pub cases: Vec<CaseRecord>,
    /// Orders in force of other authorities.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub orders: Vec<OpenOrder>,
}

/// An order in force of another authority.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpenOrder {
    /// The authority, by its id in the trust list.
    pub issuer: String,
    /// The colour, as it counts here.
    pub colour: Colour,
    /// The days that it takes.
    pub days: u16,
}

/// An entry of the case register.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CaseRecord {
    /// `confirmed`, `suspected`, `close-contact`, or the authority's own word.
    pub kind: String,
    /// The legal day it speaks of.
    pub on: LegalDate,
}

/// An order that ran to its release.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServedOrder {
    /// Its colour.
    pub colour: Colour,
    /// Its first day.
    pub starts_on: LegalDate,
}

/// What the last check-in with symptoms told.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportedSymptoms {
    /// The legal day.
    pub on: LegalDate,
    /// The symptoms' ids.
    pub symptoms: Vec<String>,
}

/// A match of an exposure notice, as its person's phone found it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReportedExposure {
    /// The rule that the notice names.
    pub rule: String,
    /// The legal day of the meeting.
    pub on: LegalDate,
}

/// All that is known of one person at one instant.
#[derive(Clone, PartialEq, Eq)]
pub struct Facts {
    /// The instant.
    pub now: Timestamp,
    /// The last declaration.
    pub declaration: Option<Declaration>,
    /// The records port's answer; none where it has not answered, and on a phone.
    pub records: Option<Records>,
    /// Completed orders.
    pub served: Vec<ServedOrder>,
    /// The last check-in with symptoms.
    pub check_in: Option<ReportedSymptoms>,
    /// Matches of exposure notices: on a phone its own, on the server those that the person told.
    pub exposures: Vec<ReportedExposure>,
}

impl Facts {
    /// The strictest order in force elsewhere.
    #[must_use]
    pub fn order_elsewhere(&self) -> Option<&OpenOrder> {
        let orders = self.records.iter().flat_map(|records| &records.orders);
        orders.filter(|order| order.colour != Colour::Green).max_by_key(|order| (order.colour, order.days))
    }

    /// The legal day of the facts.
    #[must_use]
    pub fn today(&self, rulebook: &Rulebook) -> LegalDate {
        rulebook.offset_minutes.date_of(self.now)
    }

    /// The facts as rules read them: the names at the head of this file.
    #[must_use]
    pub fn to_json(&self, rulebook: &Rulebook) -> Value {
        let today = self.today(rulebook);
        let declaration = self.declaration.as_ref().map(|declaration| {
            json!({
                "declared_on": declaration.declared_on,
                "days_ago": today.days_since(declaration.declared_on),
                "answers": declaration.answers,
                "served": self.served_word(declaration.declared_on),
            })
        });
        let cases = |records: &Records| -> Vec<Value> {
            let case = |case: &CaseRecord| {
                json!({
                    "kind": case.kind, "on": case.on, "days_ago": today.days_since(case.on),
                    "served": self.served_word(case.on),
                })
            };
            records.cases.iter().map(case).collect()
        };
        let check_in = self.check_in.as_ref().map(|told| {
            json!({
                "on": told.on, "days_ago": today.days_since(told.on), "symptoms": told.symptoms,
                "served": self.served_word(told.on),
            })
        });
        let exposure = |met: &ReportedExposure| {
            json!({
                "rule": met.rule, "on": met.on, "days_ago": today.days_since(met.on),
                "served": self.served_word(met.on),
            })
        };
        json!({
            "today": today,
            "now": rulebook.offset_minutes.local(self.now),
            "declaration": declaration,
            "travel": self.travel(rulebook, today),
            "records": self.records.as_ref().map(|records| json!({ "cases": cases(records) })),
            "check_in": check_in,
            "exposures": self.exposures.iter().map(exposure).collect::<Vec<_>>(),
        })
    }

    /// The last day of any exposure that no completed order has covered: risky stays, the case register, and matches of
    /// exposure notices.
    #[must_use]
    pub fn last_exposure(&self, rulebook: &Rulebook) -> Option<LegalDate> {
        let risky =
            self.stays().filter(|(stay, _)| rulebook.risk_of(stay.region, stay.from, stay.to).is_some());
        let cases = self.records.iter().flat_map(|records| records.cases.iter().map(|case| case.on));
        let met = self.exposures.iter().map(|met| met.on);
        risky
            .map(|(stay, _)| stay.to)
            .chain(cases)
            .chain(met)
            .filter(|day| self.served_word(*day) == "none")
            .max()
    }

    fn travel(&self, rulebook: &Rulebook, today: LegalDate) -> Vec<Value> {
        let row = |(stay, source): (&Stay, &str)| {
            json!({
                "region": stay.region,
                "from": stay.from,
                "to": stay.to,
                "days_ago": today.days_since(stay.to),
                "risk": rulebook.risk_of(stay.region, stay.from, stay.to).unwrap_or("none"),
                "source": source,
                "declared": source == "declared" || self.is_declared(stay),
                "served": self.served_word(stay.to),
            })
        };
        self.stays().map(row).collect()
    }

    fn stays(&self) -> impl Iterator<Item = (&Stay, &'static str)> {
        let declared = self.declaration.iter().flat_map(|declaration| &declaration.travel);
        let recorded = self.records.iter().flat_map(|records| &records.stays);
        declared.map(|stay| (stay, "declared")).chain(recorded.map(|stay| (stay, "recorded")))
    }

    fn is_declared(&self, recorded: &Stay) -> bool {
        let mut declared = self.declaration.iter().flat_map(|declaration| &declaration.travel);
        declared.any(|stay| {
            let place = stay.region.contains(&recorded.region) || recorded.region.contains(&stay.region);
            place && stay.from <= recorded.to && recorded.from <= stay.to
        })
    }

    fn served_word(&self, day: LegalDate) -> &'static str {
        let covering = self.served.iter().filter(|order| day <= order.starts_on);
        covering.map(|order| order.colour).max().map_or("none", Colour::word)
    }
}

impl std::fmt::Debug for Records {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Records(..)")
    }
}

impl std::fmt::Debug for ReportedSymptoms {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ReportedSymptoms(..)")
    }
}

impl std::fmt::Debug for ReportedExposure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ReportedExposure(..)")
    }
}

impl std::fmt::Debug for Facts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Facts(..)")
    }
}
