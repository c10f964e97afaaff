//! What a gate judges by besides the trust list: status lists, policies, outage notices, and the anchor that it relays.
//! Kept in the phone's file, verified anew whenever it is opened or the trust list changes. What never enters: anything
//! about a person.

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::sync::{Arc, PoisonError};

use minicbor::bytes::ByteVec;

use super::fetch::Fetch;
use super::phone::Phone;
use super::published::NotTaken;
use crate::error::HealthcodeError;
use crate::rules::calendar::Timestamp;
use crate::rules::gate_policy::{GatePolicies, GatePolicyError};
use crate::store::{StoreError, Transaction};
use crate::token::cbor;
use crate::token::gate::{ISSUE_AHEAD_MILLIS, ListedStatus};
use crate::token::gate_token::StatusReference;
use crate::token::outage::{self, OutageNotice};
use crate::token::policy::{SignedPolicyError, open_policies};
use crate::token::status_list::StatusList;
use crate::token::trust_list::TrustList;

const POLICIES: &str = "policies";
const OUTAGES: &str = "outages";
const RELAY: &str = "relay";
const STATUS: &str = "status:";
/// The most notices that are kept: one an issuer.
const MOST_OUTAGES: usize = 256;
/// The most bytes of the notices that are kept.
const MAX_KEPT_OUTAGES: usize = MOST_OUTAGES * (outage::MAX_BYTES + 8);

/// What a gate judges by. Cheap to copy: a change is a new one.
#[derive(Clone, Default)]
pub(crate) struct GateDocuments {
    pub(crate) policies: Option<Arc<GatePolicies>>,
    /// The notices that were taken, one an issuer, each with its bytes.
    pub(crate) outages: Vec<OutageNotice>,
    signed_outages: Vec<ByteVec>,
    lists: Vec<(String, Arc<StatusList>)>,
    /// The last anchor of the home issuer, for challenges.
    pub(crate) relay: Option<Vec<u8>>,
    /// The issuers whose codes were met here since the app was started. No document: they stay when the others are read
    /// anew.
    met: BTreeSet<String>,
    /// Whether all but `met` is to be read from the file.
    stale: bool,
}

impl GateDocuments {
    /// What the lists say of an issuer's token.
    pub(crate) fn status(&self, issuer: &str, reference: StatusReference) -> Option<ListedStatus> {
        let list = self.list(issuer, reference.list)?;
        let content = list.content();
        Some(ListedStatus {
            withdrawn: list.status(reference.index).map(|status| status != 0),
            issued_at: content.issued_at,
            expires_at: content.expires_at,
        })
    }

    /// The lists, with their issuers.
    pub(crate) fn lists(&self) -> impl Iterator<Item = (&str, &StatusList)> {
        self.lists.iter().map(|(issuer, list)| (issuer.as_str(), list.as_ref()))
    }

    fn list(&self, issuer: &str, number: u32) -> Option<&StatusList> {
        self.lists().find(|(of, list)| *of == issuer && list.number() == number).map(|(_, list)| list)
    }

    fn read(file: &Transaction<'_>, phone: &Phone, trust: &TrustList) -> Result<Self, StoreError> {
        let mut documents = Self { relay: file.document(RELAY)?, ..Self::default() };
        let policies = file.document(POLICIES)?;
        documents.policies =
            policies.and_then(|bytes| open_policies(trust, &phone.config.issuer, &bytes).ok()).map(Arc::new);
        let roots = phone.roots();
        for signed in
            file.document(OUTAGES)?.map(|bytes| read_outages(&bytes, MAX_KEPT_OUTAGES)).unwrap_or_default()
        {
            if let Ok(notice) = OutageNotice::open(&signed, &roots) {
                documents.outages.push(notice);
                documents.signed_outages.push(signed);
            }
        }
        for name in file.document_names(STATUS)? {
            let bytes = file.document(&name)?.unwrap_or_default();
            if let Ok(opened) = trust.open_status_list(&bytes) {
                documents.lists.push((opened.issuer.id.clone(), Arc::new(opened.object)));
            }
        }
        Ok(documents)
    }
}

