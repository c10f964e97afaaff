//! Asking a second issuer to sign the head of the log. It is shown what it has not seen; what it has seen otherwise it
//! does not sign, and then the former head stays in force.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use healthcode::rules::calendar::Timestamp;
use healthcode::token::notice::{LogHead, SignedHead, WitnessRequest};
use healthcode::token::{SoftwareKey, TrustList, cbor};
use healthcode::wire::message::WITNESS_PATH;
use healthcode::wire::problem::MEDIA_TYPE;
use healthcode::wire::{Problem, ProblemKind};
use minicbor::bytes::ByteVec;

use super::witness::MAX_WITNESS_BYTES;
use super::{Log, Tip};
use crate::error::StartError;

/// The most bytes of notices in one request; more are shown in several, each under a head of its own.
const MAX_BATCH_BYTES: usize = MAX_WITNESS_BYTES / 4;
/// The most bytes of a second issuer's answer.
const MAX_ANSWER_BYTES: usize = 16 * 1024;
/// The most second issuers that are asked: a head holds four signatures.
const MAX_WITNESSES: usize = 3;

/// Why a second issuer has not signed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WitnessError {
    /// It was not reached, or what it said is no answer.
    #[error("not reached: {0}")]
    Unreached(String),
    /// It refuses.
    #[error("it refuses: {}{}", .0.title, .0.field.as_ref().map(|field| format!(" ({field})")).unwrap_or_default())]
    Refused(Box<Problem>),
}

/// A second issuer.
#[async_trait]
pub trait Witness: Send + Sync {
    /// Sends the bytes of a [`WitnessRequest`] to its [`WITNESS_PATH`]; the bytes that it answers.
    async fn ask(&self, request: Vec<u8>) -> Result<Vec<u8>, WitnessError>;
}

/// A second issuer's server. What it signs is verified, and what it is shown is public: plain HTTP takes nothing from
/// that.
#[derive(Clone, Debug)]
pub struct HttpWitness {
    client: reqwest::Client,
    url: String,
}

impl HttpWitness {
    /// The server at the root of its interface.
    ///
    /// # Errors
    ///
    /// What is no address.
    pub fn new(server: &str) -> Result<Self, StartError> {
        let refused =
            |error: &dyn std::fmt::Display| StartError::Refused(format!("witness {server}: {error}"));
        let url = format!("{}{WITNESS_PATH}", server.trim_end_matches('/'));
        let parsed = reqwest::Url::parse(&url).map_err(|error| refused(&error))?;
        if !matches!(parsed.scheme(), "http" | "https") {
            return Err(refused(&"not an address of http or https"));
        }
        let client = http_client().map_err(|error| refused(&error))?;
        Ok(Self { client, url })
    }
}

/// A client without redirects or a proxy's surprises, with the public roots of the web.
pub(crate) fn http_client() -> Result<reqwest::Client, String> {
    let mut roots = rustls::RootCertStore::empty();
    roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .with_root_certificates(roots)
        .with_no_client_auth();
    reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .connect_timeout(Duration::from_secs(5))
        .timeout(Duration::from_secs(20))
        .redirect(reqwest::redirect::Policy::none())
        .referer(false)
        .build()
        .map_err(|error| error.to_string())
}

#[async_trait]
impl Witness for HttpWitness {
    async fn ask(&self, request: Vec<u8>) -> Result<Vec<u8>, WitnessError> {
        let unreached = |error: reqwest::Error| WitnessError::Unreached(innermost(&error));
        let request = self.client.post(&self.url).header("Content-Type", "application/cbor").body(request);
        let mut response = request.send().await.map_err(unreached)?;
        let status = response.status();
        let media_type = response.headers().get("content-type").is_some_and(|value| value == MEDIA_TYPE);
        let mut body = Vec::new();
        while let Some(piece) = response.chunk().await.map_err(unreached)? {
            if body.len() + piece.len() > MAX_ANSWER_BYTES {
                return Err(WitnessError::Unreached("its answer has no end".to_owned()));
            }
            body.extend_from_slice(&piece);
        }
        if status == reqwest::StatusCode::OK {
            return Ok(body);
        }
        match serde_json::from_slice::<Problem>(&body).ok().filter(|_| media_type) {
            Some(problem) if status.is_client_error() => Err(WitnessError::Refused(Box::new(problem))),
            _ => Err(WitnessError::Unreached(format!("it answers {}", status.as_u16()))),
        }
    }
}

