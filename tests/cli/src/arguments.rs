//! The arguments, with the help that a person reads.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::notice::{NoticeCommand, Venue};
use crate::officer::{OfficerArguments, OfficerKeyCommand};
use crate::operator::{KeyCommand, OutageCommand, RootCommand};

const EXAMPLES: &str = "\
Examples:
  healthcode                                  play one resident's fortnight: server, phone and checkpoint
  healthcode story --keep /tmp/story          the same, and keep its databases and codes to look at
  healthcode serve --listen 127.0.0.1:8080 --database server.db
  healthcode id check 11010519491231002X      check a PRC resident identity number
  healthcode rules test tests/vectors/certlogic
  healthcode token inspect code.png           what is in a code, a token, a challenge or a list
  scanner | healthcode checkpoint --trust-list trust-list.cbor --root-key HEX --server https://code.example";

#[derive(Parser)]
#[command(name = "healthcode", version, after_help = EXAMPLES, max_term_width = 100)]
/// A health code system in one command: the resident's phone, the authority's server, the checkpoint.
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    /// Print JSON, one object a line; of people no more than the code that was given says
    #[arg(long, global = true)]
    pub(crate) json: bool,
}

/// What to do.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Play one resident's fortnight in virtual time (the default)
    Story {
        /// Keep the databases, the codes, trust-list.cbor and a quarantine proof in this folder, which must be new or
        /// empty
        #[arg(long, value_name = "DIR")]
        keep: Option<PathBuf>,
    },
    /// Run the reference server until SIGTERM or Ctrl-C
    Serve(Serve),
    /// The root keys, beside a server's database
    Root {
        #[command(subcommand)]
        command: RootCommand,
    },
    /// The keys of an issuer, beside a server's database
    Key {
        #[command(subcommand)]
        command: KeyCommand,
    },
    /// Outage notices, for when a server is down
    Outage {
        #[command(subcommand)]
        command: OutageCommand,
    },
    /// What an officer of the authority does: each act signed, logged, and told to whom it concerns
    Officer(OfficerArguments),
    /// Officers' keys, and who is registered beside a server's database
    OfficerKey {
        #[command(subcommand)]
        command: OfficerKeyCommand,
    },
    /// Exposure notices: places where somebody may have met a case
    Notice {
        #[command(subcommand)]
        command: NoticeCommand,
    },
    /// Number a venue and draw the code for its door
    Venue(Venue),
    /// Identity documents
    Id {
        #[command(subcommand)]
        command: IdCommand,
    },
    /// Proofs of a quarantine
    Proof {
        #[command(subcommand)]
        command: ProofCommand,
    },
    /// Rules in the CertLogic subset of JsonLogic
    Rules {
        #[command(subcommand)]
        command: RulesCommand,
    },
    /// Judge codes as a gate does: a text a line, a verdict a line
    Checkpoint(CheckpointArguments),
    /// Codes, tokens and whatever else is signed
    Token {
        #[command(subcommand)]
        command: TokenCommand,
    },
}

/// The root keys that a person vouches for.
#[derive(Args)]
pub(crate) struct RootKeys {
    /// A root key that signs the trust list, a COSE_Key in hexadecimal, as `healthcode serve` prints it; give it once
    /// for each key
    #[arg(long, value_name = "HEX")]
    pub(crate) root_key: Vec<String>,
    /// How many of the root keys must have signed
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    pub(crate) root_threshold: usize,
}

/// What to do with tokens.
#[derive(Subcommand)]
pub(crate) enum TokenCommand {
    /// Explain a code, a token, a challenge, a list or a proof, field by field, without trusting it
    Inspect(Inspect),
}

const CHECKPOINT: &str = "\
It reads a text a line from standard input, from a pipe or a scanner that types like a keyboard, or the QR code in each
picture (PNG), and writes one line for each at once: what to do, masked name and ID tail to compare with the card, the
issuer, the colour, until when the code is valid. Nothing of what was scanned is kept.

Time. With --server the time comes from the server, whose signature is verified, and with it the current lists.
With --assume-clock the clock of this machine is taken for true, and every line says so. With neither there is no
time, and no code can be judged.

