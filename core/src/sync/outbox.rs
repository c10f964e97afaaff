//! Putting operations into the outbox: each takes the next place in its subject's segment, under a link of its own.

use crate::error::HealthcodeError;
use crate::store::{ChainState, OutboxBody, StoreError, SubjectKey, Transaction, Waiting};
use crate::token::Signer;
use crate::wire::operation::MakeError;
use crate::wire::{Link, Operation};

/// Links an operation to the one before and lets it wait to be sent.
pub(crate) fn append(
    file: &Transaction<'_>,
    key: &SubjectKey,
    operation: Operation,
    holder: &dyn Signer,
) -> Result<(), HealthcodeError> {
    let chain = file.chain(key)?.ok_or_else(|| StoreError::internal("chain"))?;
    let link =
        Link { segment: chain.segment, sequence: chain.next, previous: chain.head, operation: operation.id };
    let waiting = Waiting {
        segment: chain.segment,
        sequence: chain.next,
        operation: operation.id,
        body: OutboxBody { operation: operation.bytes.into(), link: link.sign(holder)?.into() },
    };
    file.put_waiting(key, &waiting)?;
    file.put_chain(key, &ChainState { segment: chain.segment, next: chain.next + 1, head: link.digest() })?;
    Ok(())
}

/// Signs what waits with a new key, and links it into that key's segment: what is said, and its id, stay.
pub(crate) fn sign_anew(
    file: &Transaction<'_>,
    key: &SubjectKey,
    holder: &dyn Signer,
) -> Result<(), HealthcodeError> {
    for waiting in file.waiting(key, usize::MAX)? {
        let operation = Operation::from_bytes(waiting.body.operation.0);
        let operation = operation.map_err(|_| StoreError::internal("operation"))?;
        file.delete_waiting(key, operation.id)?;
        append(file, key, operation.signed_by(holder)?, holder)?;
    }
    Ok(())
}

impl From<MakeError> for HealthcodeError {
    fn from(error: MakeError) -> Self {
        match error {
            MakeError::Signer(error) => error.into(),
            MakeError::Form(_) => Self::field("entry", "too-large"),
        }
    }
}
