#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use super::*;
use crate::rules::exposure::ServiceNumber;
use crate::rules::exposure::blocks::pack;
use crate::rules::text::Text;

const DAY: i32 = 18_295;
const ISSUER: &str = "hangzhou";

fn calendar() -> LegalCalendar {
    LegalCalendar::new(480).unwrap()
}

fn day(offset: i32) -> LegalDate {
    LegalDate::from_epoch_days(DAY + offset)
}

/// An instant so many minutes after the part's first day began.
fn minute(minutes: i64) -> Timestamp {
    calendar().start_of(day(0)).plus_millis(minutes * MILLIS_PER_MINUTE)
}

fn context(kind: PlaceKind, minutes: u16, apart: u16) -> PartContext<'static> {
    PartContext {
        kind,
        issuer: ISSUER,
        day: day(0),
        calendar: calendar(),
        proximity: Proximity { minutes, apart },
        default_stay_minutes: 90,
    }
}

fn visit(venue: u32, entered: i64, left: Option<i64>) -> Whereabouts {
    Whereabouts::Visit(Visit {
        issuer: ISSUER.to_owned(),
        venue,
        region: Region::from_code(330_106).unwrap(),
        name: Text::new("店", "shop"),
        entered_at: minute(entered),
        seen_at: None,
        left_at: left.map(minute),
    })
}

fn trip(number: &str, on: i32, place: Option<u16>, times: Option<(i64, i64)>) -> Whereabouts {
    Whereabouts::Trip(Trip {
        mode: TransportMode::Train,
        number: ServiceNumber::parse(number).unwrap(),
        date: day(on),
        place,
        from: Region::from_code(310_000).unwrap(),
        to: Region::from_code(330_100).unwrap(),
        departed_at: times.map(|(from, _)| minute(from)),
        arrived_at: times.map(|(_, to)| minute(to)),
    })
}

const fn at_venue(key: u64, start: u32, minutes: u32) -> Record {
    Record { key, start, minutes, first_place: 0, further_places: 0 }
}

fn carriages(number: &str, on: i32, (first, last): (u16, u16), (start, minutes): (u32, u32)) -> Record {
    let packed = ServiceNumber::parse(number).unwrap().packed();
    let key = transport_key(packed, day(on), day(0)).unwrap();
    Record { key, start, minutes, first_place: first, further_places: last - first }
}

fn met(records: &[Record], context: &PartContext<'_>, own: &[Whereabouts]) -> Vec<Meeting> {
    let mut met = Vec::new();
    for part in pack(records.to_vec()) {
        match_part(&part.bytes, context, own, |meeting| met.push(meeting)).unwrap();
    }
    met
}

const TRAIN: PlaceKind = PlaceKind::Transport(TransportMode::Train);

#[test]
fn carriage_7_is_near_and_carriage_9_is_not() {
    let record = carriages("G7315", 0, (6, 8), (600, 90));
    let own = |place| [trip("G7315", 0, place, Some((610, 680)))];
    let count = |place| met(&[record], &context(TRAIN, 15, 0), &own(place)).len();
    assert_eq!(
        (count(Some(5)), count(Some(6)), count(Some(7)), count(Some(8)), count(Some(9))),
        (0, 1, 1, 1, 0)
    );
    let one_apart = met(&[record], &context(TRAIN, 15, 1), &own(Some(9)));
    assert_eq!((one_apart[0].minutes, one_apart[0].place_known), (70, true));
    let unknown = met(&[record], &context(TRAIN, 15, 0), &own(None));
    assert!(!unknown[0].place_known, "without a carriage the two may have been far apart");
    let whole = Record { first_place: 0, further_places: u16::MAX, ..record };
    assert!(met(&[whole], &context(TRAIN, 15, 0), &own(None))[0].place_known, "the whole train needs none");
}

