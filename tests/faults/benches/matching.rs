//! What matching costs: 500 places of a person against 1,000,000 published records, read block by block, against reading
//! the same bytes and against the plain way, a database and a join. Nothing is asserted; run it by
//! `tests/run bench match` on a machine that does nothing else.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::disallowed_methods,
    reason = "a bench, not a library"
)]

use std::alloc::System;
use std::hint::black_box;
use std::io::Write;
use std::time::Instant;

use flate2::Compression;
use flate2::write::DeflateEncoder;
use healthcode::rules::calendar::{LegalCalendar, LegalDate, Timestamp};
use healthcode::rules::exposure::blocks::{Part, pack};
use healthcode::rules::exposure::matching::{PartContext, transport_key};
use healthcode::rules::exposure::{
    PlaceKind, Proximity, Record, ServiceNumber, TransportMode, Trip, Visit, Whereabouts, match_part,
};
use healthcode::rules::identity::Region;
use healthcode::rules::text::Text;
use rusqlite::{Connection, params};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region as Heap, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const RECORDS: u32 = 1_000_000;
const OWN: u32 = 500;
const ROUNDS: u32 = 15;
const DAY: LegalDate = LegalDate::from_epoch_days(18_295);
const TRAIN: PlaceKind = PlaceKind::Transport(TransportMode::Train);
/// Nineteen records in twenty are of venues, one of a train: a bad day of a large city.
const TRAINS: u32 = RECORDS / 20;
/// The venues of a province.
const VENUES: u64 = 2_000_000;

/// Numbers that only look random, the same in every run.
struct Numbers(u64);

