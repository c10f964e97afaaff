//! Forms that are being filled in, as an app keeps them: one document for each subject, so that all of them are sealed,
//! and what lies open does not say which form it is.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::transaction::{Result, Transaction};
use crate::rules::calendar::Timestamp;
use crate::token::SubjectId;

/// How long one is kept after it was changed last.
const KEPT_HOURS: i64 = 7 * 24;
const PREFIX: &str = "draft/";

/// What was typed so far, by the app's own names of the fields.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Draft {
    /// The time of the last change; none where the phone did not know the time, until it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) kept_at: Option<Timestamp>,
    pub(crate) words: BTreeMap<String, String>,
}

/// By the app's own name of the form.
type Drafts = BTreeMap<String, Draft>;

impl Draft {
    fn is_over(&self, now: Timestamp) -> bool {
        self.kept_at.is_some_and(|at| now >= at.plus_hours(KEPT_HOURS))
    }
}

/// The document of a subject's forms; of those about nobody on this phone yet without one.
fn document(subject: Option<SubjectId>) -> String {
    subject.map_or_else(|| PREFIX.to_owned(), |subject| format!("{PREFIX}{subject}"))
}

/// Whether a document has forms that are not about this subject.
pub(crate) fn has_drafts_of_others(name: &str, subject: SubjectId) -> bool {
    name.starts_with(PREFIX) && name != document(Some(subject))
}

impl Transaction<'_> {
    /// A draft, unless its time is over at `now`, a lower bound of the true time.
    pub(crate) fn draft(
        &self,
        subject: Option<SubjectId>,
        form: &str,
        now: Timestamp,
    ) -> Result<Option<Draft>> {
        let draft = self.drafts(&document(subject))?.remove(form);
        Ok(draft.filter(|draft| !draft.is_over(now)))
    }

    /// Keeps a draft; none forgets it. How many forms the subject has then.
    pub(crate) fn put_draft(
        &self,
        subject: Option<SubjectId>,
        form: &str,
        draft: Option<Draft>,
    ) -> Result<usize> {
        let document = document(subject);
        let mut drafts = self.drafts(&document)?;
        match draft {
            Some(draft) => drafts.insert(form.to_owned(), draft),
            None => drafts.remove(form),
        };
        self.put_drafts(&document, &drafts)?;
        Ok(drafts.len())
    }

    /// Deletes all of a subject's, and those about nobody on this phone: whom they name is only the app's to know.
    pub(crate) fn forget_drafts(&self, subject: SubjectId) -> Result<()> {
        [None, Some(subject)].into_iter().try_for_each(|whose| self.delete_document(&document(whose)))
    }

    /// Whether [`Transaction::settle_drafts`] has anything to do.
    pub(crate) fn drafts_to_settle(&self, now: Timestamp, is_sure: bool) -> Result<bool> {
        for document in self.document_names(PREFIX)? {
            let drafts = self.drafts(&document)?;
            if drafts.values().any(|draft| draft.is_over(now) || (is_sure && draft.kept_at.is_none())) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Deletes what is over at `now`, a lower bound of the true time, and dates from now, where it is sure, what was kept
    /// while the phone did not know the time.
    pub(crate) fn settle_drafts(&self, now: Timestamp, is_sure: bool) -> Result<()> {
        for document in self.document_names(PREFIX)? {
            let mut drafts = self.drafts(&document)?;
            drafts.retain(|_, draft| !draft.is_over(now));
            if is_sure {
                for draft in drafts.values_mut() {
                    draft.kept_at = draft.kept_at.or(Some(now));
                }
            }
            self.put_drafts(&document, &drafts)?;
        }
        Ok(())
    }

    fn drafts(&self, document: &str) -> Result<Drafts> {
        Ok(self.json_document(document)?.unwrap_or_default())
    }

    fn put_drafts(&self, document: &str, drafts: &Drafts) -> Result<()> {
        if drafts.is_empty() {
            self.delete_document(document)
        } else {
            self.put_json_document(document, drafts)
        }
    }
}
