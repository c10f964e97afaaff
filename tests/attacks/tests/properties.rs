//! What holds for any bytes, any token, any time and any policy. The fuzz targets' own assertions are the properties of
//! the decoders; here they meet bytes at random, seeds with bytes exchanged, and seeds cut and joined.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

use healthcode::rules::colour::Colour;
use healthcode::rules::identity::Region;
use healthcode::token::gate::GateTime;
use healthcode::token::{Flags, GateToken, Mode, Presentation, StatusReference};
use healthcode_attacks::seeds::corpus;
use healthcode_attacks::targets::TARGETS;
use healthcode_attacks::world::{
    HOLDER, Lane, at, challenge, code, hours, key, on_paper, public, sealed, token, told,
};
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::Config;

fn runs(cases: u32) -> Config {
    Config { cases, failure_persistence: None, ..Config::default() }
}

/// A change of some bytes.
#[derive(Clone, Debug)]
enum Edit {
    Set(Index, u8),
    Insert(Index, Vec<u8>),
    Remove(Index, usize),
    Repeat(Index, usize),
    Cut(Index),
}

fn edit() -> impl Strategy<Value = Edit> {
    // Heads of CBOR are what moves a decoder: small integers, lengths, tags, breaks.
    let byte = prop_oneof![
        any::<u8>(),
        prop::sample::select(vec![0x00, 0x18, 0x1b, 0x40, 0x5f, 0x7f, 0x9b, 0xbf, 0xff])
    ];
    prop_oneof![
        4 => (any::<Index>(), byte.clone()).prop_map(|(at, byte)| Edit::Set(at, byte)),
        2 => (any::<Index>(), prop::collection::vec(byte, 1..9)).prop_map(|(at, bytes)| Edit::Insert(at, bytes)),
        2 => (any::<Index>(), 1..40_usize).prop_map(|(at, length)| Edit::Remove(at, length)),
        1 => (any::<Index>(), 1..60_usize).prop_map(|(at, length)| Edit::Repeat(at, length)),
        1 => any::<Index>().prop_map(Edit::Cut),
    ]
}

fn edited(mut bytes: Vec<u8>, edits: &[Edit]) -> Vec<u8> {
    for edit in edits {
        let length = bytes.len();
        let place = |at: &Index| if length == 0 { 0 } else { at.index(length) };
        match edit {
            Edit::Set(at, byte) if length > 0 => bytes[place(at)] = *byte,
            Edit::Set(..) => {}
            Edit::Insert(at, more) => drop(bytes.splice(place(at)..place(at), more.iter().copied())),
            Edit::Remove(at, some) => drop(bytes.drain(place(at)..(place(at) + some).min(length))),
            Edit::Repeat(at, some) => {
                let again = bytes[place(at)..(place(at) + some).min(length)].to_vec();
                bytes.extend(again);
            }
            Edit::Cut(at) => bytes.truncate(place(at)),
        }
    }
    bytes
}

fn any_token() -> impl Strategy<Value = GateToken> {
    let colour = prop::sample::select(vec![Colour::Green, Colour::Yellow, Colour::Red]);
    let region = prop::sample::select(vec![330_000, 330_100, 440_100, 110_000]);
    let holder = prop::option::weighted(0.8, Just(public(HOLDER)));
    let status = (0..300_u32, any::<u32>()).prop_map(|(list, index)| StatusReference { list, index });
    let times = (-hours(30)..hours(200), -hours(1)..hours(400));
    (times, colour, region, holder, status).prop_map(|((issued, life), colour, region, holder, status)| {
        GateToken {
            issued_at: at(issued),
            expires_at: at(issued + life),
            colour,
            region: Region::from_code(region).unwrap(),
            holder,
            status,
            ..token()
        }
    })
}

fn any_time() -> impl Strategy<Value = GateTime> {
    let now =
        prop_oneof![3 => -400..400_i64, 1 => -hours(40)..hours(1_000), 1 => any::<i32>().prop_map(i64::from)];
    (now, 0..=20_000_i64, 0..10_u8).prop_map(|(now, uncertainty_millis, kind)| match kind {
        0 => GateTime::None,
        1..4 => GateTime::Coarse { now: at(now) },
        _ => GateTime::Firm { now: at(now), uncertainty_millis },
    })
}

proptest! {
    #![proptest_config(runs(1_000))]

    #[test]
    fn no_bytes_at_random_break_a_decoder(bytes in prop::collection::vec(any::<u8>(), 0..500)) {
        for (_, target) in TARGETS {
            target(&bytes);
        }
    }

    #[test]
    fn no_changed_input_breaks_a_decoder(
        target in 0..TARGETS.len(),
        seed in any::<Index>(),
        edits in prop::collection::vec(edit(), 1..6),
    ) {
        let (name, run) = TARGETS[target];
        let seeds = corpus(name);
        run(&edited(seeds[seed.index(seeds.len())].clone(), &edits));
    }

    #[test]
    fn for_any_token_at_any_time_there_is_one_verdict_and_it_is_the_same_twice(
        token in any_token(),
        time in any_time(),
        shown in prop::option::of(-90..90_i64),
        lowered in any::<bool>(),
        asking in any::<bool>(),
        seen in any::<bool>(),
    ) {
        let mut lane = Lane::new(time);
        if asking {
            lane = lane.asking(&challenge());
        }
        let (GateTime::Firm { now, .. } | GateTime::Coarse { now }) = time else {
            prop_assert_eq!(lane.says(&on_paper(&sealed(&token))), "connect_first Gate");
            return Ok(());
        };
        let mode = shown.map_or(Mode::Answer(challenge().short_nonce()), |ahead| Mode::Shown(now.plus_millis(ahead * 1_000)));
        let covered = shown.is_none().then(|| challenge().to_bytes());
        let content = Presentation { token: sealed(&token), mode, flags: Flags { lowered } };
        let text = code(&content.sign(covered.as_deref(), &key(HOLDER)).unwrap());
        if seen && let Mode::Shown(time) = mode {
            lane.seen.insert((token.id, time.plus_millis(-time.millis().rem_euclid(1_000))));
        }
        for text in [text, on_paper(&sealed(&token))] {
            let judged = lane.judge(&text);
            prop_assert_eq!(&judged, &lane.judge(&text));
            // Nobody's colour is told by a token of another region, and paper never passes as a phone does.
            let says = told(&judged.verdict);
            if token.region.code() / 10_000 != 33 {
                prop_assert!(!says.starts_with("pass") && !says.starts_with("stop"), "{}", says);
            }
            prop_assert!(token.holder.is_some() || !says.starts_with("pass"), "{}", says);
            let holder = judged.verdict.holder();
            prop_assert!(holder.is_none_or(|holder| holder.issuer == "zhejiang" && holder.id_tail == "123X"));
        }
    }
}
