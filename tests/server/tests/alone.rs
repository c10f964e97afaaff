//! How long an officer's word alone holds somebody, and how long a rule's order may run.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod support;

use healthcode::rules::colour::Colour;
use healthcode::token::decision::ReleaseCause;
use healthcode::wire::Act;
use healthcode_server::OfficerRole::{CheckIns, Orders};
use serde_json::json;
use support::officer::{Officer, logged, order, order_of, two, whom};
use support::phone::{green, serve, yellow};
use support::{Server, at};

#[tokio::test]
async fn officers_who_order_alone_do_not_order_again_nor_by_turns() {
    let server = Server::start().await;
    let mut phone = green(&server).await;
    let (mut first, mut second) = two(&server);
    let mut third = Officer::with(&server, 52, "丙", &[Orders]);
    let mut fourth = Officer::with(&server, 53, "丁", &[Orders]);
    let red = || order(whom(&phone), Colour::Red, 14);
    first.done(&server, order(whom(&phone), Colour::Yellow, 14)).await;
    server.go_to(14, 8, 59);
    assert_eq!(first.refused(&server, red()).await.0, "role", "a stricter one begins the 72 hours anew");
    server.go_to(14, 9, 0);
    assert_eq!(first.refused(&server, red()).await.0, "role", "lapsed");
    let answer = second.done(&server, red()).await;
    first.done(&server, Act::LiftOrder { whom: whom(&phone), order: order_of(&answer) }).await;
    assert_eq!(second.refused(&server, red()).await.0, "role", "lifted");
    assert_eq!(first.refused(&server, red()).await.0, "role", "by turns");
    // An order that was over before anybody looked at it is one officer's word too.
    let short = order(whom(&phone), Colour::Red, 1);
    let mut short = serde_json::to_value(short).unwrap();
    short["starts_on"] = "2020-02-14".into();
    third.done(&server, serde_json::from_value(short).unwrap()).await;
    phone.sync(&server).await;
    serve(&server, &mut phone, 14).await;
    server.go_to(15, 8, 0);
    phone.sync(&server).await;
    assert_eq!(phone.releases.last().unwrap().cause, ReleaseCause::Completed);
    let red = || order(whom(&phone), Colour::Red, 14);
    assert_eq!(third.refused(&server, red()).await.0, "role", "completed");
    // One that took the place of another officer's is the word of both, each alone.
    fourth.done(&server, order(whom(&phone), Colour::Yellow, 14)).await;
    let mut fifth = Officer::with(&server, 54, "戊", &[Orders]);
    let answer = fifth.done(&server, red()).await;
    first.done(&server, Act::LiftOrder { whom: whom(&phone), order: order_of(&answer) }).await;
    assert_eq!(fourth.refused(&server, red()).await.0, "role", "superseded");
    // Two officers are enough.
    let mut sixth = Officer::with(&server, 55, "己", &[Orders]);
    let answer = sixth.done(&server, red()).await;
    first.done(&server, Act::ConfirmOrder { whom: whom(&phone), order: order_of(&answer) }).await;
    second.done(&server, Act::LiftOrder { whom: whom(&phone), order: order_of(&answer) }).await;
    let answer = second.done(&server, red()).await;
    second.done(&server, Act::LiftOrder { whom: whom(&phone), order: order_of(&answer) }).await;
    // Where few give orders, it is not held against them for ever.
    let free = at(15, 8, 0).plus_hours(24 * 14);
    let mut late = serde_json::to_value(red()).unwrap();
    late["starts_on"] = "2020-02-29".into();
    let late = || serde_json::from_value::<Act>(late.clone()).unwrap();
    server.set(free.plus_millis(-1_000));
    assert_eq!(second.refused(&server, late()).await.0, "role");
    server.set(free);
    second.done(&server, late()).await;
}

#[tokio::test]
async fn days_that_were_served_are_held_through_two_officers_orders_without_the_rules_word_between() {
    let server = Server::start().await;
    let mut phone = yellow(&server).await;
    let ruled = phone.orders[0].clone();
    for day in 11..14 {
        phone.tap(at(day, 10, 0));
        server.go_to(day, 10, 1);
        phone.sync(&server).await;
    }
    let (mut first, mut second) = two(&server);
    first.done(&server, order(whom(&phone), Colour::Red, 14)).await;
    // The records do not answer: the rules have nothing to say when it lapses.
    server.register.silent.store(true, std::sync::atomic::Ordering::SeqCst);
    server.go_to(16, 10, 1);
    let answer = second.done(&server, order(whom(&phone), Colour::Red, 14)).await;
    server.register.silent.store(false, std::sync::atomic::Ordering::SeqCst);
    first.done(&server, Act::LiftOrder { whom: whom(&phone), order: order_of(&answer) }).await;
    phone.sync(&server).await;
    let again = phone.orders.last().unwrap();
    assert_eq!((again.rule.as_str(), phone.colour()), (ruled.rule.as_str(), Some(Colour::Yellow)));
    assert_eq!(again.days, ruled.days - 3);
}

#[tokio::test]
async fn an_order_that_has_run_for_as_long_as_any_may_is_an_officers_to_end() {
    let server = Server::start().await;
    let mut phone = yellow(&server).await;
    let (mut first, _) = two(&server);
    let ruled = phone.orders[0].clone();
    let about = whom(&phone);
    let lift = || Act::LiftOrder { whom: about.clone(), order: ruled.order };
    let last = ruled.quarantine().last_day();
    let closes = ruled.terms.closes(last);
    server.set(closes.plus_millis(-1));
    assert_eq!(first.done(&server, Act::Waiting {}).await["people"], json!([]));
    assert_eq!(first.refused(&server, lift()).await, ("invalid".to_owned(), Some("order".to_owned())));
    server.set(closes);
    let waiting = first.done(&server, Act::Waiting {}).await;
    let row = &waiting["people"][0];
    assert_eq!((&row["waits"], &row["order"]), (&"review".into(), &json!(ruled.order)));
    assert_eq!((&row["rule"], &row["colour"]), (&ruled.rule.clone().into(), &"yellow".into()));
    phone.sync(&server).await;
    assert_eq!((phone.colour(), phone.releases.len()), (Some(Colour::Yellow), 0));
    let mut checks = Officer::with(&server, 52, "丙", &[CheckIns]);
    assert_eq!(
        checks.done(&server, Act::Overdue {}).await["people"],
        json!([]),
        "no check-in counts any more"
    );
    assert_eq!(first.done(&server, lift()).await["colour"], "green");
    assert_eq!(first.done(&server, Act::Waiting {}).await["people"], json!([]));
    phone.sync(&server).await;
    assert_eq!((phone.colour(), phone.releases[0].cause), (Some(Colour::Green), ReleaseCause::Officer));
    assert_eq!(phone.orders.len(), 1, "its rule does not give it again");
    assert_eq!(logged(&server, phone.subject), ["lift-order"]);
}
