//! Officers at the wire: who may do what, once, and nothing unseen.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod support;

use healthcode::rules::colour::Colour;
use healthcode::token::ids::{OperationId, OrderId, SubjectId};
use healthcode::token::{ActKind, ByRole};
use healthcode::wire::act::{Shown, Whom};
use healthcode::wire::{Act, AppealDecision, Bytes};
use healthcode_server::OfficerRole::{self, Appeals, CheckIns, Orders, Papers, Relations};
use healthcode_server::StartError;
use rusqlite::Connection;
use support::officer::{Officer, at_counter, log, logged, operator, order, send};
use support::phone::{Phone, WUHAN, declaration, well, yellow};
use support::{Server, at, february, li_si, wang_wu, zhang_san};

/// Every act about somebody.
fn acts(whom: &Whom) -> Vec<(Act, OfficerRole)> {
    let whom = || whom.clone();
    let (id, name) = (OrderId([1; 8]), Bytes(vec![1; 8]));
    vec![
        (Act::Overdue {}, CheckIns),
        (Act::CheckIn { whom: whom(), symptoms: Vec::new() }, CheckIns),
        (Act::Relation { whom: whom(), key: name.clone(), allow: true }, Relations),
        (Act::EndCare { whom: whom(), key: name.clone() }, Relations),
        (Act::Declare { whom: whom(), declaration: well("[]", 11) }, Papers),
        (Act::IssuePaper { whom: whom() }, Papers),
        (Act::WithdrawPaper { whom: whom(), paper: name }, Papers),
        (
            Act::DecideAppeal {
                whom: whom(),
                appeal: OperationId([1; 32]),
                decision: AppealDecision::Take,
                reason: None,
            },
            Appeals,
        ),
        (order(whom(), Colour::Red, 3), Orders),
        (Act::ConfirmOrder { whom: whom(), order: id }, Orders),
        (Act::LiftOrder { whom: whom(), order: id }, Orders),
        (Act::Show { whom: whom(), what: Shown::Papers }, Papers),
        (Act::Show { whom: whom(), what: Shown::Carers }, Relations),
        (Act::Show { whom: whom(), what: Shown::Order }, Orders),
    ]
}

#[tokio::test]
async fn an_act_is_allowed_to_its_role_and_to_no_other() {
    let server = Server::start().await;
    let phone = yellow(&server).await;
    let whom = Whom::Subject(phone.subject);
    for (seed, role) in (40..).zip(OfficerRole::ALL) {
        let mut officer = Officer::with(&server, seed, role.word(), &[role]);
        for (act, needed) in acts(&whom) {
            let answer = officer.ask(&server, act.clone()).await;
            let refused = answer.status != 200 && answer.problem().1 == "role";
            assert_eq!(refused, role != needed, "{act:?} {role:?}");
        }
        let waiting = officer.ask(&server, Act::Waiting {}).await;
        assert_eq!(waiting.status == 200, matches!(role, Relations | Appeals | Orders), "{role:?}");
    }
}

#[tokio::test]
async fn whoever_is_no_officer_learns_nothing() {
    let server = Server::start().await;
    let phone = yellow(&server).await;
    let known = Officer::with(&server, 50, "甲", &OfficerRole::ALL);
    let mut stranger = Officer::stranger(51);
    let whoever = Whom::Subject(SubjectId([9; 16]));
    let mut answers = Vec::new();
    for whom in [Whom::Subject(phone.subject), whoever, at_counter(&zhang_san()), at_counter(&li_si())] {
        for (act, _) in acts(&whom) {
            answers.push(stranger.ask(&server, act).await);
        }
    }
    // Under an officer's key id, with another key's signature.
    let request = stranger.request(&server, Act::Overdue {});
    let mut forged = known.sign(&request);
    *forged.last_mut().unwrap() ^= 1;
    answers.push(send(&server, forged).await);
    assert!(answers.iter().all(|answer| *answer == answers[0]));
    assert_eq!(answers[0].problem(), (403, "role".to_owned(), None));
    assert!(log(&server).is_empty());
    // A removed officer is one of these.
    operator(&server).remove_officer("甲").unwrap();
    assert_eq!(send(&server, known.sign(&request)).await, answers[0]);
    for noise in [Vec::new(), vec![0x84; 64], vec![0; 40_000]] {
        assert!((400..500).contains(&send(&server, noise).await.status));
    }
}

