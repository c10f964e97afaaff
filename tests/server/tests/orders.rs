//! Orders that no rule gives: two officers, or none.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod support;

use healthcode::rules::colour::Colour;
use healthcode::token::decision::ReleaseCause;
use healthcode::token::{ActKind, OrderId};
use healthcode::wire::Act;
use healthcode::wire::message::{COUNTS_PATH, ChangeKind, Recovered};
use healthcode_server::OfficerRole::CheckIns;
use serde_json::{Value, json};
use support::officer::{Officer, at_counter, logged, order, order_of, two, whom};
use support::phone::{Phone, green, serve, well, yellow};
use support::{Server, at, february, li_si};

async fn counts(server: &Server) -> Value {
    let answer = server.get(COUNTS_PATH).await;
    assert_eq!(answer.status, 200);
    answer.json::<Value>()["manual_orders"].clone()
}

#[tokio::test]
async fn what_nobody_confirms_lapses_and_gives_no_colour_afterwards() {
    let server = Server::start().await;
    let mut phone = green(&server).await;
    let (mut first, _) = two(&server);
    let answer = first.done(&server, order(whom(&phone), Colour::Red, 14)).await;
    assert_eq!(
        (&answer["colour"], answer["provisional_until"].as_i64()),
        (&"red".into(), Some(at(14, 9, 0).millis()))
    );
    phone.sync(&server).await;
    let said = phone.orders[0].clone();
    assert_eq!((said.rule.as_str(), said.provisional_until), ("manual", Some(at(14, 9, 0))));
    assert_eq!((phone.colour(), phone.acts[0].kind), (Some(Colour::Red), ActKind::Order));
    assert_eq!(phone.ratings.last().unwrap().reasons[0].rule, "manual");
    server.set(at(14, 9, 0).plus_millis(-1));
    phone.sync(&server).await;
    assert_eq!(phone.colour(), Some(Colour::Red));
    server.go_to(14, 9, 0);
    phone.sync(&server).await;
    assert_eq!(phone.releases[0].cause, ReleaseCause::Lapsed);
    assert_eq!(phone.colour(), Some(Colour::Green));
    assert_eq!(phone.ratings.last().unwrap().colour, Colour::Green);
    let row = json!([{"region": "330100", "day": "2020-02-11", "ordered": 1, "provisional": 0, "confirmed": 0, "lapsed": 1, "ended": 0}]);
    assert_eq!(counts(&server).await, row);
}

#[tokio::test]
async fn it_lapses_without_the_records_and_without_a_phone_too() {
    let server = Server::start().await;
    let (mut first, _) = two(&server);
    // Somebody who never enrolled and never declared.
    let answer = first.done(&server, order(at_counter(&li_si()), Colour::Yellow, 2)).await;
    server.register.silent.store(true, std::sync::atomic::Ordering::SeqCst);
    server.go_to(14, 9, 0);
    assert_eq!(first.done(&server, Act::Waiting {}).await["people"], json!([]));
    server.register.silent.store(false, std::sync::atomic::Ordering::SeqCst);
    let mut phone = Phone::enrol(&server, &li_si(), 9).await;
    assert_eq!(answer["subject"], phone.subject.to_string());
    phone.sync(&server).await;
    assert_eq!((phone.colour(), phone.orders.len(), phone.releases.len()), (None, 1, 1));
}

