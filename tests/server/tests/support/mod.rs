//! A server in this process, its router called without a socket, in virtual time; and a phone at the level of the
//! wire, which can do what no real phone does. Every object that the server signs is verified against its trust list.

#![allow(dead_code, reason = "each test file uses its own part")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

pub(crate) mod family;
pub(crate) mod keeper;
pub(crate) mod officer;
pub(crate) mod phone;
pub(crate) mod second;

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{HeaderMap, Request, header};
use healthcode::rules::calendar::{LegalDate, Timestamp};
use healthcode::rules::facts::{CaseRecord, OpenOrder};
use healthcode::rules::identity::{Document, Identity};
use healthcode::rules::rulebook::Rulebook;
use healthcode::token::{PublicKey, RootSet, TrustList};
use healthcode::wire::SIGNATURE_HEADER;
use healthcode_server::{
    App, Config, EmbeddedRecords, PersonRecord, Ports, PublicRecords, RecordsUnavailable, ServerClock,
    SmsGateway, StartError, Witness, embedded_records, family_records,
};
use tower::ServiceExt as _;

/// A clock that stands until it is set.
pub(crate) struct Clock(AtomicI64);

impl ServerClock for Clock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::SeqCst))
    }
}

/// Keeps every message.
#[derive(Default)]
pub(crate) struct Messages(Mutex<Vec<(String, String)>>);

impl SmsGateway for Messages {
    fn send(&self, to: &str, code: &str) {
        self.0.lock().unwrap().push((to.to_owned(), code.to_owned()));
    }
}

/// The embedded records, which can fall silent, break, or learn of a case.
pub(crate) struct Register {
    people: Arc<EmbeddedRecords>,
    pub(crate) silent: AtomicBool,
    pub(crate) broken: AtomicBool,
    pub(crate) case: Mutex<Option<CaseRecord>>,
    /// Orders in force that the records know of everybody.
    pub(crate) orders: Mutex<Vec<OpenOrder>>,
}

impl Register {
    fn answer(&self, person: Option<PersonRecord>) -> Result<Option<PersonRecord>, RecordsUnavailable> {
        assert!(!self.broken.load(Ordering::SeqCst), "a fault of the port that names 11010519491231002X");
        if self.silent.load(Ordering::SeqCst) {
            return Err(RecordsUnavailable);
        }
        Ok(person.map(|mut person| {
            person.records.cases.extend(self.case.lock().unwrap().clone());
            person.records.orders.extend(self.orders.lock().unwrap().clone());
            person
        }))
    }
}

#[async_trait]
impl PublicRecords for Register {
    async fn find(&self, document: &Document) -> Result<Option<PersonRecord>, RecordsUnavailable> {
        self.answer(self.people.find(document).await?)
    }

    async fn get(&self, key: &str) -> Result<Option<PersonRecord>, RecordsUnavailable> {
        self.answer(self.people.get(key).await?)
    }
}

/// What came back.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn json<T: serde::de::DeserializeOwned>(&self) -> T {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|_| panic!("{}: {}", self.status, String::from_utf8_lossy(&self.body)))
    }

    /// Status, kind and place of a problem.
    pub(crate) fn problem(&self) -> (u16, String, Option<String>) {
        assert_eq!(self.headers.get(header::CONTENT_TYPE).unwrap(), "application/problem+json");
        let problem: serde_json::Value = self.json();
        assert_eq!(problem["status"], self.status);
        let word = problem["type"].as_str().unwrap().trim_start_matches("problems/").to_owned();
        (self.status, word, problem["field"].as_str().map(str::to_owned))
    }
}

/// A server that can be started again over its files.
pub(crate) struct Server {
    pub(crate) folder: Arc<tempfile::TempDir>,
    pub(crate) config: Config,
    pub(crate) clock: Arc<Clock>,
    pub(crate) messages: Arc<Messages>,
    pub(crate) register: Arc<Register>,
    /// The second issuers of the next start.
    pub(crate) witnesses: Vec<Arc<dyn Witness>>,
    pub(crate) app: App,
}

impl Server {
    /// A server of 11 February 2020, 09:00.
    pub(crate) async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    pub(crate) async fn start_with(set: impl FnOnce(&mut Config)) -> Self {
        Self::start_among(embedded_records(), set).await
    }

    /// A server whose people are a family: 孙七 has guardians and no number on record, 赵六 neither.
    pub(crate) async fn start_family() -> Self {
        Self::start_among(family_records(), |_| {}).await
    }

