//! A second issuer: Shenzhen, which signs for the log of Hangzhou.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use axum::body::Body;
use axum::http::{Request, header};
use healthcode::rules::rulebook::Rulebook;
use healthcode::token::notice::{LogError, LogHead, SignedHead};
use healthcode::wire::message::{ISSUER_PATH, NOTICE_HEAD_PATH, NOTICE_PATH_PREFIX, WITNESS_PATH};
use healthcode_server::{App, Config, NoticeDraft, Witness, WitnessError};
use serde_json::{Value, json};
use tower::ServiceExt as _;

use super::phone::ISSUER;
use super::{Answer, Server};

/// A second issuer's router without a socket; what went to it, and whether it is reached.
pub(crate) struct Second {
    pub(crate) app: Mutex<Option<App>>,
    pub(crate) reached: AtomicBool,
    /// It signs, and its answer is lost.
    pub(crate) deaf: AtomicBool,
    pub(crate) asked: Mutex<Vec<Vec<u8>>>,
}

#[async_trait]
impl Witness for Second {
    async fn ask(&self, request: Vec<u8>) -> Result<Vec<u8>, WitnessError> {
        if !self.reached.load(Ordering::SeqCst) {
            return Err(WitnessError::Unreached("the line is cut".to_owned()));
        }
        self.asked.lock().unwrap().push(request.clone());
        let app = self.app.lock().unwrap().clone().unwrap();
        let answer = post(&app, request).await;
        if self.deaf.load(Ordering::SeqCst) {
            return Err(WitnessError::Unreached("the answer is lost".to_owned()));
        }
        match answer.status {
            200 => Ok(answer.body),
            _ => Err(WitnessError::Refused(Box::new(answer.json()))),
        }
    }
}

pub(crate) async fn post(app: &App, body: Vec<u8>) -> Answer {
    let request = Request::post(WITNESS_PATH).header(header::CONTENT_TYPE, "application/cbor");
    let response = app.router().oneshot(request.body(Body::from(body)).unwrap()).await.unwrap();
    let (parts, body) = response.into_parts();
    let body = axum::body::to_bytes(body, usize::MAX).await.unwrap().to_vec();
    Answer { status: parts.status.as_u16(), headers: parts.headers, body }
}

/// Hangzhou, which publishes, and Shenzhen, which signs for it: each has the other in its list.
pub(crate) struct Pair {
    pub(crate) hangzhou: Server,
    pub(crate) shenzhen: Server,
    pub(crate) second: Arc<Second>,
}

pub(crate) async fn pair() -> Pair {
    let mut shenzhen = Server::start_with(|config| {
        *config = Config::shenzhen(&config.database, "http://127.0.0.1:2".to_owned());
    })
    .await;
    let second = Arc::new(Second {
        app: Mutex::new(None),
        reached: AtomicBool::new(true),
        deaf: AtomicBool::new(false),
        asked: Mutex::default(),
    });
    let mut hangzhou = Server::start().await;
    hangzhou.config.peers = vec![shenzhen.get(ISSUER_PATH).await.body];
    shenzhen.config.peers = vec![hangzhou.get(ISSUER_PATH).await.body];
    shenzhen.restart().await;
    *second.app.lock().unwrap() = Some(shenzhen.app.clone());
    hangzhou.witnesses = vec![second.clone()];
    hangzhou.restart().await;
    Pair { hangzhou, shenzhen, second }
}

pub(crate) fn train() -> Value {
    json!({"region": "330100", "withdraws": [], "classes": [{
        "kind": "train", "rule": "exposure-near", "minutes": 15, "apart": 1,
        "from": "2020-02-05", "until": "2020-02-19",
        "records": [{"number": "G7315", "date": "2020-02-03", "begins": "2020-02-03T10:00",
            "ends": "2020-02-03T12:10", "places": [6, 8]}],
    }]})
}

pub(crate) fn draft(json: &Value) -> NoticeDraft {
    NoticeDraft::read(&serde_json::to_vec(json).unwrap(), &Rulebook::hangzhou_2020()).unwrap()
}

pub(crate) fn withdrawal(number: u32) -> NoticeDraft {
    draft(&json!({"region": "330100", "withdraws": [number]}))
}

pub(crate) async fn head(server: &Server) -> Result<LogHead, LogError> {
    let bytes = server.get(NOTICE_HEAD_PATH).await.body;
    SignedHead::parse(&bytes).unwrap().open(ISSUER, &server.trust().await)
}

pub(crate) async fn notice(server: &Server, number: u32) -> Vec<u8> {
    let answer = server.get(&format!("{NOTICE_PATH_PREFIX}{number}.cbor")).await;
    assert_eq!(answer.status, 200);
    answer.body
}

pub(crate) async fn publish(pair: &Pair, json: &Value) -> u32 {
    let published = pair.hangzhou.app.publish_notice(&draft(json)).await.unwrap();
    assert_eq!(published.waits, None);
    published.number
}
