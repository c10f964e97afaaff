//! The core's own HTTP client: reqwest over rustls with a provider and roots of our choice.
//!
//! Calls run on the core's own runtime: an exported async function only spawns here and awaits, so that the caller's
//! loop never does our work, and dropping the call aborts it. No cookies, no redirects, no proxy of the environment,
//! nothing compressed, bounded bodies, a time limit for each phase.

use std::future::Future;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use super::cancel::{Cancel, Hold};
use super::config::Config;
use super::exchange::{Exchange, Step};
use super::notice_exchange::{Fetching, NoticeReport, NoticeStep};
use super::phone::Phone;
use super::reply::{Call, Method, Reply, retry_after};
use super::report::SyncReport;
use crate::error::{HealthcodeError, NetworkKind};
use crate::time::CALL_MILLIS;
use crate::wire::SIGNATURE_HEADER;
use rustls::pki_types::CertificateDer;
use tokio::runtime::Runtime;

/// How long a call may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Limits {
    /// To connect, TLS included.
    connect: Duration,
    /// Between two pieces of a reply, and before the first one.
    read: Duration,
    /// In all.
    whole: Duration,
}

/// A phone's limits.
const LIMITS: Limits = Limits {
    connect: Duration::from_secs(10),
    read: Duration::from_secs(15),
    whole: Duration::from_millis(CALL_MILLIS.unsigned_abs()),
};

/// Runs `work` on the core's own runtime until it ends, is cancelled, the object is closed, or the caller lets go.
pub(crate) async fn run<T: Send + 'static>(
    hold: &Hold,
    cancel: Option<Arc<Cancel>>,
    work: impl Future<Output = Result<T, HealthcodeError>> + Send + 'static,
) -> Result<T, HealthcodeError> {
    let mut task = AbortOnDrop(runtime()?.spawn(hold.until_ended(cancel, work)));
    match (&mut task.0).await {
        Ok(result) => result,
        Err(error) if error.is_cancelled() => Err(HealthcodeError::Cancelled),
        Err(_) => Err(HealthcodeError::internal("panic")),
    }
}

struct AbortOnDrop<T>(tokio::task::JoinHandle<T>);

impl<T> Drop for AbortOnDrop<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

fn runtime() -> Result<&'static Runtime, HealthcodeError> {
    static RUNTIME: OnceLock<Option<Runtime>> = OnceLock::new();
    let make = || {
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        builder.worker_threads(2).thread_name("healthcode").enable_all().build().ok()
    };
    RUNTIME.get_or_init(make).as_ref().ok_or_else(|| HealthcodeError::internal("runtime"))
}

/// Runs an exchange to its end, one at a time a phone.
pub(crate) async fn drive(phone: Arc<Phone>, gate: bool) -> Result<SyncReport, HealthcodeError> {
    let _one_at_a_time = phone.flight.lock().await;
    let result = exchange(&phone, gate).await;
    if let Err(error) = &result {
        Exchange::failed(&phone, error)?;
    }
    result
}

async fn exchange(phone: &Arc<Phone>, gate: bool) -> Result<SyncReport, HealthcodeError> {
    let client = Client::new(&phone.config)?;
    let mut exchange =
        if gate { Exchange::begin_gate(Arc::clone(phone)) } else { Exchange::begin(Arc::clone(phone))? };
    loop {
        match exchange.next()? {
            Step::Done(report) => return Ok(report),
            Step::Send(call) => match client.send(&call).await {
                Ok(reply) => exchange.accept(&reply)?,
                Err(error) => exchange.unanswered(error)?,
            },
        }
    }
}

/// Fetches exposure notices, one at a time a phone, over connections that nothing else uses.
pub(crate) async fn fetch_notices(phone: Arc<Phone>, large: bool) -> Result<NoticeReport, HealthcodeError> {
    let _one_at_a_time = phone.fetching.lock().await;
    let client = Client::new(&phone.config)?;
    let mut fetching = Fetching::begin(Arc::clone(&phone), large)?;
    loop {
        match fetching.next()? {
            NoticeStep::Done { report } => return Ok(report),
            NoticeStep::Send { call } => fetching.accept(&client.send(&call).await?)?,
        }
    }
}

/// A client for one server.
pub(crate) struct Client {
    inner: reqwest::Client,
    server: String,
    cleartext_hosts: Vec<String>,
    #[cfg(test)]
    limits: Limits,
}

impl Client {
    pub(crate) fn new(config: &Config) -> Result<Self, HealthcodeError> {
        Self::with_limits(config, LIMITS)
    }