With --json each line is an object: `verdict` is pass, stop, ask_for_answer, compare_card, already_seen, renew,
withdrawn, unknown_issuer, not_a_health_code, invalid or connect_first; `action` has the words in both languages;
masked_name, id_tail, region, issuer, issuer_name, colour, reason, valid_until, expired_at, status_as_of, challenge
(to show to the resident's phone as a QR code) and clock stand where they say something. Instants are UTC.

Exit status: 0 all passed, 1 some did not, 2 bad usage or a picture that could not be read.

Examples:
  healthcode checkpoint --trust-list trust-list.cbor --root-key a301... --server https://code.example
  healthcode checkpoint --trust-list trust-list.cbor --root-key a301... --assume-clock --json < codes.txt
  healthcode checkpoint --trust-list trust-list.cbor --root-key a301... --assume-clock photo-1.png photo-2.png";

/// How a gate judges.
#[derive(Args)]
#[command(after_help = CHECKPOINT)]
pub(crate) struct CheckpointArguments {
    /// Pictures with one QR code each (PNG), or - for standard input; none for standard input alone
    #[arg(value_name = "PICTURE")]
    pub(crate) pictures: Vec<PathBuf>,
    /// The trust list, as an issuer publishes it
    #[arg(long, value_name = "FILE", requires = "root_key")]
    pub(crate) trust_list: PathBuf,
    #[command(flatten)]
    pub(crate) roots: RootKeys,
    /// Take the time and the current lists from this server once, at the start
    #[arg(long, value_name = "URL", conflicts_with = "assume_clock")]
    pub(crate) server: Option<String>,
    /// The issuer whose server it is, by its id in the trust list, where the address does not tell
    #[arg(long, value_name = "ID")]
    pub(crate) issuer: Option<String>,
    /// Take this machine's clock for the true time; every line is marked
    #[arg(long)]
    pub(crate) assume_clock: bool,
    /// In which direction people go through the gate
    #[arg(long, value_enum, default_value_t)]
    pub(crate) direction: Direction,
    /// Judge by these gate policies, as an authority publishes them, instead of the server's
    #[arg(long, value_name = "FILE")]
    pub(crate) policy: Option<PathBuf>,
    /// The kind of gate, by its id in the policies, such as residential; without one green passes and nobody else
    #[arg(long, value_name = "ID")]
    pub(crate) gate_kind: Option<String>,
    /// Load a status list, an outage notice or a later root document from a file; give it once for each
    #[arg(long, value_name = "FILE")]
    pub(crate) load: Vec<PathBuf>,
    /// Show the challenge on standard error where a verdict asks for an answer, also where that is no terminal
    #[arg(long)]
    pub(crate) show_challenge: bool,
    /// How the gate names itself on a challenge, at most 24 bytes of UTF-8
    #[arg(long, value_name = "NAME", default_value = "healthcode")]
    pub(crate) gate_name: String,
    /// The language of the lines; that of LANG where it is not given
    #[arg(long, value_enum)]
    pub(crate) lang: Option<Language>,
    /// Take the wall clock from this Unix socket instead of the system: for tests in virtual time
    #[arg(long, value_name = "SOCKET", hide = true)]
    pub(crate) clock: Option<PathBuf>,
}

/// A direction through a gate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Direction {
    /// Into what the gate guards
    #[default]
    In,
    /// Out of it
    Out,
}

impl From<Direction> for healthcode::rules::gate_policy::Direction {
    fn from(direction: Direction) -> Self {
        match direction {
            Direction::In => Self::In,
            Direction::Out => Self::Out,
        }
    }
}

/// A language of the lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Language {
    /// Simplified Chinese
    Zh,
    /// English
    En,
}

const INSPECT: &str = "\
It takes the text of a code (H1: to H6:), a picture of one (PNG), or any signed object of this system as it lies in a
file, in hexadecimal or in base64url: token, presentation, anchor, trust list, order, release, rating, judgement,
receipt, rulebook, exposure notice, the head of their log, a quarantine proof, any COSE_Sign1. There is no kind on the wire, so it says what it could be.
Each line has the path of a field, its name in the RFC, its value and what it means. A field that is not as it must be
is named, with what the library says to it.

Without a trust list nothing is verified: a forged code is explained like a true one.

Exit status: 0 it would be read, and no signature that was looked at is wrong; 1 it would be refused; 2 bad usage.

Examples:
  healthcode token inspect code.png
  echo 'H1:JWG.FKJ05...' | healthcode token inspect
  healthcode token inspect --json trust-list.cbor
  healthcode token inspect token.cbor --trust-list trust-list.cbor --root-key a3010120062158...";

/// What to explain.
#[derive(Args)]
#[command(after_help = INSPECT)]
pub(crate) struct Inspect {
    /// The file; none, or -, for standard input
    #[arg(value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
    /// Verify signatures by this trust list; needs --root-key
    #[arg(long, value_name = "FILE", requires = "root_key")]
    pub(crate) trust_list: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) roots: RootKeys,
}