/// What an error comes from: the outer ones say that a request was not sent, and not why.
pub(crate) fn innermost(error: &dyn std::error::Error) -> String {
    std::iter::successors(Some(error), |error| error.source()).last().unwrap_or(error).to_string()
}

/// Who signs a log, and what is believed.
pub(crate) struct Signing<'a> {
    pub(crate) log: &'a Log,
    pub(crate) issuer: &'a str,
    pub(crate) key: &'a SoftwareKey,
    pub(crate) trust: &'a TrustList,
    pub(crate) witnesses: &'a [Arc<dyn Witness>],
    pub(crate) now: Timestamp,
}

impl Signing<'_> {
    /// Signs a head of the log as it is now, has it witnessed and puts it in force; how many notices are.
    pub(crate) async fn renew(&self) -> Result<u32, StartError> {
        let unwitnessed = |reason: String| StartError::Unwitnessed(reason);
        let tip = self.log.tip(self.key)?;
        let known = self.log.head()?.map(|(_, head)| head);
        // Phones take no head that is older than one they know, also where this clock was set back.
        let floor = known.as_ref().map_or(Timestamp::from_seconds(0), |head| head.at);
        let at = Timestamp::from_seconds(self.now.seconds()).max(floor);
        let head = LogHead::new(self.issuer.to_owned(), tip.size, tip.digest, at);
        let own = head.sign(self.key)?;
        own.open_unwitnessed(self.issuer, self.trust).map_err(|error| {
            unwitnessed(format!("the trust list does not have this server's key: {error}"))
        })?;
        let seen = known.map_or(0, |head| head.size);
        let (mut signed, mut why) = (own.clone(), "there is none to ask".to_owned());
        for witness in self.witnesses.iter().take(MAX_WITNESSES) {
            match self.bring_up(witness.as_ref(), (seen, tip), &own, at).await {
                Ok(signature) => {
                    let mut alone = own.clone();
                    alone.add(signature.clone());
                    match alone.open(self.issuer, self.trust) {
                        Ok(_) => signed.add(signature),
                        Err(error) => why = format!("its signature is not one of the trust list: {error}"),
                    }
                }
                Err(error) => {
                    tracing::warn!(%error, "the log of exposure notices is not witnessed");
                    why = error.to_string();
                }
            }
        }
        signed.open(self.issuer, self.trust).map_err(|_| unwitnessed(why))?;
        self.log.set_head(&signed)?;
        Ok(tip.size)
    }

    /// Shows a second issuer the log from what it has seen to its tip; its signature of `head`.
    async fn bring_up(
        &self,
        witness: &dyn Witness,
        (mut seen, tip): (u32, Tip),
        head: &SignedHead,
        at: Timestamp,
    ) -> Result<Vec<u8>, WitnessError> {
        let own = |error: StartError| WitnessError::Unreached(error.to_string());
        let mut told = false;
        loop {
            let (notices, last) = self.batch(seen, tip.size).map_err(own)?;
            let step = match last {
                Some(last) if last.size < tip.size => {
                    let head = LogHead::new(self.issuer.to_owned(), last.size, last.digest, at);
                    &head.sign(self.key).map_err(|error| own(error.into()))?
                }
                _ => head,
            };
            let reached = last.map_or(tip.size, |last| last.size);
            let request = WitnessRequest { head: step.clone(), notices };
            match witness.ask(cbor::encode(&request)).await {
                Ok(signature) if reached == tip.size => return Ok(signature),
                Ok(_) => seen = reached,
                Err(WitnessError::Refused(problem)) => {
                    // It has seen more, or less, than it was taken for.
                    let expected = problem.expected.and_then(|number| u32::try_from(number).ok());
                    let expected = expected
                        .filter(|number| problem.kind() == ProblemKind::Log && *number <= tip.size && !told);
                    seen = expected.ok_or(WitnessError::Refused(problem))?;
                    told = true;
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// The notices after one, as many as a request holds; where the log stands after them, none without a notice.
    fn batch(&self, after: u32, size: u32) -> Result<(Vec<ByteVec>, Option<Tip>), StartError> {
        let (mut notices, mut bytes, mut last) = (Vec::new(), 0, None);
        for number in after + 1..=size {
            let notice = self.log.notice_bytes(number, self.key)?;
            bytes += notice.len();
            if bytes > MAX_BATCH_BYTES && !notices.is_empty() {
                break;
            }
            last = Some(Tip { size: number, digest: self.log.notice(number, self.key)?.digest() });
            notices.push(notice.into());
        }
        Ok((notices, last))
    }
}
