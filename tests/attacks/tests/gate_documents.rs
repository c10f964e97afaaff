//! What a gate judges by, as it comes by network and by hand: older than what is in force, of a time to come, at the same
//! moment, cut off half way, of servers that are not there, of keys that were removed.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

mod support;

use std::sync::Barrier;

use healthcode::HealthcodeError;
use healthcode::checkpoint::{Checkpoint, Lane, Loaded};
use healthcode::token::code_text::CodeText;
use healthcode::token::key::{Signer, SoftwareKey};
use healthcode::token::status_list::{LONGEST_TTL, StatusListContent};
use healthcode::token::trust_list::{Issuer, StatusListEntry, TrustListContent};
use healthcode::token::{Challenge, KeyUse, OutageNotice, RootContent};
use healthcode_attacks::world::{
    LIST_VERSION, ROOTS, ZHEJIANG, at, content, green, guangdong, hours, issuer_key, key, public, seed_of,
    signed_by, signed_status_list, status_list, told, trust_bytes, zhejiang,
};
use support::{Authority, policies, policies_by, rulebook, trust_list};

const NEXT: [u8; 3] = [14, 15, 16];

fn signers<T>(seeds: &[u8], with: impl FnOnce(&[&dyn Signer]) -> T) -> T {
    let keys: Vec<SoftwareKey> = seeds.iter().map(|seed| key(*seed)).collect();
    with(&keys.iter().map(|key| key as &dyn Signer).collect::<Vec<_>>())
}

fn next_roots() -> Vec<u8> {
    let content = RootContent::new(2, 2, &NEXT.map(public), at(0), at(hours(24 * 365)));
    signers(&[ROOTS, NEXT].concat(), |signers| content.sign(signers).unwrap())
}

fn notice(version: u32) -> Vec<u8> {
    let notice = OutageNotice::new(1, "zhejiang".to_owned(), version, at(0), at(hours(100)), 48);
    signers(&ROOTS, |signers| notice.sign(signers).unwrap())
}

fn refused(reason: &str) -> Result<Loaded, HealthcodeError> {
    Err(HealthcodeError::InvalidField { field: "document".to_owned(), reason: reason.to_owned() })
}

fn in_force(gate: &Checkpoint) -> (Option<u32>, u32) {
    let status = gate.status().unwrap();
    (status.trust_list_version, status.root_version)
}

#[test]
fn what_is_older_than_what_is_in_force_is_called_older_whatever_it_is() {
    let authority = Authority::new();
    let gate = authority.synced("gate.db");
    let of = |issued| signed_status_list(issued, hours(24), &[]);
    for (kind, first, later) in [
        (Loaded::TrustList, trust_list(8, 1, &ROOTS), trust_list(9, 1, &ROOTS)),
        (Loaded::StatusList, of(0), of(60)),
        (Loaded::Policies, policies(2), policies(3)),
        (Loaded::OutageNotice, notice(1), notice(2)),
    ] {
        assert_eq!(gate.load(first.clone()), Ok(kind));
        assert_eq!(gate.load(first.clone()), Ok(kind), "twice is well");
        assert_eq!(gate.load(later.clone()), Ok(kind));
        assert_eq!(gate.load(first), refused("older"), "{kind:?}");
        assert_eq!(gate.load(later), Ok(kind), "and it is in force still");
    }
    let text = OutageNotice::to_text(&notice(1));
    assert_eq!(gate.load(text.into_bytes()), refused("older"), "by camera too");
    let status = gate.status().unwrap();
    assert_eq!((status.trust_list_version, status.policy_version), (Some(9), Some(3)));
    assert_eq!(status.status_lists[0].issued_at, at(60));
}

#[test]
fn a_status_list_of_a_time_that_has_not_come_is_refused() {
    let authority = Authority::new();
    let gate = authority.synced("gate.db");
    let of = |issued| signed_status_list(issued, hours(48), &[70_000]);
    assert_eq!(gate.load(of(302)), refused("ahead"), "more than five minutes");
    assert_eq!(gate.status().unwrap().status_lists, []);
    assert_eq!(gate.load(of(301)), Ok(Loaded::StatusList));
    // From its server it is passed over in the same way, and the rest of the exchange goes on.
    let uri = zhejiang().status_lists[0].uri.clone();
    authority.published.lock().unwrap().lists.insert(uri, of(hours(24)));
    authority.world.pass(hours(12) * 1_000);
    assert_eq!(authority.sync(&gate).1.status_lists, 0);
    assert_eq!(gate.status().unwrap().status_lists[0].issued_at, at(301));
    authority.world.pass(hours(12) * 1_000);
    assert_eq!(authority.sync(&gate).1.status_lists, 1);
}

