//! Gate policies: who passes where, as data. Which colours, classes, issuers and ages of evidence, in which direction,
//! and with whom paper is enough: rules in the CertLogic subset, see [`super::certlogic`], for each kind of gate.
//!
//! It enters as JSON (the payload of a signed object) and is checked whole before a gate uses it. The first rule that
//! holds decides; without one nobody passes. What never enters: a name, a clock, a code.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use thiserror::Error;

use super::certlogic::{Expression, holds};
use super::colour::Colour;
use super::document::{self, Fault};
use super::identity::Region;
use super::text::Text;

/// The version of the form that this library reads.
pub const FORMAT: u16 = 1;
/// The most bytes of a set of policies.
pub const MAX_BYTES: usize = 64 * 1024;
/// The policies of the first rulebook's authority: residential gate, highway toll, railway station.
pub const HANGZHOU_2020: &[u8] = include_bytes!("hangzhou-2020-gates.json");
/// The most hours of evidence that a policy can accept: two weeks.
const MAX_HOURS: u16 = 336;

/// In which direction a person goes through a gate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "device", derive(uniffi::Enum))]
pub enum Direction {
    /// Into what the gate guards.
    #[default]
    In,
    /// Out of it.
    Out,
}

/// What carries a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Class {
    /// A phone, which proves that it holds its key.
    Phone,
    /// Paper, which proves nothing of who carries it.
    Paper,
}

/// What a rule says of whom it holds for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Passage {
    /// The person passes.
    Pass,
    /// The person passes once the identity card is compared.
    CompareCard,
    /// The person does not pass.
    Stop,
}

/// One rule.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PassageRule {
    /// Its id.
    pub id: String,
    /// When it holds, over [`Facts`].
    pub when: Expression,
    /// What it says then.
    pub then: Passage,
}

/// The policy of one kind of gate.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GatePolicy {
    /// Its id, such as `residential`.
    pub id: String,
    /// Its name, for the staff who choose it.
    pub name: Text,
    /// Up to this age of the evidence a code counts as it is, in hours.
    pub as_is_hours: u16,
    /// Up to this age the card is compared, beyond it a phone must connect; in hours.
    pub list_grace_hours: u16,
    /// Whether the card is enough where a gate cannot show a challenge or read its answer.
    pub card_without_answer: bool,
    /// The rules, the first that holds decides.
    pub rules: Vec<PassageRule>,
}

/// The policies of one authority.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GatePolicies {
    /// The form of this document: [`FORMAT`].
    pub format: u16,
    /// A name that stays through all versions.
    pub id: String,
    /// Grows with every change.
    pub version: u32,
    /// The kinds of gates.
    pub gates: Vec<GatePolicy>,
}

/// What the rules of a gate read: `colour` (`green`, `yellow`, `red`, as it counts here), `class` (`phone`, `paper`),
/// `issuer`, `region` (six digits), `direction` (`in`, `out`), `evidence_hours` (the age of what is known of the
/// status, whole hours), `lowered` (whether the phone lowered itself).
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// The colour as it counts here.
    pub colour: Colour,
    /// What carries the code.
    pub class: Class,
    /// The issuer's id.
    pub issuer: &'a str,
    /// The region for which the issuer speaks.
    pub region: Region,
    /// Where the person goes.
    pub direction: Direction,
    /// The age of what is known of the status, in hours, rounded down.
    pub evidence_hours: i64,
    /// Whether the phone lowered itself.
    pub lowered: bool,
}

/// Why policies are refused.
#[derive(Debug, Error)]
pub enum GatePolicyError {
    /// More than [`MAX_BYTES`].
    #[error("the policies have more than {MAX_BYTES} bytes")]
    TooLarge,
    /// Not the JSON of policies.
    #[error("not policies: line {line}, column {column}: {what}")]
    Json {
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
        /// What the parser found.
        what: String,
    },
    /// A form that this version does not read: the app must be updated.
    #[error("the policies have format {0}, this version reads {FORMAT}")]
    Format(u16),
    /// Two gates or rules of one id, an id of another form than `[a-z0-9-]{{1,48}}`, or no gate at all.
    #[error("{0}: ids are distinct and of the form [a-z0-9-]{{1,48}}")]
    Id(String),
    /// The hours of a gate are not in their order, or out of range.
    #[error("{0}: hours out of range")]
    Hours(String),
    /// A rule that cannot be evaluated.
    #[error("rule {0}: cannot be evaluated")]
    Rule(String),
}

