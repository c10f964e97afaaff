#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

fn unpacked(part: &[u8]) -> Result<Vec<Record>, BlockError> {
    let mut records = Vec::new();
    for block in Blocks::of(part)? {
        block?.unpack(|record| records.push(record))?;
    }
    Ok(records)
}

fn record() -> impl Strategy<Value = Record> {
    let key = prop_oneof![0_u64..40, 0_u64..3_000_000, 0..(1_u64 << 60), Just((1 << 63) - 1)];
    let start = prop_oneof![0_u32..1_440, Just(0), any::<u32>()];
    let minutes = prop_oneof![0_u32..300, Just(0), any::<u32>()];
    let places = prop_oneof![Just((0, 0)), (1_u16..17, 0_u16..3), any::<(u16, u16)>()];
    (key, start, minutes, places).prop_map(|(key, start, minutes, (first_place, further_places))| Record {
        key,
        start,
        minutes,
        first_place,
        further_places,
    })
}

proptest! {
    #[test]
    fn what_is_packed_is_read_back_sorted_and_once(records in vec(record(), 0..600)) {
        let mut expected = records.clone();
        expected.sort();
        expected.dedup();
        let parts = pack(records);
        let read: Vec<Record> = parts.iter().flat_map(|part| unpacked(&part.bytes).unwrap()).collect();
        prop_assert_eq!(read, expected);
    }

    #[test]
    fn any_bytes_end_in_records_or_in_an_error(bytes in vec(any::<u8>(), 0..400)) {
        let _ = unpacked(&bytes);
    }

    #[test]
    fn a_part_that_is_cut_is_named_so(records in vec(record(), 1..300), at in any::<prop::sample::Index>()) {
        let part = &pack(records)[0].bytes;
        let cut = &part[..at.index(part.len())];
        // Between two blocks it is a shorter part: the notice's digest tells that.
        if let Ok(read) = unpacked(cut) {
            prop_assert_eq!(read.len() % BLOCK, 0);
        }
    }
}

fn spread(count: u32) -> Vec<Record> {
    let one = |index: u32| Record {
        key: u64::from(index) * 3,
        start: index % 1_440,
        minutes: 45,
        ..Record::default()
    };
    (0..count).map(one).collect()
}

#[test]
fn many_records_become_parts_that_a_phone_can_hold() {
    let parts = pack(spread(200_000));
    assert!(parts.len() > 1);
    assert!(parts.iter().all(|part| part.bytes.len() <= MAX_PART));
    assert_eq!(parts.iter().map(|part| part.records).sum::<u32>(), 200_000);
    let read: Vec<Record> = parts.iter().flat_map(|part| unpacked(&part.bytes).unwrap()).collect();
    assert_eq!(read, spread(200_000));
}

#[test]
fn what_no_block_can_be_is_refused() {
    let good = pack(spread(3))[0].bytes.clone();
    let head = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = good.clone();
        change(&mut bytes);
        unpacked(&bytes)
    };
    assert_eq!(head(&|bytes| bytes[0] = 128), Err(BlockError::Form), "too many records");
    assert_eq!(head(&|bytes| bytes[2] += 1), Err(BlockError::Form), "another last key");
    assert_eq!(head(&|bytes| bytes[3] = 64), Err(BlockError::Form), "a key of too many bits");
    assert_eq!(head(&|bytes| bytes[6] = 17), Err(BlockError::Form), "a place of too many bits");
    assert_eq!(
        head(&|bytes| *bytes.last_mut().unwrap() |= 0x80),
        Err(BlockError::Form),
        "bits after the last"
    );
    let twice = [good.clone(), good.clone()].concat();
    assert_eq!(unpacked(&twice), Err(BlockError::Form), "keys that go back");
    assert_eq!(unpacked(&[0, 0x80, 0x00, 0, 0, 0, 0, 0, 0]), Err(BlockError::Form), "a longer form of 0");
    assert_eq!(unpacked(&vec![0; MAX_PART + 1]), Err(BlockError::TooLarge));
}
