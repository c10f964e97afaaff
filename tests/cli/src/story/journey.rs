//! What happens in the second chapter. Printed as JSON, an event holds no personal data: colours, issuers, gates as they
//! name themselves, verdicts.

use healthcode::rules::calendar::{LegalDate, Timestamp};
use healthcode::rules::colour::Colour;
use healthcode::rules::text::Text;
use serde::Serialize;

use super::scene::calendar;
use super::teller::{Teller, Told};

/// One thing that happens.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub(super) enum Journey {
    /// The chapter begins.
    Chapter {
        /// What it tells.
        title: &'static str,
    },
    /// The holder of the root has signed a second authority into the trust list.
    Listed {
        /// Issuers in it.
        issuers: usize,
    },
    /// A resident of the second authority is registered and rated.
    Visitor {
        /// The colour.
        colour: Colour,
        /// The masked name.
        #[serde(skip)]
        masked_name: String,
    },
    /// A checkpoint has fetched what it judges by.
    GateSynced {
        /// The gate's name.
        gate: &'static str,
        /// What it has fetched, and why.
        what: &'static str,
        /// Status lists that came.
        status_lists: u32,
    },
    /// A checkpoint's camera has decoded a picture, and the checkpoint has judged the text.
    Scanned(Scanned),
    /// A resident reports symptoms, and the server rates anew.
    Changed {
        /// The colour now.
        colour: Colour,
        /// The rules that hold.
        rules: Vec<String>,
        /// The masked name.
        #[serde(skip)]
        masked_name: String,
    },
    /// A server is gone.
    ServerDied {
        /// Its authority's name.
        issuer: Text,
    },
    /// Neither the checkpoint nor the resident's phone can sync.
    NoSync {
        /// Hours since the server died.
        hours: i64,
    },
    /// The checkpoint's phone was started again, and the staff have confirmed its date.
    GateRestarted {
        /// The gate's name.
        gate: &'static str,
        /// The date.
        date: LegalDate,
    },
    /// The holder of the root has signed an outage notice.
    NoticeSigned {
        /// The issuer whose tokens it extends.
        issuer: &'static str,
        /// By how many hours.
        hours: u16,
        /// Characters of its QR code.
        characters: usize,
    },
    /// The checkpoint has read it from a picture.
    NoticeLoaded {
        /// The gate's name.
        gate: &'static str,
    },
    /// The server is back, and everybody has synced.
    ServerBack {
        /// Its authority's name.
        issuer: Text,
        /// Hours that it was dead.
        hours: i64,
        /// Tokens that the resident's phone got.
        tokens: u32,
    },
    /// What the resident's phone has noted of the gates that asked it.
    AskedBy {
        /// Each with the time and the colour that was shown.
        gates: Vec<(String, Timestamp, Colour)>,
    },
    /// The chapter is over.
    ChapterEnded {
        /// What it came to.
        told: &'static str,
    },
}

/// A scan and its verdict.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Scanned {
    /// The gate's name.
    pub(super) gate: &'static str,
    /// What was held up.
    pub(super) what: &'static str,
    /// Pixels of the picture.
    pub(super) pixels: (u32, u32),
    /// The verdict.
    pub(super) verdict: &'static str,
    /// Its colour, where it has one.
    pub(super) colour: Option<Colour>,
    /// Who issued the code.
    pub(super) issuer: Option<Text>,
    /// The instant of which the status is known, where the card must be compared.
    pub(super) status_as_of: Option<Timestamp>,
    /// Whether it is accepted only because of an outage notice.
    pub(super) extended: bool,
    /// Whether a challenge has opened by itself.
    pub(super) challenge: bool,
    /// What the staff see and do.
    pub(super) action: Text,
    /// What the staff compare with the card.
    #[serde(skip)]
    pub(super) holder: Option<String>,
}

impl Told for Journey {
    fn is_heading(&self) -> bool {
        matches!(self, Self::Chapter { .. } | Self::ChapterEnded { .. })
    }