#[test]
fn another_run_of_the_same_train_is_another_train() {
    let records = [carriages("G7315", 0, (1, 16), (600, 90)), carriages("G7316", 1, (1, 16), (600, 90))];
    for own in
        [trip("G7315", 1, Some(7), None), trip("G7316", 0, Some(7), None), trip("G731", 0, Some(7), None)]
    {
        assert!(met(&records, &context(TRAIN, 0, 0), &[own]).is_empty());
    }
    let flight = context(PlaceKind::Transport(TransportMode::Flight), 0, 0);
    assert!(met(&records, &flight, &[trip("G7315", 0, Some(7), None)]).is_empty());
}

#[test]
fn a_journey_without_times_counts_for_the_whole_run_over_midnight_too() {
    let record = carriages("Z281", 0, (3, 3), (25 * 60, 240));
    assert_eq!(met(&[record], &context(TRAIN, 240, 0), &[trip("Z281", 0, Some(3), None)]).len(), 1);
    let left_before = trip("Z281", 0, Some(3), Some((1_300, 1_439)));
    assert!(met(&[record], &context(TRAIN, 1, 0), &[left_before]).is_empty());
}

#[test]
fn a_touch_is_no_minutes_and_counts_where_none_are_asked() {
    let record = at_venue(12, 730, 55);
    for (entered, left, minutes) in
        [(700, 730, 0), (785, 800, 0), (700, 731, 1), (700, 800, 55), (784, 800, 1)]
    {
        let own = [visit(12, entered, Some(left))];
        assert_eq!(met(&[record], &context(PlaceKind::Venue, 0, 0), &own)[0].minutes, minutes);
        let enough = met(&[record], &context(PlaceKind::Venue, 1, 0), &own).len();
        assert_eq!(enough, usize::from(minutes >= 1));
    }
    for (entered, left) in [(700, 729), (786, 800)] {
        assert!(
            met(&[record], &context(PlaceKind::Venue, 0, 0), &[visit(12, entered, Some(left))]).is_empty()
        );
    }
}

#[test]
fn a_visit_without_a_check_out_counts_for_the_default_and_no_longer() {
    let own = [visit(12, 600, None)];
    let count = |start| met(&[at_venue(12, start, 30)], &context(PlaceKind::Venue, 1, 0), &own).len();
    assert_eq!((count(689), count(690)), (1, 0));
}

#[test]
fn another_issuers_venue_has_another_issuers_number() {
    let other = PartContext { issuer: "shenzhen", ..context(PlaceKind::Venue, 0, 0) };
    assert!(met(&[at_venue(12, 0, 1_440)], &other, &[visit(12, 600, None)]).is_empty());
}

#[test]
fn a_night_train_is_one_run_whatever_date_its_tickets_bear() {
    // It left on the first day at 22:00; the case was in it from 02:00 to 06:00 of the next.
    let record = carriages("Z281", 0, (3, 3), (26 * 60, 240));
    let found = |own| met(&[record], &context(TRAIN, 15, 0), &[own]);
    let boarded_at_two = found(trip("Z281", 1, Some(3), Some((26 * 60, 32 * 60))));
    assert_eq!((boarded_at_two[0].minutes, boarded_at_two[0].place_known), (240, true));
    let without_times = found(trip("Z281", 1, Some(3), None));
    assert!(!without_times[0].place_known, "it may have been the next run");
    assert!(
        found(trip("Z281", 1, Some(3), Some((46 * 60, 50 * 60)))).is_empty(),
        "the next run, by its times"
    );
    assert!(found(trip("Z281", 2, Some(3), None)).is_empty(), "over by then");
    // A run of three days, and a journey in it of which only the number is known.
    let late = carriages("Z264", 0, (3, 3), (2 * 1_440 + 600, 60));
    assert_eq!(met(&[late], &context(TRAIN, 15, 0), &[trip("Z264", 0, Some(3), None)]).len(), 1);
}

