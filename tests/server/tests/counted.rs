//! The public count of orders that no rule gave, through the loss of a database.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod support;

use healthcode::rules::colour::Colour;
use healthcode::wire::Act;
use healthcode::wire::message::COUNTS_PATH;
use serde_json::{Value, json};
use support::keeper::{Keeper, back_up, restore};
use support::officer::{order, order_of, two, whom};
use support::phone::{Phone, well};
use support::{Server, li_si};

async fn counts(server: &Server) -> Value {
    server.get(COUNTS_PATH).await.json::<Value>()["manual_orders"].clone()
}

#[tokio::test]
async fn the_public_count_comes_back_with_what_a_phone_holds() {
    let mut server = Server::start().await;
    let phone = Phone::enrol(&server, &li_si(), 9).await;
    let mut keeper = Keeper { phone, kept: Vec::new() };
    keeper.phone.declare(&server, well("[]", 11));
    keeper.sync(&server).await;
    let copy = back_up(&server);
    let (mut first, mut second) = two(&server);
    let answer = first.done(&server, order(whom(&keeper.phone), Colour::Red, 14)).await;
    keeper.sync(&server).await;
    let row = |fate: &str| {
        let mut row = json!({"region": "330100", "day": "2020-02-11", "ordered": 1, "provisional": 0, "confirmed": 0, "lapsed": 0, "ended": 0});
        row[fate] = 1.into();
        json!([row])
    };
    assert_eq!(counts(&server).await, row("provisional"));
    restore(&mut server, Some(&copy)).await;
    keeper.recover(&server).await;
    assert_eq!(counts(&server).await, row("provisional"));
    second.done(&server, Act::LiftOrder { whom: whom(&keeper.phone), order: order_of(&answer) }).await;
    keeper.sync(&server).await;
    assert_eq!(counts(&server).await, row("ended"));
    // Of one that was confirmed too.
    let answer = second.done(&server, order(whom(&keeper.phone), Colour::Red, 14)).await;
    first.done(&server, Act::ConfirmOrder { whom: whom(&keeper.phone), order: order_of(&answer) }).await;
    keeper.sync(&server).await;
    restore(&mut server, Some(&copy)).await;
    keeper.recover(&server).await;
    assert_eq!(counts(&server).await[0]["ordered"], 2);
    assert_eq!(counts(&server).await[0]["confirmed"], 1);
}
