//! What a gate costs: from a camera's frame to the verdict, from the text to the verdict against the two signatures that
//! it has to verify, and a status list for fifteen million residents. Ratios against peers of the same run.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::cast_precision_loss,
    clippy::indexing_slicing,
    reason = "a bench"
)]

use std::alloc::System;
use std::collections::BTreeMap;
use std::hint::black_box;
use std::time::Instant;

use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use healthcode::qr::Matrix;
use healthcode::rules::colour::Colour;
use healthcode::token::status_list::{StatusListContent, Statuses};
use healthcode::token::{CodeText, GateToken, KeyUse, PublicKey, Signer};
use healthcode_attacks::lane::Lane;
use healthcode_attacks::picture::Picture;
use healthcode_attacks::world::{
    ZHEJIANG, at, code, green, key, sealed, seed_of, shown, token, trust, zhejiang,
};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const FRAMES: usize = 200;
/// Places of one status list.
const PLACES: u32 = 1 << 24;

fn main() {
    frames();
    texts();
    lists();
}

fn millis(work: impl FnOnce()) -> f64 {
    let from = Instant::now();
    work();
    from.elapsed().as_secs_f64() * 1_000.0
}

/// The microseconds of a call, by so many.
fn micros(calls: usize, mut work: impl FnMut()) -> f64 {
    millis(|| (0..calls).for_each(|_| work())) * 1_000.0 / calls as f64
}

fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Codes of all colours, at several sizes, turned, blurred and dimmed: as a lane sees them in a few minutes.
fn frames() {
    let colours = [Colour::Green, Colour::Green, Colour::Green, Colour::Yellow, Colour::Red];
    let side = |frame: usize| 360 + 40 * (frame % 5);
    let pictures: Vec<Picture> = (0..FRAMES)
        .map(|frame| {
            let id = u64::try_from(frame).unwrap().to_be_bytes();
            let token = GateToken { id, colour: colours[frame % colours.len()], ..token() };
            let text = code(&shown(&sealed(&token), 30));
            let matrix = Matrix::encode(&text).unwrap();
            let picture = Picture::drawn(&matrix, side(frame)).turned(f64::from([0, 7, 15, 90][frame % 4]));
            picture.blurred(0.5 + 0.25 * (frame % 3) as f64).dimmed(230, 150)
        })
        .collect();
    let lane = Lane::firm(30);
    let (mut read, mut times, mut unread) = (0, Vec::new(), BTreeMap::<usize, usize>::new());
    for (frame, picture) in pictures.iter().enumerate() {
        let before = read;
        times.push(millis(|| {
            let luma = |x, y| picture.luma[y * picture.side + x];
            let mut prepared = rqrr::PreparedImage::prepare_from_greyscale(picture.side, picture.side, luma);
            let grids = prepared.detect_grids();
            if let Some(Ok((_, text))) = grids.first().map(rqrr::Grid::decode) {
                let verdict = lane.judge(&text).verdict;
                read += usize::from(verdict.holder().is_some());
            }
        }));
        if read == before {
            *unread.entry(side(frame)).or_default() += 1;
        }
    }
    let whole: f64 = times.iter().sum();
    times.sort_by(f64::total_cmp);
    println!("camera frame to verdict, decoder (rqrr) and core together");
    println!(
        "  {FRAMES} frames, {read} judged; median {:.1} ms, worst {:.1} ms",
        times[FRAMES / 2],
        times[FRAMES - 1]
    );
    println!("  not read, by the picture's side in pixels: {unread:?}");
    println!("  {:.0} people a minute, one frame each", read as f64 * 60_000.0 / whole);
}

fn texts() {
    let lane = Lane::firm(30).listing(0, 86_400, &[1, 2, 3]);
    let text = green(30);
    let bytes = CodeText::parse(&text).unwrap().bytes;
    // Messages of the lengths that are signed: the token's and the presentation's.
    let messages = [vec![1_u8; bytes.len() - 140], vec![2_u8; bytes.len() - 50]];
    let signer = key(seed_of(ZHEJIANG, KeyUse::Tokens));
    let PublicKey::Ed25519(public) = signer.public_key() else { unreachable!() };
    let signatures: Vec<[u8; 64]> = messages.iter().map(|message| signer.sign(message).unwrap()).collect();
    let strict = || {
        for (message, signature) in messages.iter().zip(&signatures) {
            let signature = ed25519_dalek::Signature::from_bytes(signature);
            black_box(public.verify_strict(message, &signature)).unwrap();
        }
    };
    let peer = UnparsedPublicKey::new(&ED25519, public.to_bytes());
    let aws_lc = || {
        for (message, signature) in messages.iter().zip(&signatures) {
            black_box(peer.verify(message, signature)).unwrap();
        }
    };
    assert_eq!(lane.says(&text), "pass green");
    // In turn, so that whatever else this machine does falls on all three.
    let rounds: Vec<[f64; 3]> = (0..101)
        .map(|_| [micros(20, || drop(black_box(lane.judge(&text)))), micros(20, strict), micros(20, aws_lc)])
        .collect();
    let [verdict, bare, peer] = [0, 1, 2].map(|which| median(rounds.iter().map(|round| round[which])));
    let to = |which: usize| median(rounds.iter().map(|round| round[0] / round[which]));
    println!("text to verdict");
    println!(
        "  {verdict:.0} us; two bare strict verifications by the same crate {bare:.0} us: ratio {:.2}",
        to(1)
    );
    println!("  two verifications by aws-lc {peer:.0} us: ratio {:.2}", to(2));
}

/// Places all over a list, as a permutation under a secret scatters them (`SplitMix64`).
fn scattered(index: u32) -> u32 {
    let mut x = u64::from(index).wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    u32::try_from((x ^ (x >> 31)) % u64::from(PLACES)).unwrap()
}

fn lists() {
    println!("a status list of {PLACES} places; fifteen million residents take one a day");
    let trust = trust();
    let signer = key(seed_of(ZHEJIANG, KeyUse::Status));
    let uri = zhejiang().status_lists[0].uri.clone();
    for per_mille in [1_u32, 10, 20] {
        let statuses = Statuses::new(PLACES, (0..PLACES / 1_000 * per_mille).map(scattered)).unwrap();
        let content = StatusListContent {
            uri: uri.clone(),
            issued_at: at(0),
            expires_at: at(7 * 86_400),
            ttl: 3_600,
            statuses,
        };
        let mut sealed = Vec::new();
        let building = millis(|| sealed = content.sign(&signer).unwrap());
        let load = || millis(|| drop(black_box(trust.open_status_list(&sealed).unwrap())));
        let loading = median((0..9).map(|_| load()));
        let region = Region::new(ALLOCATOR);
        let list = trust.open_status_list(&sealed).unwrap().object;
        let kept = region.change();
        let mut index = 0_u32;
        let look = micros(5_000_000, || {
            index = index.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            black_box(list.status(index % PLACES));
        });
        println!(
            "  {:>4.1} % withdrawn: {:>7} bytes signed, built in {building:.0} ms, loaded in {loading:.1} ms, \
             {:.2} MB kept, {:.0} ns a look at random",
            f64::from(per_mille) / 10.0,
            sealed.len(),
            (kept.bytes_allocated - kept.bytes_deallocated) as f64 / 1_048_576.0,
            look * 1_000.0
        );
    }
}