/// How the server is run.
#[derive(Args)]
pub(crate) struct Serve {
    /// Where to listen; port 0 takes a free one, which is printed
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8080")]
    pub(crate) listen: SocketAddr,
    /// The database file, made if there is none; beside it lie the keys, and the file by which a database is known
    /// that came back from a backup: keep both out of the database's backups
    #[arg(long, value_name = "FILE")]
    pub(crate) database: PathBuf,
    /// Where the file that ends in .life is lost or came back from a backup too: a number above that in every status
    /// list's address
    #[arg(long, value_name = "NUMBER")]
    pub(crate) generation: Option<u32>,
    /// Spread over so many seconds what phones do at moments that all share, such as a reminder
    #[arg(long, value_name = "SECONDS", default_value_t = 0)]
    pub(crate) spread: u32,
    /// The public records (JSON), in the form of `tests/server/src/records.json`, instead of those that the server comes
    /// with. A person without "phone" has no number; "guardians" are the keys of those who may care for the person
    #[arg(long, value_name = "FILE")]
    pub(crate) records: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) issuer: IssuerArguments,
    /// Take the time from this Unix socket instead of the system: for tests in virtual time
    #[arg(long, value_name = "SOCKET")]
    pub(crate) clock: Option<PathBuf>,
}

/// Who the server is, and whose trust list it publishes.
#[derive(Args)]
pub(crate) struct IssuerArguments {
    /// The issuer's id in the trust list. hangzhou and shenzhen have names and a region, which can be given otherwise
    #[arg(long, value_name = "ID", default_value = "hangzhou")]
    pub(crate) issuer_id: String,
    /// Its name in Chinese
    #[arg(long, value_name = "NAME")]
    pub(crate) issuer_name_zh: Option<String>,
    /// Its name in English
    #[arg(long, value_name = "NAME")]
    pub(crate) issuer_name_en: Option<String>,
    /// The region for which it speaks, with all within it: six digits of GB/T 2260
    #[arg(long, value_name = "CODE")]
    pub(crate) region: Option<u32>,
    /// The address under which phones reach it, if not the one on which it listens
    #[arg(long, value_name = "URL")]
    pub(crate) base_url: Option<String>,
    /// Holding the root: the entry of another authority, as it publishes it at /.well-known/healthcode/issuer.cbor;
    /// read again when it changes. Once for each
    #[arg(long, value_name = "FILE", conflicts_with = "follow")]
    pub(crate) peer: Vec<PathBuf>,
    /// Not holding the root: the trust list of the authority that does, read again when it changes; beside it lie
    /// root/1.cbor, root/2.cbor and so on, and outages.cbor, all as the other publishes them
    #[arg(long, value_name = "FILE")]
    pub(crate) follow: Option<PathBuf>,
    /// The server of another authority of the trust list, which is asked to sign that it saw this server's log of
    /// exposure notices and no other; without one no notice is served. Three at most
    #[arg(long, value_name = "URL")]
    pub(crate) witness: Vec<String>,
    /// Gate policies (JSON) to sign and publish instead of those that the server comes with
    #[arg(long, value_name = "FILE")]
    pub(crate) policies: Option<PathBuf>,
    /// For how many seconds gates keep a status list before they ask again
    #[arg(long, value_name = "SECONDS", default_value_t = 3_600)]
    pub(crate) status_ttl: u32,
}

/// What to do with identity documents.
#[derive(Subcommand)]
pub(crate) enum IdCommand {
    /// Check a PRC resident identity number (GB 11643)
    Check {
        /// The number, 18 characters
        number: String,
    },
}

/// What to do with proofs.
#[derive(Subcommand)]
pub(crate) enum ProofCommand {
    /// Verify a proof with an issuer's trust list alone
    Verify {
        /// The proof, as a phone gives it
        #[arg(value_name = "FILE")]
        proof: PathBuf,
        /// The trust list, as the issuer publishes it
        #[arg(long, value_name = "FILE")]
        trust_list: PathBuf,
        /// The root key that signs the trust list, a COSE_Key in hexadecimal
        #[arg(long, value_name = "HEX")]
        root_key: String,
    },
}

/// What to do with rules.
#[derive(Subcommand)]
pub(crate) enum RulesCommand {
    /// Run the CertLogic suites (*.json) of a folder
    Test {
        /// The folder
        #[arg(value_name = "DIR")]
        directory: PathBuf,
    },
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_arguments_are_consistent() {
        Arguments::command().debug_assert();
    }
}
