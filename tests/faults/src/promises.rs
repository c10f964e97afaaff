//! What must hold, whatever happens: nothing that was accepted is lost, each takes effect once and in order, nothing
//! comes early, no legal day counts twice; and once the line is whole, phone and server say the same.

use std::collections::{BTreeMap, BTreeSet};

use healthcode::resident::CheckInState;
use healthcode::rules::calendar::{LegalDate, Timestamp};
use healthcode::rules::quarantine::{Certainty, Phase, Tap, progress};
use healthcode::token::decision::ReleaseCause;
use healthcode::token::{Judgement, Order, Release};

use crate::fault::IN_FLIGHT_MILLIS;
use crate::history::{Entry, Model, calendar};
use crate::play::Play;

/// The least days for which the phone keeps what the server has: the travel and the appeal window of the rulebook.
pub const KEPT_DAYS: i64 = 14;

/// What holds after every event.
pub fn always(play: &Play, model: &Model) {
    assert_eq!(play.now(), model.now, "model and world share one time");
    nothing_is_lost(play);
    the_server_has_each_once_and_in_order(play);
    the_phone_is_never_ahead(play);
    days_count_once(play, model);
    releases_come_in_time(play, model);
}

/// What holds after a sync to which nothing happened.
pub fn healed(play: &Play, model: &Model) {
    let server = &play.ledger;
    let there = server.operations();
    let missing: Vec<_> =
        play.recorded.iter().filter(|id| !play.forgiven.contains(*id) && !there.contains(*id)).collect();
    assert!(missing.is_empty(), "not delivered: {missing:?}");
    let card = play.shown.card();
    let waiting = play.shown.outbox.iter().filter(|row| row.state == 0).count();
    assert_eq!(usize::try_from(card.waiting).unwrap(), waiting);
    assert_eq!(card.waiting, 0, "nothing waits");
    assert!(play.shown.outbox.iter().all(|row| row.state == 1), "all was accepted");
    let known: BTreeSet<_> = play.shown.decisions.iter().copied().collect();
    let decided: BTreeSet<_> = server.decisions.iter().copied().collect();
    assert!(known.is_subset(&decided), "the phone knows nothing that the server did not decide");
    for serial in decided.difference(&known) {
        let over = server.decided_at.get(serial).is_some_and(|at| is_over(*at, play.now()));
        assert!(over, "the phone does not know what the server decided: {serial} of {decided:?}");
    }
    assert_eq!(card.colour, server.state.colour(), "one colour");
    assert!(!card.connect_to_confirm, "it has connected");

    let view = play.shown.quarantine.as_ref();
    assert_eq!(
        view.map(|view| view.order.clone()),
        server.state.order.as_ref().map(|order| order.id.to_string())
    );
    if let (Some(view), Some(order)) = (view, &server.state.order) {
        // The phone counts at its lower bound: the second of the anchor that has just come.
        let at = Timestamp::from_seconds(play.now().seconds());
        let counted = progress(&order.quarantine, &order.taps(), at);
        assert_eq!((view.counted, &view.calendar), (counted.counted, &counted.calendar), "one count");
        let now = progress(&order.quarantine, &order.taps(), play.now());
        let due = matches!(now.phase, Phase::Complete { release_at } if release_at <= play.now());
        assert!(!due, "who has served the days is released");
        let in_force = server.in_force();
        for tap in &view.check_ins {
            agrees(&tap.state, in_force.get(&tap.operation).copied());
        }
    }
    if model.exact {
        the_count_is_the_true_one(play, model);
    }
}

fn agrees(state: &CheckInState, judgement: Option<&Judgement>) {
    match (state, judgement) {
        (CheckInState::Counted { day, certainty }, Some(judgement)) => {
            assert_eq!((Some(*day), Some(*certainty)), (judgement.day, judgement.certainty));
        }
        (CheckInState::NotCounted { reason }, Some(judgement)) => {
            assert_eq!(Some(*reason), judgement.not_counted);
        }
        (CheckInState::Received, None) => {}
        other => panic!("the phone shows something else than the server judged: {other:?}"),
    }
}