    fn narrate(&self, teller: &mut Teller<'_>, clock: &str) -> std::io::Result<()> {
        match self {
            Self::Chapter { title } => {
                teller.heading(title)?;
                teller.blank()
            }
            Self::ChapterEnded { told } => teller.heading(told),
            Self::Listed { issuers } => {
                teller.line(
                    clock,
                    "authority",
                    "Shenzhen runs a server of its own, over its own database.",
                )?;
                let signed = "Hangzhou, which holds the root, signs it into the trust list";
                teller.more(&format!("{signed}: {issuers} issuers"))
            }
            Self::Visitor { colour, masked_name } => {
                let colour = teller.colour(*colour);
                teller.line(clock, "phone", &format!("{masked_name} registers in Shenzhen: {colour}."))
            }
            Self::GateSynced { gate, what, .. } => {
                teller.line(clock, "checkpoint", &format!("{gate}: {what}."))
            }
            Self::Scanned(scanned) => scanned.narrate(teller, clock),
            Self::Changed { colour, rules, masked_name } => {
                let colour = teller.colour(*colour);
                let what =
                    format!("{masked_name} declares a fever. Hangzhou rates {colour}: {}.", rules.join(", "));
                teller.line(clock, "phone", &what)?;
                teller.more("the token of before is withdrawn in Hangzhou's status list")
            }
            Self::ServerDied { issuer } => {
                teller.line(clock, "network", &format!("{}'s server is dead.", issuer.en))?;
                teller.more("its resident is home from Hangzhou, with a token of yesterday: 72 hours")
            }
            Self::NoSync { hours } => {
                let what =
                    format!("Dead for {hours} hours: no sync, neither of the checkpoint nor of the phone.");
                teller.line(clock, "network", &what)
            }
            Self::GateRestarted { gate, date } => {
                let what = format!("{gate}: its phone was off over night and has no sure time.");
                teller.line(clock, "checkpoint", &what)?;
                teller.more(&format!("the staff confirm the date that it shows: {date}"))
            }
            Self::NoticeSigned { hours, characters, .. } => {
                let what = "Hangzhou's root signs an outage notice for Shenzhen, without Shenzhen's server:";
                teller.line(clock, "authority", what)?;
                teller.more(&format!(
                    "{hours} more hours; {characters} characters, a QR code to pin to the wall"
                ))
            }
            Self::NoticeLoaded { gate } => {
                let what = format!("{gate}: reads the notice from the wall, and the root's signature holds.");
                teller.line(clock, "checkpoint", &what)
            }
            Self::ServerBack { issuer, hours, .. } => {
                let what = format!("{}'s server is back after {hours} hours.", issuer.en);
                teller.line(clock, "network", &what)?;
                teller.more("the checkpoint and the phone sync; the phone has a new token")
            }
            Self::AskedBy { gates } => {
                teller.line(
                    clock,
                    "phone",
                    "Its own log, for its resident alone: who asked for an answer.",
                )?;
                for (gate, at, colour) in gates {
                    let colour = teller.colour(*colour);
                    teller.more(&format!("{}  {gate}  was shown {colour}", minute(*at)))?;
                }
                Ok(())
            }
        }
    }
}

impl Scanned {
    fn narrate(&self, teller: &mut Teller<'_>, clock: &str) -> std::io::Result<()> {
        teller.line(clock, "checkpoint", &format!("{}: {}.", self.gate, self.what))?;
        let verdict = teller.verdict(self.verdict);
        let of = self.colour.map_or_else(String::new, |colour| format!(" {}", teller.colour(colour)));
        teller.more(&format!("{verdict}{of}: {} {}", self.action.en, self.action.zh))?;
        if let (Some(issuer), Some(holder)) = (&self.issuer, &self.holder) {
            teller
                .more(&format!("issued by {} {}; compare with the card: {holder}", issuer.en, issuer.zh))?;
        }
        if let Some(at) = self.status_as_of {
            teller.more(&format!("status as of {}: too old to go by without the card", minute(at)))?;
        }
        if self.extended {
            teller.more("accepted by the outage notice, and marked so")?;
        }
        if self.challenge {
            teller.more("its challenge shows by itself")?;
        }
        Ok(())
    }
}

/// An instant to the minute, in legal time.
fn minute(at: Timestamp) -> String {
    calendar().local(at).get(..16).unwrap_or_default().replace('T', " ")
}
