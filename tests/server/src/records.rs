//! Public records in an embedded data set of invented people, for development and tests.

use std::sync::Arc;

use async_trait::async_trait;
use healthcode::rules::facts::Records;
use healthcode::rules::identity::{Document, Name, Phone, Region};
use serde::Deserialize;

use crate::ports::{PublicRecords, RecordsUnavailable};

/// What the records hold of one person.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PersonRecord {
    /// The key under which the records keep the person: a random word, nothing of the document.
    pub key: String,
    /// The name.
    pub name: Name,
    /// The document.
    pub document: Document,
    /// The telephone number on record: the only one that a one-time code goes to.
    /// None where the records know none.
    #[serde(default)]
    pub phone: Option<Phone>,
    /// Who speaks for the person by law, by the records' own keys: a child's parents, a ward's guardian.
    #[serde(default)]
    pub guardians: Vec<String>,
    /// The region of residence.
    pub region: Region,
    /// Where the person is known to have been, and the case register.
    pub records: Records,
}

impl std::fmt::Debug for PersonRecord {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PersonRecord(..)")
    }
}

/// The embedded data set.
#[derive(Clone, Debug)]
pub struct EmbeddedRecords(Vec<PersonRecord>);

impl EmbeddedRecords {
    /// The people of a JSON list.
    ///
    /// # Errors
    ///
    /// Where the list cannot be read.
    pub fn parse(json: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(json).map(Self)
    }
}

/// The embedded data set of five invented people.
#[must_use]
#[allow(
    clippy::missing_panics_doc,
    clippy::expect_used,
    reason = "a file of this crate, parsed in its tests"
)]
pub fn embedded_records() -> Arc<EmbeddedRecords> {
    Arc::new(
        EmbeddedRecords::parse(include_bytes!("records.json")).expect("the embedded records are well formed"),
    )
}

/// The same people as a family: 孙七 has no number on record, and 张三 and 李四 as guardians; 赵六 has neither.
#[must_use]
#[allow(
    clippy::missing_panics_doc,
    clippy::expect_used,
    reason = "a file of this crate, parsed in its tests"
)]
pub fn family_records() -> Arc<EmbeddedRecords> {
    Arc::new(
        EmbeddedRecords::parse(include_bytes!("family.json")).expect("the embedded records are well formed"),
    )
}

#[async_trait]
impl PublicRecords for EmbeddedRecords {
    async fn find(&self, document: &Document) -> Result<Option<PersonRecord>, RecordsUnavailable> {
        Ok(self.0.iter().find(|person| person.document == *document).cloned())
    }

    async fn get(&self, key: &str) -> Result<Option<PersonRecord>, RecordsUnavailable> {
        Ok(self.0.iter().find(|person| person.key == key).cloned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_people_are_told_apart() {
        let people = &embedded_records().0;
        assert_eq!(people.len(), 5);
        for (index, person) in people.iter().enumerate() {
            let others = people.iter().skip(index + 1);
            let alike = |other: &PersonRecord| {
                other.key == person.key || other.document == person.document || other.phone == person.phone
            };
            assert!(!others.into_iter().any(alike));
        }
    }
}