#[tokio::test]
async fn whoever_is_unknown_is_one_and_the_same_problem() {
    let server = Server::start().await;
    yellow(&server).await;
    let mut officer = Officer::with(&server, 50, "甲", &OfficerRole::ALL);
    let mut nobody = li_si();
    nobody.document = serde_json::from_str(r#"{"kind":"passport","number":"E12345678"}"#).unwrap();
    let mut answers = Vec::new();
    // Nobody's subject, a document that the records do not have, and a person who never enrolled.
    for whom in [Whom::Subject(SubjectId([9; 16])), at_counter(&nobody), at_counter(&li_si())] {
        answers.push(officer.ask(&server, Act::CheckIn { whom, symptoms: Vec::new() }).await);
    }
    assert!(answers.iter().all(|answer| *answer == answers[0]));
    assert_eq!(answers[0].problem(), (404, "unknown-subject".to_owned(), None));
}

#[tokio::test]
async fn a_request_is_answered_once_and_late_clocks_and_other_audiences_are_refused() {
    let server = Server::start().await;
    let mut phone = yellow(&server).await;
    let mut officer = Officer::with(&server, 50, "甲", &[CheckIns]);
    let request =
        officer.request(&server, Act::CheckIn { whom: Whom::Subject(phone.subject), symptoms: Vec::new() });
    let first = send(&server, officer.sign(&request)).await;
    server.go_to(11, 15, 0);
    let again = send(&server, officer.sign(&request)).await;
    assert_eq!((first.status, &again), (200, &first), "the same request has the same answer");
    let mut other = request.clone();
    other.note = None;
    assert_eq!(send(&server, officer.sign(&other)).await.problem().1, "already-done");
    assert_eq!(logged(&server, phone.subject), ["check-in"]);
    phone.sync(&server).await;
    assert_eq!((phone.acts.len(), phone.judgements.len()), (1, 1));
    for (seconds, late) in [(-601, true), (-600, false), (600, false), (601, true)] {
        let mut shifted = officer.request(&server, Act::Overdue {});
        shifted.at = shifted.at.plus_millis(seconds * 1_000);
        let answer = send(&server, officer.sign(&shifted)).await;
        assert_eq!(answer.status != 200 && answer.problem().1 == "late", late, "{seconds}");
    }
    let mut elsewhere = officer.request(&server, Act::Overdue {});
    elsewhere.audience = "shenzhen".to_owned();
    assert_eq!(send(&server, officer.sign(&elsewhere)).await.problem().1, "signature");
    // Two at the same moment are one.
    let request = officer.request(&server, Act::Overdue {});
    let (one, two) =
        tokio::join!(send(&server, officer.sign(&request)), send(&server, officer.sign(&request)));
    assert_eq!((one.status, &one.body), (200, &two.body));
}

#[tokio::test]
async fn an_officers_check_in_counts_says_by_whom_and_is_made_once_a_day() {
    let server = Server::start().await;
    let mut phone = yellow(&server).await;
    let mut officer = Officer::with(&server, 50, "社区民警 甲", &[CheckIns]);
    let check_in = |symptoms: Vec<String>| Act::CheckIn { whom: Whom::Subject(phone.subject), symptoms };
    assert_eq!(
        officer.refused(&server, check_in(vec!["boredom".to_owned()])).await,
        ("invalid".to_owned(), Some("symptoms".to_owned()))
    );
    let answer = officer.done(&server, check_in(Vec::new())).await;
    assert_eq!((answer["day"].as_str(), answer["colour"].as_str()), (Some("2020-02-11"), Some("yellow")));
    server.go_to(11, 20, 0);
    assert_eq!(officer.refused(&server, check_in(Vec::new())).await.0, "already-done");
    phone.sync(&server).await;
    let judgement = phone.judgements.last().unwrap().clone();
    let by = judgement.by.unwrap();
    assert_eq!((by.role, by.name.as_str()), (ByRole::Officer, "社区民警 甲"));
    assert_eq!((judgement.day, judgement.not_counted), (Some(february(11)), None));
    let act = phone.acts.last().unwrap();
    assert_eq!((act.kind, act.officer.as_str()), (ActKind::CheckIn, "社区民警 甲"));
    assert_eq!(act.note.as_deref(), Some("你好 hello"));
    assert_eq!(act.entry, log(&server).last().unwrap().entry);
    // The resident's own tap of the day comes second, and is told so.
    let tap = phone.tap(at(11, 20, 5));
    server.go_to(11, 20, 6);
    phone.sync(&server).await;
    assert_eq!(phone.day_of(tap), None);
    // Without an order there is nothing to check in for.
    let green = Phone::enrol(&server, &li_si(), 9).await;
    let act = Act::CheckIn { whom: Whom::Subject(green.subject), symptoms: Vec::new() };
    assert_eq!(officer.refused(&server, act).await, ("invalid".to_owned(), Some("order".to_owned())));
    assert_eq!(logged(&server, phone.subject), ["check-in"]);
}

#[tokio::test]
async fn overdue_names_who_missed_the_day_that_is_over_and_tells_each_once_a_day() {
    let server = Server::start().await;
    let mut phone = yellow(&server).await;
    let green = Phone::enrol(&server, &li_si(), 9).await;
    let mut officer = Officer::with(&server, 50, "甲", &[CheckIns]);
    let missed = |answer: &serde_json::Value| answer["people"][0]["missed"].clone();
    let none = serde_json::json!([]);
    assert_eq!(officer.done(&server, Act::Overdue {}).await["people"], none);
    // Until two in the morning the day can still be kept.
    server.go_to(12, 1, 59);
    assert_eq!(officer.done(&server, Act::Overdue {}).await["people"], none);
    server.go_to(12, 2, 0);
    let answer = officer.done(&server, Act::Overdue {}).await;
    let person = &answer["people"][0];
    assert_eq!(missed(&answer), serde_json::json!(["2020-02-11"]));
    assert_eq!(person["subject"], phone.subject.to_string());
    assert_eq!((&person["masked_name"], &person["id_tail"]), (&"*三".into(), &"002X".into()));
    assert_eq!((&person["region"], &answer["more"]), (&"330100".into(), &false.into()));
    officer.done(&server, Act::Overdue {}).await;
    phone.sync(&server).await;
    assert_eq!(phone.acts.iter().map(|act| act.kind).collect::<Vec<_>>(), [ActKind::Overdue]);
    server.go_to(13, 2, 0);
    assert_eq!(
        missed(&officer.done(&server, Act::Overdue {}).await),
        serde_json::json!(["2020-02-11", "2020-02-12"])
    );
    phone.sync(&server).await;
    assert_eq!(phone.acts.len(), 2, "the next day is told again");
    phone.tap(at(13, 8, 0));
    server.go_to(13, 8, 1);
    phone.sync(&server).await;
    server.go_to(14, 2, 0);
    assert_eq!(officer.done(&server, Act::Overdue {}).await["people"], none);
    server.go_to(15, 2, 0);
    assert_eq!(missed(&officer.done(&server, Act::Overdue {}).await), serde_json::json!(["2020-02-14"]));
    assert_eq!(logged(&server, phone.subject), ["overdue"; 3]);
    assert!(logged(&server, green.subject).is_empty());
    let lists = log(&server).iter().filter(|entry| entry.subject.is_none()).count();
    assert_eq!(lists, 7, "each look is logged");
}

#[tokio::test]
async fn somebody_at_the_counter_is_rated_like_anybody_and_finds_it_on_a_phone_later() {
    let server = Server::start().await;
    let mut officer = Officer::with(&server, 50, "甲", &[Papers]);
    let declare = |on| Act::Declare { whom: at_counter(&zhang_san()), declaration: well(WUHAN, on) };
    assert_eq!(
        officer.refused(&server, declare(12)).await,
        ("invalid".to_owned(), Some("declared_on".to_owned()))
    );
    let answer = officer.done(&server, declare(11)).await;
    assert_eq!((&answer["colour"], &answer["masked_name"]), (&"yellow".into(), &"*三".into()));
    let mut phone = Phone::enrol(&server, &zhang_san(), 1).await;
    assert_eq!(answer["subject"], phone.subject.to_string());
    phone.sync(&server).await;
    assert_eq!(phone.acts[0].kind, ActKind::Declaration);
    let said = phone.acts[0].note.as_deref().unwrap();
    assert!(said.contains("contact no") && said.contains("420100 2020-01-20/2020-02-08"), "{said}");
    assert_eq!((phone.colour(), phone.orders.len()), (Some(Colour::Yellow), 1));
    assert_eq!(logged(&server, phone.subject), ["declare"]);
    // The case register says more than was declared.
    let contact = Act::Declare {
        whom: at_counter(&wang_wu()),
        declaration: declaration(r#"{"contact":false,"symptoms":[]}"#, "[]", 11),
    };
    assert_eq!(officer.done(&server, contact).await["colour"], "red");
}

#[tokio::test]
async fn the_log_only_grows_and_every_entry_hangs_on_the_one_before() {
    let server = Server::start().await;
    let phone = yellow(&server).await;
    let mut officer = Officer::with(&server, 50, "甲", &OfficerRole::ALL);
    for day in 11..14 {
        server.go_to(day, 12, 0);
        officer.done(&server, Act::CheckIn { whom: at_counter(&zhang_san()), symptoms: Vec::new() }).await;
    }
    let entries = log(&server);
    assert_eq!(entries.iter().map(|entry| entry.place).collect::<Vec<_>>(), [1, 2, 3]);
    assert!(entries.iter().all(|entry| entry.officer.as_deref() == Some("甲")));
    let file = Connection::open(&server.config.database).unwrap();
    for statement in [
        "UPDATE act SET entry = x'00'",
        "DELETE FROM act",
        "INSERT OR REPLACE INTO act SELECT subject, 2, request, signed, entry FROM act WHERE place = 1",
        "INSERT OR REPLACE INTO act SELECT subject, 4, request, signed, entry FROM act WHERE place = 1",
        "INSERT INTO act SELECT subject, 5, x'01', signed, entry FROM act WHERE place = 1",
    ] {
        let error = file.execute(statement, []).unwrap_err().to_string();
        assert!(error.contains("the log only grows"), "{statement}: {error}");
    }
    // No document is in the file, nor what was signed.
    let bytes = std::fs::read(&server.config.database).unwrap();
    let wal = std::fs::read(server.config.database.with_extension("db-wal")).unwrap_or_default();
    let number = b"11010519491231002X".as_slice();
    assert!(![bytes, wal].concat().windows(number.len()).any(|window| window == number));
    // Whoever takes the triggers away is found out by the chain.
    file.execute_batch("DROP TRIGGER act_is_not_changed; DROP TRIGGER act_is_not_deleted;").unwrap();
    file.execute("UPDATE act SET entry = zeroblob(32) WHERE place = 2", []).unwrap();
    assert!(matches!(operator(&server).officers_log(), Err(StartError::Officers(_))));
    file.execute("DELETE FROM act WHERE place = 2", []).unwrap();
    assert!(matches!(operator(&server).officers_log(), Err(StartError::Officers(_))));
    assert_eq!(phone.subject, entries[0].subject.unwrap());
}

#[tokio::test]
async fn who_is_an_officer_stands_in_a_file_that_only_its_owner_writes() {
    use std::os::unix::fs::PermissionsExt;
    let server = Server::start().await;
    let mut officer = Officer::with(&server, 50, "甲", &[CheckIns]);
    let (operator, path) = (operator(&server), server.config.database.with_extension("officers"));
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let key = |seed| healthcode::token::Signer::public_key(&support::phone::key(seed));
    for (name, roles) in [("", &[CheckIns][..]), ("甲\n", &[CheckIns]), ("乙", &[]), ("甲", &[Orders])] {
        assert!(
            matches!(operator.register_officer(&key(51), name, roles), Err(StartError::Refused(_))),
            "{name}"
        );
    }
    assert!(matches!(operator.remove_officer("乙"), Err(StartError::Refused(_))));
    operator.register_officer(&key(50), "甲", &[Orders, Orders]).unwrap();
    assert_eq!(operator.officers().unwrap()[0].roles, [Orders]);
    assert_eq!(
        officer.refused(&server, Act::Overdue {}).await.0,
        "role",
        "a running server goes by the file"
    );
    officer.done(&server, Act::Waiting {}).await;
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o620)).unwrap();
    assert!(matches!(server.reopened().await, Err(StartError::Officers(_))));
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    std::fs::write(&path, "{").unwrap();
    assert!(matches!(operator.officers(), Err(StartError::Officers(_))));
    assert_eq!(
        officer.refused(&server, Act::Waiting {}).await.0,
        "role",
        "nobody is an officer by a damaged file"
    );
}

