//! What an officer looks at of one person to end some of it, and what the person reads of an act besides its kind: that
//! it was only looked at, what was declared, or who asked to care and whether it was allowed.

use healthcode::rules::declaration::{Answer, Declaration, Stay};
use healthcode::token::acts::MAX_TEXT;
use healthcode::token::ids::hex;
use healthcode::wire::act::Shown;
use healthcode::wire::{Act, Bytes, Problem, ProblemKind};
use serde_json::{Value, json};

use super::Asking;
use crate::desk::Desk;
use crate::error::ServerError;
use crate::state::{HolderKey, OrderState, PaperState};

/// What the person reads before the officer's own note, where there is something to say.
const LOOKED_AT: &str = "仅查阅，未作更改。Looked at only: nothing was changed.";

/// So many characters of a declaration: the officer's own note needs room too.
const MOST_WORDS: usize = 160;

impl Desk<'_> {
    /// What of a person an officer may end.
    pub(super) fn show(&mut self, what: Shown) -> Result<Value, ServerError> {
        self.lapse_if_due()?;
        Ok(match what {
            Shown::Papers => {
                let valid = |paper: &&PaperState| !paper.withdrawn && self.now < paper.expires_at;
                let papers = self.state.papers.iter().filter(valid).map(|paper| {
                    json!({
                        "paper": hex(&paper.id.0),
                        "colour": paper.place.colour.word(),
                        "expires_at": paper.expires_at,
                    })
                });
                json!({ "papers": papers.collect::<Vec<_>>() })
            }
            Shown::Carers => {
                let serving = |key: &&HolderKey| key.revoked_at.is_none() && key.carer.is_some();
                let carers = self.state.keys.iter().filter(serving).map(|key| {
                    json!({
                        "key": hex(&key.id.0),
                        "carer_name": key.carer.as_ref().map(|carer| &carer.name),
                        "since": key.active_from,
                    })
                });
                json!({ "carers": carers.collect::<Vec<_>>() })
            }
            Shown::Order => json!({ "in_force": self.state.order.as_ref().map(shown) }),
        })
    }

    /// What the person reads of an act.
    ///
    /// # Errors
    ///
    /// The problem `invalid` at `note` for a note that leaves no room for it.
    pub(super) fn note_of(&self, asking: &Asking<'_>) -> Result<Option<String>, ServerError> {
        let said = match &asking.request.act {
            Act::Show { .. } => Some(LOOKED_AT.to_owned()),
            Act::Relation { key, allow, .. } => self.who_asks(key).map(|name| {
                let (zh, en) = if *allow { ("同意", "allowed") } else { ("不同意", "not allowed") };
                format!("{name} 申请照护：{zh}。{name} asked to care for you: {en}.")
            }),
            Act::Declare { declaration, .. } => {
                Some(format!("代为申报。Declared for you: {}", words_of(declaration)))
            }
            Act::CheckIn { symptoms, .. } if !symptoms.is_empty() => {
                Some(format!("代报症状。Symptoms reported for you: {}", symptoms.join(", ")))
            }
            _ => None,
        };
        let (said, note) = (said.into_iter(), asking.request.note.clone().into_iter());
        let note = said.chain(note).reduce(|said, note| format!("{said} {note}"));
        if note.as_ref().is_some_and(|note| note.len() > MAX_TEXT) {
            return Err(Problem::new(&ProblemKind::Invalid).at("note").into());
        }
        Ok(note)
    }

    fn who_asks(&self, key: &Bytes) -> Option<&str> {
        let asked = self.state.asked.iter().find(|asked| asked.key_id().as_ref() == Some(key));
        asked.map(|asked| asked.carer.name.as_str())
    }
}

/// A declaration in one line, by the ids of the rulebook: whoever it is about must be able to see what was said.
fn words_of(declaration: &Declaration) -> String {
    let answer = |(question, answer): (&String, &Answer)| match answer {
        Answer::YesNo(yes) => format!("{question} {}", if *yes { "yes" } else { "no" }),
        Answer::One(option) => format!("{question} {option}"),
        Answer::Any(options) if options.is_empty() => format!("{question} none"),
        Answer::Any(options) => format!("{question} {}", options.join(", ")),
    };
    let stay = |stay: &Stay| format!("{:06} {}/{}", stay.region.code(), stay.from, stay.to);
    let answers = declaration.answers.iter().map(answer);
    let words: Vec<_> = answers.chain(declaration.travel.iter().map(stay)).collect();
    let line = words.join("; ");
    if line.chars().count() <= MOST_WORDS {
        line
    } else {
        line.chars().take(MOST_WORDS).chain(['…']).collect()
    }
}

fn shown(order: &OrderState) -> Value {
    let manual = order.manual.as_ref();
    json!({
        "order": order.id,
        "colour": order.colour.word(),
        "rule": order.rule,
        "starts_on": order.quarantine.starts_on,
        "days": order.quarantine.days,
        "ordered_by": manual.and_then(|manual| manual.by.as_ref()).map(|by| &by.name),
        "provisional_until": manual.and_then(|manual| manual.provisional_until),
    })
}
