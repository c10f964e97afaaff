//! What the server asks of others: the time, a text message, the public records.

use std::io::Write;
use std::sync::Arc;

use async_trait::async_trait;
use healthcode::rules::identity::Document;

use crate::clock::ServerClock;
use crate::notices::Witness;
use crate::records::PersonRecord;

/// Sends text messages.
pub trait SmsGateway: Send + Sync {
    /// Sends a one-time code to a number in E.164. It must not block; a message that is lost is asked for again.
    fn send(&self, to: &str, code: &str);
}

/// Prints one-time codes to the standard output: for development alone.
#[derive(Clone, Copy, Debug)]
pub struct ConsoleGateway;

impl SmsGateway for ConsoleGateway {
    fn send(&self, to: &str, code: &str) {
        // A console that is gone loses its message, as a text message may be lost.
        let _ =
            writeln!(std::io::stdout(), "text message to {to}: your health code's one-time code is {code}");
    }
}

/// The records port does not answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordsUnavailable;

/// The public records: who there is, and what is known of them.
#[async_trait]
pub trait PublicRecords: Send + Sync {
    /// The one canonical person of a document; none where there is none.
    async fn find(&self, document: &Document) -> Result<Option<PersonRecord>, RecordsUnavailable>;

    /// The same by the key under which the records keep the person.
    async fn get(&self, key: &str) -> Result<Option<PersonRecord>, RecordsUnavailable>;
}

/// All that the server asks of others.
#[derive(Clone)]
pub struct Ports {
    /// The time.
    pub clock: Arc<dyn ServerClock>,
    /// Text messages.
    pub sms: Arc<dyn SmsGateway>,
    /// The public records.
    pub records: Arc<dyn PublicRecords>,
    /// The second issuers that sign for this server's log of exposure notices, three at most; none where it publishes
    /// none.
    pub witnesses: Vec<Arc<dyn Witness>>,
}
