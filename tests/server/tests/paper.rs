//! Paper codes: asked for by a phone, limited, withdrawn by hand and with the colour, and what a gate says to them.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

mod support;

use healthcode::rules::calendar::Timestamp;
use healthcode::rules::colour::Colour;
use healthcode::rules::gate_policy::GatePolicies;
use healthcode::token::gate::{Gate, GateTime, ListedStatus};
use healthcode::token::verdict::{CardReason, Side, Verdict};
use healthcode::token::{
    CodeText, Flags, GateToken, KeyUse, Mode, PaperNotice, Prefix, Presentation, StatusList, StatusReference,
    TokenError, TrustList,
};
use healthcode::wire::message::{OutcomeKind, STATUS_PATH_PREFIX};
use healthcode::wire::operation::PaperChange;
use healthcode::wire::{Bytes, OperationBody};
use support::phone::{CONTACT, ISSUER, Phone, Told, declaration, green, well};
use support::{Server, at, li_si};

async fn ask(server: &Server, phone: &mut Phone, change: PaperChange) -> Told {
    let evidence = phone.evidence(healthcode_server::ServerClock::now(&*server.clock));
    phone.record(&OperationBody::Paper(change), evidence);
    phone.sync(server).await.remove(0)
}

async fn issue(server: &Server, phone: &mut Phone) -> PaperNotice {
    let told = ask(server, phone, PaperChange::Issue {}).await;
    assert_eq!(told, (OutcomeKind::Accepted, None, None, None));
    phone.papers.iter().rfind(|notice| notice.token.is_some()).unwrap().clone()
}

async fn withdraw(server: &Server, phone: &mut Phone, paper: &PaperNotice) -> Told {
    ask(server, phone, PaperChange::Withdraw { paper: Bytes(paper.id.to_vec()) }).await
}

fn refused(kind: &str, field: Option<&str>) -> Told {
    (OutcomeKind::Refused, Some(kind.to_owned()), field.map(str::to_owned), None)
}

async fn token(server: &Server, paper: &PaperNotice) -> GateToken {
    server.trust().await.open_from(ISSUER, paper.token.as_ref().unwrap()).unwrap()
}

async fn list(server: &Server) -> StatusList {
    let answer = server.get(&format!("{STATUS_PATH_PREFIX}1")).await;
    server.trust().await.open_status_list(&answer.body).unwrap().object
}

/// What a gate with today's trust list and status list says to a text.
async fn judged(server: &Server, text: &str) -> Verdict {
    judge(
        &server.trust().await,
        &list(server).await,
        healthcode_server::ServerClock::now(&*server.clock),
        text,
    )
}

fn judge(trust: &TrustList, list: &StatusList, now: Timestamp, text: &str) -> Verdict {
    let policies = GatePolicies::hangzhou_2020();
    let status = |issuer: &str, reference: StatusReference| {
        assert_eq!((issuer, reference.list), (ISSUER, 1));
        let content = list.content();
        Some(ListedStatus {
            withdrawn: list.status(reference.index).map(|status| status != 0),
            issued_at: content.issued_at,
            expires_at: content.expires_at,
        })
    };
    let time = GateTime::Firm { now, uncertainty_millis: 1_000 };
    let gate = Gate::new(time, Some(trust), policies.gate("residential").unwrap());
    Gate { status: &status, ..gate }.judge(text).verdict
}

#[tokio::test]
async fn a_paper_code_lives_four_weeks_and_its_key_is_listed_to_the_end_and_a_week_more() {
    let server = Server::start().await;
    let mut phone = green(&server).await;
    // The 11th is early in the thirty days of its key, the 22nd late: both keys must outlive their papers.
    for day in [11, 22] {
        server.go_to(day, 15, 0);
        let paper = issue(&server, &mut phone).await;
        let printed = token(&server, &paper).await;
        assert_eq!((printed.id, printed.class(), printed.colour), (paper.id, 1, Colour::Green));
        assert_eq!((printed.issued_at, printed.expires_at), (at(day, 15, 0), at(day + 28, 0, 0)));
        assert_eq!((printed.region.code(), printed.id_tail.as_str()), (330_100, "0014"));
        assert_eq!((paper.said_at, paper.by.clone()), (at(day, 15, 0), None));
        for hours in [0, 7 * 24 - 1] {
            server.set(printed.expires_at.plus_hours(hours).plus_millis(-1_000));
            assert_eq!(token(&server, &paper).await, printed, "{day} {hours}");
        }
        server.set(at(day + 28 + 30 + 8, 0, 0));
        let trust = server.trust().await;
        let bytes = paper.token.as_ref().unwrap();
        assert_eq!(trust.open_from::<GateToken>(ISSUER, bytes), Err(TokenError::UnknownKey), "not for ever");
        server.go_to(day, 15, 0);
    }
}