#[tokio::test]
async fn a_second_officer_confirms_and_nobody_twice_or_late() {
    let server = Server::start().await;
    let mut phone = green(&server).await;
    let (mut first, mut second) = two(&server);
    let mut other = Officer::with(&server, 52, "丙", &[CheckIns]);
    let answer = first.done(&server, order(whom(&phone), Colour::Yellow, 3)).await;
    let id = order_of(&answer);
    let confirm = || Act::ConfirmOrder { whom: whom(&phone), order: id };
    assert_eq!(first.refused(&server, confirm()).await.0, "role", "who gave it is no second officer");
    assert_eq!(other.refused(&server, confirm()).await.0, "role");
    let waiting = second.done(&server, Act::Waiting {}).await;
    let row = &waiting["people"][0];
    assert_eq!(
        (&row["order"], &row["ordered_by"], &row["days"]),
        (&answer["order"], &"甲".into(), &3.into())
    );
    server.go_to(12, 9, 0);
    second.done(&server, confirm()).await;
    assert_eq!(second.refused(&server, confirm()).await.0, "already-done");
    assert_eq!(second.done(&server, Act::Waiting {}).await["people"], json!([]));
    phone.sync(&server).await;
    let [provisional, confirmed] = phone.orders.as_slice() else { unreachable!("said twice") };
    assert!(confirmed.serial > provisional.serial && confirmed.provisional_until.is_none());
    assert_eq!(confirmed.quarantine(), provisional.quarantine());
    assert_eq!(phone.acts.len(), 2);
    assert_eq!(logged(&server, phone.subject), ["order", "confirm-order"]);
    assert_eq!(counts(&server).await[0]["confirmed"], 1);
    // It runs like any other: days are counted through the confirmation.
    for day in 12..15 {
        phone.tap(at(day, 10, 0));
        server.go_to(day, 10, 1);
        phone.sync(&server).await;
    }
    server.go_to(15, 3, 0);
    phone.sync(&server).await;
    assert_eq!(phone.releases[0].cause, ReleaseCause::Completed);
    assert_eq!(phone.colour(), Some(Colour::Green));
    // Another one, whose time passes.
    let answer = first.done(&server, order(whom(&phone), Colour::Red, 3)).await;
    let late = Act::ConfirmOrder { whom: whom(&phone), order: order_of(&answer) };
    server.go_to(18, 3, 0);
    assert_eq!(second.refused(&server, late).await, ("late".to_owned(), Some("order".to_owned())));
}

#[tokio::test]
async fn an_order_is_lifted_and_a_rules_order_is_not() {
    let server = Server::start().await;
    let mut phone = yellow(&server).await;
    let (mut first, mut second) = two(&server);
    let ruled = phone.orders[0].order;
    let invalid = |field: &str| ("invalid".to_owned(), Some(field.to_owned()));
    for act in [
        Act::LiftOrder { whom: whom(&phone), order: ruled },
        Act::ConfirmOrder { whom: whom(&phone), order: ruled },
    ] {
        assert_eq!(first.refused(&server, act).await, invalid("order"));
    }
    let answer = first.done(&server, order(whom(&phone), Colour::Red, 3)).await;
    phone.sync(&server).await;
    assert_eq!((phone.colour(), phone.releases[0].cause), (Some(Colour::Red), ReleaseCause::Superseded));
    let lift = || Act::LiftOrder { whom: whom(&phone), order: order_of(&answer) };
    second.done(&server, lift()).await;
    assert_eq!(second.refused(&server, lift()).await, invalid("order"));
    phone.sync(&server).await;
    assert_eq!(phone.releases[1].cause, ReleaseCause::Officer);
    // What the rules say holds again, by an order of its own.
    assert_eq!(phone.colour(), Some(Colour::Yellow));
    assert!(phone.orders.last().unwrap().rule != "manual");
    assert_eq!(counts(&server).await[0]["ended"], 1);
    assert_eq!(logged(&server, phone.subject), ["order", "lift-order"]);
}

#[tokio::test]
async fn an_order_is_bounded_and_never_milder_than_the_one_in_force() {
    let server = Server::start().await;
    let phone = yellow(&server).await;
    let (mut first, _) = two(&server);
    let changed = |change: fn(&mut Value)| {
        let mut act = serde_json::to_value(order(whom(&phone), Colour::Red, 3)).unwrap();
        change(&mut act);
        serde_json::from_value::<Act>(act).unwrap()
    };
    for (act, field) in [
        (changed(|act| act["days"] = 0.into()), "days"),
        (changed(|act| act["days"] = 15.into()), "days"),
        (changed(|act| act["colour"] = "green".into()), "colour"),
        (changed(|act| act["starts_on"] = "2020-02-12".into()), "starts_on"),
        (changed(|act| act["starts_on"] = "2020-01-01".into()), "starts_on"),
        (changed(|act| act["cause"]["en"] = " ".into()), "cause"),
        (changed(|act| act["cause"]["zh-CN"] = "长".repeat(400).into()), "cause"),
    ] {
        assert_eq!(first.refused(&server, act).await, ("invalid".to_owned(), Some(field.to_owned())));
    }
    assert_eq!(first.refused(&server, order(whom(&phone), Colour::Yellow, 3)).await.0, "already-done");
    first.done(&server, order(whom(&phone), Colour::Red, 3)).await;
    let milder = first.refused(&server, order(whom(&phone), Colour::Yellow, 3)).await;
    assert_eq!(milder, ("invalid".to_owned(), Some("colour".to_owned())));
    assert_eq!(logged(&server, phone.subject), ["order"], "what is refused is nobody's act");
}