#[test]
fn an_area_holds_whatever_lies_in_it() {
    // The train left Shanghai at 10:00 and came to Hangzhou at 11:00.
    let own = [visit(9, 600, None), trip("G7315", 0, None, Some((600, 660)))];
    let found = |code, start| met(&[at_venue(code, start, 60)], &context(PlaceKind::Area, 0, 0), &own).len();
    assert_eq!(found(330_106, 600), 1, "the district of the visit");
    assert_eq!(found(330_100, 640), 2, "the prefecture of the visit, and where the train came to");
    assert_eq!(found(330_100, 800), 0);
    assert_eq!((found(310_000, 540), found(310_000, 700)), (1, 0), "where it came from, and not afterwards");
    assert_eq!((found(330_102, 600), found(440_000, 600)), (0, 0));
    let unknown =
        met(&[at_venue(310_000, 1_000, 60)], &context(PlaceKind::Area, 0, 0), &[trip("G1", 0, None, None)]);
    assert!(!unknown[0].place_known, "without times it is asked for, and lowers nothing");
}

/// Check-ins against a warning from 10:00 to 11:00, and the minutes that they share: the cases by which the iOS and
/// Android apps of Corona-Warn-App test the same question (`TraceWarningMatcherTests.swift` in cwa-app-ios, after
/// `pt-calculate-overlap-data.json` of its technical specification), values only. There a touch is no match.
#[test]
fn the_published_cases_of_corona_warn_app_come_to_the_same_minutes() {
    let warning = at_venue(12, 600, 60);
    for (from, to, expected) in [
        (570, 585, None),
        (675, 680, None),
        (570, 600, None),
        (660, 670, None),
        (570, 612, Some(12)),
        (645, 672, Some(15)),
        (600, 613, Some(13)),
        (615, 617, Some(2)),
        (630, 660, Some(30)),
        (600, 660, Some(60)),
    ] {
        let found = met(&[warning], &context(PlaceKind::Venue, 1, 0), &[visit(12, from, Some(to))]);
        assert_eq!(found.first().map(|meeting| meeting.minutes), expected, "{from} to {to}");
        assert!(met(&[warning], &context(PlaceKind::Venue, 1, 0), &[visit(13, from, Some(to))]).is_empty());
    }
}

#[test]
fn minutes_are_those_of_true_time_where_the_phones_zone_puts_its_clock_forward() {
    // In the night to 29 March 2020 Berlin's clocks went from 02:00 to 03:00, which is 01:00 UTC: no hour is lost or won.
    let change = Timestamp::from_seconds(1_585_443_600);
    let first = calendar().date_of(change);
    let start = u32::try_from(change.since(calendar().start_of(first)) / MILLIS_PER_MINUTE).unwrap();
    let around = PartContext { day: first, ..context(PlaceKind::Venue, 1, 0) };
    let Whereabouts::Visit(mut visit) = visit(12, 0, None) else { unreachable!() };
    (visit.entered_at, visit.left_at) = (change.plus_hours(-1), Some(change.plus_hours(1)));
    let found = met(&[at_venue(12, start - 30, 60)], &around, &[Whereabouts::Visit(visit)]);
    assert_eq!(found[0].minutes, 60);
}

/// The plain way: every pair, by the words of the design.
fn naive(records: &[Record], context: &PartContext<'_>, own: &[Whereabouts]) -> Vec<(Record, usize, u32)> {
    let mut sorted = records.to_vec();
    sorted.sort();
    sorted.dedup();
    let mut met = Vec::new();
    for record in sorted {
        for (index, place) in own.iter().enumerate() {
            let Whereabouts::Visit(visit) = place else { continue };
            let from = i64::from(record.start);
            let to = from + i64::from(record.minutes);
            let own_from = visit.entered_at.since(minute(0)) / MILLIS_PER_MINUTE;
            let own_to =
                visit.left_at.map_or(own_from + 90, |left| left.since(minute(0)) / MILLIS_PER_MINUTE);
            // Minute by minute: the two share the instants from `low` to `high`.
            let low = from.max(own_from);
            let high = to.min(own_to.max(own_from));
            let shared = high - low;
            if record.key == u64::from(visit.venue) && shared >= i64::from(context.proximity.minutes) {
                met.push((record, index, u32::try_from(shared).unwrap()));
            }
        }
    }
    met
}