/// What was accepted is on the phone until the server has it, and the phone's word that it has is true.
fn nothing_is_lost(play: &Play) {
    let rows = &play.shown.outbox;
    let there = play.ledger.operations();
    let mut here = BTreeSet::new();
    for row in rows {
        assert!(here.insert(row.operation.clone()), "one operation twice in the outbox");
        let answered = row.state != 0;
        assert!(play.rolled_back || !answered || there.contains(&row.operation), "a receipt for nothing");
    }
    for id in play.recorded.iter().filter(|id| !play.forgiven.contains(*id)) {
        assert!(here.contains(id) || there.contains(id), "lost: {id}");
    }
    if !play.rolled_back {
        let places: BTreeMap<_, _> = play.recorded.iter().zip(0_i64..).collect();
        for row in rows {
            assert_eq!(places.get(&row.operation), Some(&row.sequence), "in the order of recording");
        }
        let received =
            play.ledger.delivered.iter().map(|known| (&known.operation, known.receipt.received_at));
        for (id, received_at) in received.filter(|(id, _)| !here.contains(*id)) {
            assert!(is_over(received_at, play.now()), "{id} is gone before its time");
        }
    }
}

/// Whether what came to be at an instant may be purged from the phone's file by now.
fn is_over(since: Timestamp, now: Timestamp) -> bool {
    since.plus_hours(24 * KEPT_DAYS) <= now
}

fn the_server_has_each_once_and_in_order(play: &Play) {
    let server = &play.ledger;
    if !play.rolled_back {
        server.assert_continuous();
    }
    let places: BTreeMap<_, _> = play.recorded.iter().zip(0..).collect();
    let mut last = BTreeMap::new();
    for delivered in &server.delivered {
        let place = places.get(&delivered.operation).copied().expect("nobody else has recorded anything");
        let before = last.insert(delivered.link.segment, place);
        assert!(before.is_none_or(|before| before < place), "in the order of recording");
        assert!(delivered.receipt.accepted, "what the phone accepts the server accepts");
    }
    if let Some(order) = &server.state.order {
        let mut once = BTreeSet::new();
        for check_in in &order.check_ins {
            assert!(once.insert(check_in.operation), "a check-in takes effect once");
            assert!(check_in.judged.is_some(), "and is judged at once");
        }
    }
}

/// H, and the estimate: neither passes true time, and no screen shows a day that has not come.
fn the_phone_is_never_ahead(play: &Play) {
    let home = &play.shown.home;
    assert!(home.time.now <= play.now(), "{:?} at {:?}", home.time.now, play.now());
    // A time that is said to be sure is that of an answer to this phone's own request, and it may have been on its way.
    let behind = play.shown.home_at.since(home.time.now);
    assert!(!home.time.sure || behind <= IN_FLIGHT_MILLIS + 1_000, "sure, and {behind} ms behind");
    assert!(home.sync.last_success.is_none_or(|at| at <= play.now()));
    // The day is asked for after every event, time alone included.
    assert!(play.handset.resident().form(None).is_ok_and(|form| form.to <= calendar().date_of(play.now())));
    if let Some(view) = &play.shown.quarantine {
        assert!(view.today <= calendar().date_of(play.now()), "a day that has not come");
        assert!(view.check_ins.iter().all(|tap| tap.recorded_at <= play.now()));
    }
}

/// Of each order: a day counts once, an instant is where it truly was, and what is uncertain stays within its bounds.
fn days_count_once(play: &Play, model: &Model) {
    let before = play.before(model);
    let truly: BTreeMap<_, _> =
        play.recorded.iter().skip(before).zip(model.entries.iter().map(|(_, at)| *at)).collect();
    let in_force = play.ledger.in_force();
    for order in &play.ledger.orders {
        let mut days = BTreeSet::new();
        let mut ambiguous = 0;
        for judgement in in_force.values().filter(|judgement| judgement.order == order.order) {
            let at = truly[&judgement.operation.to_string()];
            let named = judgement.earliest <= at.plus_millis(IN_FLIGHT_MILLIS) && at <= judgement.latest;
            // An order bears its second: a tap within it may lie before.
            assert!(named, "made at {at:?}, judged {:?} to {:?}", judgement.earliest, judgement.latest);
            let Some(day) = judgement.day else { continue };
            assert!(days.insert(day), "{day} counts twice");
            match judgement.certainty {
                Some(Certainty::Ambiguous) => ambiguous += 1,
                _ => assert!(covers(at, day, order), "{at:?} is not of {day}"),
            }
        }
        assert!(ambiguous <= order.terms.max_ambiguous, "{ambiguous} ambiguous days");
    }
}

/// Whether a tap of an instant can count for a day, as a person would say it.
fn covers(at: Timestamp, day: LegalDate, order: &Order) -> bool {
    let ends = order.terms.calendar.at(day.plus_days(1), order.terms.late_until_minutes);
    at.plus_millis(IN_FLIGHT_MILLIS) >= order.terms.calendar.start_of(day) && at < ends
}

