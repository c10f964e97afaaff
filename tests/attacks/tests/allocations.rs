//! What any bytes may cost: memory by a counting allocator, work by the processor time of one thread as the input grows
//! fourfold. One test, because the allocator counts every thread.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]
#![allow(clippy::print_stdout, reason = "the counts are told")]

use std::alloc::System;
use std::hint::black_box;

use healthcode::token::code_text::{CodeText, MAX_CHARACTERS};
use healthcode::token::presentation::Scanned;
use healthcode::token::trust_list::MAX_BYTES;
use healthcode::token::{Challenge, GateToken, Order, PublicKey, RootSet, Sign1, TrustList, cbor};
use healthcode_attacks::seeds::seeds;
use healthcode_attacks::targets::TARGETS;
use healthcode_attacks::world::{
    LIST_VERSION, Lane, ROOTS, code, content, green, guangdong, on_paper, public, roots, signed_by, trust,
    zhejiang,
};
use minicbor::bytes::ByteVec;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// All bytes that a call asks for, given back or not.
fn asked_for<T>(call: impl FnOnce() -> T) -> usize {
    let region = Region::new(ALLOCATOR);
    let _ = black_box(call());
    let change = region.change();
    change.bytes_allocated + change.bytes_reallocated.unsigned_abs()
}

/// Processor time of this thread, in nanoseconds: the least of three runs.
fn worked<T>(call: impl Fn() -> T) -> i64 {
    let now = || {
        let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
        time.tv_sec * 1_000_000_000 + time.tv_nsec
    };
    let run = || {
        let from = now();
        let _ = black_box(call());
        now() - from
    };
    (0..3).map(|_| run()).min().unwrap()
}

/// Heads that promise much, nests, runs of one byte, and every seed with a byte of length made large.
fn nasty(limit: usize) -> Vec<Vec<u8>> {
    let mut inputs: Vec<Vec<u8>> = Vec::new();
    for head in [0x40_u8, 0x60, 0x80, 0xa0, 0xc0] {
        for wide in [
            &[24, 255][..],
            &[25, 255, 255],
            &[26, 255, 255, 255, 255],
            &[27, 127, 255, 255, 255, 255, 255, 255, 255],
            &[31],
        ] {
            let mut bytes = wide.to_vec();
            bytes[0] |= head;
            // At the head, in the place of each item of an envelope, and over and over.
            inputs.push(bytes.clone());
            inputs.push([&[0x84][..], &bytes].concat());
            inputs.push([&[0x84, 0x43, 0xa1, 0x01, 0x27, 0xa0][..], &bytes].concat());
            inputs.push([&[0x84, 0x43, 0xa1, 0x01, 0x27, 0xa0, 0x40][..], &bytes].concat());
            inputs.push([&[0x82][..], &bytes].concat());
            inputs.push(bytes.iter().copied().cycle().take(limit).collect());
        }
    }
    for byte in 0..=u8::MAX {
        inputs.push(vec![byte; limit]);
    }
    for (name, _) in TARGETS {
        for seed in seeds(name) {
            for place in 0..seed.len().min(500) {
                let mut changed = seed.clone();
                changed[place] = 0xff;
                inputs.push(changed);
            }
            inputs.push(seed);
        }
    }
    inputs
}

/// The most that `call` asks for over all inputs.
fn most<T>(inputs: &[Vec<u8>], call: impl Fn(&[u8]) -> T) -> usize {
    inputs.iter().map(|input| asked_for(|| call(input))).max().unwrap()
}

/// A list of so many issuers, signed.
fn list_of(issuers: u8) -> Vec<u8> {
    let mut all = vec![zhejiang(), guangdong()];
    for number in 0..issuers {
        let mut issuer = zhejiang();
        issuer.id = format!("issuer-{number}");
        issuer.keys.truncate(1);
        issuer.keys[0].cose_key = public(100 + number).to_cose().into();
        all.push(issuer);
    }
    signed_by(&content(all), &ROOTS[..2])
}

/// A document of a list's size whose payload is these bytes over and over, under no signature.
fn document_of(repeated: &[u8], bytes: usize) -> Vec<u8> {
    let payload: Vec<u8> = repeated.iter().copied().cycle().take(bytes).collect();
    cbor::encode(&(ByteVec::from(payload), Vec::<ByteVec>::new()))
}

#[test]
fn any_bytes_cost_no_more_memory_than_a_bound_and_no_more_work_than_their_length() {
    let (trust, lane, roots) = (trust(), Lane::firm(30), roots());
    let _ = lane.says(&green(30));
    memory_at_the_gate(&trust, &lane);
    memory_of_lists(&roots);
    work(&trust, &roots);
}

