//! Exposure: where a person was, what an authority published about places, and whether the two met.
//!
//! Pure: both sides are arguments, and so is the legal calendar. A published file is read block by block and never
//! whole; where a person was enters here and leaves only as a match that the same phone shows. What never enters: a
//! network, a name, a clock.

pub mod blocks;
pub mod matching;
pub mod service;
mod words;

use serde::{Deserialize, Serialize};

pub use blocks::{BlockError, Record};
pub use matching::{Meeting, Proximity, match_part};
pub use service::ServiceNumber;
pub use words::{describe_meeting, describe_place};

use super::calendar::{LegalDate, Timestamp};
use super::identity::Region;
use super::text::Text;

/// The most minutes that a stay without a check-out counts for: a day.
pub const MAX_DEFAULT_STAY: u16 = 24 * 60;

/// How somebody travelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "device", derive(uniffi::Enum))]
pub enum TransportMode {
    /// A train: places are carriages.
    Train,
    /// A flight: places are rows.
    Flight,
    /// A coach: places are rows.
    Coach,
}

/// What a published file is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PlaceKind {
    /// Runs of a train, a flight or a coach.
    Transport(TransportMode),
    /// Venues.
    Venue,
    /// Areas.
    Area,
}

/// A journey by train, flight or coach.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trip {
    /// How.
    pub mode: TransportMode,
    /// The number of the service, or the plate of a coach.
    pub number: ServiceNumber,
    /// The date on the ticket.
    pub date: LegalDate,
    /// The carriage of a train, the row of a flight or coach; none where it is not known.
    pub place: Option<u16>,
    /// Where it was boarded.
    pub from: Region,
    /// Where it was left.
    pub to: Region,
    /// When it was boarded; none where it is not known.
    pub departed_at: Option<Timestamp>,
    /// When it was left; none where it is not known.
    pub arrived_at: Option<Timestamp>,
}

/// A visit to a venue.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Visit {
    /// The issuer that numbered the venue.
    pub issuer: String,
    /// The venue's number.
    pub venue: u32,
    /// Where it lies.
    pub region: Region,
    /// What it calls itself.
    pub name: Text,
    /// When it was entered.
    pub entered_at: Timestamp,
    /// When its code was scanned again last: without a check-out the stay counts from then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen_at: Option<Timestamp>,
    /// When it was left; none without a check-out.
    pub left_at: Option<Timestamp>,
}

/// Where a person was.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Whereabouts {
    /// On a journey.
    Trip(Trip),
    /// At a venue.
    Visit(Visit),
}

impl TransportMode {
    /// Its stable word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Flight => "flight",
            Self::Coach => "coach",
        }
    }
}

impl PlaceKind {
    /// Every kind.
    pub const ALL: [Self; 5] = [
        Self::Transport(TransportMode::Train),
        Self::Transport(TransportMode::Flight),
        Self::Transport(TransportMode::Coach),
        Self::Venue,
        Self::Area,
    ];

    /// Its number in a notice.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::Transport(TransportMode::Train) => 1,
            Self::Transport(TransportMode::Flight) => 2,
            Self::Transport(TransportMode::Coach) => 3,
            Self::Venue => 4,
            Self::Area => 5,
        }
    }

    /// The kind of a number.
    #[must_use]
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.number() == number)
    }
}

// Where somebody was is for the rules and the sealed store.
impl std::fmt::Debug for Trip {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Trip(..)")
    }
}

impl std::fmt::Debug for Visit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Visit(..)")
    }
}

impl std::fmt::Debug for Whereabouts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Whereabouts(..)")
    }
}
