//! The server alone, until it is told to stop.

use std::io::Write;
use std::sync::Arc;

use healthcode_server::{App, ConsoleGateway, Ports, ServerClock, SystemClock};
use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};

use crate::Failure;
use crate::arguments::Serve;
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
    let config = healthcode_server::Config {
        generation: arguments.generation,
        spread_seconds: arguments.spread,
        ..healthcode_server::Config::hangzhou(&arguments.database, format!("http://{address}"))
    };
    let ports =
        Ports { clock, sms: Arc::new(ConsoleGateway), records: healthcode_server::embedded_records() };
    let app = App::open(config, ports).await.map_err(|error| failed(&error))?;
    let root = app.root_keys().into_iter().next().ok_or_else(|| failed(&"no root key"))?;
    let root = healthcode::token::ids::hex(&root.to_cose());
    if as_json {
        writeln!(out, "{}", json!({"listening": format!("http://{address}"), "root_key": root}))?;
    } else {
        writeln!(out, "listening on http://{address}\nroot key {root}")?;
    }
    out.flush()?;
    let shutdown = async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    };
    app.serve(listener, shutdown).await.map_err(|error| failed(&error))
}

fn log_to_stderr(as_json: bool) {
    let builder = tracing_subscriber::fmt().with_writer(std::io::stderr).with_target(false);
    // A second one in the same process, as in tests, is not installed.
    let _ = if as_json { builder.json().try_init() } else { builder.try_init() };
}
