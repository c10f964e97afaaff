//! What everybody may know of orders that no rule gave: how many, where and when. No person is in it.

use serde_json::{Value, json};

use crate::Inner;
use crate::error::ServerError;
use crate::storage::log::ManualCount;

impl Inner {
    /// How many such orders there were, and what became of them: `{"format": 1, "manual_orders": [{"region": six digits,
    /// "day": the legal day of issue, "ordered", "provisional", "confirmed", "lapsed", "ended"}]}`. An order is one of the
    /// last four: it waits for a second officer; one has confirmed it, whatever came then; none has in time; it was lifted
    /// or gave way to another before.
    pub(crate) async fn counts(&self) -> Result<Value, ServerError> {
        let counts = self.storage.manual_counts(self.ports.clock.now()).await?;
        let row = |count: ManualCount| {
            json!({
                "region": format!("{:06}", count.region),
                "day": count.day,
                "ordered": count.ordered,
                "provisional": count.provisional,
                "confirmed": count.confirmed,
                "lapsed": count.lapsed,
                "ended": count.ended,
            })
        };
        Ok(json!({ "format": 1, "manual_orders": counts.into_iter().map(row).collect::<Vec<_>>() }))
    }
}
