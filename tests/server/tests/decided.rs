//! Appeals that officers decide: what a decision may say, what follows from it, and that it stays.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod support;

use healthcode::rules::colour::Colour;
use healthcode::rules::facts::OpenOrder;
use healthcode::rules::rating::ORDER_ELSEWHERE;
use healthcode::rules::text::Text;
use healthcode::token::decision::{MANUAL, ReleaseCause};
use healthcode::token::ids::OperationId;
use healthcode::token::{ActKind, AppealState};
use healthcode::wire::act::Whom;
use healthcode::wire::{Act, Appeal, AppealDecision, OperationBody};
use healthcode_server::OfficerRole::{Appeals, Orders, Papers};
use healthcode_server::ServerClock as _;
use support::keeper::{Keeper, back_up, restore, restore_nothing};
use support::officer::{Officer, at_counter, logged, order, order_of};
use support::phone::{Phone, WUHAN, well, yellow};
use support::{Server, at, li_si, zhang_san};

/// Contests the first reason of the last rating.
async fn contest(server: &Server, phone: &mut Phone) -> OperationId {
    let rating = phone.ratings.last().unwrap();
    let appeal = Appeal {
        rating: rating.serial,
        rule: rating.reasons[0].rule.clone(),
        text: "I was at home".to_owned(),
        statements: vec!["A ticket that was given back".to_owned()],
    };
    let evidence = phone.evidence(server.clock.now());
    let operation = phone.record(&OperationBody::Appeal(appeal), evidence);
    let told = phone.sync(server).await;
    assert_eq!(told[0].1, None, "taken");
    operation
}

fn decide(phone: &Phone, appeal: OperationId, decision: AppealDecision, reason: Option<Text>) -> Act {
    Act::DecideAppeal { whom: Whom::Subject(phone.subject), appeal, decision, reason }
}

fn grant(phone: &Phone, appeal: OperationId) -> Act {
    decide(phone, appeal, AppealDecision::Grant, None)
}

fn invalid(field: &str) -> (String, Option<String>) {
    ("invalid".to_owned(), Some(field.to_owned()))
}

fn open_elsewhere(issuer: &str, colour: Colour) -> OpenOrder {
    OpenOrder { issuer: issuer.to_owned(), colour, days: 14 }
}

#[tokio::test]
async fn a_refusal_says_why_in_words_that_every_phone_can_open() {
    let server = Server::start().await;
    let mut phone = yellow(&server).await;
    let appeal = contest(&server, &mut phone).await;
    let mut officer = Officer::with(&server, 50, "甲", &[Appeals]);
    let long = "长".repeat(2_700);
    let refuse = |reason| decide(&phone, appeal, AppealDecision::Refuse, reason);
    for reason in [
        None,
        Some(Text::new(long.clone(), "long")),
        Some(Text::new("长", "l".repeat(1_025))),
        Some(Text::new("", "")),
        Some(Text::new("不予更正", " \n")),
    ] {
        assert_eq!(officer.refused(&server, refuse(reason)).await, invalid("reason"));
    }
    let granted = decide(&phone, appeal, AppealDecision::Grant, Some(Text::new(long, "")));
    assert_eq!(officer.refused(&server, granted).await, invalid("reason"));
    let reason = Text::new("长".repeat(341), "l".repeat(1_024));
    officer.done(&server, refuse(Some(reason.clone()))).await;
    phone.sync(&server).await;
    let notice = phone.appeals.last().unwrap();
    assert_eq!((notice.state, &notice.reason), (AppealState::Refused, &Some(reason)));
    assert_eq!(notice.officer.as_deref(), Some("甲"));
    assert_eq!((phone.colour(), phone.releases.len()), (Some(Colour::Yellow), 0), "the rating stands");
    assert_eq!(logged(&server, phone.subject), ["decide-appeal"]);
    assert_eq!(phone.acts.iter().map(|act| act.kind).collect::<Vec<_>>(), [ActKind::Appeal]);
}

#[tokio::test]
async fn a_decision_is_made_once_and_about_an_appeal_that_there_is() {
    let server = Server::start().await;
    let mut phone = yellow(&server).await;
    let appeal = contest(&server, &mut phone).await;
    let mut officer = Officer::with(&server, 50, "甲", &[Appeals]);
    assert_eq!(officer.refused(&server, grant(&phone, OperationId([1; 32]))).await, invalid("appeal"));
    let take = || decide(&phone, appeal, AppealDecision::Take, None);
    officer.done(&server, take()).await;
    assert_eq!(officer.refused(&server, take()).await.0, "already-done");
    officer.done(&server, grant(&phone, appeal)).await;
    let reason = Some(Text::new("否", "no"));
    for again in [take(), grant(&phone, appeal), decide(&phone, appeal, AppealDecision::Refuse, reason)] {
        assert_eq!(officer.refused(&server, again).await.0, "already-done");
    }
    phone.sync(&server).await;
    let said: Vec<_> = phone.appeals.iter().map(|notice| notice.state).collect();
    assert_eq!(said, [AppealState::Received, AppealState::InReview, AppealState::Granted]);
    assert_eq!((phone.colour(), phone.releases[0].cause), (Some(Colour::Green), ReleaseCause::Officer));
    assert_eq!(logged(&server, phone.subject), ["decide-appeal"; 2], "what is refused is nobody's act");
    assert_eq!(phone.acts.len(), 2);
}