impl GatePolicies {
    /// Reads and checks policies.
    pub fn parse(json: &[u8]) -> Result<Self, GatePolicyError> {
        if json.len() > MAX_BYTES {
            return Err(GatePolicyError::TooLarge);
        }
        let format = document::format_of(json)?;
        if format != FORMAT {
            return Err(GatePolicyError::Format(format));
        }
        let policies: Self = document::read(json)?;
        if policies.gates.is_empty() || !document::are_ids(policies.gates.iter().map(|gate| &gate.id)) {
            return Err(GatePolicyError::Id("gates".to_owned()));
        }
        for gate in &policies.gates {
            gate.check()?;
        }
        Ok(policies)
    }

    /// The policies that this library comes with.
    #[must_use]
    #[allow(clippy::missing_panics_doc, clippy::expect_used, reason = "a test reads the file")]
    pub fn hangzhou_2020() -> Self {
        Self::parse(HANGZHOU_2020).expect("the file is tested")
    }

    /// The policy of a kind of gate.
    #[must_use]
    pub fn gate(&self, id: &str) -> Option<&GatePolicy> {
        self.gates.iter().find(|gate| gate.id == id)
    }
}

impl GatePolicy {
    /// What the rules say; none where one of them cannot be evaluated, which is the policy's fault and not the
    /// person's.
    #[must_use]
    pub fn passage(&self, facts: &Facts<'_>) -> Option<Passage> {
        let data = facts.to_json();
        for rule in &self.rules {
            if holds(&rule.when, &data).ok()? {
                return Some(rule.then);
            }
        }
        Some(Passage::Stop)
    }

    fn check(&self) -> Result<(), GatePolicyError> {
        if !document::are_ids(self.rules.iter().map(|rule| &rule.id)) {
            return Err(GatePolicyError::Id(self.id.clone()));
        }
        if self.as_is_hours > self.list_grace_hours || self.list_grace_hours > MAX_HOURS {
            return Err(GatePolicyError::Hours(self.id.clone()));
        }
        // Tried once on everything that can come: at the gate it is too late to find that a rule is none.
        for facts in Facts::all() {
            let data = facts.to_json();
            if let Some(rule) = self.rules.iter().find(|rule| holds(&rule.when, &data).is_err()) {
                return Err(GatePolicyError::Rule(rule.id.clone()));
            }
        }
        Ok(())
    }
}

impl Default for GatePolicy {
    /// What holds where no policy was loaded: green passes, by day-old evidence as it is, by older with the card.
    #[allow(clippy::expect_used, reason = "a fixed expression, which a test evaluates")]
    fn default() -> Self {
        let when = Expression::parse(json!({"===": [{"var": "colour"}, "green"]}));
        let when = when.expect("a fixed expression");
        Self {
            id: "default".to_owned(),
            name: Text::new("默认", "Default"),
            as_is_hours: 24,
            list_grace_hours: 72,
            card_without_answer: false,
            rules: vec![PassageRule { id: "green".to_owned(), when, then: Passage::Pass }],
        }
    }
}

impl Facts<'_> {
    fn to_json(self) -> Value {
        json!({
            "colour": self.colour.word(),
            "class": self.class,
            "issuer": self.issuer,
            "region": self.region.digits(),
            "direction": self.direction,
            "evidence_hours": self.evidence_hours,
            "lowered": self.lowered,
        })
    }

    fn all() -> impl Iterator<Item = Facts<'static>> {
        let region = Region::from_code(330_100).into_iter();
        let of = region
            .flat_map(|region| [Colour::Green, Colour::Yellow, Colour::Red].map(|colour| (region, colour)));
        let classed =
            of.flat_map(|(region, colour)| [Class::Phone, Class::Paper].map(|class| (region, colour, class)));
        classed.flat_map(|(region, colour, class)| {
            [Direction::In, Direction::Out].map(|direction| Facts {
                colour,
                class,
                issuer: "hangzhou",
                region,
                direction,
                evidence_hours: 1,
                lowered: colour == Colour::Yellow,
            })
        })
    }
}

impl From<Fault> for GatePolicyError {
    fn from((line, column, what): Fault) -> Self {
        Self::Json { line, column, what }
    }
}

#[cfg(test)]
#[path = "gate_policy_tests.rs"]
mod tests;
