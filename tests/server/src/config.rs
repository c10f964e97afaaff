//! What an operator sets.

use std::path::{Path, PathBuf};

use healthcode::rules::text::Text;

/// What an operator sets.
#[derive(Clone, Debug)]
pub struct Config {
    /// The issuer's id in the trust list.
    pub issuer: String,
    /// Its name.
    pub name: Text,
    /// The region for which it speaks, a GB/T 2260 code, with everything within it.
    pub region: u32,
    /// The root of its HTTP interface as phones reach it.
    pub base_url: String,
    /// The database file. The keys lie beside it, in a file of the same name that ends in `.keys`.
    pub database: PathBuf,
    /// The operator's word for a life of the database that was never lived: after a restore of the database together
    /// with the file beside it that ends in `.life`, or where that file is lost.
    pub generation: Option<u32>,
    /// Over how many seconds phones spread what they do at moments that all share, 3,600 at most; 0 for none.
    pub spread_seconds: u32,
    /// For how many seconds a gate may keep a status list before it asks again, as the list itself says; 1 at least. An
    /// hour: a gate goes by evidence of a day without a mark, and five lists with one token in a hundred withdrawn are a
    /// megabyte, 24 in a day; a quarter of an hour would be 96.
    pub status_ttl: u32,
    /// Gate policies in JSON to sign and serve; none for those of the first rulebook's authority.
    pub policies: Option<PathBuf>,
    /// The entries of other authorities in the trust list that this server signs, as they publish them: CBOR. A server
    /// that follows a list has none.
    pub peers: Vec<Vec<u8>>,
    /// The same in files, each read again when it changes.
    pub peer_files: Vec<PathBuf>,
    /// The trust list of the authority that holds the root, where this server does not: served as it is, and read again
    /// when it changes. Beside it lie the root documents, `root/1.cbor` and so on, and `outages.cbor`.
    pub trust_list: Option<PathBuf>,
    /// Requests that are worked on at once; more are turned away with a time to come back.
    pub max_requests: usize,
    /// One-time codes for one person in an hour.
    pub codes_per_person: u32,
    /// One-time codes asked for from one network address in an hour.
    pub codes_per_address: u32,
    /// One-time codes in all in an hour.
    pub codes_in_all: u32,
}

impl Config {
    /// The development server of the first rulebook.
    #[must_use]
    pub fn hangzhou(database: &Path, base_url: String) -> Self {
        Self {
            issuer: "hangzhou".to_owned(),
            name: Text::new("杭州市", "Hangzhou"),
            region: 330_100,
            base_url,
            database: database.to_owned(),
            generation: None,
            spread_seconds: 0,
            status_ttl: 3_600,
            policies: None,
            peers: Vec::new(),
            peer_files: Vec::new(),
            trust_list: None,
            max_requests: 256,
            codes_per_person: 5,
            codes_per_address: 60,
            codes_in_all: 10_000,
        }
    }

    /// Another development server, in another province.
    #[must_use]
    pub fn shenzhen(database: &Path, base_url: String) -> Self {
        Self {
            issuer: "shenzhen".to_owned(),
            name: Text::new("深圳市", "Shenzhen"),
            region: 440_300,
            ..Self::hangzhou(database, base_url)
        }
    }

    pub(crate) fn life_path(&self) -> PathBuf {
        self.database.with_extension("life")
    }

    /// Where the status list of a number is kept as it was published last.
    pub(crate) fn status_path(&self, list: u32) -> PathBuf {
        self.database.with_extension(format!("status-{list}"))
    }

    /// Where the outage notices are kept that the root has signed.
    pub(crate) fn outages_path(&self) -> PathBuf {
        self.database.with_extension("outages")
    }

    /// Where the log of exposure notices is kept.
    pub(crate) fn notices_path(&self) -> PathBuf {
        self.database.with_extension("notices")
    }

    /// Where it is kept what this server has signed of other issuers' logs.
    pub(crate) fn witnessed_path(&self) -> PathBuf {
        self.database.with_extension("witnessed")
    }

    /// Where the number of the last venue is kept.
    pub(crate) fn venues_path(&self) -> PathBuf {
        self.database.with_extension("venues")
    }

    /// Where the officers' public keys are registered.
    pub(crate) fn officers_path(&self) -> PathBuf {
        self.database.with_extension("officers")
    }

    pub(crate) fn keys_path(&self) -> PathBuf {
        self.database.with_extension("keys")
    }
}
