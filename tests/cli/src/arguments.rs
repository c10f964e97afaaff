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
  healthcode rules test tests/vectors/certlogic";

#[derive(Parser)]
#[command(name = "healthcode", version, after_help = EXAMPLES, max_term_width = 100)]
/// A health code system in one command: the resident's phone, the authority's server, the checkpoint.
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    /// Print JSON, one object a line, without personal data
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
