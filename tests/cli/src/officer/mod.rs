//! `healthcode officer`: an officer's acts from a terminal. It signs what is typed and says what the server answers; it
//! decides nothing.

mod arguments;
mod key;
mod shown;

use healthcode::rules::calendar::{LegalCalendar, Timestamp};
use healthcode::rules::colour::Colour;
use healthcode::rules::identity::Document;
use healthcode::rules::text::Text;
use healthcode::token::ids::{OperationId, OrderId, SubjectId};
use healthcode::wire::act::{Shown, Whom};
use healthcode::wire::{Act, AppealDecision, Bytes, OfficerRequest};
use healthcode_server::{AskError, OfficerClient};
use serde_json::Value;
use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

pub(crate) use arguments::OfficerArguments;
pub(crate) use key::{OfficerKeyCommand, run as key};

use crate::operator::failed;
use crate::{Failure, Outcome, trust};
use arguments::{Decision, OfficerAct, OrderColour, Somebody, What};

/// How often the same bytes are sent where no answer comes.
const ATTEMPTS: usize = 3;
/// The most bytes of a document's number.
const MAX_NUMBER: u64 = 256;

/// Does what an officer typed.
pub(crate) fn run(
    arguments: &OfficerArguments,
    as_json: bool,
    out: &mut dyn Write,
) -> Result<Outcome, Failure> {
    let key = key::read(&arguments.key)?;
    let client = OfficerClient::new(&arguments.server).map_err(failed)?;
    let now = arguments.clock.now()?;
    let mut request = [0; 16];
    getrandom::fill(&mut request).map_err(std::io::Error::other)?;
    let request = OfficerRequest {
        request,
        at: Timestamp::from_seconds(now.seconds()),
        audience: arguments.issuer.clone(),
        act: act(&arguments.act, now)?,
        note: arguments.note.clone(),
    };
    let signed = request.sign(&key).map_err(|error| Failure::Failed(error.to_string()))?;
    // Before the act: where the page cannot be kept no code is issued.
    let page = match &arguments.act {
        OfficerAct::IssuePaper { page: Some(page), .. } => Some((page, new_page(page)?)),
        _ => None,
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let answer = runtime.block_on(ask(&client, &signed));
    if let (Err(Failure::Failed(_)), Some((path, _))) = (&answer, &page) {
        // It is empty, and the name is free for the next time.
        let _ = std::fs::remove_file(path);
    }
    let answer = answer?;
    let answer: Value = serde_json::from_str(&answer)
        .map_err(|error| Failure::Failed(format!("the server's answer cannot be read: {error}")))?;
    if let Some((path, mut file)) = page {
        let svg = answer.get("page").and_then(Value::as_str).unwrap_or_default();
        file.write_all(svg.as_bytes()).and_then(|()| file.sync_all()).map_err(|error| named(path, &error))?;
    }
    if as_json {
        writeln!(out, "{answer}")?;
    } else {
        shown::show(&answer, out)?;
    }
    Ok(Outcome::Yes)
}

/// The new file of a page, for its owner alone: it has a code that passes with the person's card.
fn new_page(path: &Path) -> Result<File, Failure> {
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    file.map_err(|error| named(path, &error))
}

fn named(path: &Path, error: &std::io::Error) -> Failure {
    Failure::Failed(format!("{}: {error}", path.display()))
}

/// Asks, and asks again with the same bytes where no answer came: it is done once.
async fn ask(client: &OfficerClient, signed: &[u8]) -> Result<String, Failure> {
    let mut last = String::new();
    for _ in 0..ATTEMPTS {
        match client.ask(signed.to_vec()).await {
            Ok(answer) => return Ok(answer),
            Err(error @ AskError::Refused(_)) => return Err(Failure::Failed(error.to_string())),
            Err(error @ AskError::Unreached(_)) => last = error.to_string(),
        }
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    }
    Err(Failure::Failed(format!("{last}; whether it was done is not known: look at the resident's log")))
}

fn act(typed: &OfficerAct, now: Timestamp) -> Result<Act, Failure> {
    let whom = |somebody: &Somebody| whom(somebody, now);
    Ok(match typed {
        OfficerAct::Overdue => Act::Overdue {},
        OfficerAct::Waiting => Act::Waiting {},
        OfficerAct::Relation { whom: somebody, key, answer } => {
            Act::Relation { whom: whom(somebody)?, key: bytes("--carer-key", key)?, allow: answer.allow }
        }
        OfficerAct::Show { whom: somebody, what } => Act::Show {
            whom: whom(somebody)?,
            what: match what {
                What::Papers => Shown::Papers,
                What::Carers => Shown::Carers,
                What::Order => Shown::Order,
            },
        },
        OfficerAct::EndCare { whom: somebody, key } => {
            Act::EndCare { whom: whom(somebody)?, key: bytes("--carer-key", key)? }
        }
        OfficerAct::Declare { whom: somebody, declaration } => {
            let json = trust::bytes(declaration)?;
            // What is in it is not repeated.
            let declaration = serde_json::from_slice(&json)
                .map_err(|_| Failure::Usage(format!("{}: no declaration", declaration.display())))?;
            Act::Declare { whom: whom(somebody)?, declaration }
        }
        OfficerAct::IssuePaper { whom: somebody, .. } => Act::IssuePaper { whom: whom(somebody)? },
        OfficerAct::WithdrawPaper { whom: somebody, paper } => {
            Act::WithdrawPaper { whom: whom(somebody)?, paper: bytes("--paper", paper)? }
        }
        OfficerAct::CheckIn { whom: somebody, symptom } => {
            Act::CheckIn { whom: whom(somebody)?, symptoms: symptom.clone() }
        }
        OfficerAct::DecideAppeal { whom: somebody, appeal, decision, reason_zh, reason_en } => {
            let reason = reason_zh.as_ref().zip(reason_en.as_ref()).map(|(zh, en)| Text::new(zh, en));
            Act::DecideAppeal {
                whom: whom(somebody)?,
                appeal: OperationId::parse(appeal).ok_or_else(|| wrong("--appeal"))?,
                decision: match decision {
                    Decision::Take => AppealDecision::Take,
                    Decision::Grant => AppealDecision::Grant,
                    Decision::Refuse => AppealDecision::Refuse,
                },
                reason,
            }
        }
        OfficerAct::Order { whom: somebody, colour, starts_on, days, cause_zh, cause_en } => Act::Order {
            whom: whom(somebody)?,
            colour: match colour {
                OrderColour::Yellow => Colour::Yellow,
                OrderColour::Red => Colour::Red,
            },
            starts_on: *starts_on,
            days: *days,
            cause: Text::new(cause_zh, cause_en),
        },
        OfficerAct::ConfirmOrder { whom: somebody, order } => {
            Act::ConfirmOrder { whom: whom(somebody)?, order: order_id(order)? }
        }
        OfficerAct::LiftOrder { whom: somebody, order } => {
            Act::LiftOrder { whom: whom(somebody)?, order: order_id(order)? }
        }
    })
}

fn whom(somebody: &Somebody, now: Timestamp) -> Result<Whom, Failure> {
    let Some(number) = &somebody.whom.document else {
        let subject = somebody.whom.subject.as_deref().and_then(SubjectId::parse);
        return subject.map(Whom::Subject).ok_or_else(|| wrong("--subject"));
    };
    let mut read = String::new();
    let number = if number == "-" {
        std::io::stdin().lock().take(MAX_NUMBER).read_to_string(&mut read)?;
        read.trim()
    } else {
        number
    };
    // A birth after today, somewhere on earth, is none.
    let today =
        LegalCalendar::new(14 * 60).map_or(chrono::NaiveDate::MAX, |east| east.date_of(now).to_naive());
    let document = Document::parse(&somebody.document_kind, number, today);
    document
        .map(Whom::Document)
        .map_err(|reason| Failure::Usage(format!("--document: the document {reason} ({})", reason.id())))
}

fn order_id(text: &str) -> Result<OrderId, Failure> {
    OrderId::parse(text).ok_or_else(|| wrong("--order"))
}

fn bytes(option: &str, text: &str) -> Result<Bytes, Failure> {
    trust::unhex(text).map(Bytes).ok_or_else(|| wrong(option))
}

fn wrong(option: &str) -> Failure {
    Failure::Usage(format!("{option}: no id in hexadecimal"))
}
