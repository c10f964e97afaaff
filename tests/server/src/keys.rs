//! The server's keys in use. An operator may change them while the server runs (`operator.rs`): a request works with
//! those that it found.
//!
//! Token keys live thirty days. The key of a period is derived from a secret of the file, so that nothing has to be
//! written when a period ends.

use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use healthcode::rules::calendar::Timestamp;
use healthcode::token::policy::sign_policies;
use healthcode::token::rules::sign_rulebook;
use healthcode::token::{KeyUse, PublicKey, Sign1, Signer, SoftwareKey};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::error::StartError;
use crate::key_file::{self, KeyFile, Stamp};
use crate::trust::digest;

/// How long a token key signs, in seconds.
pub(crate) const TOKEN_KEY_SECONDS: i64 = 30 * 24 * 3_600;
/// Of so many periods before, a token may still pass: paper lives 92 days at most, and an outage notice gives seven more.
const TOKEN_KEYS_BEFORE: i64 = 4;

/// The keys.
pub(crate) struct Keys {
    file: KeyFile,
    roots: Vec<SoftwareKey>,
    pub(crate) time: SoftwareKey,
    pub(crate) rules: SoftwareKey,
    pub(crate) decisions: SoftwareKey,
    pub(crate) status: SoftwareKey,
    pub(crate) policy: SoftwareKey,
    pub(crate) notices: SoftwareKey,
    pub(crate) venues: SoftwareKey,
}

impl Keys {
    /// Reads the file, or makes it.
    pub(crate) fn open(path: &Path) -> Result<Self, StartError> {
        if let Some(file) = key_file::read(path)? {
            return Ok(Self::of(file));
        }
        key_file::make(path)?;
        let file = key_file::read(path)?;
        file.map(Self::of).ok_or_else(|| StartError::Keys("the file is gone".to_owned()))
    }

    pub(crate) fn of(file: KeyFile) -> Self {
        Self {
            roots: file.root.keys.iter().map(key_file::Secret::key).collect(),
            time: file.time.key(),
            rules: file.rules.key(),
            decisions: file.decisions.key(),
            status: file.status.key(),
            policy: file.policy.key(),
            notices: file.notices.key(),
            venues: file.venues.key(),
            file,
        }
    }

    /// The first key of the first root set, as COSE_Key.
    pub(crate) fn first_root(&self) -> &[u8] {
        &self.file.root.first.0
    }

    /// The version of the root set in force, its threshold, its keys.
    pub(crate) fn root_set(&self) -> (u32, u8, Vec<PublicKey>) {
        (self.root_version(), self.file.root.threshold, self.file.root.public())
    }

    pub(crate) fn root_version(&self) -> u32 {
        self.file.root.version()
    }

    /// The root keys that sign: as many as must.
    pub(crate) fn root_signers(&self) -> Vec<&dyn Signer> {
        let signers = self.roots.iter().take(usize::from(self.file.root.threshold));
        signers.map(|key| key as &dyn Signer).collect()
    }

    /// The document of a root set.
    pub(crate) fn root_document(&self, version: u32) -> Option<&[u8]> {
        let place = usize::try_from(version.checked_sub(1)?).ok()?;
        self.file.root.documents.get(place).map(|document| document.0.as_slice())
    }

    /// The ids of the keys that were removed before their time.
    pub(crate) fn removed(&self) -> impl Iterator<Item = &[u8]> {
        self.file.removed.iter().map(|id| id.0.as_slice())
    }

    /// Whether something was signed by a key that was removed.
    pub(crate) fn was_removed(&self, signed: &[u8]) -> bool {
        !self.file.removed.is_empty()
            && Sign1::parse(signed, signed.len())
                .ok()
                .and_then(|envelope| envelope.key_id())
                .is_some_and(|id| self.removed().any(|removed| removed == id))
    }

    /// The keys that last until they are replaced, and their uses.
    pub(crate) fn lasting(&self) -> [(&SoftwareKey, KeyUse); 7] {
        [
            (&self.time, KeyUse::Time),
            (&self.rules, KeyUse::Rules),
            (&self.decisions, KeyUse::Decisions),
            (&self.status, KeyUse::Status),
            (&self.policy, KeyUse::Policy),
            (&self.notices, KeyUse::Notices),
            (&self.venues, KeyUse::Venues),
        ]
    }