#[tokio::test]
async fn there_are_as_many_as_the_rulebook_says_and_a_withdrawn_or_expired_one_makes_room() {
    let server = Server::start().await;
    let mut phone = green(&server).await;
    let first = issue(&server, &mut phone).await;
    for _ in 0..2 {
        issue(&server, &mut phone).await;
    }
    let limit = refused("limit", Some("paper"));
    assert_eq!(ask(&server, &mut phone, PaperChange::Issue {}).await, limit);
    assert_eq!(phone.papers.len(), 3);
    let place = token(&server, &first).await.status;
    assert_eq!(list(&server).await.status(place.index), Some(0));

    server.go_to(11, 10, 0);
    let accepted = (OutcomeKind::Accepted, None, None, None);
    assert_eq!(withdraw(&server, &mut phone, &first).await, accepted);
    let said = phone.papers.last().unwrap();
    assert_eq!((said.id, said.token.is_none(), said.said_at), (first.id, true, at(11, 10, 0)));
    assert_eq!(list(&server).await.status(place.index), Some(1));
    assert_eq!(withdraw(&server, &mut phone, &first).await, refused("already-done", Some("paper")));
    let fourth = issue(&server, &mut phone).await;
    assert_eq!(ask(&server, &mut phone, PaperChange::Issue {}).await, limit);

    // One that is no paper of the person's, a phone's own token among them.
    for id in [phone.token.as_ref().unwrap().id.to_vec(), vec![0; 8], Vec::new()] {
        let paper = PaperNotice { id: [0; 8], ..first.clone() };
        assert_eq!(withdraw(&server, &mut phone, &paper).await, refused("invalid", Some("paper")));
        let change = PaperChange::Withdraw { paper: Bytes(id) };
        assert_eq!(ask(&server, &mut phone, change).await, refused("invalid", Some("paper")));
    }
    server.go_to(11 + 28, 9, 0);
    assert_eq!(withdraw(&server, &mut phone, &fourth).await, refused("late", Some("paper")));
    issue(&server, &mut phone).await;
}

#[tokio::test]
async fn nobody_has_a_paper_code_before_a_rating_nor_by_a_phone_that_was_replaced() {
    let server = Server::start().await;
    let mut phone = Phone::enrol(&server, &li_si(), 9).await;
    assert_eq!(ask(&server, &mut phone, PaperChange::Issue {}).await, refused("invalid", Some("colour")));
    phone.declare(&server, well("[]", 11));
    phone.sync(&server).await;
    let paper = issue(&server, &mut phone).await;

    let mut second = Phone::enrol(&server, &li_si(), 2).await;
    server.go_to(12, 10, 0);
    second.sync(&server).await;
    assert_eq!(second.papers, std::slice::from_ref(&paper), "every phone is told");
    assert_eq!(ask(&server, &mut phone, PaperChange::Issue {}).await, refused("replaced", None));
    assert_eq!(withdraw(&server, &mut phone, &paper).await, refused("replaced", None));
    server.go_to(12, 10, 1);
    let place = token(&server, &paper).await.status;
    assert_eq!(list(&server).await.status(place.index), Some(0), "a new phone does not end what is on paper");
}

