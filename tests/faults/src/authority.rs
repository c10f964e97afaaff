//! The reference server in this process, its router called without a socket, in virtual time.

use std::path::Path;
use std::sync::{Arc, Mutex};

use axum::body::Body;
use axum::http::{Request, header};
use healthcode::sync::{Call, Method, Reply};
use healthcode::token::{RootSet, TrustList};
use healthcode::wire::SIGNATURE_HEADER;
use healthcode_cli::time::World;
use healthcode_server::{App, Config, Ports, SmsGateway, embedded_records};
use tokio::runtime::Runtime;
use tower::ServiceExt as _;

use crate::files;

/// Keeps the last code.
#[derive(Default)]
struct LastCode(Mutex<String>);

impl SmsGateway for LastCode {
    fn send(&self, _: &str, code: &str) {
        code.clone_into(&mut self.0.lock().unwrap());
    }
}

/// A server over its files.
pub struct Authority {
    config: Config,
    world: World,
    codes: Arc<LastCode>,
    runtime: Runtime,
    app: Option<App>,
}

impl Authority {
    /// Opens the server whose database lies in this folder, made if there is none.
    pub fn open(folder: &Path, world: &World) -> Self {
        let config = Config::hangzhou(&folder.join("server.db"), "http://127.0.0.1:1".to_owned());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let codes = Arc::new(LastCode::default());
        let mut authority = Self { config, world: world.clone(), codes, runtime, app: None };
        authority.start();
        authority
    }

    fn start(&mut self) {
        let ports = Ports {
            clock: Arc::new(self.world.clone()),
            sms: self.codes.clone(),
            records: embedded_records(),
            witnesses: Vec::new(),
        };
        self.app = Some(self.runtime.block_on(App::open(self.config.clone(), ports)).unwrap());
    }

    /// Ends as an operator ends it, and starts again over the same files.
    pub fn restart(&mut self) {
        self.app = None;
        self.start();
    }

    /// Is killed, its log torn by so many bytes, and starts again over what is left.
    pub fn kill(&mut self, torn: u16) {
        let aside = self.database().with_extension("killed");
        files::copy_at_once(self.database(), &aside, torn);
        self.app = None;
        self.put_back(&aside);
        files::remove(&aside);
    }

    /// Copies the database as it is now: a backup.
    pub fn copy_to(&self, backup: &Path) {
        files::copy_at_once(self.database(), backup, 0);
    }

    /// Starts over a backup, with the keys of now.
    pub fn restore(&mut self, backup: &Path) {
        self.app = None;
        self.put_back(backup);
    }

    fn put_back(&mut self, from: &Path) {
        files::remove(&self.config.database);
        files::copy_at_once(from, &self.config.database.clone(), 0);
        self.start();
    }

    /// The database.
    pub fn database(&self) -> &Path {
        &self.config.database
    }

    fn app(&self) -> &App {
        self.app.as_ref().expect("it is up")
    }

    /// The root key that an app is built with.
    pub fn root_key(&self) -> Vec<u8> {
        self.app().root_keys().remove(0).to_cose()
    }

    /// The trust list that it publishes, verified.
    pub fn trust(&self) -> TrustList {
        let roots = RootSet::embedded(1, 1, self.app().root_keys());
        let list = self.runtime.block_on(self.app().trust_list()).unwrap();
        TrustList::open(&list, &roots, 0).unwrap()
    }

    /// The code that was sent last.
    pub fn last_code(&self) -> String {
        self.codes.0.lock().unwrap().clone()
    }

    /// Answers a call.
    pub fn answer(&self, call: &Call) -> Reply {
        let mut request = match call.method {
            Method::Get => Request::get(&call.path),
            Method::Post => Request::post(&call.path).header(header::CONTENT_TYPE, "application/json"),
        };
        if let Some(signature) = &call.signature {
            request = request.header(SIGNATURE_HEADER, signature);
        }
        let request = request.body(Body::from(call.body.clone())).unwrap();
        self.runtime.block_on(async {
            let response = self.app().router().oneshot(request).await.unwrap();
            let (parts, body) = response.into_parts();
            let header = |name: header::HeaderName| {
                let value = parts.headers.get(name).and_then(|value| value.to_str().ok());
                value.unwrap_or_default().to_owned()
            };
            let body = axum::body::to_bytes(body, usize::MAX).await.unwrap().to_vec();
            Reply {
                status: parts.status.as_u16(),
                content_type: header(header::CONTENT_TYPE),
                retry_after: header(header::RETRY_AFTER).parse().ok(),
                body,
            }
        })
    }
}

/// Copies what lies beside a server's database: its keys, and which life it is in.
pub fn copy_companions(from: &Path, to: &Path) {
    for end in ["keys", "life"] {
        std::fs::copy(from.with_extension(end), to.with_extension(end)).unwrap();
    }
}