impl Phone {
    /// What this gate judges by.
    pub(crate) fn gate_documents(&self) -> Result<Arc<GateDocuments>, HealthcodeError> {
        let mut gate = self.gate.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(documents) = gate.as_ref().filter(|documents| !documents.stale) {
            return Ok(Arc::clone(documents));
        }
        let mut documents = match self.trust() {
            Some(trust) => self.store.read(|file| GateDocuments::read(file, self, &trust))?,
            None => GateDocuments::default(),
        };
        documents.met = gate.take().map(|known| known.met.clone()).unwrap_or_default();
        Ok(Arc::clone(gate.insert(Arc::new(documents))))
    }

    pub(super) fn forget_gate_documents(&self) {
        let mut gate = self.gate.lock().unwrap_or_else(PoisonError::into_inner);
        let met = gate.take().map(|known| known.met.clone()).unwrap_or_default();
        *gate = Some(Arc::new(GateDocuments { met, stale: true, ..GateDocuments::default() }));
    }

    fn change_gate_documents(&self, change: impl FnOnce(&mut GateDocuments)) -> Result<(), HealthcodeError> {
        let mut changed = GateDocuments::clone(self.gate_documents()?.as_ref());
        change(&mut changed);
        *self.gate.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(changed));
        Ok(())
    }

    /// A code of this issuer was shown here: its lists are fetched from now on.
    pub(crate) fn meet(&self, issuer: &str) -> Result<(), HealthcodeError> {
        if self.gate_documents()?.met.contains(issuer) {
            return Ok(());
        }
        let _one_at_a_time = self.publishing();
        self.change_gate_documents(|documents| {
            documents.met.insert(issuer.to_owned());
        })
    }

    /// Takes gate policies of the home issuer: not older than those in force.
    pub(crate) fn take_policies(&self, bytes: &[u8]) -> Result<(), NotTaken> {
        let _one_at_a_time = self.publishing();
        let trust = self.trust().ok_or_else(HealthcodeError::bad_answer)?;
        let policies = open_policies(&trust, &self.config.issuer, bytes).map_err(|error| match error {
            SignedPolicyError::Policy(GatePolicyError::Format(_)) => HealthcodeError::UpdateApp,
            _ => HealthcodeError::bad_answer(),
        })?;
        let known = self.gate_documents()?.policies.as_ref().map_or(0, |known| known.version);
        if policies.version < known {
            return Err(NotTaken::Older);
        }
        self.store.write(|file| file.put_document(POLICIES, bytes))?;
        Ok(self.change_gate_documents(|documents| documents.policies = Some(Arc::new(policies)))?)
    }

    /// Takes an outage notice: not older than the one about its issuer that is known.
    pub(crate) fn take_outage(&self, bytes: &[u8]) -> Result<(), NotTaken> {
        let _one_at_a_time = self.publishing();
        let notice = OutageNotice::open(bytes, &self.roots()).map_err(NotTaken::Root)?;
        let documents = self.gate_documents()?;
        let of_issuer = |known: &OutageNotice| known.issuer == notice.issuer;
        let place = documents.outages.iter().position(of_issuer);
        let known = place.and_then(|place| documents.outages.get(place));
        match known.map(|known| known.version.cmp(&notice.version)) {
            Some(Ordering::Greater) => return Err(NotTaken::Older),
            Some(Ordering::Equal) => return Ok(()),
            Some(Ordering::Less) | None => {}
        }
        let (mut outages, mut signed) = (documents.outages.clone(), documents.signed_outages.clone());
        if let Some(place) = place {
            outages.remove(place);
            signed.remove(place);
        }
        if outages.len() >= MOST_OUTAGES {
            return Err(HealthcodeError::bad_answer().into());
        }
        outages.push(notice);
        signed.push(bytes.to_vec().into());
        self.store.write(|file| file.put_document(OUTAGES, &cbor::encode(&signed)))?;
        let change = |documents: &mut GateDocuments| {
            (documents.outages, documents.signed_outages) = (outages, signed);
        };
        Ok(self.change_gate_documents(change)?)
    }

    /// Takes the notices that a server publishes; one that does not verify, or is older, is passed over.
    pub(crate) fn take_outages(&self, bytes: &[u8]) -> Result<(), HealthcodeError> {
        for signed in read_outages(bytes, outage::MAX_ALL_BYTES) {
            if let Err(NotTaken::Phone(error)) = self.take_outage(&signed) {
                return Err(error);
            }
        }
        Ok(())
    }

    /// Takes a status list: not older than the issue of it that is known, and of no time to come.
    pub(crate) fn take_status_list(&self, bytes: &[u8]) -> Result<(), NotTaken> {
        let _one_at_a_time = self.publishing();
        let bad = HealthcodeError::bad_answer;
        let trust = self.trust().ok_or_else(bad)?;
        let opened = trust.open_status_list(bytes).map_err(|_| bad())?;
        let (issuer, list) = (opened.issuer.id.clone(), opened.object);
        let number = list.number();
        let documents = self.gate_documents()?;
        // An issuer whose clock was ahead for a while must not keep its lists from coming for as long.
        let firm = self.now()?.firm.map(|(now, _)| now);
        let ahead = |at: Timestamp| firm.is_some_and(|now| at.since(now) > ISSUE_AHEAD_MILLIS);
        if ahead(list.content().issued_at) {
            return Err(NotTaken::Ahead);
        }
        let known = documents.list(&issuer, number).map(|known| known.content().issued_at);
        if known.is_some_and(|known| known > list.content().issued_at && !ahead(known)) {
            return Err(NotTaken::Older);
        }
        let named = |(of, number): (&str, u32)| {
            let listed = trust.issuer(of).map(|issuer| &issuer.status_lists);
            listed.is_some_and(|lists| lists.iter().any(|entry| entry.list == number))
        };
        self.store.write(|file| {
            // Lists into which no token points any more are let go.
            for (of, old) in documents.lists().filter(|(of, old)| !named((of, old.number()))) {
                file.delete_document(&name(of, old.number()))?;
            }
            file.put_document(&name(&issuer, number), bytes)
        })?;
        self.change_gate_documents(|documents| {
            documents
                .lists
                .retain(|(of, old)| named((of, old.number())) && (*of != issuer || old.number() != number));
            documents.lists.push((issuer.clone(), Arc::new(list)));
        })?;
        Ok(())
    }

    /// Keeps an anchor of the home issuer for challenges.
    pub(crate) fn keep_relay(&self, anchor: &[u8]) -> Result<(), HealthcodeError> {
        let _one_at_a_time = self.publishing();
        self.store.write(|file| file.put_document(RELAY, anchor))?;
        self.change_gate_documents(|documents| documents.relay = Some(anchor.to_vec()))
    }

    /// The lists that are due: of the home issuer, and of those whose lists are kept or whose codes were met.
    pub(crate) fn lists_due(&self, now: Timestamp) -> Result<Vec<Fetch>, HealthcodeError> {
        let Some(trust) = self.trust() else { return Ok(Vec::new()) };
        let documents = self.gate_documents()?;
        let wanted = |issuer: &str| {
            issuer == self.config.issuer
                || documents.met.contains(issuer)
                || documents.lists.iter().any(|(of, _)| of == issuer)
        };
        let fresh = |issuer: &str, number: u32| {
            let content = documents.list(issuer, number).map(StatusList::content);
            content.is_some_and(|content| {
                now < content.refresh_at() && content.issued_at.since(now) <= ISSUE_AHEAD_MILLIS
            })
        };
        let issuers = trust.content().issuers.iter().filter(|issuer| wanted(&issuer.id));
        let lists = issuers.flat_map(|issuer| issuer.status_lists.iter().map(move |entry| (issuer, entry)));
        let due = lists.filter(|(issuer, entry)| !fresh(&issuer.id, entry.list));
        Ok(due.map(|(_, entry)| Fetch::StatusList(entry.uri.clone())).collect())
    }
}

fn name(issuer: &str, number: u32) -> String {
    format!("{STATUS}{issuer}:{number}")
}

fn read_outages(bytes: &[u8], limit: usize) -> Vec<ByteVec> {
    let read: Result<Vec<ByteVec>, _> = cbor::decode(bytes, limit);
    read.unwrap_or_default().into_iter().filter(|signed| signed.len() <= outage::MAX_BYTES).collect()
}
