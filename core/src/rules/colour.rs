//! The three colours of a health code and their order of strictness.

use serde::{Deserialize, Serialize};

/// The colour of a code. Ordered by strictness: green < yellow < red.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "device", derive(uniffi::Enum))]
pub enum Colour {
    /// Moves freely.
    Green,
    /// Quarantine, seven days in the first rulebook.
    Yellow,
    /// Quarantine, fourteen days in the first rulebook.
    Red,
}

impl Colour {
    /// The number that stands for the colour in signed objects: 0 green, 1 yellow, 2 red.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Green => 0,
            Self::Yellow => 1,
            Self::Red => 2,
        }
    }

    /// The colour of a number in a signed object; none for any other number.
    #[must_use]
    pub const fn from_code(code: u8) -> Option<Self> {
        match code {
            0 => Some(Self::Green),
            1 => Some(Self::Yellow),
            2 => Some(Self::Red),
            _ => None,
        }
    }

    /// The colour of a phone that has lowered itself: green counts as yellow, the others stay.
    #[must_use]
    pub fn lowered_if(self, lowered: bool) -> Self {
        if lowered { self.max(Self::Yellow) } else { self }
    }

    /// The lower-case English word: the colour's name in JSON and in rules.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Green => "green",
            Self::Yellow => "yellow",
            Self::Red => "red",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_colour_has_one_number_and_red_is_the_strictest() {
        for colour in [Colour::Green, Colour::Yellow, Colour::Red] {
            assert_eq!(Colour::from_code(colour.code()), Some(colour));
        }
        assert_eq!(Colour::from_code(3), None);
        assert!(Colour::Green < Colour::Yellow && Colour::Yellow < Colour::Red);
    }
}
