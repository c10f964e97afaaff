//! The server alone, until it is told to stop.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use healthcode::rules::identity::Region;
use healthcode::rules::text::Text;
use healthcode::token::ids::hex;
use healthcode_server::{App, Config, ConsoleGateway, EmbeddedRecords, Ports, ServerClock, SystemClock};
use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};

use crate::Failure;
use crate::arguments::{IssuerArguments, Serve};
use crate::time::SocketClock;

/// Runs the server until SIGTERM or SIGINT. What was under way is answered first.
pub(crate) fn run(arguments: &Serve, as_json: bool, out: &mut dyn Write) -> Result<(), Failure> {
    log_to_stderr(as_json);
    let clock: Arc<dyn ServerClock> = match &arguments.clock {
        None => Arc::new(SystemClock),
        Some(socket) => Arc::new(
            SocketClock::connect(socket)
                .map_err(|error| Failure::Usage(format!("--clock {}: {error}", socket.display())))?,
        ),
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(serve(arguments, clock, as_json, out))
}

async fn serve(
    arguments: &Serve,
    clock: Arc<dyn ServerClock>,
    as_json: bool,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    let failed = |error: &dyn std::fmt::Display| Failure::Failed(error.to_string());
    // Before anything that can take a signal as "stop now, in the middle".
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let listener = tokio::net::TcpListener::bind(arguments.listen)
        .await
        .map_err(|error| Failure::Failed(format!("--listen {}: {error}", arguments.listen)))?;
    let address = listener.local_addr()?;
    let base_url = arguments.issuer.base_url.clone().unwrap_or_else(|| format!("http://{address}"));
    let config = Config {
        generation: arguments.generation,
        spread_seconds: arguments.spread,
        ..config(&arguments.issuer, &arguments.database, base_url)?
    };
    let witnesses = crate::notice::witnesses(&arguments.issuer.witness)?;
    let ports = Ports {
        clock,
        sms: Arc::new(ConsoleGateway),
        records: match &arguments.records {
            None => healthcode_server::embedded_records(),
            Some(file) => Arc::new(records(file)?),
        },
        witnesses,
    };
    let app = App::open(config, ports).await.map_err(|error| failed(&error))?;
    announce(&app, &address.to_string(), as_json, out)?;
    out.flush()?;
    let shutdown = async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    };
    app.serve(listener, shutdown).await.map_err(|error| failed(&error))
}

/// Public records of a file. They are about people: what is wrong is said without what stands there.
fn records(file: &Path) -> Result<EmbeddedRecords, Failure> {
    let named = |reason: String| Failure::Usage(format!("--records {}: {reason}", file.display()));
    let bytes = std::fs::read(file).map_err(|error| named(error.to_string()))?;
    let wrong = |error: serde_json::Error| {
        named(format!("not public records, at line {}, column {}", error.line(), error.column()))
    };
    EmbeddedRecords::parse(&bytes).map_err(wrong)
}

/// Says where the server listens, and with which root keys an app is built for it.
fn announce(app: &App, address: &str, as_json: bool, out: &mut dyn Write) -> Result<(), Failure> {
    let roots = app.root_set();
    let keys: Vec<_> = app.root_keys().iter().map(|key| hex(&key.to_cose())).collect();
    if as_json {
        let line = json!({
            "listening": format!("http://{address}"), "root_key": keys.first(), "root_keys": keys,
            "root_version": roots.as_ref().map(|roots| roots.version),
            "root_threshold": roots.as_ref().map(|roots| roots.threshold),
        });
        writeln!(out, "{line}")?;
        return Ok(());
    }
    writeln!(out, "listening on http://{address}")?;
    for key in &keys {
        writeln!(out, "root key {key}")?;
    }
    match roots {
        None => writeln!(out, "no trust list yet: it is served once it lies where it is followed")?,
        Some(roots) if roots.version > 1 || keys.len() > 1 => {
            writeln!(out, "root version {}, {} of {} keys", roots.version, roots.threshold, keys.len())?;
        }
        Some(_) => {}
    }
    Ok(())
}

/// The configuration of an issuer: one that the server knows, or one that is described whole.
fn config(arguments: &IssuerArguments, database: &Path, base_url: String) -> Result<Config, Failure> {
    let IssuerArguments { issuer_id, issuer_name_zh: zh, issuer_name_en: en, region, .. } = arguments;
    let known = match issuer_id.as_str() {
        "hangzhou" => Config::hangzhou(database, base_url),
        "shenzhen" => Config::shenzhen(database, base_url),
        _ if zh.is_none() || en.is_none() || region.is_none() => {
            let needs = "--issuer-id: another issuer needs --issuer-name-zh, --issuer-name-en and --region";
            return Err(Failure::Usage(needs.to_owned()));
        }
        id => Config { issuer: id.to_owned(), ..Config::hangzhou(database, base_url) },
    };
    if !(1..=64).contains(&issuer_id.len()) {
        return Err(Failure::Usage("--issuer-id: 1 to 64 characters".to_owned()));
    }
    let region = region.unwrap_or(known.region);
    Region::from_code(region).map_err(|_| Failure::Usage("--region: no region of GB/T 2260".to_owned()))?;
    let name = Text::new(zh.as_deref().unwrap_or(&known.name.zh), en.as_deref().unwrap_or(&known.name.en));
    Ok(Config {
        name,
        region,
        peer_files: arguments.peer.clone(),
        trust_list: arguments.follow.clone(),
        policies: arguments.policies.clone(),
        status_ttl: arguments.status_ttl,
        ..known
    })
}

fn log_to_stderr(as_json: bool) {
    let builder = tracing_subscriber::fmt().with_writer(std::io::stderr).with_target(false);
    // A second one in the same process, as in tests, is not installed.
    let _ = if as_json { builder.json().try_init() } else { builder.try_init() };
}
