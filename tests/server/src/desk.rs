//! The desk at which one subject's case lies during a request: the state, what changes, and the means to decide. What
//! is decided is signed here. No I/O but for the lots of indices and serials: the time is an argument, and names are derived, so that
//! deciding again after a conflict comes to the same.

use std::sync::Arc;

use healthcode::rules::calendar::Timestamp;
use healthcode::rules::rulebook::Rulebook;
use healthcode::rules::text::Text;
use healthcode::token::ids::{OrderId, SubjectId};
use healthcode::token::trust_list::{Object, seal};
use healthcode::token::{KeyNotice, TrustList};
use healthcode::wire::Bytes;
use healthcode::wire::message::ChangeKind;

use crate::error::ServerError;
use crate::keys::Sealed;
use crate::life::Life;
use crate::notices::Told;
use crate::state::SubjectState;
use crate::storage::{Changes, Decision};

/// The desk.
pub(crate) struct Desk<'a> {
    pub(crate) keys: Arc<Sealed>,
    pub(crate) rulebook: &'a Rulebook,
    pub(crate) life: &'a Life,
    pub(crate) notices: Arc<Told>,
    pub(crate) subject: SubjectId,
    /// The issuer's own id.
    pub(crate) issuer: &'a str,
    /// What people call the issuer.
    pub(crate) issuer_name: &'a Text,
    /// For which the issuer speaks in tokens.
    pub(crate) region: u32,
    /// The trust list, where the request needs it.
    pub(crate) trust: Option<Arc<TrustList>>,
    pub(crate) now: Timestamp,
    /// When another phone took the place of the one that asks: what it brings is late.
    pub(crate) replaced_at: Option<Timestamp>,
    pub(crate) state: SubjectState,
    pub(crate) changes: Changes,
}

impl Desk<'_> {
    /// Whether the phone that asks was replaced.
    pub(crate) const fn is_late(&self) -> bool {
        self.replaced_at.is_some()
    }

    /// The time as signed things carry it: whole seconds.
    pub(crate) const fn now_in_seconds(&self) -> Timestamp {
        Timestamp::from_seconds(self.now.seconds())
    }

    /// The serial of what is said next.
    pub(crate) fn next_serial(&mut self) -> Result<u64, ServerError> {
        let serial = self.state.next_serial(self.now, self.life.once.first_serial);
        self.life.once.reach(serial)?;
        Ok(serial)
    }

    /// Signs what was decided and puts it among what was said.
    pub(crate) fn say<T: Object>(
        &mut self,
        kind: ChangeKind,
        serial: u64,
        object: &T,
    ) -> Result<(), ServerError> {
        let object = seal(object, &self.keys.decisions)?.into();
        self.changes.decisions.push(Decision { serial, kind, object });
        Ok(())
    }

    /// Tells every phone of the person what becomes of a key.
    pub(crate) fn notice(&mut self, key: &Bytes, active_from: Option<Timestamp>) -> Result<(), ServerError> {
        let serial = self.next_serial()?;
        let notice = KeyNotice {
            subject: self.subject,
            serial,
            key: key.0.as_slice().try_into().map_err(|_| ServerError::Internal("key"))?,
            noticed_at: self.now_in_seconds(),
            active_from,
            carer: self.carer_of(key),
        };
        self.say(ChangeKind::Key, serial, &notice)
    }

    /// The name of the order of a serial.
    pub(crate) fn order_id(&self, serial: u64) -> OrderId {
        let parts: [&[u8]; 3] = [b"order", self.subject.as_bytes(), &serial.to_be_bytes()];
        let derived = self.keys.pseudonym(&parts);
        OrderId(derived.first_chunk().copied().unwrap_or_default())
    }
}
