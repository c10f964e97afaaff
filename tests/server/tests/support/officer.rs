//! Officers at the level of the wire.

use axum::body::Body;
use axum::http::{Request, header};
use healthcode::rules::calendar::Timestamp;
use healthcode::rules::colour::Colour;
use healthcode::rules::identity::Identity;
use healthcode::rules::text::Text;
use healthcode::token::ids::{OrderId, SubjectId};
use healthcode::token::{Signer as _, SoftwareKey};
use healthcode::wire::act::Whom;
use healthcode::wire::message::OFFICER_PATH;
use healthcode::wire::{Act, OfficerRequest};
use healthcode_server::{LogEntry, OfficerRole, Operator, ServerClock as _};
use serde_json::Value;

use super::phone::{Phone, key};
use super::{Answer, Server, february};

/// An officer.
pub(crate) struct Officer {
    pub(crate) key: SoftwareKey,
    requests: u8,
}

impl Officer {
    /// An officer who is registered with these roles.
    pub(crate) fn with(server: &Server, seed: u8, name: &str, roles: &[OfficerRole]) -> Self {
        let officer = Self::stranger(seed);
        operator(server).register_officer(&officer.key.public_key(), name, roles).unwrap();
        officer
    }

    /// Somebody with a key of their own.
    pub(crate) fn stranger(seed: u8) -> Self {
        Self { key: key(seed), requests: 0 }
    }

    /// The next request of now.
    pub(crate) fn request(&mut self, server: &Server, act: Act) -> OfficerRequest {
        self.requests = self.requests.wrapping_add(1);
        let mut request = self.key.public_key().thumbprint()[..16].to_vec();
        request[15] = self.requests;
        OfficerRequest {
            request: request.try_into().unwrap(),
            at: Timestamp::from_seconds(server.clock.now().seconds()),
            audience: server.config.issuer.clone(),
            act,
            note: Some("你好 hello".to_owned()),
        }
    }

    pub(crate) fn sign(&self, request: &OfficerRequest) -> Vec<u8> {
        request.sign(&self.key).unwrap()
    }

    /// Does it; the answer.
    pub(crate) async fn ask(&mut self, server: &Server, act: Act) -> Answer {
        let request = self.request(server, act);
        send(server, self.sign(&request)).await
    }

    /// Does it, and it succeeds; the answer's JSON.
    pub(crate) async fn done(&mut self, server: &Server, act: Act) -> Value {
        let answer = self.ask(server, act).await;
        assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
        assert_eq!(answer.headers.get("cache-control").unwrap(), "no-store");
        answer.json()
    }

    /// Does it, and it does not succeed; kind and place of the problem.
    pub(crate) async fn refused(&mut self, server: &Server, act: Act) -> (String, Option<String>) {
        let (_, word, field) = self.ask(server, act).await.problem();
        (word, field)
    }
}

/// Sends signed bytes.
pub(crate) async fn send(server: &Server, signed: Vec<u8>) -> Answer {
    let request = Request::post(OFFICER_PATH).header(header::CONTENT_TYPE, "application/cbor");
    server.call(request.body(Body::from(signed)).unwrap()).await
}

pub(crate) fn operator(server: &Server) -> Operator {
    Operator::of(&server.config.database)
}

/// The log, verified.
pub(crate) fn log(server: &Server) -> Vec<LogEntry> {
    operator(server).officers_log().unwrap()
}

/// The acts in the log about a person, in order.
pub(crate) fn logged(server: &Server, subject: SubjectId) -> Vec<&'static str> {
    log(server).into_iter().filter(|entry| entry.subject == Some(subject)).map(|entry| entry.act).collect()
}

pub(crate) fn at_counter(identity: &Identity) -> Whom {
    Whom::Document(identity.document.clone())
}

/// An order from the day of the server's start on.
pub(crate) fn order(whom: Whom, colour: Colour, days: u16) -> Act {
    let cause = Text::new("与病例同住", "Lives with a case");
    Act::Order { whom, colour, starts_on: february(11), days, cause }
}

pub(crate) fn order_of(answer: &Value) -> OrderId {
    OrderId::parse(answer["order"].as_str().unwrap()).unwrap()
}

/// Two officers who may order.
pub(crate) fn two(server: &Server) -> (Officer, Officer) {
    let orders = [OfficerRole::Orders];
    (Officer::with(server, 50, "甲", &orders), Officer::with(server, 51, "乙", &orders))
}

/// Whom an act is about: who has this phone.
pub(crate) fn whom(phone: &Phone) -> Whom {
    Whom::Subject(phone.subject)
}
