//! An authority's server in this process, on a free loopback port.

use std::net::SocketAddr;
use std::sync::Arc;

use healthcode_server::{App, Config, Ports, Witness};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::scene::failed;
use crate::Failure;

/// A server that stops and comes back, at the same address and over the same database.
pub(super) struct Server {
    pub(super) config: Config,
    ports: Ports,
    address: SocketAddr,
    running: Option<Running>,
}

struct Running {
    app: App,
    stop: oneshot::Sender<()>,
    served: JoinHandle<std::io::Result<()>>,
}

impl Server {
    /// Starts one; `config` is told the root of its interface.
    pub(super) fn start(
        runtime: &Runtime,
        ports: Ports,
        config: impl FnOnce(String) -> Config,
    ) -> Result<Self, Failure> {
        let listener = runtime.block_on(TcpListener::bind(("127.0.0.1", 0)))?;
        let address = listener.local_addr()?;
        let mut server = Self { config: config(format!("http://{address}")), ports, address, running: None };
        server.serve(runtime, listener)?;
        Ok(server)
    }

    fn serve(&mut self, runtime: &Runtime, listener: TcpListener) -> Result<(), Failure> {
        let app = runtime.block_on(App::open(self.config.clone(), self.ports.clone())).map_err(failed)?;
        let (stop, stopped) = oneshot::channel();
        let shutdown = async move {
            // A stage that is gone stops its server too.
            let _ = stopped.await;
        };
        let served = runtime.spawn(app.clone().serve(listener, shutdown));
        self.running = Some(Running { app, stop, served });
        Ok(())
    }

    /// Where it listens.
    pub(super) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// From the next start on another authority signs for its log of exposure notices.
    pub(super) fn witnessed_by(&mut self, witness: Arc<dyn Witness>) {
        self.ports.witnesses = vec![witness];
    }

    /// What runs.
    pub(super) fn app(&self) -> Result<&App, Failure> {
        self.running.as_ref().map(|running| &running.app).ok_or_else(|| failed("the server does not run"))
    }

    /// It goes away, gracefully, as in a maintenance.
    pub(super) fn stop(&mut self, runtime: &Runtime) -> Result<(), Failure> {
        let Some(Running { stop, served, .. }) = self.running.take() else { return Ok(()) };
        let _ = stop.send(());
        runtime.block_on(served).map_err(failed)?.map_err(failed)
    }

    /// It comes back.
    pub(super) fn restart(&mut self, runtime: &Runtime) -> Result<(), Failure> {
        self.stop(runtime)?;
        let listener = runtime.block_on(TcpListener::bind(self.address))?;
        self.serve(runtime, listener)
    }
}