#[tokio::test]
async fn a_granted_appeal_is_not_undone_by_records_that_report_its_own_order() {
    let server = Server::start().await;
    let own = vec![open_elsewhere(&server.config.issuer, Colour::Yellow)];
    let mut phone = yellow(&server).await;
    server.register.orders.lock().unwrap().clone_from(&own);
    server.go_to(12, 9, 0);
    phone.sync(&server).await;
    let appeal = contest(&server, &mut phone).await;
    Officer::with(&server, 50, "甲", &[Appeals]).done(&server, grant(&phone, appeal)).await;
    // The release is in the records too.
    server.register.orders.lock().unwrap().clear();
    server.go_to(13, 9, 0);
    phone.sync(&server).await;
    assert_eq!((phone.colour(), phone.orders.len()), (Some(Colour::Green), 1));
}

#[tokio::test]
async fn it_is_granted_on_the_ground_of_the_decision_and_what_comes_later_counts_again() {
    let server = Server::start().await;
    let mut phone = yellow(&server).await;
    let appeal = contest(&server, &mut phone).await;
    // Something else is in the records by then, which nobody has looked at.
    *server.register.orders.lock().unwrap() = vec![open_elsewhere("shenzhen", Colour::Green)];
    server.go_to(12, 9, 0);
    Officer::with(&server, 50, "甲", &[Appeals]).done(&server, grant(&phone, appeal)).await;
    phone.sync(&server).await;
    assert_eq!((phone.colour(), phone.orders.len()), (Some(Colour::Green), 1));
    phone.declare(&server, well(WUHAN, 12));
    phone.sync(&server).await;
    assert_eq!((phone.colour(), phone.orders.len()), (Some(Colour::Yellow), 2), "declared anew");
}

#[tokio::test]
async fn the_order_of_another_authority_is_set_aside_until_there_is_another() {
    let server = Server::start().await;
    *server.register.orders.lock().unwrap() = vec![open_elsewhere("shenzhen", Colour::Red)];
    let mut phone = Phone::enrol(&server, &li_si(), 9).await;
    phone.declare(&server, well("[]", 11));
    phone.sync(&server).await;
    assert_eq!(phone.ratings[0].reasons[0].rule, ORDER_ELSEWHERE);
    let appeal = contest(&server, &mut phone).await;
    Officer::with(&server, 50, "甲", &[Appeals]).done(&server, grant(&phone, appeal)).await;
    phone.sync(&server).await;
    assert_eq!((phone.colour(), phone.orders.len()), (Some(Colour::Green), 1));
    server.register.orders.lock().unwrap().push(open_elsewhere("wuhan", Colour::Yellow));
    server.go_to(12, 9, 0);
    phone.sync(&server).await;
    assert_eq!(phone.orders.len(), 2, "what is new counts");
}

#[tokio::test]
async fn an_officers_order_that_is_contested_with_success_leaves_no_colour() {
    let server = Server::start().await;
    let mut first = Officer::with(&server, 50, "甲", &[Orders]);
    let mut judge = Officer::with(&server, 51, "乙", &[Appeals]);
    // Somebody who is green by the rules, while the records do not answer; and somebody who never declared.
    let mut green = Phone::enrol(&server, &li_si(), 9).await;
    green.declare(&server, well("[]", 11));
    green.sync(&server).await;
    let mut unrated = Phone::enrol(&server, &zhang_san(), 8).await;
    for phone in [&mut green, &mut unrated] {
        let answer = first.done(&server, order(Whom::Subject(phone.subject), Colour::Red, 14)).await;
        phone.sync(&server).await;
        assert_eq!(phone.ratings.last().unwrap().reasons[0].rule, MANUAL);
        let appeal = contest(&server, phone).await;
        server.register.silent.store(true, std::sync::atomic::Ordering::SeqCst);
        judge.done(&server, grant(phone, appeal)).await;
        phone.token = None;
        phone.sync(&server).await;
        server.register.silent.store(false, std::sync::atomic::Ordering::SeqCst);
        assert_eq!(phone.releases[0].order, order_of(&answer));
    }
    assert_eq!((green.colour(), unrated.colour()), (Some(Colour::Green), None));
    assert_eq!(green.ratings.last().unwrap().colour, Colour::Green);
}

