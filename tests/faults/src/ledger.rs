//! What the server has, read from its database beside it: operations with their receipts, and decisions, each signed
//! object verified against its trust list.

use std::collections::{BTreeMap, BTreeSet};

use healthcode::token::ids::SubjectId;
use healthcode::token::trust_list::Object;
use healthcode::token::{Judgement, Order, PublicKey, Release, TrustList};
use healthcode::wire::{Bytes, Link, Receipt};
use healthcode_server::state::SubjectState;
use serde::Deserialize;

use crate::authority::Authority;
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
    pub fn read(authority: &Authority, trust: &TrustList, subject: &str) -> Self {
        let subject = SubjectId::parse(subject).expect("enrolled");
        let file = read_only(authority.database());
        let key = subject.as_bytes();
        let state: String = file
            .query_row("SELECT state FROM subject WHERE subject = ?1", [key], |row| row.get(0))
            .unwrap();
        let state: SubjectState = serde_json::from_str(&state).unwrap();
        let bodies = |sql: &str| -> Vec<String> {
            let mut statement = file.prepare(sql).unwrap();
            let rows = statement.query_map([key], |row| row.get(0)).unwrap();
            rows.collect::<Result<_, _>>().unwrap()
        };
        let mut ledger = Self {
            state,
            delivered: Vec::new(),
            orders: Vec::new(),
            releases: Vec::new(),
            judgements: Vec::new(),
            decisions: Vec::new(),
        };
        for body in bodies("SELECT body FROM operation WHERE subject = ?1") {
            let row: OperationRow = serde_json::from_str(&body).unwrap();
            ledger.take_operation(trust, &row);
        }
        ledger.delivered.sort_by_key(|delivered| delivered.receipt.serial);
        for body in bodies("SELECT body FROM decision WHERE subject = ?1 ORDER BY serial") {
            let row: DecisionRow = serde_json::from_str(&body).unwrap();
            ledger.take_decision(trust, &row);
        }
        ledger
    }

    fn take_operation(&mut self, trust: &TrustList, row: &OperationRow) {
        let receipt: Receipt = open(trust, &row.receipt);
        assert_eq!(receipt.operation.to_string(), row.operation);
        let keys = self.state.keys.iter().map(|key| PublicKey::from_cose(&key.cose_key.0).unwrap());
        let link = keys.filter_map(|key| Link::open(&row.link.0, &key).ok()).next();
        let link = link.expect("the link is by a key of the subject");
        assert_eq!(link.operation, receipt.operation);
        self.delivered.push(Delivered { operation: row.operation.clone(), link, receipt });
    }

    fn take_decision(&mut self, trust: &TrustList, row: &DecisionRow) {
        self.decisions.push(row.serial);
        let serial = match row.kind.as_str() {
            "order" => {
                self.orders.push(open(trust, &row.object));
                self.orders.last().map(|object| object.serial)
            }
            "release" => {
                self.releases.push(open(trust, &row.object));
                self.releases.last().map(|object| object.serial)
            }
            "judgement" => {
                self.judgements.push(open(trust, &row.object));
                self.judgements.last().map(|object| object.serial)
            }
            _ => None,
        };
        assert!(serial.is_none_or(|serial| serial == row.serial), "a decision bears its own serial");
    }

    /// The operations that it has.
    pub fn operations(&self) -> BTreeSet<String> {
        self.delivered.iter().map(|delivered| delivered.operation.clone()).collect()
    }

    /// The judgements in force, by operation.
    pub fn in_force(&self) -> BTreeMap<String, &Judgement> {
        self.judgements.iter().map(|judgement| (judgement.operation.to_string(), judgement)).collect()
    }
}

fn open<T: Object>(trust: &TrustList, bytes: &Bytes) -> T {
    trust.open_from("hangzhou", &bytes.0).expect("what the server keeps verifies")
}
