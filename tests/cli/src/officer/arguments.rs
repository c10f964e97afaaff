//! What an officer types.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use healthcode::rules::calendar::LegalDate;

use crate::notice::Clock;

const OFFICER: &str = "\
Each act is signed by the officer's key, is logged by the server for good, and is told to the resident whom it concerns,
with the officer's name and the note. The same act is done once: where the server does not answer, the same signed bytes
are sent again.

Exit status: 0 done, 1 refused or not reached, 2 bad usage.

Examples:
  healthcode officer-key make officer.key
  healthcode officer-key register --database server.db --key a301... --name 'Desk 3' --role check-ins
  healthcode officer --server https://code.example --key officer.key overdue
  healthcode officer --server https://code.example --key officer.key check-in --subject 7f3a...
  healthcode officer --server https://code.example --key officer.key order --document - --colour red \\
      --starts-on 2020-02-11 --days 14 --cause-zh 与病例同住 --cause-en 'Lives with a case'";

/// An officer's call.
#[derive(Args)]
#[command(after_help = OFFICER)]
pub(crate) struct OfficerArguments {
    /// The authority's server: https, or this machine
    #[arg(long, value_name = "URL")]
    pub(super) server: String,
    /// The officer's key, a file that `officer-key make` made
    #[arg(long, value_name = "FILE")]
    pub(super) key: PathBuf,
    /// The authority, by its id in the trust list
    #[arg(long, value_name = "ID", default_value = "hangzhou")]
    pub(super) issuer: String,
    /// What to write to the resident
    #[arg(long, value_name = "TEXT")]
    pub(super) note: Option<String>,
    #[command(flatten)]
    pub(super) clock: Clock,
    #[command(subcommand)]
    pub(super) act: OfficerAct,
}

/// Whom an act is about.
#[derive(Args)]
#[group(required = true, multiple = false)]
pub(crate) struct WhomArguments {
    /// The subject, as a list or an answer named it
    #[arg(long, value_name = "HEX")]
    pub(super) subject: Option<String>,
    /// The number of the document of somebody at the counter; - reads it from standard input, where no other user of
    /// this machine sees it
    #[arg(long, value_name = "NUMBER")]
    pub(super) document: Option<String>,
}

/// Somebody, and what kind of document a document is.
#[derive(Args)]
pub(crate) struct Somebody {
    #[command(flatten)]
    pub(super) whom: WhomArguments,
    /// The kind of the document
    #[arg(long, value_name = "KIND", default_value = "resident-id")]
    pub(super) document_kind: String,
}

/// What to do.
#[derive(Subcommand)]
pub(crate) enum OfficerAct {
    /// List who has not checked in for the day that is over; everybody on the list is told
    Overdue,
    /// List what waits for an officer of this key's roles
    Waiting,
    /// List what a person has that may be ended, each with its id; the person is told that it was looked at
    Show {
        #[command(flatten)]
        whom: Somebody,
        /// What
        #[arg(long, value_name = "WHAT", value_enum)]
        what: What,
    },
    /// Say whether a key that asks may care for somebody
    Relation {
        #[command(flatten)]
        whom: Somebody,
        /// The key, as the list of what waits names it
        #[arg(long = "carer-key", value_name = "HEX")]
        key: String,
        #[command(flatten)]
        answer: Allow,
    },
    /// End what a key does for somebody
    EndCare {
        #[command(flatten)]
        whom: Somebody,
        /// The key
        #[arg(long = "carer-key", value_name = "HEX")]
        key: String,
    },
    /// Record a declaration that somebody made at the counter
    Declare {
        #[command(flatten)]
        whom: Somebody,
        /// The declaration (JSON): `answers`, `travel`, `declared_on`
        #[arg(value_name = "FILE")]
        declaration: PathBuf,
    },
    /// Issue a paper code, and print it
    IssuePaper {
        #[command(flatten)]
        whom: Somebody,
        /// The new file of its page, an SVG of A4 size with a card to cut out; the person's own phones, or a carer's, have
        /// it too
        #[arg(long, value_name = "FILE")]
        page: Option<PathBuf>,
    },
    /// Withdraw a paper code
    WithdrawPaper {
        #[command(flatten)]
        whom: Somebody,
        /// The id of the paper
        #[arg(long, value_name = "HEX")]
        paper: String,
    },
    /// Check in for somebody, today
    CheckIn {
        #[command(flatten)]
        whom: Somebody,
        /// A symptom by its id in the rulebook; once for each
        #[arg(long, value_name = "ID")]
        symptom: Vec<String>,
    },
    /// Take an appeal in hand, or decide it
    DecideAppeal {
        #[command(flatten)]
        whom: Somebody,
        /// The appeal
        #[arg(long, value_name = "HEX")]
        appeal: String,
        /// What is decided
        #[arg(long, value_name = "DECISION", value_enum)]
        decision: Decision,
        /// Why, in Chinese; a refusal has a reason
        #[arg(long, value_name = "TEXT", requires = "reason_en")]
        reason_zh: Option<String>,
        /// Why, in English
        #[arg(long, value_name = "TEXT", requires = "reason_zh")]
        reason_en: Option<String>,
    },
    /// Order a quarantine that no rule gives; it lapses unless a second officer confirms it
    Order {
        #[command(flatten)]
        whom: Somebody,
        /// Yellow or red
        #[arg(long, value_name = "COLOUR", value_enum)]
        colour: OrderColour,
        /// The first day, such as 2020-02-11
        #[arg(long, value_name = "DATE", value_parser = date)]
        starts_on: LegalDate,
        /// How many days
        #[arg(long, value_name = "DAYS")]
        days: u16,
        /// Why, in Chinese, as the resident reads it
        #[arg(long, value_name = "TEXT")]
        cause_zh: String,
        /// Why, in English
        #[arg(long, value_name = "TEXT")]
        cause_en: String,
    },
    /// Confirm another officer's order
    ConfirmOrder {
        #[command(flatten)]
        whom: Somebody,
        /// The order
        #[arg(long, value_name = "HEX")]
        order: String,
    },
    /// Lift an order that an officer gave, or one that has come to its review
    LiftOrder {
        #[command(flatten)]
        whom: Somebody,
        /// The order
        #[arg(long, value_name = "HEX")]
        order: String,
    },
}

/// What of a person is listed.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum What {
    /// The paper codes that are valid
    Papers,
    /// Who cares for the person
    Carers,
    /// The order in force
    Order,
}

/// Yes or no, said aloud.
#[derive(Args)]
#[group(required = true, multiple = false)]
pub(crate) struct Allow {
    /// It may
    #[arg(long)]
    pub(super) allow: bool,
    /// It may not
    #[arg(long)]
    pub(super) refuse: bool,
}

/// What is decided about an appeal.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Decision {
    /// Taken in hand
    Take,
    /// The rating was wrong
    Grant,
    /// The rating stands
    Refuse,
}

/// The colours of orders.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum OrderColour {
    /// Yellow
    Yellow,
    /// Red
    Red,
}

fn date(text: &str) -> Result<LegalDate, String> {
    LegalDate::parse(text).ok_or_else(|| "no date such as 2020-02-11".to_owned())
}
