//! What a gate remembers, in memory only: which presentations were seen while they are fresh, and the last verdict.

use std::collections::{BTreeSet, VecDeque};

use crate::rules::calendar::Timestamp;
use crate::rules::gate_policy::Direction;
use crate::token::Verdict;
use crate::token::gate::{FRESH_MILLIS, GateTime, SeenKey};

/// How long after its last scan a text repeats its verdict: it lies in the camera's view still.
const REPEAT_MILLIS: i64 = 3_000;
/// The most presentations that are remembered; a lane sees some forty in the minute for which a code is fresh.
const MOST: usize = 4_096;
/// The most texts that can lie in view at once.
const IN_VIEW: usize = 8;

pub(super) struct Memory {
    seen: BTreeSet<(Timestamp, [u8; 8])>,
    /// Presentations of this time and before are taken as seen: they cannot be told from those that were.
    floor: Timestamp,
    /// The last texts: a camera may have two codes in view.
    last: VecDeque<Viewed>,
}

/// A text that was judged.
struct Viewed {
    text: String,
    direction: Direction,
    verdict: Verdict,
    judged_at: i64,
    seen_at: i64,
}

impl Memory {
    pub(super) const fn new(floor: Timestamp) -> Self {
        Self { seen: BTreeSet::new(), floor, last: VecDeque::new() }
    }

    /// The verdict on a text that was judged, if hardly any time has passed since it was in view.
    pub(super) fn repeated(&mut self, text: &str, direction: Direction, boot_millis: i64) -> Option<Verdict> {
        let viewed =
            self.last.iter_mut().find(|viewed| viewed.text == text && viewed.direction == direction)?;
        // However long it is held up: a verdict is not older than a code may be.
        let fresh = (0..=FRESH_MILLIS).contains(&boot_millis.saturating_sub(viewed.judged_at));
        if !fresh || !(0..=REPEAT_MILLIS).contains(&boot_millis.saturating_sub(viewed.seen_at)) {
            return None;
        }
        viewed.seen_at = boot_millis;
        Some(viewed.verdict.clone())
    }

    pub(super) fn remember(
        &mut self,
        text: String,
        direction: Direction,
        verdict: Verdict,
        boot_millis: i64,
    ) {
        self.last.retain(|viewed| viewed.text != text || viewed.direction != direction);
        if self.last.len() >= IN_VIEW {
            self.last.pop_front();
        }
        let (judged_at, seen_at) = (boot_millis, boot_millis);
        self.last.push_back(Viewed { text, direction, verdict, judged_at, seen_at });
    }

    /// Whether a presentation that could still pass by its time was seen here. One that is too old is another
    /// matter: its holder is asked for an answer and not told of a second showing.
    pub(super) fn has_seen(&self, key: &SeenKey, time: GateTime) -> bool {
        let (id, at) = key;
        *at >= oldest(time) && (*at <= self.floor || self.seen.contains(&(*at, *id)))
    }

    pub(super) fn see(&mut self, key: SeenKey, time: GateTime) {
        let (id, at) = key;
        // What cannot pass by its time yet was let through by the card: it must not fill the memory.
        if at > oldest(time).plus_millis(2 * FRESH_MILLIS) {
            return;
        }
        self.seen = self.seen.split_off(&(oldest(time), [0; 8]));
        if self.seen.len() >= MOST {
            if let Some((latest, _)) = self.seen.last() {
                self.floor = self.floor.max(*latest);
            }
            self.seen.clear();
        }
        self.seen.insert((at, id));
    }
}

/// The oldest time that a presentation may name.
fn oldest(time: GateTime) -> Timestamp {
    match time {
        GateTime::Firm { now, .. } | GateTime::Coarse { now } => now.plus_millis(-FRESH_MILLIS),
        GateTime::None => Timestamp::from_millis(0),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    const fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(1_600_000_000 + seconds)
    }

    const fn firm(seconds: i64) -> GateTime {
        GateTime::Firm { now: at(seconds), uncertainty_millis: 0 }
    }

    #[test]
    fn a_presentation_is_seen_once_and_forgotten_when_it_cannot_pass_any_more() {
        let mut memory = Memory::new(at(-100));
        let key = ([7; 8], at(0));
        assert!(!memory.has_seen(&key, firm(1)));
        memory.see(key, firm(1));
        assert!(memory.has_seen(&key, firm(60)));
        assert!(!memory.has_seen(&([8; 8], at(0)), firm(60)));
        assert!(!memory.has_seen(&key, firm(61)));
        memory.see(([8; 8], at(61)), firm(61));
        assert_eq!(memory.seen.len(), 1);
    }

    #[test]
    fn after_a_start_and_after_an_overflow_only_newer_times_are_taken() {
        let mut memory = Memory::new(at(0));
        assert!(memory.has_seen(&([1; 8], at(0)), firm(10)));
        assert!(!memory.has_seen(&([1; 8], at(1)), firm(10)));
        for index in 0..=MOST {
            let id = u64::try_from(index).unwrap().to_be_bytes();
            memory.see((id, at(5)), firm(10));
        }
        assert!(memory.seen.len() <= MOST);
        assert!(memory.has_seen(&([9; 8], at(5)), firm(10)));
        assert!(!memory.has_seen(&([9; 8], at(6)), firm(10)));
    }

    #[test]
    fn a_text_in_view_repeats_its_verdict_and_no_other_does() {
        let mut memory = Memory::new(at(0));
        memory.remember("H1:A".to_owned(), Direction::In, Verdict::UnknownIssuer, 1_000);
        assert_eq!(memory.repeated("H1:A", Direction::In, 4_000), Some(Verdict::UnknownIssuer));
        assert_eq!(memory.repeated("H1:A", Direction::In, 7_000), Some(Verdict::UnknownIssuer));
        assert_eq!(memory.repeated("H1:B", Direction::In, 7_000), None);
        assert_eq!(memory.repeated("H1:A", Direction::Out, 7_000), None, "another way, another rule");
        assert_eq!(memory.repeated("H1:A", Direction::In, 10_001), None);
        assert_eq!(memory.repeated("H1:A", Direction::In, 0), None);
        memory.remember("H1:A".to_owned(), Direction::In, Verdict::UnknownIssuer, 1_000);
        let held_up = (1_000..200_000)
            .step_by(2_000)
            .take_while(|at| memory.repeated("H1:A", Direction::In, *at).is_some());
        assert_eq!(held_up.last(), Some(61_000), "held up for ever, it is judged again after a minute");
    }
}