    async fn start_among(people: Arc<EmbeddedRecords>, set: impl FnOnce(&mut Config)) -> Self {
        let folder = Arc::new(tempfile::TempDir::new().unwrap());
        let mut config = Config::hangzhou(&folder.path().join("server.db"), "http://127.0.0.1:1".to_owned());
        set(&mut config);
        let clock = Arc::new(Clock(AtomicI64::new(at(11, 9, 0).millis())));
        let register = Arc::new(Register {
            people,
            silent: AtomicBool::new(false),
            broken: AtomicBool::new(false),
            case: Mutex::new(None),
            orders: Mutex::default(),
        });
        let messages = Arc::new(Messages::default());
        let app = open(&config, &clock, &messages, &register, &[]).await.unwrap();
        Self { folder, config, clock, messages, register, witnesses: Vec::new(), app }
    }

    /// The same files, opened by a server that starts now. The old one is gone.
    pub(crate) async fn restart(&mut self) {
        self.app = self.reopened().await.unwrap();
    }

    pub(crate) async fn reopened(&self) -> Result<App, StartError> {
        open(&self.config, &self.clock, &self.messages, &self.register, &self.witnesses).await
    }

    pub(crate) fn go_to(&self, day: u32, hour: u16, minute: u16) {
        self.set(at(day, hour, minute));
    }

    pub(crate) fn set(&self, now: Timestamp) {
        self.clock.0.store(now.millis(), Ordering::SeqCst);
    }

    /// The messages so far: to whom, and the code.
    pub(crate) fn sent(&self) -> Vec<(String, String)> {
        self.messages.0.lock().unwrap().clone()
    }

    pub(crate) fn last_code(&self) -> String {
        self.sent().last().unwrap().1.clone()
    }

    pub(crate) fn roots(&self) -> RootSet {
        self.app.root_set().unwrap()
    }

    pub(crate) fn root_key(&self) -> PublicKey {
        self.app.root_keys().remove(0)
    }

    pub(crate) async fn trust(&self) -> TrustList {
        TrustList::open(&self.app.trust_list().await.unwrap(), &self.roots(), 0).unwrap()
    }

    pub(crate) async fn call(&self, request: Request<Body>) -> Answer {
        let response = self.app.router().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = axum::body::to_bytes(body, usize::MAX).await.unwrap().to_vec();
        Answer { status: parts.status.as_u16(), headers: parts.headers, body }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.call(Request::get(path).body(Body::empty()).unwrap()).await
    }

    pub(crate) async fn post(&self, path: &str, signature: &str, body: Vec<u8>) -> Answer {
        self.post_from(path, signature, body, None).await
    }

    pub(crate) async fn post_from(
        &self,
        path: &str,
        signature: &str,
        body: Vec<u8>,
        from: Option<SocketAddr>,
    ) -> Answer {
        let mut request = Request::post(path)
            .header(header::CONTENT_TYPE, "application/json")
            .header(SIGNATURE_HEADER, signature)
            .body(Body::from(body))
            .unwrap();
        if let Some(from) = from {
            request.extensions_mut().insert(ConnectInfo(from));
        }
        self.call(request).await
    }
}

async fn open(
    config: &Config,
    clock: &Arc<Clock>,
    messages: &Arc<Messages>,
    register: &Arc<Register>,
    witnesses: &[Arc<dyn Witness>],
) -> Result<App, StartError> {
    let ports = Ports {
        clock: clock.clone(),
        sms: messages.clone(),
        records: register.clone(),
        witnesses: witnesses.to_vec(),
    };
    App::open(config.clone(), ports).await
}

/// An instant of February 2020 in the rulebook's legal calendar; days go on into March.
pub(crate) fn at(day: u32, hour: u16, minute: u16) -> Timestamp {
    Rulebook::hangzhou_2020().offset_minutes.at(february(day), hour * 60 + minute)
}

/// A day of February 2020; the 30th is the first of March.
pub(crate) fn february(day: u32) -> LegalDate {
    LegalDate::from_ymd(2020, 2, 1).unwrap().plus_days(i32::try_from(day).unwrap() - 1)
}

fn identity(name: &str, number: &str, phone: &str) -> Identity {
    serde_json::from_value(serde_json::json!({
        "name": name, "document": {"kind": "resident-id", "number": number}, "phone": phone, "region": "330100",
    }))
    .unwrap()
}

pub(crate) fn zhang_san() -> Identity {
    identity("张三", "11010519491231002X", "+8613800138000")
}

pub(crate) fn li_si() -> Identity {
    identity("李四", "440524188001010014", "+8613900139000")
}

/// Who has no number on record: the phone that is named is of whoever asks.
pub(crate) fn sun_qi() -> Identity {
    identity("孙七", "330185199301101152", "+8613800138000")
}

pub(crate) fn zhao_liu() -> Identity {
    identity("赵六", "330102197508204626", "+8613800138000")
}

pub(crate) fn wang_wu() -> Identity {
    identity("王五", "330106198803152718", "+8613700137001")
}