#[tokio::test]
async fn who_is_overdue_in_a_database_of_before_is_found_without_a_phone() {
    let mut server = Server::start().await;
    let phone = yellow(&server).await;
    let file = Connection::open(&server.config.database).unwrap();
    let before = "DROP TABLE act; DROP TABLE asked; DROP TABLE agenda; DROP TABLE manual_order;
        PRAGMA user_version = 2;";
    file.execute_batch(before).unwrap();
    server.restart().await;
    server.go_to(12, 2, 0);
    let mut officer = Officer::with(&server, 50, "甲", &[CheckIns]);
    let answer = officer.done(&server, Act::Overdue {}).await;
    assert_eq!(answer["people"][0]["subject"], phone.subject.to_string());
}

#[tokio::test]
async fn two_officers_at_the_same_moment_do_it_once() {
    let server = Server::start().await;
    let mut phone = yellow(&server).await;
    let mut officers = [50, 51].map(|seed| Officer::with(&server, seed, &seed.to_string(), &[CheckIns]));
    let [one, two] = &mut officers;
    let act = || Act::CheckIn { whom: Whom::Subject(phone.subject), symptoms: Vec::new() };
    let (one, two) = tokio::join!(one.ask(&server, act()), two.ask(&server, act()));
    let mut statuses = [one.status, two.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409]);
    assert_eq!(logged(&server, phone.subject), ["check-in"]);
    phone.sync(&server).await;
    assert_eq!((phone.acts.len(), phone.judgements.len()), (1, 1));
}
