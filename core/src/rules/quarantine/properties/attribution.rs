//! Whose day a tap is, for every schedule.

use super::*;

proptest! {
    #[test]
    fn a_day_is_counted_at_most_once_and_the_budget_is_kept(quarantine in quarantine(), taps in taps()) {
        let attributions = attribute(&quarantine, &taps);
        let days: Vec<_> = attributions.iter().copied().filter_map(day_of).collect();
        prop_assert_eq!(days.len(), done_days(&quarantine, &taps).len());
        let spent = attributions.iter().filter(|attribution| is_ambiguous(**attribution)).count();
        prop_assert!(spent <= usize::from(quarantine.terms.max_ambiguous));
    }

    #[test]
    fn a_tap_counts_only_for_a_day_in_which_it_can_have_been_made(quarantine in quarantine(), taps in taps()) {
        let terms = &quarantine.terms;
        for (tap, attribution) in taps.iter().zip(attribute(&quarantine, &taps)) {
            let Attribution::Counted { day, certainty } = attribution else { continue };
            let (first, last) = (terms.calendar.date_of(tap.earliest), terms.calendar.date_of(tap.latest));
            prop_assert!(day >= quarantine.first_open_day() && day <= quarantine.last_day());
            prop_assert!(tap.earliest >= quarantine.issued_at);
            match certainty {
                Certainty::Certain => prop_assert!(first == day && last == day),
                Certainty::Late => {
                    prop_assert!(last == day.plus_days(1) && first >= day);
                    prop_assert!(tap.latest < terms.closes(day));
                }
                Certainty::Ambiguous => prop_assert!(first < last && first <= day && day <= last),
            }
        }
    }

    /// A tap that needs no benefit of the doubt takes nothing from anybody, whenever it arrives.
    #[test]
    fn a_sure_tap_only_ever_adds_days(quarantine in quarantine(), taps in taps(), more in any_tap()) {
        let mut sure = more;
        sure.latest = sure.earliest;
        let before = done_days(&quarantine, &taps);
        let after = done_days(&quarantine, &[&taps[..], &[sure]].concat());
        prop_assert!(before.is_subset(&after), "{:?} became {:?}", before, after);
    }

    /// The budget for ambiguous taps is spent in the order of receipt: what came later takes no day away.
    #[test]
    fn a_tap_received_later_only_ever_adds_days(quarantine in quarantine(), taps in taps(), more in any_tap()) {
        let later = Tap { received: None, earliest: more.earliest.plus_hours(1_000), ..more };
        let mut received = taps.clone();
        for tap in &mut received {
            tap.received = Some(tap.received.unwrap_or(tap.latest));
        }
        let before = done_days(&quarantine, &received);
        for pending in [Tap { received: None, ..more }, later] {
            let after = done_days(&quarantine, &[&received[..], &[pending]].concat());
            prop_assert!(before.is_subset(&after), "{:?} became {:?}", before, after);
        }
    }

    /// What a replaced phone brings late fills days that nobody else fills, and changes nothing for the others.
    #[test]
    fn a_late_tap_changes_nothing_for_the_others(
        quarantine in quarantine(), taps in taps(), more in any_tap(), place: prop::sample::Index
    ) {
        let before = attribute(&quarantine, &taps);
        let at = place.index(taps.len() + 1);
        let mut with = taps.clone();
        with.insert(at, Tap { late: true, ..more });
        let mut after = attribute(&quarantine, &with);
        after.remove(at);
        prop_assert_eq!(before, after);
    }

    /// Whatever is added: a day that is lost was an ambiguous tap's, and that tap says so.
    #[test]
    fn a_day_is_lost_only_to_the_budget_and_its_tap_says_why(
        quarantine in quarantine(), taps in taps(), more in any_tap()
    ) {
        let before = attribute(&quarantine, &taps);
        let all = [&taps[..], &[more]].concat();
        let (after, done) = (attribute(&quarantine, &all), done_days(&quarantine, &all));
        for (old, new) in before.iter().zip(&after) {
            if day_of(*old).is_some_and(|day| !done.contains(&day)) {
                prop_assert!(is_ambiguous(*old), "{:?} was lost", old);
                prop_assert_eq!(*new, Attribution::Not(NotCounted::Unclear));
                let newcomer = *after.last().unwrap();
                prop_assert!(is_ambiguous(newcomer), "{:?} took a day", newcomer);
            }
        }
        prop_assert!(done.len() >= before.iter().copied().filter_map(day_of).count());
    }
}

#[test]
fn a_late_tap_still_counts_for_the_orders_last_day() {
    let quarantine = order(120, MissedDay::Restart, ReleaseAt::DayEnd);
    let late = between(&quarantine, 14 * 1_440 + 30, 14 * 1_440 + 30);
    let counted = Attribution::Counted { day: quarantine.last_day(), certainty: Certainty::Late };
    assert_eq!(attribute(&quarantine, &[late]), [counted]);
}

#[test]
fn a_tap_that_may_precede_the_first_day_is_ambiguous_and_never_late() {
    let mut quarantine = order(120, MissedDay::Restart, ReleaseAt::DayEnd);
    quarantine.issued_at = quarantine.issued_at.plus_hours(-24);
    let unsure = between(&quarantine, -60, 30);
    let counted = Attribution::Counted { day: quarantine.starts_on, certainty: Certainty::Ambiguous };
    assert_eq!(attribute(&quarantine, &[unsure]), [counted]);
    quarantine.terms.max_ambiguous = 0;
    assert_eq!(attribute(&quarantine, &[unsure]), [Attribution::Not(NotCounted::Unclear)]);
}

#[test]
fn an_upside_down_interval_is_read_as_its_first_instant() {
    let quarantine = order(120, MissedDay::Restart, ReleaseAt::DayEnd);
    let upside_down = between(&quarantine, 1_440 + 600, 600);
    let counted =
        Attribution::Counted { day: quarantine.starts_on.plus_days(1), certainty: Certainty::Certain };
    assert_eq!(attribute(&quarantine, &[upside_down]), [counted]);
}
