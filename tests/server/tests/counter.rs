//! What officers do about carers and paper codes: who may care for whom, and somebody at the counter without a phone. Each
//! act is found in the log and in the resident's journal, with what it came to.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod support;

use healthcode::rules::colour::Colour;
use healthcode::token::ids::unhex;
use healthcode::token::{ActKind, ByRole, GateToken, StatusReference};
use healthcode::wire::act::{Shown, Whom};
use healthcode::wire::message::{Enrolled, EnrolmentStarted, STATUS_PATH_PREFIX, SyncResponse};
use healthcode::wire::{Act, Bytes};
use healthcode_server::OfficerRole::{CheckIns, Orders, Papers, Relations};
use serde_json::{Value, json};
use support::family::{ask_to_care, care_for};
use support::officer::{Officer, at_counter, log, logged, operator, order, order_of};
use support::phone::{Phone, confirm, key, well, yellow};
use support::{Server, li_si, sun_qi, zhang_san, zhao_liu};

fn id(value: &Value) -> Bytes {
    let id: [u8; 8] = unhex(value.as_str().unwrap()).unwrap();
    Bytes(id.to_vec())
}

fn invalid(field: &str) -> (String, Option<String>) {
    ("invalid".to_owned(), Some(field.to_owned()))
}

/// The officer's acts as a phone was told: kind, and the note.
fn told(phone: &Phone) -> Vec<(ActKind, String)> {
    phone.acts.iter().map(|act| (act.kind, act.note.clone().unwrap())).collect()
}

#[tokio::test]
async fn an_officer_allows_a_relation_and_the_carer_has_a_code() {
    let server = Server::start_family().await;
    let carer = Phone::enrol(&server, &li_si(), 1).await;
    let new = key(10);
    let started: EnrolmentStarted = ask_to_care(&server, &carer, &new, &zhao_liu()).await.json();
    assert_eq!(confirm(&server, &new, &started.session, "").await.problem().1, "relation-pending");
    let mut officer = Officer::with(&server, 50, "甲", &[Relations]);
    let row = officer.done(&server, Act::Waiting {}).await["people"][0].clone();
    assert_eq!((&row["waits"], &row["carer_name"]), (&"relation".into(), &"*四".into()));
    let key = id(&row["key"]);
    let whom = || at_counter(&zhao_liu());
    let relation = |key: &Bytes, allow| Act::Relation { whom: whom(), key: key.clone(), allow };
    assert_eq!(officer.refused(&server, relation(&Bytes(vec![9; 8]), true)).await, invalid("key"));
    assert_eq!(officer.done(&server, relation(&key, true)).await["allowed"], true);
    assert_eq!(officer.refused(&server, relation(&key, true)).await.0, "already-done");
    assert_eq!(officer.done(&server, Act::Waiting {}).await["people"], json!([]));
    let enrolled: Enrolled = confirm(&server, &new, &started.session, "").await.json();
    let mut caring = Phone::of(enrolled, new, 10);
    caring.declare(&server, well("[]", 11));
    caring.sync(&server).await;
    assert_eq!(caring.colour(), Some(Colour::Red), "by the case register");
    assert_eq!(caring.notices[0].carer.as_ref().unwrap().name, "*四");
    let note = "*四 申请照护：同意。*四 asked to care for you: allowed. 你好 hello";
    assert_eq!(told(&caring), [(ActKind::Relation, note.to_owned())]);
    assert_eq!(logged(&server, caring.subject), ["relation"]);
    assert_eq!(caring.acts[0].entry, log(&server).last().unwrap().entry);

    // Who cares for whom is listed, with what ends it.
    let show = || Act::Show { whom: whom(), what: Shown::Carers };
    let carers = officer.done(&server, show()).await["carers"].clone();
    assert_eq!((carers.as_array().unwrap().len(), &carers[0]["carer_name"]), (1, &"*四".into()));
    let end = |key| Act::EndCare { whom: whom(), key };
    assert_eq!(officer.refused(&server, end(Bytes(vec![9; 8]))).await, invalid("end"));
    officer.done(&server, end(id(&carers[0]["key"]))).await;
    assert_eq!(officer.refused(&server, end(id(&carers[0]["key"]))).await.0, "already-done");
    assert_eq!(officer.done(&server, show()).await["carers"], json!([]));
    let response: SyncResponse = caring.send(&server, &caring.request(&server)).await.json();
    assert!(response.replaced);
    assert_eq!(logged(&server, caring.subject), ["relation", "show", "end-care", "show"]);
}

