//! The two lists. Who is overdue: everybody on it is told. What waits for an officer: orders that a second one must look
//! at, and what people themselves have asked for; these are told of what is decided, not of the list.

use healthcode::rules::calendar::{LegalDate, Timestamp};
use healthcode::token::ActKind;
use healthcode::token::ids::{OperationId, SubjectId, hex};
use healthcode::wire::{Act, Operation, OperationBody, Problem, ProblemKind};
use serde_json::{Value, json};

use super::log::{NOBODY, name_of, sealed};
use super::roles::{OfficerRole, word_of};
use super::state::{APPEAL, OVERDUE, PROVISIONAL, RELATION, REVIEW};
use super::{ATTEMPTS, Asking};
use crate::Inner;
use crate::appeal::AppealCase;
use crate::care::{ASKED_HOURS, Asked};
use crate::error::ServerError;
use crate::state::{OrderState, SubjectState};
use crate::storage::Changes;

/// The most people of one answer: those come first who were on no list of the day, so that asking again goes on.
const PAGE: usize = 200;
/// The most bytes of its rows: an officer's client takes an answer of a megabyte.
const MOST_BYTES: usize = 512 * 1024;
/// The most that are looked through for one.
const LOOKED_AT: u32 = 20_000;
/// Orders lapse within days: all that wait are due by then.
const AHEAD_HOURS: i64 = 366 * 24;

/// What of a person waits for an officer.
type Waits = fn(&SubjectState, Timestamp) -> Vec<Value>;

impl Inner {
    /// Answers a list, and logs that it was asked for.
    pub(super) async fn list(&self, asking: &Asking<'_>) -> Result<String, ServerError> {
        let (people, more) = match asking.request.act {
            Act::Overdue {} => self.overdue(asking).await?,
            _ => self.waiting(asking).await?,
        };
        let answer = json!({
            "format": 1,
            "act": word_of(&asking.request.act),
            "request": name_of(asking.request.request),
            "people": people,
            "more": more,
        });
        let answer = serde_json::to_string(&answer).map_err(|_| ServerError::Internal("officer/json"))?;
        let sealed = sealed(&self.keys.now(), NOBODY, asking.request.request, asking.signed)?;
        let asked = self.asked(asking, answer.clone());
        self.storage.log_alone(asking.signed.to_vec(), sealed, asked).await?;
        Ok(answer)
    }

    /// Who has not checked in for the day that was over last.
    async fn overdue(&self, asking: &Asking<'_>) -> Result<(Vec<Value>, bool), ServerError> {
        let now = self.ports.clock.now();
        let today = self.rulebook.offset_minutes.date_of(now);
        let mut found = Vec::new();
        for subject in self.storage.agenda(OVERDUE, now, LOOKED_AT).await? {
            let Some(known) = self.listed_state(subject).await? else { continue };
            // What has lapsed is no order any more.
            let order = known.state.order.as_ref();
            let order = order.filter(|order| order.provisional_until().is_none_or(|until| now < until));
            let missed = order.map(|order| order.missed(now)).unwrap_or_default();
            if !missed.is_empty() {
                found.push((known.state.acts.listed_on == Some(today), subject));
            }
        }
        // The sort is stable: within each part the longest overdue stay first.
        found.sort_by_key(|(listed, _)| *listed);
        let more = found.len() > PAGE;
        let mut people = Vec::new();
        for (_, subject) in found.into_iter().take(PAGE) {
            people.extend(self.tell_listed(asking, subject, today).await?);
        }
        Ok((people, more))
    }

