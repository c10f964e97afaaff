//! An authority that publishes what a test says, and the gates that ask it: whole objects over their files, the calls
//! answered here.

#![allow(dead_code, reason = "each test uses some of it")]

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use healthcode::checkpoint::{Checkpoint, Lane};
use healthcode::rules::gate_policy;
use healthcode::rules::rulebook;
use healthcode::sync::{Call, Config, ExchangeStep, Reply, SyncReport};
use healthcode::token::Anchor;
use healthcode::token::KeyUse;
use healthcode::token::policy::sign_policies;
use healthcode::token::rules::sign_rulebook;
use healthcode::token::status_list::MEDIA_TYPE;
use healthcode::token::trust_list::{TrustListContent, seal};
use healthcode::wire::Bytes;
use healthcode::wire::message::{ANCHOR_PATH, OUTAGES_PATH, POLICY_PATH, RULEBOOK_PATH, TRUST_LIST_PATH};
use healthcode_attacks::world::{
    LIST_VERSION, ROOTS, ZHEJIANG, at, content, guangdong, hours, key, public, seed_of, signed_by,
    trust_bytes, zhejiang,
};
use healthcode_cli::time::World;
use healthcode_e2e::phone::ports;
use tempfile::TempDir;

/// What is published.
pub(crate) struct Published {
    /// The trust list.
    pub(crate) trust: Vec<u8>,
    /// The rulebook.
    pub(crate) rulebook: Vec<u8>,
    /// The policies and their version.
    pub(crate) policies: (Vec<u8>, u32),
    /// The outage notices.
    pub(crate) outages: Vec<u8>,
    /// Status lists by their addresses; nobody answers for any other.
    pub(crate) lists: BTreeMap<String, Vec<u8>>,
}

/// Zhejiang's server, and the time.
pub(crate) struct Authority {
    pub(crate) world: World,
    pub(crate) published: Mutex<Published>,
    folder: TempDir,
}

impl Authority {
    /// At the instant of the token's issue.
    pub(crate) fn new() -> Self {
        let published = Published {
            trust: trust_bytes(),
            rulebook: rulebook(&key(seed_of(ZHEJIANG, KeyUse::Rules))),
            policies: (policies(1), 1),
            outages: vec![0x80],
            lists: BTreeMap::new(),
        };
        let folder = TempDir::new().unwrap();
        Self { world: World::new(at(0)), published: Mutex::new(published), folder }
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Opens a gate's file.
    pub(crate) fn gate(&self, name: &str, lane: Lane) -> Arc<Checkpoint> {
        let config = Config {
            database: self.file(name).to_str().unwrap().to_owned(),
            server: "https://zhejiang.example".to_owned(),
            issuer: "zhejiang".to_owned(),
            root_keys: ROOTS.map(|seed| public(seed).to_cose()).to_vec(),
            root_threshold: 2,
            root_version: 1,
            trust_list_floor: LIST_VERSION,
            built_at: at(-hours(24)),
            cleartext_hosts: Vec::new(),
            tls_roots: Vec::new(),
        };
        Checkpoint::open(config, ports(&self.world, 9).0, lane).unwrap()
    }

    /// A gate that has just synced, a second ago.
    pub(crate) fn synced(&self, name: &str) -> Arc<Checkpoint> {
        let gate = self.gate(name, Lane::new("North Gate"));
        self.sync(&gate);
        self.world.pass(1_000);
        gate
    }

    /// One exchange of a gate: the calls that it made, and what it came to.
    pub(crate) fn sync(&self, gate: &Checkpoint) -> (Vec<Call>, SyncReport) {
        let exchange = gate.exchange().unwrap();
        let (mut calls, mut step) = (Vec::new(), exchange.next(None).unwrap());
        loop {
            step = match step {
                ExchangeStep::Done { report } => return (calls, report),
                ExchangeStep::Send { call } => {
                    let reply = self.reply(&call);
                    calls.push(call);
                    match reply {
                        Some(reply) => exchange.next(Some(reply)).unwrap(),
                        None => exchange.unanswered().unwrap(),
                    }
                }
            }
        }
    }

    fn reply(&self, call: &Call) -> Option<Reply> {
        let published = self.published.lock().unwrap();
        let cbor = |body: &Vec<u8>| Some(reply("application/cbor", body.clone()));
        if let Some(server) = &call.server {
            let list = published.lists.get(&format!("{server}{}", call.path))?;
            return Some(reply(MEDIA_TYPE, list.clone()));
        }
        match call.path.as_str() {
            TRUST_LIST_PATH => cbor(&published.trust),
            RULEBOOK_PATH => cbor(&published.rulebook),
            POLICY_PATH => cbor(&published.policies.0),
            OUTAGES_PATH => cbor(&published.outages),
            path => {
                let nonce = path.strip_prefix(ANCHOR_PATH).unwrap().strip_prefix("?nonce=").unwrap();
                let anchor = Anchor {
                    at: self.world.now(),
                    epoch: 1,
                    root_version: 1,
                    trust_list_version: LIST_VERSION,
                    rules_version: 1,
                    policy_version: published.policies.1,
                    nonce: Some(Bytes::parse(nonce).unwrap().0.try_into().unwrap()),
                };
                cbor(&seal(&anchor, &key(seed_of(ZHEJIANG, KeyUse::Time))).unwrap())
            }
        }
    }
}

fn reply(content_type: &str, body: Vec<u8>) -> Reply {
    Reply { status: 200, content_type: content_type.to_owned(), retry_after: None, body }
}

/// The first rulebook, signed.
pub(crate) fn rulebook(signer: &dyn healthcode::token::Signer) -> Vec<u8> {
    sign_rulebook(rulebook::HANGZHOU_2020, signer).unwrap()
}

/// The three kinds of gates as a version, signed by Zhejiang.
pub(crate) fn policies(version: u32) -> Vec<u8> {
    policies_by(version, seed_of(ZHEJIANG, KeyUse::Policy))
}

/// The same by the key of a seed.
pub(crate) fn policies_by(version: u32, seed: u8) -> Vec<u8> {
    let mut json: serde_json::Value = serde_json::from_slice(gate_policy::HANGZHOU_2020).unwrap();
    json["version"] = version.into();
    sign_policies(&serde_json::to_vec(&json).unwrap(), &key(seed)).unwrap()
}

/// A trust list of both issuers, of a version and a root set, signed by these.
pub(crate) fn trust_list(version: u32, root_version: u32, seeds: &[u8]) -> Vec<u8> {
    let own = content(vec![zhejiang(), guangdong()]);
    signed_by(&TrustListContent { version, root_version, ..own }, seeds)
}