#[test]
fn a_list_is_asked_for_when_the_status_says_and_not_before() {
    let lists = |authority: &Authority, gate: &Checkpoint| {
        let (calls, _) = authority.sync(gate);
        calls.iter().filter(|call| call.server.is_some()).count()
    };
    let longest = i64::from(LONGEST_TTL);
    for (ttl, expires, refresh) in [
        (3_600, hours(24), 3_600),
        (24 * 3_600, hours(24), longest),
        (u32::MAX, hours(24), longest),
        (24 * 3_600, hours(2), hours(2)),
    ] {
        let authority = Authority::new();
        let gate = authority.synced("gate.db");
        let list = StatusListContent { ttl, ..status_list(0, expires, &[]) };
        assert_eq!(list.refresh_at(), at(refresh));
        gate.load(list.sign(&key(seed_of(ZHEJIANG, KeyUse::Status))).unwrap()).unwrap();
        assert_eq!(gate.status().unwrap().status_lists[0].refresh_at, at(refresh));
        authority.world.go_to(at(refresh - 1));
        assert_eq!(lists(&authority, &gate), 0, "{ttl}");
        authority.world.go_to(at(refresh));
        assert_eq!(lists(&authority, &gate), 1, "{ttl}");
    }
}

#[test]
fn a_server_that_is_not_there_is_asked_once_in_an_exchange() {
    let authority = Authority::new();
    let entry = |list, uri: &str| StatusListEntry { list, uri: uri.to_owned() };
    let home = Issuer {
        status_lists: vec![
            entry(1, "https://lists.zhejiang.example/1"),
            entry(2, "https://lists.zhejiang.example/2"),
            entry(3, "https://lists.zhejiang.example/3"),
            entry(4, "https://mirror.example/4"),
        ],
        ..zhejiang()
    };
    let mirrored =
        StatusListContent { uri: home.status_lists[3].uri.clone(), ..status_list(0, hours(24), &[]) };
    let mirrored = mirrored.sign(&key(seed_of(ZHEJIANG, KeyUse::Status))).unwrap();
    authority.published.lock().unwrap().trust = signed_by(&content(vec![home, guangdong()]), &ROOTS);
    authority.published.lock().unwrap().lists.insert("https://mirror.example/4".to_owned(), mirrored);
    let gate = authority.gate("gate.db", Lane::new("North Gate"));
    for _ in 0..2 {
        let (calls, report) = authority.sync(&gate);
        let to = |server: &str| calls.iter().filter(|call| call.server.as_deref() == Some(server)).count();
        assert_eq!(to("https://lists.zhejiang.example"), 1);
        assert_eq!(
            (to("https://mirror.example"), report.status_lists),
            (1, 1),
            "another server's is fetched"
        );
        assert_eq!(gate.status().unwrap().policy_version, Some(1), "and what home publishes");
        authority.world.pass(hours(13) * 1_000);
    }
}

#[test]
fn documents_that_are_taken_at_the_same_moment_are_all_kept() {
    let authority = Authority::new();
    let gate = authority.synced("gate.db");
    authority.published.lock().unwrap().policies = (policies(1), 0);
    for round in 1..60_u32 {
        let issued = i64::from(round);
        let list = trust_list(LIST_VERSION + round, 1, &ROOTS);
        authority.published.lock().unwrap().trust.clone_from(&list);
        authority.world.pass(1_000);
        let documents =
            [list, policies(1 + round), notice(round), signed_status_list(issued, hours(24), &[])];
        let together = Barrier::new(documents.len() + 1);
        std::thread::scope(|scope| {
            for document in documents {
                let (gate, together) = (&gate, &together);
                scope.spawn(move || {
                    together.wait();
                    gate.load(document).unwrap();
                });
            }
            together.wait();
            authority.sync(&gate);
        });
        let status = gate.status().unwrap();
        let kept = (status.trust_list_version, status.policy_version, status.status_lists[0].issued_at);
        assert_eq!(kept, (Some(LIST_VERSION + round), Some(1 + round), at(issued)));
        assert_eq!(status.outages.len(), 1);
        // The anchor of this round's exchange is the one that is relayed.
        let shown = CodeText::parse(&gate.challenge().unwrap().text).unwrap().bytes;
        let relayed = Challenge::parse(&shown).unwrap().anchor.unwrap();
        let seconds = authority.world.now().seconds().to_be_bytes();
        assert!(relayed.windows(4).any(|four| four == &seconds[4..]), "round {round}");
    }
}

