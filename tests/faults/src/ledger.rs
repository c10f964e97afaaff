//! What the server has, read from its database beside it: operations with their receipts, and decisions, each signed
//! object verified against its trust list.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use healthcode::rules::calendar::Timestamp;
use healthcode::token::ids::SubjectId;
use healthcode::token::trust_list::Object;
use healthcode::token::{Judgement, Order, PublicKey, RatingReceipt, Release, TrustList};
use healthcode::wire::{Bytes, Link, Receipt};
use healthcode_server::state::SubjectState;
use rusqlite::Connection;
use serde::Deserialize;

use crate::handset::read_only;

/// An operation that was delivered.
#[derive(Clone, Debug)]
pub struct Delivered {
    /// Its id.
    pub operation: String,
    /// The link under which it was delivered first.
    pub link: Link,
    /// The receipt.
    pub receipt: Receipt,
}

/// What the server has about one subject.
pub struct Ledger {
    file: Connection,
    subject: SubjectId,
    known: BTreeSet<String>,
    receipts: BTreeSet<Vec<u8>>,
    /// The state from which it decides.
    pub state: SubjectState,
    /// What was delivered, in the order of the receipts.
    pub delivered: Vec<Delivered>,
    /// The orders, in the order of their serials.
    pub orders: Vec<Order>,
    /// The releases.
    pub releases: Vec<Release>,
    /// The judgements; a later one of an operation takes the place of an earlier one.
    pub judgements: Vec<Judgement>,
    /// The serials of all that was decided.
    pub decisions: Vec<u64>,
    /// When, by serial; of a notice about a key, which the phone keeps for good, it is not read.
    pub decided_at: BTreeMap<u64, Timestamp>,
}

#[derive(Deserialize)]
struct OperationRow {
    operation: String,
    link: Bytes,
    receipt: Bytes,
}

#[derive(Deserialize)]
struct DecisionRow {
    serial: u64,
    kind: String,
    object: Bytes,
}

impl Ledger {
    /// Reads what there is about a subject.
    pub fn read(database: &Path, trust: &TrustList, subject: &str) -> Self {
        let file = read_only(database);
        let subject = SubjectId::parse(subject).expect("enrolled");
        let mut ledger = Self {
            state: state(&file, subject),
            file,
            subject,
            known: BTreeSet::new(),
            receipts: BTreeSet::new(),
            delivered: Vec::new(),
            orders: Vec::new(),
            releases: Vec::new(),
            judgements: Vec::new(),
            decisions: Vec::new(),
            decided_at: BTreeMap::new(),
        };
        ledger.read_on(trust);
        ledger
    }

    /// Reads what there is more than before. What was there before is there still: it is only counted. A phone may have
    /// brought an earlier receipt of it.
    pub fn read_on(&mut self, trust: &TrustList) {
        self.state = state(&self.file, self.subject);
        let key = *self.subject.as_bytes();
        for body in self.bodies("SELECT body FROM operation WHERE subject = ?1", &[&key]) {
            let row: OperationRow = serde_json::from_str(&body).unwrap();
            if self.receipts.insert(row.receipt.0.clone()) {
                self.take_operation(trust, &row);
            }
        }
        self.delivered.sort_by_key(|delivered| delivered.receipt.serial);
        self.read_decisions(trust);
        let sql = "SELECT COUNT(*) || '' FROM decision WHERE subject = ?1";
        if self.bodies(sql, &[&key]) != [self.decisions.len().to_string()] {
            // What a phone brought back has its old place among what was said since.
            (self.orders, self.releases) = (Vec::new(), Vec::new());
            (self.judgements, self.decisions) = (Vec::new(), Vec::new());
            self.read_decisions(trust);
        }
        for (sql, known) in [
            ("SELECT COUNT(*) || '' FROM operation WHERE subject = ?1", self.delivered.len()),
            ("SELECT COUNT(*) || '' FROM decision WHERE subject = ?1", self.decisions.len()),
        ] {
            assert_eq!(self.bodies(sql, &[&key]), [known.to_string()], "what the server had it has still");
        }
    }