fn memory_at_the_gate(trust: &TrustList, lane: &Lane) {
    let inputs = nasty(2_000);
    let texts: Vec<String> = inputs.iter().map(|bytes| code(bytes)).collect();
    let papers: Vec<String> = inputs.iter().map(|bytes| on_paper(bytes)).collect();
    let judged = |texts: &[String]| texts.iter().map(|text| asked_for(|| lane.judge(text))).max().unwrap();
    let raw = inputs.iter().map(|bytes| String::from_utf8_lossy(bytes).into_owned());
    let longest = format!("H1:{}", "0".repeat(MAX_CHARACTERS - 3));
    for (what, bytes, bound) in [
        ("envelope", most(&inputs, |bytes| Sign1::parse(bytes, 448).is_ok()), 2_048),
        ("presentation", most(&inputs, |bytes| Scanned::parse(bytes).is_ok()), 4_096),
        ("challenge", most(&inputs, |bytes| Challenge::parse(bytes).is_ok()), 2_048),
        ("key", most(&inputs, |bytes| PublicKey::from_cose(bytes).is_ok()), 2_048),
        ("token", most(&inputs, |bytes| trust.open_object::<GateToken>(bytes).is_ok()), 4_096),
        ("claims", most(&inputs, |bytes| cbor::decode::<GateToken>(bytes, 448).is_ok()), 4_096),
        ("order", most(&inputs, |bytes| cbor::decode::<Order>(bytes, 8_192).is_ok()), 4_096),
        ("code", judged(&texts), 16_384),
        ("paper", judged(&papers), 16_384),
        ("text", judged(&raw.collect::<Vec<_>>()), 16_384),
        ("longest-text", asked_for(|| CodeText::parse(&longest).is_ok()), 16_384),
        ("megabyte", asked_for(|| lane.judge(&"H".repeat(1 << 20)).answered) - (1 << 20), 1_024),
    ] {
        println!("{what} asked for {bytes} bytes, may ask for {bound}");
        assert!(bytes <= bound, "{what}: {bytes} of {bound}");
    }
    println!("\nmemory-inputs: {}", inputs.len() * 9);
}

/// A trust list may be large: what it asks for is bounded by its length.
fn memory_of_lists(roots: &RootSet) {
    let open = |bytes: &[u8]| TrustList::open(bytes, roots, LIST_VERSION).is_ok();
    for repeated in
        [&[0x81_u8][..], &[0x9f], &[0x40], &[0xa1, 0x01], &[0xc6], &[0x5b, 0, 0, 0, 0, 1, 0, 0, 0], &[0xff]]
    {
        let bytes: Vec<u8> = repeated.iter().copied().cycle().take(MAX_BYTES).collect();
        let (plain, within) = (asked_for(|| open(&bytes)), document_of(repeated, MAX_BYTES - 100));
        let within = asked_for(|| open(&within));
        assert!(plain <= 8 * MAX_BYTES && within <= 8 * MAX_BYTES, "{repeated:02x?}: {plain} and {within}");
    }
    let list = list_of(100);
    assert!(open(&list));
    let bytes = asked_for(|| open(&list));
    println!("a list of {} bytes asked for {bytes}", list.len());
    assert!(bytes <= 24 * list.len(), "{bytes}");
    assert_eq!(asked_for(|| open(&vec![0; MAX_BYTES + 1])), MAX_BYTES + 1, "its own bytes and no more");
}

/// Four times the bytes take about four times the work: nothing is looked at again and again.
fn work(trust: &TrustList, roots: &RootSet) {
    let open = |bytes: &[u8]| TrustList::open(bytes, roots, LIST_VERSION).is_ok();
    for repeated in [&[0x81_u8][..], &[0x9f], &[0x40], &[0xa1, 0x01], &[0x5f], &[0xbf, 0x01], &[0xc6]] {
        let few = document_of(repeated, 120_000);
        let many = document_of(repeated, 480_000);
        let (few, many) = (worked(|| open(&few)), worked(|| open(&many)));
        assert!(many < few.max(200_000) * 9, "{repeated:02x?}: {few} and {many} ns");
    }
    let (few, many) = (list_of(25), list_of(100));
    let (few, many) = (worked(|| open(&few)), worked(|| open(&many)));
    assert!(many < few * 9, "{few} and {many} ns");
    // No bytes of a code take more than its own two signatures do, by far.
    let good = code(&seeds("presentation")[0]);
    let lane = Lane::firm(30).trusting(trust.clone());
    let own = worked(|| lane.judge(&good));
    for bytes in nasty(448) {
        let text = code(&bytes);
        let other = worked(|| lane.judge(&text));
        assert!(other < own.max(400_000) * 4, "{bytes:02x?}: {other} and {own} ns");
    }
}
