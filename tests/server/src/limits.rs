//! How often one-time codes may be asked for. What is counted is a pseudonym and an instant. A cap ends with its
//! hour; it never locks a person, and whether one is reached for a person is not told to who asks.

use std::net::IpAddr;

use healthcode::rules::identity::Document;
use healthcode::wire::{Problem, ProblemKind};

use crate::Inner;
use crate::error::ServerError;

const HOUR_MILLIS: i64 = 3_600_000;

impl Inner {
    /// Counts a request for a code. Too many in all, or from one address, are told so.
    pub(crate) async fn count_request(&self, address: Option<IpAddr>) -> Result<(), ServerError> {
        let in_all = self.count(&[b"codes-in-all"]).await?;
        let from_there = match address {
            Some(address) => self.count(&[b"codes-from", address.to_string().as_bytes()]).await?,
            None => 0,
        };
        if in_all > self.config.codes_in_all || from_there > self.config.codes_per_address {
            return Err(Problem::new(&ProblemKind::RateLimited).after(600).into());
        }
        Ok(())
    }

    /// Counts a request that fits a person, for whom a message would go out; false where there were enough. One that
    /// fits nobody is counted elsewhere, so that the work is the same and no stranger uses up a person's messages.
    pub(crate) async fn may_send(&self, document: &Document, fits: bool) -> Result<bool, ServerError> {
        let bucket = if fits { b"codes-to".as_slice() } else { b"codes-to-nobody" };
        let number = [bucket, document.kind_code().as_bytes(), document.number().as_bytes()];
        Ok(self.count(&number).await? <= self.config.codes_per_person && fits)
    }

    async fn count(&self, bucket: &[&[u8]]) -> Result<u32, ServerError> {
        let now = self.ports.clock.now();
        self.storage.count(self.keys.pseudonym(bucket), now, now.plus_millis(-HOUR_MILLIS)).await
    }
}
