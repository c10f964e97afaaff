//! Putting operations into the outbox: each takes the next place in its subject's segment, under a link of its own.
//!
//! Signing comes before the transaction: a key may be in hardware, and nobody waits for it with the file's lock in
//! hand. What was read to sign over is compared in the transaction, and signed again where it has changed.

use super::phone::Phone;
use crate::error::HealthcodeError;
use crate::random;
use crate::store::{ChainState, OutboxBody, StoreError, SubjectKey, Transaction, Waiting};
use crate::token::Signer;
use crate::token::ids::SegmentId;
use crate::wire::link::Head;
use crate::wire::operation::MakeError;
use crate::wire::{Link, Operation};

/// The operation in the next place of a chain, which moves on.
pub(crate) fn linked(
    chain: &mut ChainState,
    operation: Operation,
    holder: &dyn Signer,
) -> Result<Waiting, HealthcodeError> {
    let link =
        Link { segment: chain.segment, sequence: chain.next, previous: chain.head, operation: operation.id };
    let waiting = Waiting {
        segment: chain.segment,
        sequence: chain.next,
        operation: operation.id,
        body: OutboxBody { operation: operation.bytes.into(), link: link.sign(holder)?.into() },
    };
    (chain.next, chain.head) = (chain.next + 1, link.digest());
    Ok(waiting)
}

/// All that waits, linked into a new segment: after a file that was rolled back, a fork, or a change of key.
pub(crate) struct Relinked {
    before: Option<ChainState>,
    after: ChainState,
    waiting: Vec<Waiting>,
}

impl Relinked {
    /// Links what waits now anew, in a segment that opens on a head that the server has countersigned. What is said,
    /// and its id, stay; where the key is another one, it signs the operations too.
    pub(crate) fn make(
        phone: &Phone,
        key: &SubjectKey,
        head: Head,
        holder: &dyn Signer,
        other_key: bool,
    ) -> Result<Self, HealthcodeError> {
        let (before, known) = phone
            .store
            .read(|file| Ok::<_, StoreError>((file.chain(key)?, file.waiting(key, usize::MAX)?)))?;
        let mut after = ChainState { segment: SegmentId(random::bytes()?), next: 0, head };
        let mut waiting = Vec::with_capacity(known.len());
        for one in known {
            let operation = Operation::from_bytes(one.body.operation.0);
            let operation = operation.map_err(|_| StoreError::internal("operation"))?;
            let operation = if other_key { operation.signed_by(holder)? } else { operation };
            waiting.push(linked(&mut after, operation, holder)?);
        }
        Ok(Self { before, after, waiting })
    }

    /// Whether what waits is still what was read.
    pub(crate) fn is_current(&self, file: &Transaction<'_>, key: &SubjectKey) -> Result<bool, StoreError> {
        let waits = usize::try_from(file.count_waiting(key)?).unwrap_or(usize::MAX);
        Ok(file.chain(key)? == self.before && waits == self.waiting.len())
    }

    /// Puts it in the place of what waited.
    pub(crate) fn keep(&self, file: &Transaction<'_>, key: &SubjectKey) -> Result<(), StoreError> {
        for one in &self.waiting {
            file.delete_waiting(key, one.operation)?;
        }
        for one in &self.waiting {
            file.put_waiting(key, one)?;
        }
        file.put_chain(key, &self.after)
    }
}

/// Links all that waits anew, on a head that the server has countersigned.
pub(crate) fn relink(phone: &Phone, key: &SubjectKey, head: Head) -> Result<(), HealthcodeError> {
    let holder = phone.holder(key)?;
    loop {
        let relinked = Relinked::make(phone, key, head, holder.as_ref(), false)?;
        let kept = phone.store.write(|file| {
            let current = relinked.is_current(file, key)?;
            if current {
                relinked.keep(file, key)?;
            }
            Ok::<_, StoreError>(current)
        })?;
        if kept {
            return Ok(());
        }
    }
}

impl From<MakeError> for HealthcodeError {
    fn from(error: MakeError) -> Self {
        match error {
            MakeError::Signer(error) => error.into(),
            MakeError::Form(_) => Self::field("entry", "too-large"),
        }
    }
}
