//! Forms that are being filled in, as an app keeps them. Each is a document, so that all of them are sealed and none
//! needs a table of its own.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::transaction::{Result, Transaction};
use crate::rules::calendar::Timestamp;
use crate::token::SubjectId;

/// How long one is kept after it was changed last.
const KEPT_HOURS: i64 = 7 * 24;
const PREFIX: &str = "draft/";

/// What was typed so far, by the app's own names of the fields.
#[derive(Serialize, Deserialize)]
pub(crate) struct Draft {
    /// A lower bound of the time of the last change.
    pub(crate) kept_at: Timestamp,
    pub(crate) words: BTreeMap<String, String>,
}

impl Draft {
    fn is_over(&self, now: Timestamp) -> bool {
        now >= self.kept_at.plus_hours(KEPT_HOURS)
    }
}

/// The name of the document; a form about nobody on this phone yet has no subject.
fn name(subject: Option<SubjectId>, form: &str) -> String {
    format!("{}{form}", prefix(subject))
}

fn prefix(subject: Option<SubjectId>) -> String {
    subject.map_or_else(|| format!("{PREFIX}/"), |subject| format!("{PREFIX}{subject}/"))
}

/// Whether a document is a draft, and, with a subject, none of that subject's.
pub(crate) fn is_draft_of_another(document: &str, subject: SubjectId) -> bool {
    document.starts_with(PREFIX) && !document.starts_with(&prefix(Some(subject)))
}

impl Transaction<'_> {
    /// A draft, unless its time is over.
    pub(crate) fn draft(
        &self,
        subject: Option<SubjectId>,
        form: &str,
        now: Timestamp,
    ) -> Result<Option<Draft>> {
        let draft: Option<Draft> = self.json_document(&name(subject, form))?;
        Ok(draft.filter(|draft| !draft.is_over(now)))
    }

    pub(crate) fn put_draft(&self, subject: Option<SubjectId>, form: &str, draft: &Draft) -> Result<()> {
        self.put_json_document(&name(subject, form), draft)
    }

    pub(crate) fn delete_draft(&self, subject: Option<SubjectId>, form: &str) -> Result<()> {
        self.delete_document(&name(subject, form))
    }

    /// Deletes all of a subject's, and those about nobody on this phone: whom they name is only the app's to know.
    pub(crate) fn forget_drafts(&self, subject: SubjectId) -> Result<()> {
        for whose in [None, Some(subject)] {
            let names = self.document_names(&prefix(whose))?;
            names.iter().try_for_each(|name| self.delete_document(name))?;
        }
        Ok(())
    }

    /// The names of those whose time is over.
    pub(crate) fn drafts_over(&self, now: Timestamp) -> Result<Vec<String>> {
        let mut over = self.document_names(PREFIX)?;
        let mut read = Ok(());
        over.retain(|name| match self.json_document::<Draft>(name) {
            Ok(draft) => draft.is_some_and(|draft| draft.is_over(now)),
            Err(error) => {
                read = Err(error);
                false
            }
        });
        read.map(|()| over)
    }
}