#[tokio::test]
async fn a_change_of_colour_withdraws_every_paper_code_for_as_long_as_it_could_pass() {
    let mut server = Server::start().await;
    let mut phone = green(&server).await;
    let papers = [issue(&server, &mut phone).await, issue(&server, &mut phone).await];
    server.go_to(12, 9, 0);
    phone.declare(&server, declaration(CONTACT, "[]", 12));
    phone.sync(&server).await;
    assert_eq!(phone.colour(), Some(Colour::Red));
    let said: Vec<_> = phone.papers[2..].iter().map(|notice| (notice.id, notice.token.is_none())).collect();
    assert_eq!(said, [(papers[0].id, true), (papers[1].id, true)]);
    let red = issue(&server, &mut phone).await;
    assert_eq!(token(&server, &red).await.colour, Colour::Red);
    let mut places = Vec::new();
    for paper in &papers {
        places.push(token(&server, paper).await.status.index);
    }
    // To the last hour in which an outage notice could let them pass; and in a database that came back without it.
    server.go_to(12, 10, 0);
    list(&server).await;
    let file = rusqlite::Connection::open(&server.config.database).unwrap();
    assert!(file.execute("DELETE FROM withdrawn", []).unwrap() >= 2);
    drop(file);
    server.restart().await;
    server.go_to(11 + 28 + 6, 23, 0);
    let withdrawn = list(&server).await;
    assert!(places.iter().all(|place| withdrawn.status(*place) == Some(1)));
    server.go_to(12 + 28 + 8, 0, 0);
    let withdrawn = list(&server).await;
    assert!(places.iter().all(|place| withdrawn.status(*place) == Some(0)));
}

#[tokio::test]
async fn a_paper_code_of_a_removed_key_is_withdrawn_with_the_next_exchange() {
    let server = Server::start().await;
    let mut phone = green(&server).await;
    let paper = issue(&server, &mut phone).await;
    server.app.remove_key(KeyUse::Tokens).unwrap();
    let trust = server.trust().await;
    let bytes = paper.token.as_ref().unwrap();
    assert_eq!(trust.open_from::<GateToken>(ISSUER, bytes), Err(TokenError::RemovedKey));
    phone.sync(&server).await;
    assert_eq!(phone.papers.last().map(|notice| (notice.id, notice.token.is_none())), Some((paper.id, true)));
    assert_ne!(issue(&server, &mut phone).await.id, paper.id);
}

#[tokio::test]
async fn a_gate_compares_the_card_of_who_shows_paper_and_takes_no_proof_with_it() {
    let server = Server::start().await;
    let mut phone = green(&server).await;
    let paper = issue(&server, &mut phone).await;
    let bytes = paper.token.clone().unwrap().to_vec();
    let text = CodeText::write(Prefix::Paper, &bytes);
    let Verdict::CompareCard { holder, colour, reason, .. } = judged(&server, &text).await else {
        panic!("not compared");
    };
    assert_eq!((colour, reason), (Colour::Green, CardReason::Paper));
    assert_eq!((holder.masked_name.as_str(), holder.id_tail.as_str()), ("*四", "0014"));
    // Three weeks later by the list of that day; by one of today, this gate must connect first.
    let (trust, old) = (server.trust().await, list(&server).await);
    server.go_to(29, 9, 0);
    assert!(matches!(judged(&server, &text).await, Verdict::CompareCard { .. }));
    let later = judge(&trust, &old, at(15, 9, 0), &text);
    assert_eq!(later, Verdict::ConnectFirst { side: Side::Gate });

    let (mode, flags) = (Mode::Shown(at(29, 9, 0)), Flags { lowered: false });
    let shown = Presentation { token: bytes, mode, flags }.sign(None, &phone.key).unwrap();
    let proved = judged(&server, &CodeText::write(Prefix::Code, &shown)).await;
    assert_eq!(proved, Verdict::Invalid { reason: "paper-with-proof".to_owned() });

    withdraw(&server, &mut phone, &paper).await;
    server.go_to(29, 9, 1);
    assert!(matches!(judged(&server, &text).await, Verdict::Withdrawn { .. }));
    server.set(at(11 + 28, 0, 0));
    assert!(matches!(judged(&server, &text).await, Verdict::Withdrawn { .. }), "withdrawn, expired or not");
    let other = issue(&server, &mut phone).await;
    let text = CodeText::write(Prefix::Paper, other.token.as_ref().unwrap());
    server.set(token(&server, &other).await.expires_at);
    assert!(matches!(judged(&server, &text).await, Verdict::Renew { .. }));
}