    /// Names a person on the list, and tells the person, once a legal day. None where it is not so any more.
    async fn tell_listed(
        &self,
        asking: &Asking<'_>,
        subject: SubjectId,
        today: LegalDate,
    ) -> Result<Option<Value>, ServerError> {
        for _ in 0..ATTEMPTS {
            let Some(mut found) = self.listed_state(subject).await? else { return Ok(None) };
            let missed = found.state.order.as_ref().map(|order| order.missed(self.ports.clock.now()));
            let Some(missed) = missed.filter(|missed| !missed.is_empty()) else { return Ok(None) };
            let row = self.row(&found.state, subject, json!({ "missed": missed }));
            if found.state.acts.listed_on == Some(today) {
                return Ok(Some(row));
            }
            found.state.enter(self.life.generation);
            let mut desk = self.desk(subject, found.state, None);
            desk.state.acts.listed_on = Some(today);
            desk.note_act(asking, ActKind::Overdue)?;
            desk.state.mark();
            match self.storage.commit(subject, found.version, &desk.state, desk.changes).await {
                Ok(()) => return Ok(Some(row)),
                Err(ServerError::Conflict) => {}
                Err(error) => return Err(error),
            }
        }
        Err(Problem::new(&ProblemKind::Unavailable).after(1).into())
    }