    /// The token key that signs at an instant, and the period in which it does.
    pub(crate) fn token_key(&self, at: Timestamp) -> (SoftwareKey, Timestamp, Timestamp) {
        let period = at.seconds().div_euclid(TOKEN_KEY_SECONDS);
        let seed = keyed(&self.file.tokens.0, &[b"token-key", &period.to_be_bytes()]);
        let starts = period.saturating_mul(TOKEN_KEY_SECONDS);
        let ends = Timestamp::from_seconds(starts.saturating_add(TOKEN_KEY_SECONDS));
        (SoftwareKey::from_seed(&seed), Timestamp::from_seconds(starts), ends)
    }

    /// The token keys of the periods before an instant of which a token may still pass, of its own and of the next.
    pub(crate) fn token_keys(&self, now: Timestamp) -> Vec<(SoftwareKey, Timestamp, Timestamp)> {
        let key = |offset| {
            let at = now.seconds().saturating_add(offset * TOKEN_KEY_SECONDS).max(0);
            self.token_key(Timestamp::from_seconds(at))
        };
        (-TOKEN_KEYS_BEFORE..=1).map(key).collect()
    }

    /// What stands for a person, a number or a code in the database: HMAC-SHA-256 under a secret that is not there.
    pub(crate) fn pseudonym(&self, parts: &[&[u8]]) -> [u8; 32] {
        keyed(&self.file.people.0, parts)
    }
}

/// The keys of a moment, and what they have signed for everybody.
pub(crate) struct Sealed {
    keys: Keys,
    pub(crate) rulebook: Vec<u8>,
    pub(crate) rulebook_digest: [u8; 32],
    pub(crate) policies: Vec<u8>,
}

impl Deref for Sealed {
    type Target = Keys;

    fn deref(&self) -> &Keys {
        &self.keys
    }
}

/// The keys of a running server: read again when an operator has changed them.
pub(crate) struct KeyRing {
    path: PathBuf,
    rulebook: &'static [u8],
    policies: Vec<u8>,
    current: RwLock<(Option<Stamp>, Arc<Sealed>)>,
}

impl KeyRing {
    /// The ring over a file from which `keys` were read; `rulebook` and `policies` are the JSON that is signed.
    pub(crate) fn new(
        path: PathBuf,
        keys: Keys,
        rulebook: &'static [u8],
        policies: Vec<u8>,
    ) -> Result<Self, StartError> {
        // No stamp yet: a change between the reading and now is seen by the first request.
        let current = RwLock::new((None, Arc::new(seal(keys, rulebook, &policies)?)));
        Ok(Self { path, rulebook, policies, current })
    }

    /// The keys of now. Where the file cannot be read any more, those of before go on.
    pub(crate) fn now(&self) -> Arc<Sealed> {
        let stamp = Stamp::of(&self.path).ok().flatten();
        {
            let current = self.current.read().unwrap_or_else(PoisonError::into_inner);
            if stamp.is_none() || current.0 == stamp {
                return current.1.clone();
            }
        }
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        if current.0 != stamp {
            current.0 = stamp;
            match self.read() {
                Ok(sealed) => current.1 = Arc::new(sealed),
                Err(error) => tracing::error!(%error, "the keys were changed and cannot be read"),
            }
        }
        current.1.clone()
    }

    fn read(&self) -> Result<Sealed, StartError> {
        let file = key_file::read(&self.path)?.ok_or_else(|| StartError::Keys("no file".to_owned()))?;
        seal(Keys::of(file), self.rulebook, &self.policies)
    }

    /// See [`Keys::pseudonym`].
    pub(crate) fn pseudonym(&self, parts: &[&[u8]]) -> [u8; 32] {
        self.current.read().unwrap_or_else(PoisonError::into_inner).1.pseudonym(parts)
    }
}

fn seal(keys: Keys, rulebook: &[u8], policies: &[u8]) -> Result<Sealed, StartError> {
    let rulebook = sign_rulebook(rulebook, &keys.rules)?;
    let policies = sign_policies(policies, &keys.policy)?;
    Ok(Sealed { rulebook_digest: digest(&rulebook), rulebook, policies, keys })
}

/// HMAC-SHA-256 over parts, each after its length.
pub(crate) fn keyed(key: &[u8; 32], parts: &[&[u8]]) -> [u8; 32] {
    #[allow(clippy::expect_used, reason = "HMAC takes keys of any length")]
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    for part in parts {
        mac.update(&(part.len() as u64).to_be_bytes());
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

/// So many random bytes.
pub(crate) fn random<const N: usize>() -> Result<[u8; N], getrandom::Error> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes)?;
    Ok(bytes)
}
