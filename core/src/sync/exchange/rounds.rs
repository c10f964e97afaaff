//! How often an exchange asks one authority: a server that always has more is not asked for ever, and takes no other's
//! rounds.

use std::collections::BTreeMap;

/// The most rounds of one exchange with one authority: sixty thousand entries, or as many decisions.
const MOST: u32 = 1_024;

/// The rounds of one exchange so far, by authority.
#[derive(Default)]
pub(super) struct Rounds(BTreeMap<String, u32>);

impl Rounds {
    /// Counts one more, if there may be one.
    pub(super) fn another(&mut self, issuer: &str) -> bool {
        let so_far = self.0.entry(issuer.to_owned()).or_default();
        *so_far += 1;
        *so_far <= MOST
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_authority_without_an_end_takes_no_other_ones_rounds() {
        let mut rounds = Rounds::default();
        assert_eq!((0..MOST + 9).filter(|_| rounds.another("shenzhen")).count(), 1_024);
        assert!(rounds.another("hangzhou") && !rounds.another("shenzhen"));
    }
}
