//! What an app is built with.

use crate::error::HealthcodeError;
use crate::rules::calendar::Timestamp;
use crate::token::key::PublicKey;
use crate::token::trust_list::RootSet;

/// What an app is built with. All of it is public.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct Config {
    /// The path of the phone's file. Its folder must exist and stay out of cloud backups. The same path in one
    /// process is one instance: opened a second time, the rest of the configuration must be the same.
    pub database: String,
    /// The root of the home issuer's HTTP interface, such as `https://code.example.org`.
    pub server: String,
    /// The home issuer's id in the trust list.
    pub issuer: String,
    /// The root keys as COSE_Key.
    pub root_keys: Vec<Vec<u8>>,
    /// How many of them must have signed a trust list.
    #[uniffi(default = 1)]
    pub root_threshold: u32,
    /// The version of this root set.
    #[uniffi(default = 1)]
    pub root_version: u32,
    /// No trust list below this version is taken.
    #[uniffi(default = 0)]
    pub trust_list_floor: u32,
    /// When the app was built: true time is not before it.
    pub built_at: Timestamp,
    /// Hosts, besides loopback, that may be reached over `http:`.
    #[uniffi(default)]
    pub cleartext_hosts: Vec<String>,
    /// Certificates (DER) of TLS roots to trust instead of the web's; empty for the web's.
    #[uniffi(default)]
    pub tls_roots: Vec<Vec<u8>>,
}

impl Config {
    /// The root set; the fields that are wrong are named.
    pub(crate) fn roots(&self) -> Result<RootSet, HealthcodeError> {
        let keys: Result<Vec<_>, _> = self.root_keys.iter().map(|key| PublicKey::from_cose(key)).collect();
        let keys = keys.map_err(|_| HealthcodeError::field("root_keys", "not-a-key"))?;
        let threshold = usize::try_from(self.root_threshold).unwrap_or(usize::MAX);
        let roots = RootSet::embedded(self.root_version, threshold, keys);
        if !roots.keys_are_sound() {
            return Err(HealthcodeError::field("root_keys", "out-of-range"));
        }
        if roots.is_sound() {
            Ok(roots)
        } else {
            Err(HealthcodeError::field("root_threshold", "out-of-range"))
        }
    }

    /// The first field in which another configuration for the same file differs. Another spelling of the path is none.
    pub(crate) fn difference(&self, other: &Self) -> Option<&'static str> {
        let Self {
            database: _,
            server,
            issuer,
            root_keys,
            root_threshold,
            root_version,
            trust_list_floor,
            built_at,
            cleartext_hosts,
            tls_roots,
        } = self;
        let same = [
            ("server", *server == other.server),
            ("issuer", *issuer == other.issuer),
            ("root_keys", *root_keys == other.root_keys),
            ("root_threshold", *root_threshold == other.root_threshold),
            ("root_version", *root_version == other.root_version),
            ("trust_list_floor", *trust_list_floor == other.trust_list_floor),
            ("built_at", *built_at == other.built_at),
            ("cleartext_hosts", *cleartext_hosts == other.cleartext_hosts),
            ("tls_roots", *tls_roots == other.tls_roots),
        ];
        same.into_iter().find(|(_, same)| !same).map(|(field, _)| field)
    }
}