#[tokio::test]
async fn a_relation_that_is_refused_is_told_with_who_asked() {
    let server = Server::start_family().await;
    let (own, other) =
        (Phone::enrol(&server, &zhang_san(), 1).await, Phone::enrol(&server, &li_si(), 2).await);
    let mut mother = care_for(&server, &own, &sun_qi(), 10, false).await;
    let new = key(11);
    // No relation in the records any more, since the officer of before ended it.
    let mut officer = Officer::with(&server, 50, "甲", &[Relations]);
    let father = care_for(&server, &other, &sun_qi(), 12, false).await;
    let whom = || at_counter(&sun_qi());
    officer.done(&server, Act::EndCare { whom: whom(), key: father.key_id().to_vec().into() }).await;
    let started: EnrolmentStarted = ask_to_care(&server, &other, &new, &sun_qi()).await.json();
    let asked = new_id(&new);
    let mut long = officer.request(&server, Act::Relation { whom: whom(), key: asked.clone(), allow: false });
    long.note = Some("长".repeat(341));
    let answer = support::officer::send(&server, officer.sign(&long)).await;
    assert_eq!(answer.problem().2.as_deref(), Some("note"), "no room for what was decided");
    officer.done(&server, Act::Relation { whom: whom(), key: asked.clone(), allow: false }).await;
    let again = Act::Relation { whom: whom(), key: asked, allow: true };
    assert_eq!(officer.refused(&server, again).await, invalid("key"));
    assert_eq!(confirm(&server, &new, &started.session, "").await.problem().1, "relation-pending");
    mother.sync(&server).await;
    let note = "*四 申请照护：不同意。*四 asked to care for you: not allowed. 你好 hello";
    assert_eq!(told(&mother)[1], (ActKind::Relation, note.to_owned()));
    assert_eq!(logged(&server, mother.subject), ["end-care", "relation"]);
}

fn new_id(key: &healthcode::token::SoftwareKey) -> Bytes {
    Bytes(healthcode::token::Signer::public_key(key).id().to_vec())
}

async fn status(server: &Server, of: StatusReference) -> Option<u8> {
    let answer = server.get(&format!("{STATUS_PATH_PREFIX}{}", of.list)).await;
    server.trust().await.open_status_list(&answer.body).unwrap().object.status(of.index)
}

#[tokio::test]
async fn somebody_at_the_counter_goes_with_a_page_and_loses_it() {
    let server = Server::start_family().await;
    let mut officer = Officer::with(&server, 50, "甲", &[Papers]);
    let whom = || at_counter(&zhao_liu());
    let issue = || Act::IssuePaper { whom: whom() };
    assert_eq!(officer.refused(&server, issue()).await.0, "unknown-subject");
    officer.done(&server, Act::Declare { whom: whom(), declaration: well("[]", 11) }).await;
    let answer = officer.done(&server, issue()).await;
    // The page is whole in the answer: nobody has a phone for it.
    let token = answer["token"].as_str().unwrap();
    let bytes = (0..token.len()).step_by(2).map(|place| u8::from_str_radix(&token[place..place + 2], 16));
    let signed: Vec<u8> = bytes.map(Result::unwrap).collect();
    let token: GateToken = server.trust().await.open_from(&server.config.issuer, &signed).unwrap();
    assert_eq!((token.colour, token.holder, token.id_tail.as_str()), (Colour::Red, None, "4626"));
    let page = answer["page"].as_str().unwrap();
    assert!(page.starts_with("<svg") && page.contains("*六") && page.contains("杭州市"), "{}", &page[..200]);
    assert_eq!(status(&server, token.status).await, Some(0));

    // Lost: what is valid is listed with its id.
    let show = || Act::Show { whom: whom(), what: Shown::Papers };
    let papers = officer.done(&server, show()).await["papers"].clone();
    assert_eq!((papers.as_array().unwrap().len(), &papers[0]["paper"]), (1, &answer["paper"]));
    let withdraw = |paper| Act::WithdrawPaper { whom: whom(), paper };
    assert_eq!(officer.refused(&server, withdraw(Bytes(vec![9; 8]))).await, invalid("paper"));
    officer.done(&server, withdraw(id(&papers[0]["paper"]))).await;
    let again = officer.refused(&server, withdraw(id(&papers[0]["paper"]))).await;
    assert_eq!(again, ("already-done".to_owned(), Some("paper".to_owned())));
    assert_eq!(officer.done(&server, show()).await["papers"], json!([]));
    server.go_to(11, 9, 2);
    assert_eq!(status(&server, token.status).await, Some(1));
    for _ in 0..3 {
        officer.done(&server, issue()).await;
    }
    assert_eq!(officer.refused(&server, issue()).await, ("limit".to_owned(), Some("paper".to_owned())));

    // Whoever cares for the person later reads all of it.
    let carer = Phone::enrol(&server, &li_si(), 1).await;
    let (new, mut allowing) = (key(10), Officer::with(&server, 51, "乙", &[Relations]));
    let started: EnrolmentStarted = ask_to_care(&server, &carer, &new, &zhao_liu()).await.json();
    allowing.done(&server, Act::Relation { whom: whom(), key: new_id(&new), allow: true }).await;
    let mut caring = Phone::of(confirm(&server, &new, &started.session, "").await.json(), new, 10);
    caring.sync(&server).await;
    let kinds: Vec<_> = caring.acts.iter().map(|act| act.kind).collect();
    let (declared, paper) = (ActKind::Declaration, ActKind::Paper);
    let expected = [declared, paper, paper, paper, paper, paper, paper, paper, ActKind::Relation];
    assert_eq!(kinds, expected);
    let looked = "仅查阅，未作更改。Looked at only: nothing was changed. 你好 hello";
    assert_eq!(caring.acts[2].note.as_deref(), Some(looked));
    let by = caring.papers[0].by.clone().unwrap();
    assert_eq!((by.role, by.name.as_str()), (ByRole::Officer, "甲"));
    assert_eq!(logged(&server, caring.subject).len(), kinds.len());
}

