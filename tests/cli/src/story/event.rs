//! What happens in the story. Printed as JSON, an event holds no personal data: colours, rules, days, verdicts.

use healthcode::rules::calendar::{LegalDate, Timestamp};
use healthcode::rules::colour::Colour;
use healthcode::rules::text::Text;
use serde::Serialize;

/// One thing that happens.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub(super) enum Event {
    /// The server listens, and the checkpoint has fetched its trust list.
    Began {
        /// Issuers in the trust list.
        issuers: u32,
    },
    /// The phone has asked for a one-time code, and confirmed it.
    Registered {
        /// Its digits.
        digits: u8,
    },
    /// A declaration is recorded and sent.
    Declared {
        /// The stays in it.
        stays: usize,
        /// What the phone foresaw by the same rules, without the public records.
        preview: Option<Colour>,
    },
    /// The server's rating has come.
    Rated {
        /// The colour.
        colour: Colour,
        /// The rules that hold.
        rules: Vec<String>,
        /// Why, for the resident alone.
        #[serde(skip)]
        reasons: Vec<Text>,
        /// Days of quarantine.
        days: u16,
        /// The first one.
        starts_on: LegalDate,
    },
    /// A code is on the screen.
    CodeShown {
        /// Its colour.
        colour: Colour,
        /// Characters in it.
        characters: usize,
        /// Modules a side.
        modules: u32,
        /// The code as lines for a terminal.
        #[serde(skip)]
        drawing: String,
        /// The masked name under it.
        #[serde(skip)]
        masked_name: String,
    },
    /// A checkpoint's camera has decoded a picture, and the checkpoint has judged the text.
    Scanned {
        /// What was held up.
        what: &'static str,
        /// Pixels of the picture.
        pixels: (u32, u32),
        /// The verdict.
        verdict: &'static str,
        /// Its colour, where it has one.
        colour: Option<Colour>,
        /// What the staff see and do.
        action: Text,
        /// What the staff compare with the card.
        #[serde(skip)]
        holder: Option<String>,
    },
    /// A check-in is recorded on the phone.
    CheckedIn {
        /// The day for which it will count.
        day: Option<LegalDate>,
        /// Whether it reached the server at once.
        sent: bool,
        /// Days that count now.
        counted: u16,
        /// Days that the order takes.
        days: u16,
    },
    /// There is no network.
    Offline {
        /// Entries that wait on the phone.
        waiting: u32,
    },
    /// What waited has arrived and is judged.
    CaughtUp {
        /// The day for which the late one counts.
        day: LegalDate,
        /// How surely.
        certainty: String,
        /// Days that count now.
        counted: u16,
        /// Days that the order takes.
        days: u16,
    },
    /// Somebody moved the phone's clock forward.
    ClockMoved {
        /// By so many days.
        days: i64,
        /// Days that counted before and count after.
        counted: (u16, u16),
        /// The legal day before and after.
        today: (LegalDate, LegalDate),
        /// What the phone says about its clock.
        hint: String,
        /// What became of a check-in made "tomorrow".
        tap: String,
    },
    /// All days are done.
    DaysDone {
        /// When the server can release.
        release_at: Timestamp,
    },
    /// The time of release has come, and the phone has not connected yet.
    ConnectToConfirm {
        /// The colour, still.
        colour: Colour,
    },
    /// The server has released.
    Released {
        /// The colour now.
        colour: Colour,
    },
    /// The checkpoint shows its challenge, and the phone's camera has read it.
    Challenged {
        /// The gate's name.
        gate: String,
    },
    /// The story is over.
    Ended {
        /// Days that passed in it.
        days: i32,
    },
}