proptest! {
    #[test]
    fn matching_block_by_block_finds_what_every_pair_finds(
        records in vec((0_u64..60, 0_u32..4_000, 0_u32..400), 0..800),
        own in vec((0_u32..60, -100_i64..4_000, option::of(0_i64..300)), 0..60),
        minutes in 0_u16..40,
    ) {
        let records: Vec<Record> =
            records.into_iter().map(|(key, start, minutes)| at_venue(key, start, minutes)).collect();
        let own: Vec<Whereabouts> = own
            .into_iter()
            .map(|(venue, entered, stay)| visit(venue, entered, stay.map(|stay| entered + stay)))
            .collect();
        let context = context(PlaceKind::Venue, minutes, 0);
        let found: Vec<_> = met(&records, &context, &own)
            .into_iter()
            .map(|meeting| (meeting.record, meeting.own, meeting.minutes))
            .collect();
        prop_assert_eq!(found, naive(&records, &context, &own));
    }

    #[test]
    fn trains_are_matched_as_every_pair_is_by_the_words_of_the_design(
        runs in vec((1_u8..5, 0_i32..6, (1_u16..17, 0_u16..4), (0_u32..9_000, 0_u32..900)), 0..400),
        trips in vec((1_u8..5, -2_i32..9, option::of(1_u16..17), option::of((0_i64..4_000, 0_i64..900))), 0..40),
        (minutes, apart) in (0_u16..40, 0_u16..3),
    ) {
        let service = |number: u8| format!("G{number}");
        let mut records: Vec<Record> = runs
            .iter()
            .map(|(number, on, (first, more), times)| carriages(&service(*number), *on, (*first, first + more), *times))
            .collect();
        let trips: Vec<_> = trips
            .into_iter()
            .map(|(number, on, place, times)| {
                let start = i64::from(on) * 1_440;
                (number, on, place, times.map(|(from, stay)| (start + from, start + from + stay)))
            })
            .collect();
        let own: Vec<Whereabouts> =
            trips.iter().map(|(number, on, place, times)| trip(&service(*number), *on, *place, *times)).collect();
        let found: Vec<_> = met(&records, &context(TRAIN, minutes, apart), &own)
            .into_iter()
            .map(|meeting| (meeting.record, meeting.own, meeting.minutes, meeting.place_known))
            .collect();

        records.sort();
        records.dedup();
        let mut expected = Vec::new();
        for record in records {
            let first_and_last = (record.first_place, record.first_place + record.further_places);
            let of = |run: &&(u8, i32, (u16, u16), (u32, u32))| {
                let (number, on, (first, more), times) = **run;
                carriages(&service(number), on, (first, first + more), times) == record
            };
            let (number, run, ..) = *runs.iter().find(of).unwrap();
            for (index, (own_number, date, place, times)) in trips.iter().enumerate() {
                let late = date - run;
                let (from, to) = times.unwrap_or((i64::from(*date) * 1_440, i64::from(date + 4) * 1_440));
                let (begins, ends) = (i64::from(record.start), i64::from(record.start + record.minutes));
                let shared = to.min(ends) - from.max(begins);
                let far = place.is_some_and(|place| {
                    place + apart < first_and_last.0 || place > first_and_last.1 + apart
                });
                if *own_number == number && (0..4).contains(&late) && !far && shared >= i64::from(minutes) {
                    let known = place.is_some() && (late == 0 || times.is_some());
                    expected.push((record, index, u32::try_from(shared).unwrap(), known));
                }
            }
        }
        prop_assert_eq!(found, expected);
    }
}
