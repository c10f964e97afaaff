//! Which officer may do what: one table.

use healthcode::token::ActKind;
use healthcode::wire::Act;
use healthcode::wire::act::{Shown, Whom};
use serde::{Deserialize, Serialize};

/// What an officer is for. One officer may have several.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OfficerRole {
    /// Overdue check-ins, and check-ins for others.
    CheckIns,
    /// Who may care for whom.
    Relations,
    /// The counter: declarations and paper codes of those without a phone.
    Papers,
    /// Appeals.
    Appeals,
    /// Quarantine orders without a rule.
    Orders,
}

impl OfficerRole {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::CheckIns, Self::Relations, Self::Papers, Self::Appeals, Self::Orders];

    /// Its word in the file of the officers.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::CheckIns => "check-ins",
            Self::Relations => "relations",
            Self::Papers => "papers",
            Self::Appeals => "appeals",
            Self::Orders => "orders",
        }
    }

    /// From its word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.word() == word)
    }
}

/// The roles of which one is needed for an act.
pub(crate) const fn needed(act: &Act) -> &'static [OfficerRole] {
    match act {
        Act::Overdue {} | Act::CheckIn { .. } => &[OfficerRole::CheckIns],
        // Each sees what waits for a role of their own.
        Act::Waiting {} => &[OfficerRole::Relations, OfficerRole::Appeals, OfficerRole::Orders],
        Act::Relation { .. } | Act::EndCare { .. } | Act::Show { what: Shown::Carers, .. } => {
            &[OfficerRole::Relations]
        }
        Act::Declare { .. }
        | Act::IssuePaper { .. }
        | Act::WithdrawPaper { .. }
        | Act::Show { what: Shown::Papers, .. } => &[OfficerRole::Papers],
        Act::DecideAppeal { .. } => &[OfficerRole::Appeals],
        Act::Order { .. }
        | Act::ConfirmOrder { .. }
        | Act::LiftOrder { .. }
        | Act::Show { what: Shown::Order, .. } => &[OfficerRole::Orders],
    }
}

/// Whom an act is about, and as what the person is told of it; none for a list.
pub(crate) const fn told_as(act: &Act) -> Option<(&Whom, ActKind)> {
    match act {
        Act::Overdue {} | Act::Waiting {} => None,
        // For looking there is no kind of its own: the note says that nothing was changed.
        Act::Relation { whom, .. } | Act::EndCare { whom, .. } | Act::Show { whom, what: Shown::Carers } => {
            Some((whom, ActKind::Relation))
        }
        Act::Declare { whom, .. } => Some((whom, ActKind::Declaration)),
        Act::IssuePaper { whom }
        | Act::WithdrawPaper { whom, .. }
        | Act::Show { whom, what: Shown::Papers } => Some((whom, ActKind::Paper)),
        Act::CheckIn { whom, .. } => Some((whom, ActKind::CheckIn)),
        Act::DecideAppeal { whom, .. } => Some((whom, ActKind::Appeal)),
        Act::Order { whom, .. }
        | Act::ConfirmOrder { whom, .. }
        | Act::LiftOrder { whom, .. }
        | Act::Show { whom, what: Shown::Order } => Some((whom, ActKind::Order)),
    }
}

/// The word of an act, as its JSON has it.
pub(crate) const fn word_of(act: &Act) -> &'static str {
    match act {
        Act::Overdue {} => "overdue",
        Act::Waiting {} => "waiting",
        Act::Relation { .. } => "relation",
        Act::EndCare { .. } => "end-care",
        Act::Show { .. } => "show",
        Act::Declare { .. } => "declare",
        Act::IssuePaper { .. } => "issue-paper",
        Act::WithdrawPaper { .. } => "withdraw-paper",
        Act::CheckIn { .. } => "check-in",
        Act::DecideAppeal { .. } => "decide-appeal",
        Act::Order { .. } => "order",
        Act::ConfirmOrder { .. } => "confirm-order",
        Act::LiftOrder { .. } => "lift-order",
    }
}
