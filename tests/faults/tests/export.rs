//! What is exported can be verified by whoever has the root key and nothing else of the phone: every signed object by
//! the trust list that is in the document itself.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use healthcode::token::key::PublicKey;
use healthcode::token::trust_list::Object;
use healthcode::token::{GateToken, Judgement, Order, RatingReceipt, Release, RootSet, TrustList};
use healthcode::wire::{Bytes, Link, Operation, Receipt};
use healthcode_cli::time::World;
use healthcode_e2e::phone::{Phone, at};
use healthcode_e2e::server::ServerProcess;
use serde_json::Value;

fn bytes(value: &Value) -> Vec<u8> {
    Bytes::parse(value.as_str().unwrap()).unwrap().0
}

fn list<'a>(value: &'a Value, field: &str) -> &'a [Value] {
    value[field].as_array().unwrap()
}

/// Yellow on the 11th, a check-in a day, green on the 18th; one more check-in waits.
fn story(server: &ServerProcess) -> Phone {
    let mut phone = Phone::open(server, "phone.db");
    phone.become_yellow(server);
    for day in 11..18 {
        server.world.go_to(at(day, 10, 0));
        phone.tap().unwrap();
        phone.sync().unwrap();
    }
    server.world.go_to(at(18, 9, 0));
    phone.sync().unwrap();
    phone.tap().unwrap();
    phone
}

#[test]
fn every_signed_object_of_an_export_verifies_by_the_trust_list_that_is_in_it() {
    let server = ServerProcess::start(World::new(at(11, 9, 0)));
    let phone = story(&server);
    let document: Value = serde_json::from_str(&phone.resident.export(None).unwrap()).unwrap();
    let signed = |name: &str| {
        let of = list(&document, "documents").iter().find(|document| document["name"] == name).unwrap();
        bytes(&of["signed"])
    };
    let keys = vec![PublicKey::from_cose(&server.root_key()).unwrap()];
    let roots = RootSet::embedded(1, 1, keys);
    let trust = TrustList::open(&signed("trust-list"), &roots, 0).unwrap();
    let verify = |kind: &str, object: &[u8]| {
        fn by<T: Object>(trust: &TrustList, object: &[u8]) -> bool {
            trust.open_from::<T>("hangzhou", object).is_ok()
        }
        let opened = match kind {
            "order" => by::<Order>(&trust, object),
            "release" => by::<Release>(&trust, object),
            "rating" => by::<RatingReceipt>(&trust, object),
            "judgement" => by::<Judgement>(&trust, object),
            "receipt" => by::<Receipt>(&trust, object),
            _ => by::<GateToken>(&trust, object),
        };
        assert!(opened, "{kind}");
    };

    let subject = &list(&document, "subjects")[0];
    for decision in list(subject, "decisions") {
        verify(decision["kind"].as_str().unwrap(), &bytes(&decision["signed"]));
    }
    verify("token", &bytes(&subject["token"]["signed"]));
    let holder = PublicKey::from_cose(&bytes(&list(subject, "keys")[0]["public"])).unwrap();
    let mut previous = None;
    for row in list(subject, "operations") {
        let operation = Operation::from_bytes(bytes(&row["signed"])).unwrap().open(&holder).unwrap();
        assert_eq!(operation.id.to_string(), row["operation"]);
        let link = Link::open(&bytes(&row["link"]), &holder).unwrap();
        assert!(previous.is_none_or(|digest| digest == link.previous));
        previous = Some(link.digest());
        match row["state"].as_str().unwrap() {
            "waiting" => assert!(row["receipt"].is_null()),
            _ => verify("receipt", &bytes(&row["receipt"]["signed"])),
        }
    }
    assert_eq!(list(subject, "operations").len(), 9);
    assert_eq!(list(subject, "check_ins").len(), 8);
    let of_kind =
        |kind: &str| list(subject, "decisions").iter().filter(|decision| decision["kind"] == kind).count();
    assert_eq!((of_kind("order"), of_kind("release"), of_kind("judgement")), (1, 1, 7));
    assert_eq!(subject["identity"]["name"], "张三");
}

#[test]
fn an_export_of_one_subject_is_the_same_as_its_part_of_the_whole() {
    let server = ServerProcess::start(World::new(at(11, 9, 0)));
    let phone = story(&server);
    let whole: Value = serde_json::from_str(&phone.resident.export(None).unwrap()).unwrap();
    let part: Value =
        serde_json::from_str(&phone.resident.export(Some(phone.subject.clone())).unwrap()).unwrap();
    assert_eq!(whole["subjects"], part["subjects"]);
}
