//! The network: a client over a TLS of our choice, driven on a runtime of our own, and an async call at the border that
//! only spawns and awaits.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use rustls::pki_types::CertificateDer;
use tokio::runtime::Runtime;
use tokio::sync::{Mutex, watch};

use crate::{Bare, BareError, Result, Sample};

const LIMIT: Duration = Duration::from_secs(45);
static FLIGHT: Mutex<()> = Mutex::const_new(());

#[uniffi::export]
impl Bare {
    /// Posts the sample's bytes to the address that is its text.
    pub async fn post(&self, sample: Sample) -> Result<Sample> {
        let stop = watch::Sender::new(false);
        if sample.number.is_some() {
            stop.send_replace(true);
        }
        let work = async move {
            tokio::select! {
                biased;
                _ = async { stop.subscribe().wait_for(|stopped| *stopped).await.is_ok() } => Ok(None),
                answer = exchange(sample) => answer.map(Some).map_err(|error| refused(&error)),
            }
        };
        let task = runtime()?.spawn(work);
        let handle = task.abort_handle();
        let answer = task.await.map_err(|error| BareError::of("task")(error.is_cancelled()))?;
        handle.abort();
        answer?.ok_or(()).map_err(BareError::of("stopped"))
    }
}

fn runtime() -> Result<&'static Runtime> {
    static RUNTIME: OnceLock<Option<Runtime>> = OnceLock::new();
    let make = || tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().ok();
    RUNTIME.get_or_init(make).as_ref().ok_or(()).map_err(BareError::of("runtime"))
}

/// Why an exchange failed.
enum Failure {
    Tls,
    Http(reqwest::Error),
}

impl From<reqwest::Error> for Failure {
    fn from(error: reqwest::Error) -> Self {
        Self::Http(error)
    }
}

async fn exchange(mut sample: Sample) -> std::result::Result<Sample, Failure> {
    let _one_at_a_time = FLIGHT.lock().await;
    let tls = tls(&sample.bytes).map_err(|_| Failure::Tls)?;
    let client = reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .connect_timeout(LIMIT)
        .read_timeout(LIMIT)
        .timeout(LIMIT)
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .referer(false)
        .build()?;
    let url = reqwest::Url::parse(&sample.text).map_err(|_| Failure::Tls)?;
    let request = match (url.scheme(), url.host_str()) {
        ("https", Some(_)) => client.get(sample.text),
        _ => client.post(sample.text).header("Content-Type", "application/json").body(sample.bytes),
    };
    let mut response = request.send().await?;
    let kind = response.headers().get("content-type").and_then(|value| value.to_str().ok());
    sample.text = kind.unwrap_or_default().to_owned();
    sample.number = Some(response.status().as_u16().into());
    sample.bytes = Vec::new();
    while let Some(piece) = response.chunk().await? {
        sample.bytes.extend_from_slice(&piece);
    }
    Ok(sample)
}

fn tls(root: &[u8]) -> std::result::Result<rustls::ClientConfig, rustls::Error> {
    let mut roots = rustls::RootCertStore::empty();
    roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    roots.add(CertificateDer::from(root.to_vec()))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder =
        rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}

fn refused(failure: &Failure) -> BareError {
    let what = match failure {
        Failure::Tls => "tls",
        Failure::Http(error) if error.is_timeout() => "timeout",
        Failure::Http(error) if error.is_connect() => "connect",
        Failure::Http(error) if error.is_decode() || error.is_body() => "answer",
        Failure::Http(_) => "http",
    };
    BareError::Refused { what: what.to_owned() }
}
