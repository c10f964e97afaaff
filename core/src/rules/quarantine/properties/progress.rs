//! How far an order has come, for every schedule, policy and instant.

use super::*;

fn states(progress: &Progress, wanted: DayState) -> BTreeSet<LegalDate> {
    progress.calendar.iter().filter(|day| day.state == wanted).map(|day| day.date).collect()
}

fn release_of(progress: &Progress) -> Option<Timestamp> {
    match progress.phase {
        Phase::Complete { release_at } => Some(release_at),
        Phase::Running | Phase::Review => None,
    }
}

/// No day counts before it has begun, and each counts once: the first instant at which `days` days can be over
/// or, with a last check-in, have begun. Knows nothing of taps, misses or budgets.
fn naive_bound(quarantine: &Quarantine) -> Timestamp {
    let first = if quarantine.terms.credit_before_issue {
        quarantine.starts_on
    } else {
        quarantine.starts_on.max(quarantine.issued_on())
    };
    let last = quarantine.terms.calendar.start_of(first).plus_millis((i64::from(quarantine.days) - 1) * DAY);
    match quarantine.terms.release_at {
        ReleaseAt::DayEnd => last.plus_millis(DAY),
        ReleaseAt::LastCheckIn if last <= quarantine.issued_at => quarantine.issued_at,
        ReleaseAt::LastCheckIn => last,
    }
}