#[tokio::test]
async fn the_order_in_force_is_shown_to_whom_it_concerns_and_looking_is_told() {
    let server = Server::start().await;
    let mut phone = yellow(&server).await;
    let whom = || Whom::Subject(phone.subject);
    let mut officer = Officer::with(&server, 50, "甲", &[Orders]);
    let show = |what| Act::Show { whom: whom(), what };
    let ruled = officer.done(&server, show(Shown::Order)).await["in_force"].clone();
    assert_eq!((&ruled["colour"], &ruled["ordered_by"]), (&"yellow".into(), &Value::Null));
    let answer = officer.done(&server, order(whom(), Colour::Red, 14)).await;
    let mut second = Officer::with(&server, 51, "乙", &[Orders]);
    second.done(&server, Act::ConfirmOrder { whom: whom(), order: order_of(&answer) }).await;
    let shown = second.done(&server, show(Shown::Order)).await["in_force"].clone();
    assert_eq!((&shown["order"], &shown["ordered_by"]), (&answer["order"], &"甲".into()));
    second
        .done(&server, Act::LiftOrder { whom: whom(), order: order_of(&json!({"order": shown["order"]})) })
        .await;
    // Each looks at what the role may end.
    let mut other = Officer::with(&server, 52, "丙", &[CheckIns]);
    for what in [Shown::Papers, Shown::Carers, Shown::Order] {
        assert_eq!(other.refused(&server, show(what)).await.0, "role");
    }
    assert_eq!(officer.refused(&server, show(Shown::Papers)).await.0, "role");
    phone.sync(&server).await;
    assert_eq!(phone.acts.len(), 5, "whoever looks is named");
    assert!(phone.acts[0].note.as_ref().unwrap().starts_with("仅查阅"));
}

#[tokio::test]
async fn what_a_removed_officer_did_is_still_theirs_by_the_log() {
    let server = Server::start().await;
    let phone = yellow(&server).await;
    let act = || Act::CheckIn { whom: Whom::Subject(phone.subject), symptoms: Vec::new() };
    let mut officer = Officer::with(&server, 50, "甲", &[CheckIns]);
    officer.done(&server, act()).await;
    operator(&server).remove_officer("甲").unwrap();
    assert!(operator(&server).remove_officer("甲").is_err(), "once");
    assert_eq!(officer.refused(&server, act()).await.0, "role");
    let listed = operator(&server).officers().unwrap();
    assert_eq!((listed.len(), listed[0].removed), (1, true));
    let entry = log(&server).remove(0);
    assert_eq!((entry.officer.as_deref(), entry.removed), (Some("甲"), true));
    // The name is free for a key of now, and the same key may be registered again.
    Officer::with(&server, 51, "甲", &[CheckIns]);
    let key = healthcode::token::Signer::public_key(&officer.key);
    operator(&server).register_officer(&key, "甲二", &[CheckIns]).unwrap();
    officer.done(&server, Act::Overdue {}).await;
    let listed = operator(&server).officers().unwrap();
    assert_eq!((listed.len(), listed.iter().any(|officer| officer.removed)), (2, false));
}
