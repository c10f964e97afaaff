//! What is fetched for everybody: one call each, and what is done with its reply.

use super::phone::Phone;
use super::published::NotTaken;
use super::reply::{Call, Reply, Unusable};
use crate::error::HealthcodeError;
use crate::platform::LogLevel;
use crate::rules::{gate_policy, rulebook};
use crate::token::outage::MAX_ALL_BYTES;
use crate::token::root::{self, RootError};
use crate::token::status_list::{self, MEDIA_TYPE};
use crate::token::trust_list::{self, TrustListError};
use crate::wire::message::{OUTAGES_PATH, POLICY_PATH, ROOT_PATH_PREFIX, RULEBOOK_PATH, TRUST_LIST_PATH};

/// The media type of signed objects.
pub(super) const CBOR: &str = "application/cbor";

/// Something published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fetch {
    /// The root document of a version.
    Root(u32),
    /// The trust list.
    TrustList,
    /// The home issuer's rulebook.
    Rulebook,
    /// The rulebook of another authority, which lies at this address.
    RulebookOf {
        /// Its id.
        issuer: String,
        /// Where.
        address: String,
    },
    /// The home issuer's gate policies.
    Policies,
    /// Outage notices.
    Outages,
    /// The status list at an address.
    StatusList(String),
}

/// What came of a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fetched {
    /// It was taken.
    Taken,
    /// There is none.
    Absent,
    /// A trust list of roots that this phone does not know yet.
    NextRoot,
}

impl Fetch {
    /// The call; none for an address that is none.
    pub(crate) fn call(&self) -> Option<Call> {
        Some(match self {
            Self::Root(version) => {
                Call::get(format!("{ROOT_PATH_PREFIX}{version}.cbor"), root::MAX_BYTES as u64)
            }
            Self::TrustList => Call::get(TRUST_LIST_PATH, trust_list::MAX_BYTES as u64),
            Self::Rulebook => Call::get(RULEBOOK_PATH, rulebook::MAX_BYTES as u64 + 256),
            Self::RulebookOf { address, .. } => {
                return Call::get_from(address, rulebook::MAX_BYTES as u64 + 256);
            }
            Self::Policies => Call::get(POLICY_PATH, gate_policy::MAX_BYTES as u64 + 256),
            Self::Outages => Call::get(OUTAGES_PATH, MAX_ALL_BYTES as u64),
            Self::StatusList(address) => return Call::get_from(address, status_list::MAX_BYTES as u64),
        })
    }

    /// Whether the exchange can go on without it, by what there is: its server may be down, or far away.
    pub(super) const fn is_optional(&self) -> bool {
        matches!(self, Self::Policies | Self::Outages | Self::StatusList(_) | Self::RulebookOf { .. })
    }

    /// Takes the reply.
    pub(super) fn accept(&self, phone: &Phone, reply: &Reply) -> Result<Fetched, HealthcodeError> {
        match self.take(phone, reply) {
            Err(error) if self.is_optional() && error.is_of_the_reply() => {
                self.miss(phone, &error);
                Ok(Fetched::Absent)
            }
            taken => taken,
        }
    }

    /// Notes that it did not come.
    pub(super) fn miss(&self, phone: &Phone, error: &HealthcodeError) {
        let what = match self {
            Self::StatusList(_) => "a status list",
            Self::Policies => "the gate policies",
            Self::RulebookOf { .. } => "the rulebook of another authority",
            _ => "the outage notices",
        };
        phone.log(LogLevel::Warning, format!("{what} did not come: {error}"));
    }

    fn take(&self, phone: &Phone, reply: &Reply) -> Result<Fetched, HealthcodeError> {
        match self {
            Self::Root(_) => match reply.body_of(CBOR) {
                Ok(body) => match phone.take_root(body) {
                    // What follows is of no use to this phone; what is in force stays.
                    Err(NotTaken::Root(error)) if error != RootError::Newer => return Ok(Fetched::Absent),
                    taken => taken?,
                },
                Err(Unusable::Problem(..)) => return Ok(Fetched::Absent),
                Err(unusable) => return Err(unusable.into()),
            },
            Self::TrustList => match phone.take_trust_list(reply.body_of(CBOR)?) {
                Err(NotTaken::List(TrustListError::NextRoot | TrustListError::Signatures)) => {
                    return Ok(Fetched::NextRoot);
                }
                taken => taken?,
            },
            Self::Rulebook => phone.take_rulebook(reply.body_of(CBOR)?)?,
            Self::RulebookOf { issuer, .. } => phone.take_rulebook_of(issuer, reply.body_of(CBOR)?)?,
            Self::Policies => phone.take_policies(reply.body_of(CBOR)?)?,
            Self::Outages => phone.take_outages(reply.body_of(CBOR)?)?,
            Self::StatusList(_) => {
                phone.take_status_list(reply.body_of(MEDIA_TYPE)?)?;
            }
        }
        Ok(Fetched::Taken)
    }
}

impl HealthcodeError {
    /// Whether it says what came from outside, and not what is wrong with this phone.
    const fn is_of_the_reply(&self) -> bool {
        matches!(self, Self::Network { .. } | Self::Rejected { .. } | Self::UpdateApp)
    }
}