#[tokio::test]
async fn nobody_decides_an_appeal_against_an_own_order() {
    let server = Server::start().await;
    let roles = [Orders, Appeals];
    let mut first = Officer::with(&server, 50, "甲", &roles);
    let mut second = Officer::with(&server, 51, "乙", &roles);
    let mut phone = Phone::enrol(&server, &li_si(), 9).await;
    let answer = first.done(&server, order(at_counter(&li_si()), Colour::Red, 14)).await;
    phone.sync(&server).await;
    let appeal = contest(&server, &mut phone).await;
    let reason = Some(Text::new("否", "no"));
    for act in [
        decide(&phone, appeal, AppealDecision::Take, None),
        decide(&phone, appeal, AppealDecision::Refuse, reason.clone()),
        grant(&phone, appeal),
    ] {
        assert_eq!(first.refused(&server, act).await.0, "role");
    }
    // Nor after its end.
    second
        .done(&server, Act::LiftOrder { whom: Whom::Subject(phone.subject), order: order_of(&answer) })
        .await;
    let refuse = || decide(&phone, appeal, AppealDecision::Refuse, reason.clone());
    assert_eq!(first.refused(&server, refuse()).await.0, "role");
    second.done(&server, refuse()).await;
}

#[tokio::test]
async fn who_confirmed_an_order_or_said_for_somebody_what_a_rule_reads_is_no_judge_of_it() {
    let server = Server::start().await;
    let roles = [Orders, Appeals, Papers];
    let mut first = Officer::with(&server, 50, "甲", &roles);
    let mut second = Officer::with(&server, 51, "乙", &roles);
    let mut third = Officer::with(&server, 52, "丙", &roles);
    let mut phone = Phone::enrol(&server, &li_si(), 9).await;
    let whom = Whom::Subject(phone.subject);
    let answer = first.done(&server, order(whom.clone(), Colour::Red, 14)).await;
    phone.sync(&server).await;
    let appeal = contest(&server, &mut phone).await;
    second.done(&server, Act::ConfirmOrder { whom: whom.clone(), order: order_of(&answer) }).await;
    for officer in [&mut first, &mut second] {
        assert_eq!(officer.refused(&server, grant(&phone, appeal)).await.0, "role");
    }
    third.done(&server, grant(&phone, appeal)).await;
    // What an officer declares for somebody stands on that officer's word.
    third.done(&server, Act::Declare { whom, declaration: well(WUHAN, 11) }).await;
    phone.sync(&server).await;
    assert_eq!(phone.colour(), Some(Colour::Yellow));
    let appeal = contest(&server, &mut phone).await;
    assert_eq!(third.refused(&server, grant(&phone, appeal)).await.0, "role");
    first.done(&server, grant(&phone, appeal)).await;
}

#[tokio::test]
async fn an_appeal_against_an_officers_order_ends_no_later_one() {
    let server = Server::start().await;
    let mut first = Officer::with(&server, 50, "甲", &[Orders]);
    let mut second = Officer::with(&server, 51, "乙", &[Orders]);
    let mut judge = Officer::with(&server, 52, "丙", &[Appeals]);
    let mut phone = Phone::enrol(&server, &li_si(), 9).await;
    let whom = Whom::Subject(phone.subject);
    let answer = first.done(&server, order(whom.clone(), Colour::Red, 14)).await;
    phone.sync(&server).await;
    let appeal = contest(&server, &mut phone).await;
    second.done(&server, Act::LiftOrder { whom: whom.clone(), order: order_of(&answer) }).await;
    second.done(&server, order(whom, Colour::Red, 14)).await;
    judge.done(&server, grant(&phone, appeal)).await;
    phone.sync(&server).await;
    assert_eq!(
        (phone.orders.len(), phone.releases.len()),
        (2, 1),
        "another order, with an appeal of its own"
    );
    assert_eq!(phone.colour(), Some(Colour::Red));
}

#[tokio::test]
async fn what_was_granted_stays_so_in_a_database_that_came_back() {
    let mut server = Server::start().await;
    let phone = Phone::enrol(&server, &zhang_san(), 1).await;
    let mut keeper = Keeper { phone, kept: Vec::new() };
    let copy = back_up(&server);
    keeper.phone.declare(&server, well(WUHAN, 11));
    keeper.sync(&server).await;
    let rating = keeper.phone.ratings.last().unwrap();
    let appeal = Appeal {
        rating: rating.serial,
        rule: rating.reasons[0].rule.clone(),
        text: "I was at home".to_owned(),
        statements: Vec::new(),
    };
    let evidence = keeper.phone.evidence(server.clock.now());
    let appeal = keeper.phone.record(&OperationBody::Appeal(appeal), evidence);
    keeper.sync(&server).await;
    Officer::with(&server, 50, "甲", &[Appeals]).done(&server, grant(&keeper.phone, appeal)).await;
    keeper.sync(&server).await;
    assert_eq!((keeper.phone.colour(), keeper.phone.orders.len()), (Some(Colour::Green), 1));
    restore_nothing(&server);
    restore(&mut server, Some(&copy)).await;
    server.go_to(12, 9, 0);
    keeper.recover(&server).await;
    keeper.sync(&server).await;
    assert_eq!(keeper.phone.colour(), Some(Colour::Green));
    let green = keeper.phone.orders.iter().all(|order| order.issued_at < at(12, 0, 0));
    assert!(green, "no order is given anew");
}