#[test]
fn a_list_of_the_roots_in_force_is_taken_while_the_next_set_waits_for_its_own() {
    let authority = Authority::new();
    let gate = authority.synced("gate.db");
    assert_eq!(gate.load(next_roots()), Ok(Loaded::RootSet));
    assert_eq!(in_force(&gate), (Some(LIST_VERSION), 1));
    assert_eq!(gate.load(trust_list(8, 1, &ROOTS)), Ok(Loaded::TrustList));
    assert_eq!(in_force(&gate), (Some(8), 1));
    assert_eq!(gate.load(trust_list(9, 2, &ROOTS)), refused("not-signed"), "the roots before sign no more");
    assert_eq!(gate.load(trust_list(9, 2, &NEXT)), Ok(Loaded::TrustList), "it has waited all the while");
    assert_eq!(in_force(&gate), (Some(9), 2));
    assert_eq!(gate.load(trust_list(10, 1, &ROOTS)), refused("not-signed"));
}

#[test]
fn a_root_set_and_the_list_that_it_signs_are_kept_together_or_not_at_all() {
    let authority = Authority::new();
    let gate = authority.synced("gate.db");
    gate.load(next_roots()).unwrap();
    // The second of the two writes fails: what a kill between them would leave.
    let file = rusqlite::Connection::open(authority.file("gate.db")).unwrap();
    file.execute_batch(
        "CREATE TRIGGER cut BEFORE INSERT ON document WHEN NEW.name = 'trust-list'
         BEGIN SELECT RAISE(ABORT, 'cut'); END",
    )
    .unwrap();
    let refused = gate.load(trust_list(8, 2, &NEXT)).unwrap_err();
    assert!(matches!(refused, HealthcodeError::Internal { .. }), "{refused:?}");
    assert_eq!(in_force(&gate), (Some(LIST_VERSION), 1));
    gate.shut_down().unwrap();
    drop(gate);
    file.execute_batch("DROP TRIGGER cut").unwrap();
    drop(file);

    let gate = authority.gate("gate.db", Lane::new("North Gate"));
    assert_eq!(in_force(&gate), (Some(LIST_VERSION), 1));
    gate.load(next_roots()).unwrap();
    gate.load(trust_list(8, 2, &NEXT)).unwrap();
    gate.shut_down().unwrap();
    drop(gate);
    let gate = authority.gate("gate.db", Lane::new("North Gate"));
    assert_eq!(in_force(&gate), (Some(8), 2));
}

#[test]
fn what_a_removed_key_signed_is_in_force_no_longer_and_is_fetched_anew() {
    let authority = Authority::new();
    let lane = Lane { policy: Some("residential".to_owned()), ..Lane::new("North Gate") };
    let gate = authority.gate("gate.db", lane);
    authority.sync(&gate);
    authority.world.pass(30_000);
    let says = |seconds| told(&gate.verify(green(seconds), None).unwrap().verdict);
    assert_eq!(says(30), "pass green");

    // Somebody else may have both keys: the roots remove them, and new ones sign the same versions.
    let (rules, policy) = (61, 62);
    let mut home = zhejiang();
    for (key_use, fresh) in [(KeyUse::Rules, rules), (KeyUse::Policy, policy)] {
        let gone = public(seed_of(ZHEJIANG, key_use));
        home.keys.retain(|key| key.key_use != key_use);
        home.keys.push(issuer_key(fresh, key_use));
        home.removed_keys.push(gone.id().to_vec().into());
    }
    let own = TrustListContent { version: 8, ..content(vec![home, guangdong()]) };
    let list = signed_by(&own, &ROOTS);
    gate.load(list.clone()).unwrap();
    let status = gate.status().unwrap();
    assert_eq!((status.policy_version, status.date), (None, None));
    authority.world.pass(30_000);
    assert_eq!(says(60), "connect_first Gate");
    assert_eq!(gate.load(policies(9)), refused("not-signed"), "whatever version it says");

    *authority.published.lock().unwrap() = support::Published {
        trust: list,
        rulebook: rulebook(&key(rules)),
        policies: (policies_by(1, policy), 1),
        outages: vec![0x80],
        lists: std::collections::BTreeMap::new(),
    };
    authority.sync(&gate);
    let status = gate.status().unwrap();
    assert_eq!((status.policy_version, status.date.is_some()), (Some(1), true));
    authority.world.pass(30_000);
    assert_eq!(says(90), "pass green");
    assert_eq!(gate.load(trust_bytes()), refused("older"), "the list with the old keys");
}