#[tokio::test]
async fn a_confirmed_order_comes_back_whole_from_a_phone() {
    let mut server = Server::start().await;
    let mut phone = green(&server).await;
    let (mut first, mut second) = two(&server);
    let backup = server.folder.path().join("backup.db");
    let database = rusqlite::Connection::open(&server.config.database).unwrap();
    database.execute("VACUUM INTO ?1", [backup.to_str().unwrap()]).unwrap();
    drop(database);
    let answer = first.done(&server, order(whom(&phone), Colour::Yellow, 3)).await;
    phone.sync(&server).await;
    let tap = phone.tap(at(11, 10, 0));
    server.go_to(11, 10, 1);
    phone.sync(&server).await;
    second.done(&server, Act::ConfirmOrder { whom: whom(&phone), order: order_of(&answer) }).await;
    let said: healthcode::wire::message::SyncResponse = {
        let mut all = phone.request(&server);
        all.cursor = None;
        phone.send(&server, &all).await.json()
    };
    phone.sync(&server).await;
    // The database of before comes back; everything that was said is offered.
    for end in ["db", "db-wal", "db-shm"] {
        let _ = std::fs::remove_file(server.config.database.with_extension(end));
    }
    std::fs::copy(&backup, &server.config.database).unwrap();
    server.restart().await;
    let mut request = phone.request(&server);
    request.recovered_after = Some(0);
    request.recovered = said
        .changes
        .iter()
        .filter(|change| change.kind != ChangeKind::Other)
        .map(|change| Recovered::Decision { kind: change.kind.clone(), object: change.object.clone() })
        .collect();
    assert_eq!(phone.send(&server, &request).await.status, 200);
    // In force without an end by lapse, with the check-in that was judged under it.
    server.go_to(14, 9, 1);
    phone.cursor = None;
    (phone.orders, phone.releases, phone.judgements) = (Vec::new(), Vec::new(), Vec::new());
    phone.sync(&server).await;
    assert_eq!((phone.orders.len(), phone.releases.len()), (2, 0));
    assert_eq!(phone.colour(), Some(Colour::Yellow));
    assert_eq!(phone.day_of(tap), Some(11));
    assert_eq!(phone.orders[1].starts_on, february(11));
    assert_eq!(
        second.refused(&server, Act::ConfirmOrder { whom: whom(&phone), order: order_of(&answer) }).await.0,
        "already-done"
    );
}

#[tokio::test]
async fn what_the_rules_come_to_meanwhile_holds_once_an_officers_order_is_gone() {
    let server = Server::start().await;
    let mut phone = green(&server).await;
    let (mut first, _) = two(&server);
    first.done(&server, order(whom(&phone), Colour::Red, 14)).await;
    phone.sync(&server).await;
    // A stay in an area of risk is told now; red is stricter, so nothing is said of it yet.
    server.go_to(11, 12, 0);
    phone.declare(&server, well(support::phone::WUHAN, 11));
    phone.sync(&server).await;
    assert_eq!((phone.colour(), phone.orders.len()), (Some(Colour::Red), 1));
    // Nobody confirms, and the records do not answer: not green for a moment.
    server.register.silent.store(true, std::sync::atomic::Ordering::SeqCst);
    server.go_to(14, 9, 0);
    phone.sync(&server).await;
    assert!(phone.ratings.iter().filter(|rating| rating.colour == Colour::Green).count() == 1);
    server.register.silent.store(false, std::sync::atomic::Ordering::SeqCst);
    phone.sync(&server).await;
    assert_eq!((phone.colour(), phone.orders.len()), (Some(Colour::Yellow), 2));
}