fn releases_come_in_time(play: &Play, model: &Model) {
    let mut ended = BTreeSet::new();
    for release in &play.ledger.releases {
        assert!(ended.insert(release.order), "an order ends once");
        assert!(release.released_at <= play.now());
        let order = play.ledger.orders.iter().find(|order| order.order == release.order);
        let order = order.expect("an order that was issued");
        if release.cause == ReleaseCause::Completed {
            by_the_rules(play, order, release);
            by_own_count(play, model, order, release);
        }
    }
    let open = play.ledger.orders.iter().filter(|order| !ended.contains(&order.order)).count();
    assert_eq!(open, usize::from(play.ledger.state.order.is_some()), "no order ends without a release");
}

/// The rules, over the judgements that are in force, allow the release at its instant.
fn by_the_rules(play: &Play, order: &Order, release: &Release) {
    let in_force = play.ledger.in_force();
    let judged = in_force.values().filter(|judgement| judgement.order == order.order);
    let taps: Vec<Tap> = judged.map(|judgement| judgement.tap()).collect();
    let phase = progress(&order.quarantine(), &taps, release.released_at).phase;
    let allowed = matches!(phase, Phase::Complete { release_at } if release_at <= release.released_at);
    assert!(allowed, "released at {:?}, {phase:?}", release.released_at);
}

/// A count by hand over the true instants: so many days on end, each with a check-in of its own, the last one over. An
/// ambiguous one, of which the rulebook forgives some, may stand for a day without.
fn by_own_count(play: &Play, model: &Model, order: &Order, release: &Release) {
    let in_force = play.ledger.in_force();
    let ambiguous = in_force.values().filter(|judgement| {
        judgement.order == order.order && judgement.certainty == Some(Certainty::Ambiguous)
    });
    let forgiven = ambiguous.count();
    let taps: Vec<Timestamp> = model
        .entries
        .iter()
        .filter(|(entry, at)| matches!(entry, Entry::Tap(_)) && at.plus_millis(999) >= order.issued_at)
        .map(|(_, at)| *at)
        .collect();
    assert!(taps.len() >= usize::from(order.days), "{} taps for {} days", taps.len(), order.days);
    let yesterday = calendar().date_of(release.released_at).plus_days(-1);
    let last_days = (0..=i32::from(order.days) + 60).map(|back| yesterday.plus_days(-back));
    let served = last_days
        .take_while(|last| *last >= order.starts_on)
        .any(|last| kept_up_to(last, order, &taps, forgiven) >= order.days);
    assert!(served, "released at {:?} after {taps:?}", release.released_at);
}

/// How many days on end were kept up to a last one, at most as many as the order takes.
fn kept_up_to(last: LegalDate, order: &Order, taps: &[Timestamp], mut forgiven: usize) -> u16 {
    let (mut taps, mut day, mut kept) = (taps, last, 0);
    while kept < order.days && day >= order.starts_on {
        // The latest that fits, going back: for a day before only earlier ones are of use.
        match taps.iter().rposition(|at| covers(*at, day, order)) {
            Some(place) => taps = taps.get(..place).unwrap_or_default(),
            None if forgiven > 0 => forgiven -= 1,
            None => break,
        }
        (day, kept) = (day.plus_days(-1), kept + 1);
    }
    kept
}

/// Where the phone's boot clock has counted all the time, the server's count is the one over the true instants.
fn the_count_is_the_true_one(play: &Play, model: &Model) {
    let Some(order) = &play.ledger.state.order else { return };
    let issued = play.ledger.orders.iter().find(|issued| issued.order == order.id).expect("it was issued");
    let before = play.before(model);
    let received: BTreeMap<_, _> =
        play.ledger.delivered.iter().map(|delivered| (&delivered.operation, &delivered.receipt)).collect();
    let taps: Vec<Tap> = play
        .recorded
        .iter()
        .skip(before)
        .zip(&model.entries)
        .filter(|(id, (entry, _))| matches!(entry, Entry::Tap(_)) && received[id].serial > issued.serial)
        .map(|(id, (_, at))| Tap {
            earliest: *at,
            latest: *at,
            received: Some(received[id].received_at),
            late: false,
        })
        .collect();
    let truly = progress(&order.quarantine, &taps, play.now());
    let judged = progress(&order.quarantine, &order.taps(), play.now());
    assert_eq!(truly.calendar, judged.calendar, "the count is the true one");
}