    /// What waits for one of the officer's roles. Where it is more than one answer takes, asking again goes on after what
    /// the officer was answered last.
    async fn waiting(&self, asking: &Asking<'_>) -> Result<(Vec<Value>, bool), ServerError> {
        let now = self.ports.clock.now();
        self.lapse_all(now).await?;
        let of_roles: [(OfficerRole, &'static str, Waits); 4] = [
            (OfficerRole::Orders, PROVISIONAL, waiting_order),
            (OfficerRole::Orders, REVIEW, waiting_review),
            (OfficerRole::Appeals, APPEAL, waiting_appeals),
            (OfficerRole::Relations, RELATION, waiting_relations),
        ];
        let mut queue = Vec::new();
        for (_, kind, waits) in of_roles.into_iter().filter(|(role, ..)| asking.officer.has(&[*role])) {
            // Most orders are over before there is anything to review.
            let until = if kind == REVIEW { now } else { now.plus_hours(AHEAD_HOURS) };
            let subjects = self.storage.agenda(kind, until, LOOKED_AT).await?;
            queue.extend(subjects.into_iter().map(|subject| (kind, subject, waits)));
        }
        let mut last = self.officers.left_off(asking.officer.id());
        let place = queue.iter().position(|(kind, subject, _)| Some((*kind, *subject)) == last);
        let (mut people, mut bytes) = (Vec::new(), 0);
        for (kind, subject, waits) in queue.into_iter().skip(place.map_or(0, |place| place + 1)) {
            let rows = self.rows((kind, subject), waits, now).await?;
            let size: usize = rows.iter().map(|row| row.to_string().len()).sum();
            if !people.is_empty() && (people.len() + rows.len() > PAGE || bytes + size > MOST_BYTES) {
                self.officers.leave_off(asking.officer.id(), last);
                return Ok((people, true));
            }
            bytes += size;
            people.extend(rows);
            last = Some((kind, subject));
        }
        self.officers.leave_off(asking.officer.id(), None);
        Ok((people, false))
    }

    /// What of one person waits, as far as one answer takes it.
    async fn rows(
        &self,
        (kind, subject): (&'static str, SubjectId),
        waits: Waits,
        now: Timestamp,
    ) -> Result<Vec<Value>, ServerError> {
        let Some(mut known) = self.listed_state(subject).await? else { return Ok(Vec::new()) };
        let mut waits = waits(&known.state, now);
        if kind == APPEAL {
            self.read_appeals(subject, &mut waits).await?;
        }
        let asked = known.state.asked.len();
        if kind == RELATION && waits.len() < asked {
            // Nobody has decided these in time: they are asked again, or never.
            known.state.asked.retain(|asked| asked.stands(now));
            match self.storage.commit(subject, known.version, &known.state, Changes::default()).await {
                Ok(()) | Err(ServerError::Conflict) => {}
                Err(error) => return Err(error),
            }
        }
        let mut bytes = 0;
        let rows = waits.into_iter().map(|what| self.row(&known.state, subject, what));
        // Of one person's too many the first: they are decided before the others come.
        Ok(rows
            .take_while(|row| {
                bytes += row.to_string().len();
                bytes <= MOST_BYTES
            })
            .collect())
    }

    /// Puts beside each appeal what the person says in it: whoever decides must have read it.
    async fn read_appeals(&self, subject: SubjectId, appeals: &mut [Value]) -> Result<(), ServerError> {
        for appeal in appeals {
            let id = appeal.get("appeal").and_then(Value::as_str).and_then(OperationId::parse);
            let stored = self.storage.delivered(subject, id.as_slice()).await?.into_iter().next();
            let signed = stored.and_then(|stored| Operation::from_bytes(stored.signed.0).ok());
            let body = signed.and_then(|operation| operation.vouched().ok()?.body);
            if let (Some(OperationBody::Appeal(made)), Value::Object(row)) = (body, appeal) {
                row.insert("text".to_owned(), made.text.into());
                row.insert("statements".to_owned(), made.statements.into());
            }
        }
        Ok(())
    }

    /// A person on a list, as every code shows the person.
    fn row(&self, state: &SubjectState, subject: SubjectId, mut what: Value) -> Value {
        let mut row = json!({
            "subject": subject,
            "masked_name": state.masked_name,
            "id_tail": state.id_tail,
            "region": format!("{:06}", self.region_of(state.resides_in)),
        });
        if let (Value::Object(row), Value::Object(what)) = (&mut row, &mut what) {
            row.append(what);
        }
        row
    }
}

/// An order that waits to be confirmed.
fn waiting_order(state: &SubjectState, now: Timestamp) -> Vec<Value> {
    provisional(state, now).into_iter().collect()
}

/// An order that has run for as long as any may.
fn waiting_review(state: &SubjectState, now: Timestamp) -> Vec<Value> {
    let order = state.order.iter().filter(|order| order.is_in_review(now));
    let review = |order: &OrderState| {
        json!({
            "waits": REVIEW,
            "order": order.id,
            "rule": order.rule,
            "colour": order.colour.word(),
            "starts_on": order.quarantine.starts_on,
            "days": order.quarantine.days,
        })
    };
    order.map(review).collect()
}

/// The appeals that are not decided, each with the reason that it contests.
fn waiting_appeals(state: &SubjectState, now: Timestamp) -> Vec<Value> {
    let open = state.appeals.iter().filter(|case| !case.decided);
    let appeal = |case: &AppealCase| {
        json!({
            "waits": APPEAL,
            "until": case.due_by,
            "overdue": now > case.due_by,
            "appeal": case.appeal,
            "rule": case.rule,
            "officer": case.officer,
        })
    };
    open.map(appeal).collect()
}

/// Who has asked to care for the person.
fn waiting_relations(state: &SubjectState, now: Timestamp) -> Vec<Value> {
    let standing = state.asked.iter().filter(|asked| asked.stands(now));
    let relation = |asked: &Asked| {
        json!({
            "waits": RELATION,
            "until": asked.asked_at.plus_hours(ASKED_HOURS),
            "key": asked.key_id().map(|key| hex(&key.0)),
            "carer": asked.carer.carer,
            "carer_name": asked.carer.name,
        })
    };
    standing.map(relation).collect()
}

fn provisional(state: &SubjectState, now: Timestamp) -> Option<Value> {
    let order = state.order.as_ref()?;
    let manual = order.manual.as_ref()?;
    let until = manual.provisional_until.filter(|until| now < *until)?;
    Some(json!({
        "waits": PROVISIONAL,
        "until": until,
        "order": order.id,
        "colour": order.colour.word(),
        "starts_on": order.quarantine.starts_on,
        "days": order.quarantine.days,
        "cause": manual.cause,
        "ordered_by": manual.by.as_ref().map(|by| &by.name),
    }))
}