    fn read_decisions(&mut self, trust: &TrustList) {
        let key = *self.subject.as_bytes();
        let last = self.decisions.last().map_or(0, |last| i64::try_from(*last).unwrap());
        let sql = "SELECT body FROM decision WHERE subject = ?1 AND serial > ?2 ORDER BY serial";
        for body in self.bodies(sql, &[&key, &last]) {
            let row: DecisionRow = serde_json::from_str(&body).unwrap();
            self.take_decision(trust, &row);
        }
    }

    fn bodies(&self, sql: &str, keys: &[&dyn rusqlite::ToSql]) -> Vec<String> {
        let mut statement = self.file.prepare_cached(sql).unwrap();
        let rows = statement.query_map(keys, |row| row.get(0)).unwrap();
        rows.collect::<Result<_, _>>().unwrap()
    }

    fn take_operation(&mut self, trust: &TrustList, row: &OperationRow) {
        let receipt: Receipt = open(trust, &row.receipt);
        let mut keys = self.state.keys.iter().map(|key| PublicKey::from_cose(&key.cose_key.0).unwrap());
        let link = keys.find_map(|key| Link::open(&row.link.0, &key).ok());
        let link = link.expect("the link is by a key of the subject");
        assert_eq!((link.operation.to_string(), link.digest()), (row.operation.clone(), receipt.head));
        if !self.known.insert(row.operation.clone()) {
            let place = self.delivered.iter().position(|known| known.operation == row.operation).unwrap();
            let before = self.delivered.remove(place);
            assert!(
                receipt.serial < before.receipt.serial,
                "only an earlier receipt takes a receipt's place"
            );
        }
        self.delivered.push(Delivered { operation: row.operation.clone(), link, receipt });
    }

    fn take_decision(&mut self, trust: &TrustList, row: &DecisionRow) {
        self.decisions.push(row.serial);
        let (serial, at) = match row.kind.as_str() {
            "order" => {
                let order: Order = open(trust, &row.object);
                let known = (order.serial, order.issued_at);
                self.orders.push(order);
                known
            }
            "release" => {
                let release: Release = open(trust, &row.object);
                let known = (release.serial, release.released_at);
                self.releases.push(release);
                known
            }
            "judgement" => {
                let judgement: Judgement = open(trust, &row.object);
                let known = (judgement.serial, judgement.judged_at);
                self.judgements.push(judgement);
                known
            }
            "rating" => {
                let rating: RatingReceipt = open(trust, &row.object);
                (rating.serial, rating.rated_at)
            }
            _ => return,
        };
        assert_eq!(serial, row.serial, "a decision bears its own serial");
        self.decided_at.insert(serial, at);
    }

    /// Asserts that each segment goes on from its beginning without a gap or a fork, and that no serial is used twice.
    pub fn assert_continuous(&self) {
        let mut serials: BTreeSet<_> = self.decisions.iter().copied().collect();
        let mut heads: BTreeMap<_, (u64, [u8; 32])> = BTreeMap::new();
        for delivered in &self.delivered {
            assert!(serials.insert(delivered.receipt.serial), "a serial is used once");
            assert_eq!(delivered.receipt.head, delivered.link.digest());
            let link = &delivered.link;
            match heads.insert(link.segment, (link.sequence, link.digest())) {
                Some((before, head)) => {
                    assert_eq!((link.sequence, link.previous), (before + 1, head), "no gap, no fork");
                }
                None => assert_eq!(link.sequence, 0, "a segment begins at its beginning"),
            }
        }
        assert!(serials.last().is_none_or(|last| *last <= self.state.serial));
    }

    /// The operations that it has.
    pub const fn operations(&self) -> &BTreeSet<String> {
        &self.known
    }

    /// The judgements in force, by operation.
    pub fn in_force(&self) -> BTreeMap<String, &Judgement> {
        self.judgements.iter().map(|judgement| (judgement.operation.to_string(), judgement)).collect()
    }
}

fn state(file: &Connection, subject: SubjectId) -> SubjectState {
    let sql = "SELECT state FROM subject WHERE subject = ?1";
    let mut statement = file.prepare_cached(sql).unwrap();
    let state: String = statement.query_row([subject.as_bytes()], |row| row.get(0)).unwrap();
    serde_json::from_str(&state).unwrap()
}

fn open<T: Object>(trust: &TrustList, bytes: &Bytes) -> T {
    trust.open_from("hangzhou", &bytes.0).expect("what the server keeps verifies")
}
