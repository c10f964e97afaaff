//! Exposure notices and venue codes, by the files beside a server's database, whether it runs or not.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{Args, Subcommand};
use healthcode::qr::{Caption, Matrix, Shade, TerminalStyle, png, svg, terminal};
use healthcode::rules::identity::Region;
use healthcode::rules::rulebook::Rulebook;
use healthcode::rules::text::Text;
use healthcode::token::VenueCode;
use healthcode_server::{
    HttpWitness, ListedNotice, NoticeDraft, Operator, Publication, ServerClock, StartError, SystemClock,
    Witness,
};
use serde_json::json;

use crate::operator::{SCALE, failed, write};
use crate::time::SocketClock;
use crate::{Failure, Outcome, trust};

const VENUE: &str = "\
Examples:
  healthcode venue --database server.db --region 330106 --name-zh 西湖书店 --name-en 'West Lake Books' --svg door.svg";

/// A venue's code for its door.
#[derive(Args)]
#[command(after_help = VENUE)]
pub(crate) struct Venue {
    /// The server's database; its keys and the number of the last venue lie beside it
    #[arg(long, value_name = "FILE")]
    database: PathBuf,
    /// Where the venue lies: six digits of GB/T 2260
    #[arg(long, value_name = "CODE")]
    region: String,
    /// Its name in Chinese, 60 bytes of UTF-8 at most
    #[arg(long, value_name = "NAME")]
    name_zh: String,
    /// Its name in English, 60 bytes at most
    #[arg(long, value_name = "NAME")]
    name_en: String,
    /// Write a page to print, with the name in both languages, to this SVG
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
    /// Write the QR code to this PNG
    #[arg(long, value_name = "FILE")]
    png: Option<PathBuf>,
    /// Print the QR code for a screen of light letters on dark
    #[arg(long)]
    qr: bool,
    #[command(flatten)]
    clock: Clock,
}

/// The time of what is signed.
#[derive(Args)]
pub(crate) struct Clock {
    /// Take the time from this Unix socket instead of the system: for tests in virtual time
    #[arg(long, value_name = "SOCKET", hide = true)]
    clock: Option<PathBuf>,
}