impl Numbers {
    const fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

fn train(number: u64) -> ServiceNumber {
    ServiceNumber::parse(&format!("G{number}")).unwrap()
}

fn published() -> [(PlaceKind, Vec<Record>); 2] {
    let mut numbers = Numbers(1);
    let venue = |_| Record {
        key: numbers.below(VENUES),
        start: numbers.below(1_440) as u32,
        minutes: 10 + numbers.below(170) as u32,
        ..Record::default()
    };
    let venues = (0..RECORDS - TRAINS).map(venue).collect();
    let mut numbers = Numbers(2);
    let carriage = |_| Record {
        key: transport_key(train(1 + numbers.below(9_999)).packed(), DAY, DAY).unwrap(),
        start: numbers.below(1_440) as u32,
        minutes: 30 + numbers.below(300) as u32,
        first_place: 1 + numbers.below(16) as u16,
        further_places: numbers.below(3) as u16,
    };
    [(PlaceKind::Venue, venues), (TRAIN, (0..TRAINS).map(carriage).collect())]
}

fn calendar() -> LegalCalendar {
    LegalCalendar::new(480).unwrap()
}

fn own() -> Vec<Whereabouts> {
    let mut numbers = Numbers(3);
    let region = Region::from_code(330_106).unwrap();
    let place = |index: u32| {
        if index.is_multiple_of(20) {
            return Whereabouts::Trip(Trip {
                mode: TransportMode::Train,
                number: train(1 + numbers.below(9_999)),
                date: DAY,
                place: Some(1 + numbers.below(16) as u16),
                from: region,
                to: region,
                departed_at: None,
                arrived_at: None,
            });
        }
        let entered_at = calendar().at(DAY, numbers.below(1_440) as u16);
        Whereabouts::Visit(Visit {
            issuer: "hangzhou".to_owned(),
            venue: numbers.below(VENUES) as u32,
            region,
            name: Text::new("店", "shop"),
            entered_at,
            left_at: Some(entered_at.plus_millis(60_000 * (10 + i64::from(numbers.below(120) as u32)))),
        })
    };
    (0..OWN).map(place).collect()
}

fn deflated(parts: &[(PlaceKind, Part)]) -> usize {
    let one = |part: &Part| {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(&part.bytes).unwrap();
        encoder.finish().unwrap().len()
    };
    parts.iter().map(|(_, part)| one(part)).sum()
}

fn matched(parts: &[(PlaceKind, Part)], own: &[Whereabouts]) -> usize {
    let mut met = 0;
    for (kind, part) in parts {
        let context = PartContext {
            kind: *kind,
            issuer: "hangzhou",
            day: DAY,
            calendar: calendar(),
            proximity: Proximity { minutes: 15, apart: 0 },
            default_stay_minutes: 90,
        };
        match_part(&part.bytes, &context, own, |_| met += 1).unwrap();
    }
    met
}

/// The fastest of some rounds, in microseconds: what else the machine does only adds.
fn fastest<T>(rounds: u32, mut work: impl FnMut() -> T) -> f64 {
    let mut best = f64::MAX;
    for _ in 0..rounds {
        let begun = Instant::now();
        black_box(work());
        best = best.min(begun.elapsed().as_secs_f64() * 1e6);
    }
    best
}

const SCHEMA: &str = "
    CREATE TABLE record (kind INTEGER, key INTEGER, start INTEGER, minutes INTEGER, first INTEGER, last INTEGER);
    CREATE TABLE own (kind INTEGER, key INTEGER, start INTEGER, until INTEGER, place INTEGER)";
const JOIN: &str = "SELECT COUNT(*) FROM own JOIN record ON record.kind = own.kind AND record.key = own.key
    WHERE MIN(own.until, record.start + record.minutes) - MAX(own.start, record.start) >= 15
    AND (own.place IS NULL OR own.place BETWEEN record.first AND record.last)";

/// The plain way: every record becomes a row, and SQL finds those that meet.
fn by_database(records: &[(PlaceKind, Vec<Record>)], own: &[Whereabouts]) -> i64 {
    let mut connection = Connection::open_in_memory().unwrap();
    connection.execute_batch(SCHEMA).unwrap();
    let import = connection.transaction().unwrap();
    {
        let mut insert = import.prepare("INSERT INTO record VALUES (?1, ?2, ?3, ?4, ?5, ?6)").unwrap();
        for (kind, records) in records {
            for record in records {
                let last = u32::from(record.first_place) + u32::from(record.further_places);
                let key = i64::try_from(record.key).unwrap();
                let row = params![kind.number(), key, record.start, record.minutes, record.first_place, last];
                insert.execute(row).unwrap();
            }
        }
        let mut insert = import.prepare("INSERT INTO own VALUES (?1, ?2, ?3, ?4, ?5)").unwrap();
        let minute = |at: Timestamp| at.since(calendar().start_of(DAY)) / 60_000;
        for place in own {
            match place {
                Whereabouts::Visit(visit) => {
                    let (from, to) = visit.interval(90);
                    let none: Option<u16> = None;
                    insert.execute(params![4, visit.venue, minute(from), minute(to), none]).unwrap();
                }
                Whereabouts::Trip(trip) => {
                    let (from, to) = trip.interval(calendar());
                    let key = transport_key(trip.number.packed(), trip.date, DAY).unwrap();
                    let key = i64::try_from(key).unwrap();
                    insert.execute(params![1, key, minute(from), minute(to), trip.place]).unwrap();
                }
            }
        }
        import.execute("CREATE INDEX record_key ON record (kind, key)", []).unwrap();
    }
    import.commit().unwrap();
    connection.query_row(JOIN, [], |row| row.get(0)).unwrap()
}

fn main() {
    let records = published();
    let own = own();
    let parts: Vec<(PlaceKind, Part)> = records
        .iter()
        .flat_map(|(kind, records)| pack(records.clone()).into_iter().map(|part| (*kind, part)))
        .collect();
    let bytes: usize = parts.iter().map(|(_, part)| part.bytes.len()).sum();
    let packed: u32 = parts.iter().map(|(_, part)| part.records).sum();
    println!("{OWN} places against {packed} records in {} files of {bytes} bytes", parts.len());
    println!("bytes a record: {:.2}", bytes as f64 / f64::from(packed));
    println!("the same deflated: {:.2}", deflated(&parts) as f64 / f64::from(packed));

    let read = fastest(ROUNDS, || {
        let sum = |part: &[u8]| part.iter().fold(0_u64, |sum, byte| sum.wrapping_add(u64::from(*byte)));
        parts.iter().fold(0, |all, (_, part)| sum(&part.bytes).wrapping_add(all))
    });
    let heap = Heap::new(ALLOCATOR);
    let met = matched(&parts, &own);
    let used = heap.change();
    let streamed = fastest(ROUNDS, || matched(&parts, &own));
    let begun = Instant::now();
    let joined = by_database(&records, &own);
    let database = begun.elapsed().as_secs_f64() * 1e6;
    println!("memory read: {read:.0} us, match: {streamed:.0} us, import and join: {database:.0} us");
    println!("match / memory read: {:.1}", streamed / read);
    println!("import and join / match: {:.0}", database / streamed);
    println!("allocated by a match of everything: {} bytes, none of it kept", used.bytes_allocated);
    println!("matches: {met}, by the database {joined}");
}