/// Yellow by a rule, with three of its seven days served, and red by one officer on the fourth.
async fn red_after_three_days(server: &Server, first: &mut Officer) -> (Phone, OrderId) {
    let mut phone = yellow(server).await;
    for day in 11..14 {
        serve(server, &mut phone, day).await;
    }
    server.go_to(14, 9, 0);
    let answer = first.done(server, order(whom(&phone), Colour::Red, 14)).await;
    phone.sync(server).await;
    assert_eq!((phone.colour(), phone.orders.len()), (Some(Colour::Red), 2));
    (phone, order_of(&answer))
}

#[tokio::test]
async fn an_order_that_lapses_costs_nobody_the_days_that_were_served_before_and_under_it() {
    let server = Server::start().await;
    let (mut first, _) = two(&server);
    let (mut phone, _) = red_after_three_days(&server, &mut first).await;
    for day in 14..17 {
        serve(&server, &mut phone, day).await;
    }
    server.go_to(17, 9, 0);
    phone.sync(&server).await;
    let last = phone.orders.last().unwrap();
    assert_eq!((phone.colour(), last.days), (Some(Colour::Yellow), 1), "six of seven are served");
    assert_eq!(phone.releases.last().unwrap().cause, ReleaseCause::Lapsed);
    serve(&server, &mut phone, 17).await;
    server.go_to(18, 8, 0);
    phone.sync(&server).await;
    assert_eq!(phone.colour(), Some(Colour::Green));
}

#[tokio::test]
async fn an_order_that_is_lifted_costs_nobody_the_days_that_were_served_before() {
    let server = Server::start().await;
    let (mut first, mut second) = two(&server);
    let (mut phone, id) = red_after_three_days(&server, &mut first).await;
    second.done(&server, Act::LiftOrder { whom: whom(&phone), order: id }).await;
    phone.sync(&server).await;
    assert_eq!((phone.colour(), phone.orders.last().unwrap().days), (Some(Colour::Yellow), 4));
    // And they count once: what comes later is counted from its own first day.
    for day in 14..18 {
        serve(&server, &mut phone, day).await;
    }
    server.go_to(18, 8, 0);
    phone.declare(&server, well("[]", 18));
    phone.sync(&server).await;
    assert_eq!(phone.colour(), Some(Colour::Green));
    phone.declare(&server, well(r#"[{"region":"420100","from":"2020-02-17","to":"2020-02-18"}]"#, 18));
    phone.sync(&server).await;
    assert_eq!((phone.colour(), phone.orders.last().unwrap().days), (Some(Colour::Yellow), 7));
}

#[tokio::test]
async fn one_state_that_cannot_be_read_keeps_nobody_elses_order_from_lapsing() {
    let server = Server::start().await;
    let mut phone = green(&server).await;
    let (mut first, mut second) = two(&server);
    let damaged = first.done(&server, order(at_counter(&support::wang_wu()), Colour::Red, 14)).await;
    server.go_to(11, 9, 1);
    first.done(&server, order(whom(&phone), Colour::Red, 14)).await;
    let database = rusqlite::Connection::open(&server.config.database).unwrap();
    let subject = healthcode::token::SubjectId::parse(damaged["subject"].as_str().unwrap()).unwrap();
    let changed =
        database.execute("UPDATE subject SET state = '{' WHERE subject = ?1", [subject.as_bytes()]).unwrap();
    assert_eq!(changed, 1);
    let waiting = second.done(&server, Act::Waiting {}).await;
    assert_eq!(waiting["people"].as_array().unwrap().len(), 1);
    server.go_to(14, 9, 1);
    assert_eq!(second.done(&server, Act::Waiting {}).await["people"], json!([]));
    let mut checks = Officer::with(&server, 52, "丙", &[CheckIns]);
    assert_eq!(checks.done(&server, Act::Overdue {}).await["people"], json!([]));
    // It has ended, though no phone has asked: what is said next comes after it.
    phone.sync(&server).await;
    assert_eq!(phone.releases[0].released_at, at(14, 9, 1));
}