proptest! {
    #[test]
    fn no_order_completes_before_its_days_can_have_passed((quarantine, taps) in schedule(), now in instant()) {
        let progress = progress(&quarantine, &taps, now);
        if let Some(release_at) = release_of(&progress) {
            prop_assert_eq!(progress.counted, quarantine.days);
            prop_assert!(release_at >= naive_bound(&quarantine));
            prop_assert!(release_at >= quarantine.issued_at);
            let counting = [DayState::Credited, DayState::Done, DayState::Tolerated];
            let enough = progress.calendar.iter().filter(|day| counting.contains(&day.state)).count();
            prop_assert!(enough >= usize::from(quarantine.days));
        }
        if let Some(earliest) = progress.earliest_release {
            prop_assert!(earliest >= naive_bound(&quarantine));
        }
    }

    #[test]
    fn without_tolerance_or_credit_every_counted_day_has_its_own_tap(
        (mut quarantine, taps) in schedule(), now in instant()
    ) {
        quarantine.terms.credit_before_issue = false;
        if matches!(quarantine.terms.missed_day, MissedDay::Tolerate { .. }) {
            quarantine.terms.missed_day = MissedDay::Restart;
        }
        prop_assert!(usize::from(progress(&quarantine, &taps, now).counted) <= taps.len());
    }

    #[test]
    fn the_days_to_come_are_those_that_the_order_still_takes((quarantine, taps) in schedule(), now in instant()) {
        let progress = progress(&quarantine, &taps, now);
        let to_come = days_to_come(&quarantine, &taps, now);
        if progress.phase != Phase::Running || progress.earliest_release.is_none() {
            prop_assert!(to_come.is_empty());
            return Ok(());
        }
        prop_assert!(to_come.iter().all(|date| *date > progress.today || progress.calendar.is_empty()));
        prop_assert!(to_come.windows(2).all(|pair| pair[0] < pair[1]));
        let open = states(&progress, DayState::Open).len();
        let days = usize::from(progress.counted) + open + to_come.len();
        // Where a day is open beside the one before it, more may be open than are missing.
        prop_assert!(days >= usize::from(quarantine.days));
        prop_assert!(to_come.is_empty() || days == usize::from(quarantine.days));
    }

    #[test]
    fn the_count_is_what_the_calendar_shows((quarantine, taps) in schedule(), now in instant()) {
        let progress = progress(&quarantine, &taps, now);
        let mut count = 0_u16;
        for day in &progress.calendar {
            match day.state {
                DayState::Credited | DayState::Done | DayState::Tolerated => count += 1,
                DayState::Missed if quarantine.terms.missed_day != MissedDay::Extend => count = 0,
                DayState::Missed | DayState::BeforeIssue | DayState::Open => {}
            }
        }
        prop_assert_eq!(progress.counted, count);
        prop_assert!(count <= quarantine.days);
        let allowed = match quarantine.terms.missed_day {
            MissedDay::Tolerate { days } => usize::from(days),
            MissedDay::Restart | MissedDay::Extend => 0,
        };
        prop_assert!(states(&progress, DayState::Tolerated).len() <= allowed);
    }

    #[test]
    fn a_day_stands_in_the_calendar_once_and_in_order((quarantine, taps) in schedule(), now in instant()) {
        let progress = progress(&quarantine, &taps, now);
        for (index, day) in (0..).zip(&progress.calendar) {
            prop_assert_eq!(day.date, quarantine.starts_on.plus_days(index));
        }
        let expected = progress.today.min(quarantine.last_day()).days_since(quarantine.starts_on) + 1;
        let shown = i32::try_from(progress.calendar.len()).unwrap();
        if release_of(&progress).is_some() {
            prop_assert!(shown <= expected.max(0));
        } else {
            prop_assert_eq!(shown, expected.max(0));
        }
    }

    #[test]
    fn done_is_exactly_what_a_tap_counts_for((quarantine, taps) in schedule(), now in instant()) {
        let progress = progress(&quarantine, &taps, now);
        let shown: BTreeSet<_> = progress.calendar.iter().map(|day| day.date).collect();
        let mut done = done_days(&quarantine, &taps);
        done.retain(|day| shown.contains(day));
        prop_assert_eq!(states(&progress, DayState::Done), done);
    }

    #[test]
    fn the_order_in_which_taps_are_listed_changes_nothing(
        (quarantine, taps, shuffled) in (quarantine(), taps())
            .prop_flat_map(|(quarantine, taps)| (Just(quarantine), Just(taps.clone()), Just(taps).prop_shuffle())),
        now in instant(),
    ) {
        prop_assert_eq!(done_days(&quarantine, &taps), done_days(&quarantine, &shuffled));
        prop_assert_eq!(progress(&quarantine, &taps, now), progress(&quarantine, &shuffled, now));
    }

    #[test]
    fn time_alone_undoes_nothing_and_brings_no_release_nearer(
        (quarantine, taps) in schedule(), now in instant(), later in 0..10 * DAY
    ) {
        let before = progress(&quarantine, &taps, now);
        let after = progress(&quarantine, &taps, now.plus_millis(later));
        for state in [DayState::Done, DayState::Missed, DayState::Tolerated, DayState::Credited] {
            prop_assert!(states(&before, state).is_subset(&states(&after, state)));
        }
        match (before.phase, after.phase) {
            (Phase::Complete { .. }, _) => prop_assert_eq!(before.phase, after.phase),
            (Phase::Review, _) => prop_assert_eq!(after.phase, Phase::Review),
            (Phase::Running, _) => {}
        }
        if let Some(release) = after.earliest_release {
            let predicted = before.earliest_release;
            prop_assert!(predicted.is_some_and(|predicted| predicted <= release), "{:?} {:?}", predicted, release);
        }
    }

    /// What is known at `now` was made by then; what comes is made from then on. Late arrivals of older taps are
    /// left out: they may heal a restart, which no prediction assumes.
    #[test]
    fn no_continuation_beats_the_earliest_release(
        (quarantine, all) in schedule(), now in instant(), later in 0..20 * DAY
    ) {
        let (known, rest): (Vec<_>, Vec<_>) = all.into_iter().partition(|tap| tap.latest <= now);
        let to_come = rest.into_iter().filter(|tap| tap.earliest >= now);
        let before = progress(&quarantine, &known, now);
        let continued: Vec<_> = known.iter().copied().chain(to_come).collect();
        let after = progress(&quarantine, &continued, now.plus_millis(later));
        if let Some(release) = release_of(&after) {
            let predicted = before.earliest_release;
            prop_assert!(predicted.is_some_and(|predicted| predicted <= release), "{:?} {:?}", predicted, release);
        }
    }

    /// The prediction is not only a bound: who keeps every open day is released at that instant.
    #[test]
    fn who_keeps_every_day_is_released_when_it_was_said((quarantine, all) in schedule(), now in instant()) {
        let known: Vec<_> = all.into_iter().filter(|tap| tap.latest <= now && tap.earliest == tap.latest).collect();
        let before = progress(&quarantine, &known, now);
        let Some(predicted) = before.earliest_release else { return Ok(()) };
        let mut kept = known.clone();
        let soonest = now.max(quarantine.issued_at);
        for day in 0..=i32::from(quarantine.terms.max_total_days) {
            let at = quarantine.terms.calendar.start_of(quarantine.starts_on.plus_days(day)).max(soonest);
            // Twice: yesterday may still be open when today begins.
            kept.extend([Tap { earliest: at, latest: at, received: Some(at), late: false }; 2]);
        }
        let after = progress(&quarantine, &kept, quarantine.terms.closes(quarantine.last_day()));
        prop_assert_eq!(release_of(&after), Some(predicted));
    }

    #[test]
    fn a_running_order_says_what_is_due_or_when_the_next_day_opens(
        (quarantine, taps) in schedule(), now in instant()
    ) {
        let progress = progress(&quarantine, &taps, now);
        let open = states(&progress, DayState::Open);
        if progress.phase == Phase::Running {
            prop_assert_eq!(progress.due.map(|risk| risk.day), open.first().copied());
            let opens = progress.next_opens_at;
            let days_left = progress.today.plus_days(1).max(quarantine.first_open_day()) <= quarantine.last_day();
            prop_assert_eq!(opens.is_some(), progress.due.is_none() && days_left);
            prop_assert!(opens.is_none_or(|opens| opens > now));
            prop_assert!(progress.due.is_none_or(|risk| now < risk.deadline));
        } else {
            prop_assert!(progress.due.is_none() && progress.next_opens_at.is_none() && open.is_empty());
        }
    }

    #[test]
    fn no_input_makes_it_fail(
        mut quarantine in quarantine(),
        starts in prop_oneof![any::<i32>(), Just(i32::MIN), Just(i32::MAX)],
        wild in prop::collection::vec(prop_oneof![any::<i64>(), Just(i64::MIN), Just(i64::MAX)], 9),
        (days, total, minutes) in (any::<u16>(), any::<u16>(), any::<u16>()),
        extreme in 0..4_u8,
    ) {
        let at = |index: usize| Timestamp::from_millis(wild[index]);
        quarantine.starts_on = LegalDate::from_epoch_days(starts);
        quarantine.issued_at = at(0);
        quarantine.days = [0, u16::MAX, days, 1][usize::from(extreme)];
        quarantine.terms.late_until_minutes = minutes;
        quarantine.terms.max_total_days = [u16::MAX, total, 0, 366][usize::from(extreme)];
        quarantine.terms.max_ambiguous = u16::MAX;
        let taps = [
            Tap { earliest: at(1), latest: at(2), received: Some(at(3)), late: false },
            Tap { earliest: at(4), latest: at(5), received: None, late: false },
            Tap { earliest: at(0), latest: at(6), received: Some(at(0)), late: false },
        ];
        for now in [at(7), at(8), quarantine.issued_at, Timestamp::from_millis(i64::MAX)] {
            let progress = progress(&quarantine, &taps, now);
            prop_assert!(progress.calendar.len() <= usize::from(MAX_TOTAL_DAYS));
        }
    }
}

#[test]
fn a_forgiven_last_day_releases_when_it_has_closed_and_not_before() {
    let quarantine = order(120, MissedDay::Tolerate { days: 1 }, ReleaseAt::LastCheckIn);
    let taps: Vec<_> = (0..6).map(|day| between(&quarantine, day * 1_440 + 540, day * 1_440 + 540)).collect();
    let closed = quarantine.terms.closes(quarantine.starts_on.plus_days(6));
    assert_eq!(release_of(&progress(&quarantine, &taps, closed)), Some(closed));
}

#[test]
fn the_last_day_of_the_calendar_ends_every_replay() {
    let mut quarantine = order(0, MissedDay::Restart, ReleaseAt::DayEnd);
    let end = Timestamp::from_millis(i64::MAX);
    quarantine.starts_on = LegalDate::from_epoch_days(i32::MAX);
    quarantine.issued_at = end.plus_hours(-8);
    let now = end.plus_hours(-24);
    assert_eq!(progress(&quarantine, &[], now).calendar.len(), 1);
}