const PUBLISH: &str = "\
The file says what is about whom (local times at the rulebook's offset):

  {\"region\": \"330000\", \"withdraws\": [], \"classes\": [
    {\"kind\": \"train\", \"rule\": \"exposure-near\", \"minutes\": 15, \"apart\": 1,
     \"from\": \"2020-02-05\", \"until\": \"2020-02-19\", \"records\": [
       {\"number\": \"G7315\", \"date\": \"2020-02-03\", \"begins\": \"2020-02-03T10:00\",
        \"ends\": \"2020-02-03T12:10\", \"places\": [6, 8]}]},
    {\"kind\": \"venue\", \"rule\": \"exposure-near\", \"minutes\": 15, \"from\": \"2020-02-05\", \"until\": \"2020-02-19\",
     \"records\": [{\"venue\": 17, \"begins\": \"2020-02-03T12:10\", \"ends\": \"2020-02-03T13:05\"}]},
    {\"kind\": \"area\", \"rule\": \"\", \"minutes\": 0, \"from\": \"2020-02-05\", \"until\": \"2020-02-19\",
     \"records\": [{\"region\": \"330106\", \"begins\": \"2020-02-03T00:00\", \"ends\": \"2020-02-04T00:00\"}]}]}

kind is train, flight, coach, venue or area; minutes together and carriages or rows apart define what is near; date
is the day on which the run left its first station, whatever day a ticket for its second night bears; places
are the first and the last carriage or row, the whole vehicle where they are left out; rule is one of the rulebook's,
empty for advice alone; a match counts from the first day to the last, both included.

Phones take no notice that only one authority vouches for. Where no second one has signed, the notice waits: it is not
served, and the exit status is 1. The same command again, or a server that runs with --witness, asks again.";

/// What to do with exposure notices.
#[derive(Subcommand)]
pub(crate) enum NoticeCommand {
    /// Sign a notice as the next one of the log and have the log signed by a second authority. The server may be running
    #[command(after_help = PUBLISH)]
    Publish {
        /// What is published (JSON)
        #[arg(value_name = "FILE")]
        file: PathBuf,
        #[command(flatten)]
        log: LogArguments,
    },
    /// Sign that a notice no longer holds
    Withdraw {
        /// Its number
        #[arg(value_name = "NUMBER")]
        number: u32,
        #[command(flatten)]
        log: LogArguments,
    },
    /// List the notices of the log
    List {
        /// The server's database; the log lies beside it
        #[arg(long, value_name = "FILE")]
        database: PathBuf,
    },
    /// Read what is to be published, without signing anything: the first member that is wrong is named
    Check {
        /// What would be published (JSON)
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
}

/// A log and who signs for it.
#[derive(Args)]
pub(crate) struct LogArguments {
    /// The server's database; its keys and the log lie beside it
    #[arg(long, value_name = "FILE")]
    database: PathBuf,
    /// The server of another authority of the trust list, which signs that it saw this log and no other; three at most
    #[arg(long, value_name = "URL")]
    witness: Vec<String>,
    #[command(flatten)]
    clock: Clock,
}

/// The second authorities at their addresses.
pub(crate) fn witnesses(addresses: &[String]) -> Result<Vec<Arc<dyn Witness>>, Failure> {
    let witness =
        |address: &String| HttpWitness::new(address).map(|witness| Arc::new(witness) as Arc<dyn Witness>);
    addresses.iter().map(witness).collect::<Result<_, StartError>>().map_err(failed)
}

/// Numbers a venue and draws its code.
pub(crate) fn venue(arguments: &Venue, as_json: bool, out: &mut dyn Write) -> Result<Outcome, Failure> {
    let region = Region::parse(&arguments.region)
        .map_err(|_| Failure::Usage("--region: no region of GB/T 2260".to_owned()))?;
    let name = Text::new(arguments.name_zh.trim(), arguments.name_en.trim());
    let operator = Operator::of(&arguments.database);
    let now = arguments.clock.now()?;
    let (code, signed) = operator.register_venue(region, name, now).map_err(failed)?;
    let text = VenueCode::to_text(&signed);
    let drawn = |error: &dyn std::fmt::Display| Failure::Failed(error.to_string());
    let matrix = Matrix::encode(&text).map_err(|error| drawn(&error))?;
    if let Some(path) = &arguments.svg {
        let detail = format!("{} · {}", code.name.en, code.number);
        let page = svg(&matrix, Shade::Plain, &Caption { word: &code.name.zh, detail: &detail });
        write(path, page.as_bytes())?;
    }
    if let Some(path) = &arguments.png {
        write(path, &png(&matrix, Shade::Plain, SCALE).map_err(|error| drawn(&error))?)?;
    }
    if as_json {
        writeln!(out, "{}", json!({"venue": code.number, "region": region.digits(), "text": text}))?;
        return Ok(Outcome::Yes);
    }
    if arguments.qr {
        writeln!(out, "{}", terminal(&matrix, TerminalStyle::DarkBackground))?;
    }
    writeln!(out, "venue {} {} {}\n{text}", code.number, code.name.zh, code.name.en)?;
    Ok(Outcome::Yes)
}

/// Runs a command about exposure notices.
pub(crate) fn notice(
    command: &NoticeCommand,
    as_json: bool,
    out: &mut dyn Write,
) -> Result<Outcome, Failure> {
    let rulebook = Rulebook::hangzhou_2020();
    match command {
        NoticeCommand::Publish { file, log } => {
            let draft = read(file, &rulebook)?;
            let (operator, witnesses, now) = log.open()?;
            let work = operator.publish_notice(&draft, &rulebook, &witnesses, now);
            published(&wait_for(work)?, as_json, out)
        }
        NoticeCommand::Withdraw { number, log } => {
            let (operator, witnesses, now) = log.open()?;
            published(&wait_for(operator.withdraw_notice(*number, &rulebook, &witnesses, now))?, as_json, out)
        }
        NoticeCommand::List { database } => {
            for listed in Operator::of(database).notices().map_err(failed)? {
                line(&listed, as_json, out)?;
            }
            Ok(Outcome::Yes)
        }
        NoticeCommand::Check { file } => {
            let draft = read(file, &rulebook)?;
            let (classes, withdraws) = (draft.classes.len(), draft.withdraws.len());
            let records: usize = draft.classes.iter().map(|class| class.records.len()).sum();
            if as_json {
                let line = json!({"classes": classes, "records": records, "withdraws": withdraws});
                writeln!(out, "{line}")?;
            } else {
                writeln!(out, "{records} records in {classes} classes, {withdraws} notices withdrawn")?;
            }
            Ok(Outcome::Yes)
        }
    }
}

fn read(file: &Path, rulebook: &Rulebook) -> Result<NoticeDraft, Failure> {
    let draft = NoticeDraft::read(&trust::bytes(file)?, rulebook);
    draft.map_err(|error| Failure::Usage(format!("{}: {error}", file.display())))
}

fn wait_for<T>(work: impl Future<Output = Result<T, StartError>>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(work).map_err(failed)
}

fn published(publication: &Publication, as_json: bool, out: &mut dyn Write) -> Result<Outcome, Failure> {
    let Publication { number, waits } = publication;
    if as_json {
        writeln!(out, "{}", json!({"notice": number, "in_force": waits.is_none(), "waits": waits}))?;
    } else if let Some(reason) = waits {
        writeln!(out, "notice {number} is signed and waits: no second authority has signed for the log")?;
        writeln!(out, "  why      {reason}")?;
        writeln!(
            out,
            "  to do    give --witness with the address of another authority's server and run the same again, or run \
             the server with --witness: it asks by itself, once a minute. Until then phones see the notices before"
        )?;
    } else {
        writeln!(out, "notice {number} is in force")?;
    }
    Ok(if waits.is_none() { Outcome::Yes } else { Outcome::No })
}

fn line(listed: &ListedNotice, as_json: bool, out: &mut dyn Write) -> Result<(), Failure> {
    let ListedNotice { notice, in_force, withdrawn_by } = listed;
    let records: u64 = notice.parts.iter().map(|part| u64::from(part.records)).sum();
    let (number, region, bytes) = (notice.number, notice.region, notice.part_bytes());
    let until = notice.classes.iter().map(|class| class.until).max();
    if as_json {
        let line = json!({
            "notice": number, "issued": notice.issued_at.to_string(), "region": region, "records": records,
            "bytes": bytes, "withdraws": notice.withdraws, "until": until.map(|at| at.to_string()),
            "in_force": in_force, "withdrawn_by": withdrawn_by,
        });
        return Ok(writeln!(out, "{line}")?);
    }
    let state = match (withdrawn_by, in_force) {
        (_, false) => "waits for a second signature".to_owned(),
        (Some(by), true) => format!("withdrawn by {by}"),
        (None, true) => until.map_or_else(|| "in force".to_owned(), |at| format!("in force until {at}")),
    };
    let withdraws: Vec<_> = notice.withdraws.iter().map(u32::to_string).collect();
    let withdraws =
        if withdraws.is_empty() { String::new() } else { format!(", withdraws {}", withdraws.join(" ")) };
    let issued = notice.issued_at;
    writeln!(out, "{number:5}  {issued}  {region}  {records} records, {bytes} bytes{withdraws}; {state}")?;
    Ok(())
}

impl Clock {
    pub(crate) fn now(&self) -> Result<healthcode::rules::calendar::Timestamp, Failure> {
        match &self.clock {
            None => Ok(SystemClock.now()),
            Some(socket) => {
                let clock = SocketClock::connect(socket)
                    .map_err(|error| Failure::Usage(format!("--clock {}: {error}", socket.display())))?;
                Ok(ServerClock::now(&clock))
            }
        }
    }
}

type Opened = (Operator, Vec<Arc<dyn Witness>>, healthcode::rules::calendar::Timestamp);

impl LogArguments {
    fn open(&self) -> Result<Opened, Failure> {
        Ok((Operator::of(&self.database), witnesses(&self.witness)?, self.clock.now()?))
    }
}
