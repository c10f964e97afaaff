//! One of every kind of what is said of papers, appeals, acts and days served elsewhere, for the tests.

#![allow(clippy::unwrap_used, reason = "tests")]

use healthcode::rules::calendar::LegalDate;
use healthcode::rules::colour::Colour;
use healthcode::rules::text::Text;
use healthcode::token::consent::Purpose;
use healthcode::token::trust_list::seal;
use healthcode::token::{
    ActKind, ActNotice, AppealNotice, AppealState, By, ByRole, GateToken, KeyConsent, OperationId,
    PaperNotice, ServedNotice, Signer as _,
};
use healthcode::wire::{Act, OfficerRequest};

use super::samples::{SUBJECT, at, key, token};

pub(super) fn said() -> Vec<(&'static str, Vec<u8>)> {
    let decisions = key(5);
    let by = Some(By { role: ByRole::Officer, name: "West Lake window 3".to_owned() });
    let paper = seal(&GateToken { holder: None, ..token() }, &key(1)).unwrap();
    let issued = PaperNotice {
        subject: SUBJECT,
        serial: 7,
        id: [7; 8],
        said_at: at(0),
        token: Some(paper.into()),
        by,
    };
    let act = ActNotice {
        subject: SUBJECT,
        serial: 8,
        request: [3; 16],
        acted_at: at(0),
        officer: "West Lake window 3".to_owned(),
        kind: ActKind::Paper,
        entry: [4; 32],
        note: Some("At the counter".to_owned()),
    };
    let appeal = AppealNotice {
        subject: SUBJECT,
        serial: 9,
        appeal: OperationId([6; 32]),
        said_at: at(0),
        state: AppealState::Refused,
        due_by: at(72 * 3_600),
        reason: Some(Text::new("记录属实", "The record holds")),
        officer: Some("Appeals, desk 1".to_owned()),
        rating: Some(4),
        rule: Some("area-high".to_owned()),
    };
    let served = ServedNotice {
        subject: SUBJECT,
        serial: 10,
        operation: OperationId([6; 32]),
        said_at: at(0),
        issuer: "ningbo".to_owned(),
        colour: Some(Colour::Yellow),
        starts_on: LegalDate::from_ymd(2020, 2, 10),
        days: 7,
        refused: None,
    };
    let consent =
        KeyConsent::new(Purpose::Move, SUBJECT, &key(4).public_key(), at(0), "ningbo").sign(&key(2)).unwrap();
    let request = OfficerRequest {
        request: [3; 16],
        at: at(0),
        audience: "hangzhou".to_owned(),
        act: Act::Overdue {},
        note: None,
    };
    vec![
        ("a notice about a paper code", seal(&issued, &decisions).unwrap()),
        ("a notice of an officer's act", seal(&act, &decisions).unwrap()),
        ("an answer to an appeal", seal(&appeal, &decisions).unwrap()),
        ("an answer about days served elsewhere", seal(&served, &decisions).unwrap()),
        ("a key's consent to another key", consent),
        ("an officer's request", request.sign(&key(12)).unwrap()),
    ]
}
