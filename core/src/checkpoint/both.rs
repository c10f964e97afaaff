//! Two authorities' codes of one person at one lane: whoever has moved has two, and the stricter counts. The gate knows a
//! person by masked name and ID tail only, and for a minute, in memory. That two people share both and stand in one
//! queue with codes of two authorities is rare; then the second is told what the first was told, and the card decides.

use std::collections::VecDeque;

use crate::token::Verdict;
use crate::token::gate::FRESH_MILLIS;

/// The most verdicts that are remembered; a lane sees some forty people in a minute.
const MOST: usize = 128;

/// The verdicts of the last minute that told a colour.
#[derive(Default)]
pub(super) struct Both(VecDeque<(i64, Verdict)>);

impl Both {
    /// The stricter of a verdict and those on another authority's code of the same person within the last minute.
    pub(super) fn stricter(&mut self, verdict: Verdict, boot_millis: i64) -> Verdict {
        let Some(own) = strictness(&verdict) else { return verdict };
        self.0.retain(|(at, _)| (0..=FRESH_MILLIS).contains(&boot_millis.saturating_sub(*at)));
        let others = self.0.iter().map(|(_, other)| other).filter(|other| is_other_code(&verdict, other));
        let strictest = others.max_by_key(|other| strictness(other)).cloned();
        if self.0.len() >= MOST {
            self.0.pop_front();
        }
        self.0.push_back((boot_millis, verdict.clone()));
        strictest.filter(|other| strictness(other) > Some(own)).unwrap_or(verdict)
    }
}

/// How strict a verdict is that tells a colour: first what is done, then the colour.
const fn strictness(verdict: &Verdict) -> Option<(u8, u8)> {
    match verdict {
        Verdict::Pass { colour, .. } => Some((0, colour.code())),
        Verdict::CompareCard { colour, .. } => Some((1, colour.code())),
        Verdict::Stop { colour, .. } => Some((2, colour.code())),
        _ => None,
    }
}

/// Whether two verdicts are on codes of two authorities and, as far as a gate can tell, of one person.
fn is_other_code(one: &Verdict, other: &Verdict) -> bool {
    match (one.holder(), other.holder()) {
        (Some(one), Some(other)) => {
            one.issuer != other.issuer && one.masked_name == other.masked_name && one.id_tail == other.id_tail
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::calendar::Timestamp;
    use crate::rules::colour::Colour;
    use crate::rules::text::Text;
    use crate::token::verdict::{CardReason, Holder};

    fn holder(issuer: &str, tail: &str) -> Holder {
        Holder {
            masked_name: "*三".to_owned(),
            id_tail: tail.to_owned(),
            issuer: issuer.to_owned(),
            issuer_name: Text::new("地", "place"),
            region: "330100".to_owned(),
        }
    }

    const AT: Timestamp = Timestamp::from_seconds(1_581_642_000);

    fn pass(issuer: &str, tail: &str) -> Verdict {
        Verdict::Pass {
            holder: holder(issuer, tail),
            colour: Colour::Green,
            valid_until: AT,
            extended: false,
        }
    }

    fn stop(issuer: &str, colour: Colour) -> Verdict {
        Verdict::Stop { holder: holder(issuer, "002X"), colour, valid_until: AT }
    }

    fn card(issuer: &str) -> Verdict {
        let (holder, colour) = (holder(issuer, "002X"), Colour::Green);
        let reason = CardReason::OldEvidence;
        Verdict::CompareCard { holder, colour, reason, status_as_of: AT, extended: false }
    }

    #[test]
    fn of_two_authorities_codes_the_stricter_counts_in_whatever_order_for_a_minute() {
        let (green, red) = (pass("hangzhou", "002X"), stop("shenzhen", Colour::Red));
        let mut both = Both::default();
        assert_eq!(both.stricter(green.clone(), 0), green);
        assert_eq!(both.stricter(red.clone(), 10_000), red);
        assert_eq!(both.stricter(green.clone(), 20_000), red, "the first one again");
        assert_eq!(both.stricter(green.clone(), 70_000), red, "a minute after the red one");
        assert_eq!(both.stricter(green.clone(), 70_001), green);
        assert_eq!(both.stricter(green.clone(), 0), green, "a clock that ran backwards remembers nothing");
    }

    #[test]
    fn what_is_done_is_stricter_than_the_colour_and_other_people_have_nothing_to_do_with_it() {
        let mut both = Both::default();
        both.stricter(card("shenzhen"), 0);
        assert_eq!(both.stricter(pass("hangzhou", "002X"), 1), card("shenzhen"));
        assert_eq!(both.stricter(pass("hangzhou", "0014"), 2), pass("hangzhou", "0014"));
        assert_eq!(
            both.stricter(pass("shenzhen", "002X"), 3),
            pass("shenzhen", "002X"),
            "one authority's last word"
        );
        let yellow = stop("wuhan", Colour::Yellow);
        assert_eq!(both.stricter(yellow.clone(), 4), yellow);
        assert_eq!(both.stricter(stop("hangzhou", Colour::Red), 5), stop("hangzhou", Colour::Red));
        let unknown = Verdict::UnknownIssuer;
        assert_eq!(both.stricter(unknown.clone(), 6), unknown);
        for at in 0..1_000 {
            both.stricter(pass("hangzhou", "0014"), at);
        }
        assert!(both.0.len() <= MOST);
    }
}