    fn with_limits(config: &Config, limits: Limits) -> Result<Self, HealthcodeError> {
        check_address(&config.server, &config.cleartext_hosts)?;
        let inner = reqwest::Client::builder()
            .tls_backend_preconfigured(tls(config)?)
            .connect_timeout(limits.connect)
            .read_timeout(limits.read)
            .timeout(limits.whole)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .referer(false)
            .build()
            .map_err(|_| HealthcodeError::internal("http/client"))?;
        let server = config.server.trim_end_matches('/').to_owned();
        Ok(Self {
            inner,
            server,
            cleartext_hosts: config.cleartext_hosts.clone(),
            #[cfg(test)]
            limits,
        })
    }

    pub(crate) async fn send(&self, call: &Call) -> Result<Reply, HealthcodeError> {
        let server = call.server.as_deref().unwrap_or(&self.server);
        if call.server.is_some() {
            check_address(server, &self.cleartext_hosts)?;
        }
        let url = format!("{server}{}", call.path);
        let request = match call.method {
            Method::Get => self.inner.get(url),
            Method::Post => {
                self.inner.post(url).header("Content-Type", "application/json").body(call.body.clone())
            }
        };
        let mut request = request.header("Accept-Encoding", "identity");
        if let Some(signature) = &call.signature {
            request = request.header(SIGNATURE_HEADER, signature);
        }
        let mut response = request.send().await.map_err(|error| failure(&error))?;
        let header = |name: &str| response.headers().get(name).and_then(|value| value.to_str().ok());
        // Who says nothing allows any coding, so identity was asked for: a packed body is not the server's.
        if header("content-encoding").is_some_and(|coding| !coding.eq_ignore_ascii_case("identity")) {
            return Err(HealthcodeError::bad_answer());
        }
        if response.content_length().is_some_and(|length| length > call.limit) {
            return Err(HealthcodeError::bad_answer());
        }
        let mut reply = Reply {
            status: response.status().as_u16(),
            content_type: header("content-type").unwrap_or_default().to_owned(),
            retry_after: header("retry-after").and_then(|wait| retry_after(wait, header("date"))),
            body: Vec::new(),
        };
        while let Some(piece) = response.chunk().await.map_err(|error| failure(&error))? {
            if (reply.body.len() + piece.len()) as u64 > call.limit {
                return Err(HealthcodeError::bad_answer());
            }
            reply.body.extend_from_slice(&piece);
        }
        Ok(reply)
    }
}

/// `https:` always; `http:` to loopback and to the hosts that the configuration names.
fn check_address(server: &str, cleartext_hosts: &[String]) -> Result<(), HealthcodeError> {
    let url = reqwest::Url::parse(server).map_err(|_| HealthcodeError::field("server", "not-a-url"))?;
    let host = url.host_str().unwrap_or_default();
    let loopback = matches!(host, "localhost" | "127.0.0.1" | "[::1]");
    match url.scheme() {
        "https" => Ok(()),
        "http" if loopback || cleartext_hosts.iter().any(|named| named == host) => Ok(()),
        "http" => Err(HealthcodeError::network(NetworkKind::Refused)),
        _ => Err(HealthcodeError::field("server", "not-a-url")),
    }
}

// The provider is named here: a process-wide default would be somebody else's to set, and on Android the client's own
// default panics.
fn tls(config: &Config) -> Result<rustls::ClientConfig, HealthcodeError> {
    let mut roots = rustls::RootCertStore::empty();
    if config.tls_roots.is_empty() {
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    }
    for root in &config.tls_roots {
        let added = roots.add(CertificateDer::from(root.clone()));
        added.map_err(|_| HealthcodeError::field("tls_roots", "not-a-certificate"))?;
    }
    let builder =
        rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|_| HealthcodeError::internal("tls"))?;
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}

fn failure(error: &reqwest::Error) -> HealthcodeError {
    let mut cause: Option<&dyn std::error::Error> = Some(error);
    let (mut tls, mut connection) = (false, false);
    while let Some(inner) = cause {
        tls |= inner.is::<rustls::Error>();
        // An I/O error hides what it carries from `source`, and one may carry another.
        let io = inner.downcast_ref::<std::io::Error>();
        connection |= io.is_some();
        let carried = io.and_then(std::io::Error::get_ref);
        cause = carried.map_or_else(|| inner.source(), |carried| Some(carried));
    }
    HealthcodeError::network(match () {
        () if tls => NetworkKind::Tls,
        () if error.is_timeout() => NetworkKind::Timeout,
        () if error.is_connect() => NetworkKind::Offline,
        () if error.is_decode() || error.is_body() => NetworkKind::BadAnswer,
        // The connection stood. It broke, or what came over it is no HTTP.
        () if connection => NetworkKind::Offline,
        () => NetworkKind::BadAnswer,
    })
}

#[cfg(test)]
#[path = "http_tests.rs"]
mod tests;
