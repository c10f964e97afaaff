//! What a lane remembers of the codes before it: two in view at once, one that was seen before a sync, two lanes over one
//! phone's file.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

mod support;

use healthcode::checkpoint::{Checkpoint, Lane};
use healthcode::token::GateToken;
use healthcode_attacks::world::{code, green, sealed, shown, token, told};
use support::Authority;

fn says(gate: &Checkpoint, text: &str) -> String {
    told(&gate.verify(text.to_owned(), None).unwrap().verdict)
}

/// A code of another person, shown some seconds after its issue.
fn another(seconds: i64) -> String {
    code(&shown(&sealed(&GateToken { id: [0x51; 8], ..token() }), seconds))
}

#[test]
fn two_codes_in_view_at_once_do_not_reset_each_other() {
    let authority = Authority::new();
    let gate = authority.synced("gate.db");
    authority.world.pass(29_000);
    let (one, two) = (green(30), another(30));
    // A camera delivers now the one, now the other, for twenty seconds.
    for _ in 0..40 {
        assert_eq!(says(&gate, &one), "pass green");
        assert_eq!(says(&gate, &two), "pass green");
        authority.world.pass(500);
    }
    let counts = gate.counts().unwrap();
    assert_eq!(counts.iter().map(|hour| hour.count).sum::<u32>(), 2, "each was judged once");
    authority.world.pass(3_000);
    assert_eq!([says(&gate, &one), says(&gate, &two)], ["already_seen", "already_seen"]);
}

#[test]
fn what_was_seen_is_seen_still_after_a_sync() {
    let authority = Authority::new();
    let gate = authority.synced("gate.db");
    authority.world.pass(29_000);
    assert_eq!(says(&gate, &green(30)), "pass green");
    // A new trust list lets go of all that was read by the one before.
    authority.published.lock().unwrap().trust = support::trust_list(8, 1, &[11, 12]);
    authority.sync(&gate);
    assert_eq!(gate.status().unwrap().trust_list_version, Some(8));
    authority.world.pass(4_000);
    assert_eq!(says(&gate, &green(30)), "already_seen");
    assert_eq!(says(&gate, &another(30)), "pass green");
}

#[test]
fn two_lanes_over_one_file_see_apart_and_lose_no_count_of_each_other() {
    let authority = Authority::new();
    let north = authority.synced("gate.db");
    let south = authority.gate("gate.db", Lane::new("South Gate"));
    authority.world.pass(29_000);
    assert_eq!(says(&north, &green(30)), "pass green");
    // Two queues: what one has seen, the other has not. Each challenge is its own lane's.
    assert_eq!(says(&south, &green(30)), "pass green");
    assert_ne!(north.challenge().unwrap().text, south.challenge().unwrap().text);
    authority.world.pass(4_000);
    assert_eq!(says(&south, &green(30)), "already_seen");
    let counted = |gate: &Checkpoint| {
        let counts = gate.counts().unwrap();
        let of =
            |verdict: &str| counts.iter().filter(|hour| hour.verdict == verdict).map(|hour| hour.count).sum();
        (of("pass"), of("already_seen"))
    };
    assert_eq!(counted(&north).0, 2_u32);
    assert_eq!(counted(&south), (2_u32, 1_u32), "what was written and what was not is one count");
    assert_eq!(counted(&north), (2, 1));
    // The file is closed with the last of them.
    north.shut_down().unwrap();
    assert_eq!(says(&south, &another(34)), "pass green");
    south.shut_down().unwrap();
    let again = authority.gate("gate.db", Lane::new("North Gate"));
    assert_eq!(counted(&again), (3, 1));
}
