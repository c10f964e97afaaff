//! Exposure notices as a fuzzer meets them: any bytes as a file of places, as a notice, as a log's head, as a venue's code.

use healthcode::rules::exposure::blocks::{self, Blocks, pack};
use healthcode::rules::exposure::{PlaceKind, Record};
use healthcode::rules::identity::Region;
use healthcode::rules::text::Text;
use healthcode::token::notice::{BEGINNING, ExposureClass, LogHead, MAX_BYTES, PartEntry, SignedHead};
use healthcode::token::trust_list::Object;
use healthcode::token::{ExposureNotice, VenueCode, cbor};

use crate::world::{HOLDER, at, hours, key, trust};

/// Any bytes: what parses has this one encoding, keys never go back, and nobody has signed it.
pub fn any(bytes: &[u8]) {
    let counted = blocks::check(bytes);
    if let (Ok(counted), Ok(parts)) = (counted, Blocks::of(bytes)) {
        let (mut last, mut records) = (0, 0);
        for block in parts {
            let block = block.unwrap();
            assert!(last <= block.first() && block.first() <= block.last());
            block
                .unpack(|record| {
                    assert!(last <= record.key && record.key <= block.last());
                    (last, records) = (record.key, records + 1);
                })
                .unwrap();
        }
        assert_eq!(records, counted);
    }
    if let Ok(notice) = cbor::decode::<ExposureNotice>(bytes, MAX_BYTES) {
        assert_eq!(cbor::encode(&notice), bytes, "one encoding");
        if notice.check().is_ok() {
            assert!(notice.parts.iter().all(|part| notice.class_of(part).is_some()));
        }
    }
    let trust = trust();
    if let Ok(head) = SignedHead::parse(bytes) {
        assert_eq!(head.to_bytes(), bytes, "one encoding");
        assert!(head.open("zhejiang", &trust).is_err() && head.open_unwitnessed("zhejiang", &trust).is_err());
    }
    assert!(ExposureNotice::open(bytes, "zhejiang", &trust).is_err());
    assert!(trust.open_object::<VenueCode>(bytes).is_err());
}

/// Good ones, by keys that no list has.
#[must_use]
pub fn seeds() -> Vec<Vec<u8>> {
    let region = Region::from_code(330_000).unwrap();
    let record =
        |key: u64| Record { key: key * 3, start: 600, minutes: 45, first_place: 6, further_places: 2 };
    let parts = pack((0..300).map(record).collect());
    let bytes = parts[0].bytes.clone();
    let mut notice = ExposureNotice::new(1, BEGINNING, region, at(0));
    notice.classes = vec![ExposureClass {
        kind: PlaceKind::Venue.number(),
        rule: "exposure-near".to_owned(),
        minutes: 15,
        apart: 1,
        from: at(0),
        until: at(hours(24)),
    }];
    let entry = |class| PartEntry {
        class,
        day: 18_295,
        records: 300,
        bytes: u32::try_from(bytes.len()).unwrap(),
        digest: [7; 32].into(),
    };
    notice.parts = vec![entry(0)];
    let head = LogHead::new("zhejiang".to_owned(), 1, notice.digest(), at(0));
    let signed = head.sign(&key(HOLDER)).unwrap();
    let venue = VenueCode::new(7, region, Text::new("店", "shop"), at(0));
    vec![bytes, cbor::encode(&notice), cbor::encode(&head), signed.to_bytes(), cbor::encode(&venue)]
}
