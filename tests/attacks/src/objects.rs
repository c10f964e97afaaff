//! One object of each kind that an issuer signs about a person or for all, as the issuer of Zhejiang would.

use healthcode::rules::calendar::LegalDate;
use healthcode::rules::colour::Colour;
use healthcode::rules::quarantine::Certainty;
use healthcode::rules::rulebook::Rulebook;
use healthcode::rules::text::Text;
use healthcode::token::decision::{RatingReason, ReleaseCause};
use healthcode::token::{
    Anchor, Judgement, KeyNotice, OperationId, Order, OrderId, RatingReceipt, Release, SubjectId,
};
use healthcode::wire::receipt::Receipt;

use crate::world::{HOLDER, at, hours, public};

/// The resident, as the issuer names the person.
pub const SUBJECT: SubjectId = SubjectId([1; 16]);
/// The resident's order.
pub const ORDER: OrderId = OrderId([2; 8]);

fn february(day: u32) -> LegalDate {
    LegalDate::from_ymd(2020, 2, day).unwrap()
}

/// A time anchor.
#[must_use]
pub fn anchor() -> Anchor {
    let (epoch, root_version, trust_list_version, rules_version, policy_version) = (1, 1, 7, 3, 0);
    let nonce = Some([9; 16]);
    Anchor { at: at(60), epoch, root_version, trust_list_version, rules_version, policy_version, nonce }
}

/// A quarantine order of seven days.
#[must_use]
pub fn order() -> Order {
    Order {
        subject: SUBJECT,
        serial: 3,
        order: ORDER,
        issued_at: at(0),
        colour: Colour::Yellow,
        rule: "stay-in-high-risk-area".to_owned(),
        cause: Text::new("到过高风险地区", "Stay in a high-risk area"),
        starts_on: february(20),
        days: 7,
        terms: Rulebook::hangzhou_2020().terms(),
        rulebook: [6; 32],
        supersedes: None,
        provisional_until: None,
    }
}

/// Its release.
#[must_use]
pub fn release() -> Release {
    let released_at = at(hours(24 * 6));
    Release { subject: SUBJECT, serial: 9, order: ORDER, released_at, cause: ReleaseCause::Completed }
}

/// A rating's receipt.
#[must_use]
pub fn rating() -> RatingReceipt {
    let text = Text::new("到过高风险地区", "Stay in a high-risk area");
    let reason = RatingReason { rule: "stay-in-high-risk-area".to_owned(), colour: Colour::Yellow, text };
    RatingReceipt {
        subject: SUBJECT,
        serial: 4,
        rated_at: at(0),
        colour: Colour::Yellow,
        reasons: vec![reason],
        rulebook: [6; 32],
        rulebook_version: 3,
        order: Some(ORDER),
        appeal_by: at(hours(24 * 60)),
    }
}

/// A judgement of a check-in that counts.
#[must_use]
pub fn judgement() -> Judgement {
    Judgement {
        subject: SUBJECT,
        serial: 6,
        operation: OperationId([5; 32]),
        order: ORDER,
        judged_at: at(120),
        earliest: at(60),
        latest: at(60),
        received: at(100),
        day: Some(february(20)),
        certainty: Some(Certainty::Certain),
        not_counted: None,
        late: false,
        by: None,
    }
}

/// A notice of another phone's key.
#[must_use]
pub fn key_notice() -> KeyNotice {
    let (key, noticed_at, active_from) = (public(HOLDER).id(), at(60), Some(at(hours(24))));
    KeyNotice { subject: SUBJECT, serial: 7, key, noticed_at, active_from, carer: None }
}

/// A receipt for an operation.
#[must_use]
pub fn receipt() -> Receipt {
    Receipt {
        subject: SUBJECT,
        serial: 5,
        head: [8; 32],
        received_at: at(100),
        accepted: true,
        incarnation: [4; 8],
        late: false,
        key: Some([7; 8].into()),
    }
}
