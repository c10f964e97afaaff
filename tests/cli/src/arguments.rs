//! The arguments, with the help that a person reads.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

const EXAMPLES: &str = "\
Examples:
  healthcode                                  play one resident's fortnight: server, phone and checkpoint
  healthcode story --keep /tmp/story          the same, and keep its databases and codes to look at
  healthcode serve --listen 127.0.0.1:8080 --database server.db
  healthcode id check 11010519491231002X      check a PRC resident identity number
  healthcode rules test tests/vectors/certlogic
  healthcode token inspect code.png           what is in a code, a token, a challenge or a list
  echo 'H1:...' | healthcode token inspect --trust-list trust-list.cbor --root-key HEX";

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

const INSPECT: &str = "\
It takes the text of a code (H1: to H6:), a picture of one (PNG), or any signed object of this system as it lies in a
file, in hexadecimal or in base64url: token, presentation, anchor, trust list, order, release, rating, judgement,
receipt, rulebook, a quarantine proof, any COSE_Sign1. There is no kind on the wire, so it says what it could be.
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
    /// Where the file that ends in .life is lost or came back from a backup too: a number above every status list of
    /// the trust list
    #[arg(long, value_name = "NUMBER")]
    pub(crate) generation: Option<u32>,
    /// Spread over so many seconds what phones do at moments that all share, such as a reminder
    #[arg(long, value_name = "SECONDS", default_value_t = 0)]
    pub(crate) spread: u32,
    /// Take the time from this Unix socket instead of the system: for tests in virtual time
    #[arg(long, value_name = "SOCKET")]
    pub(crate) clock: Option<PathBuf>,
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
