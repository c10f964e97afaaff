//! A phone at the level of the wire: it signs what it is told to, also what no real phone would.

use healthcode::rules::calendar::Timestamp;
use healthcode::rules::colour::Colour;
use healthcode::rules::declaration::Declaration;
use healthcode::rules::identity::Identity;
use healthcode::time::Evidence;
use healthcode::token::ids::{BootSession, OperationId, OrderId, SegmentId, SubjectId};
use healthcode::token::{
    ActNotice, Anchor, AppealNotice, GateToken, Judgement, KeyNotice, Order, PaperNotice, RatingReceipt,
    Release, ServedNotice, Signer as _, SoftwareKey,
};
use healthcode::wire::link::Head;
use healthcode::wire::message::{
    ANCHOR_PATH, CONFIRM_PATH, CareRequest, ChangeKind, ENROLMENTS_PATH, Enrolled, EnrolmentConfirmation,
    EnrolmentRequest, EnrolmentStarted, LinkedOperation, OutcomeKind, SYNC_PATH, SyncRequest, SyncResponse,
};
use healthcode::wire::{Bytes, CheckIn, Link, Operation, OperationBody, Receipt, RequestClaims};

use super::{Answer, Server, february};

pub(crate) const ISSUER: &str = "hangzhou";

/// A phone that has enrolled.
pub(crate) struct Phone {
    pub(crate) key: SoftwareKey,
    pub(crate) subject: SubjectId,
    pub(crate) enrolled: Enrolled,
    pub(crate) segment: SegmentId,
    pub(crate) next: u64,
    pub(crate) head: Head,
    pub(crate) cursor: Option<String>,
    pub(crate) token: Option<GateToken>,
    /// Names the boot session.
    pub(crate) boot: u8,
    /// What has surely passed: the time of the last anchor.
    pub(crate) known: Timestamp,
    /// The boot session in which that was.
    pub(crate) known_boot: u8,
    pub(crate) orders: Vec<Order>,
    pub(crate) releases: Vec<Release>,
    pub(crate) ratings: Vec<RatingReceipt>,
    pub(crate) judgements: Vec<Judgement>,
    pub(crate) notices: Vec<KeyNotice>,
    pub(crate) papers: Vec<PaperNotice>,
    pub(crate) acts: Vec<ActNotice>,
    pub(crate) appeals: Vec<AppealNotice>,
    pub(crate) served: Vec<ServedNotice>,
    pub(crate) waiting: Vec<LinkedOperation>,
    salt: u8,
}

/// What one exchange told of each operation: what became of it, the kind of its problem, its field, `expected`.
pub(crate) type Told = (OutcomeKind, Option<String>, Option<String>, Option<u64>);

pub(crate) fn key(seed: u8) -> SoftwareKey {
    SoftwareKey::from_seed(&[seed; 32])
}

/// What a notice calls a key.
pub(crate) trait KeyName {
    fn public_key_id(&self) -> Vec<u8>;
}

impl KeyName for SoftwareKey {
    fn public_key_id(&self) -> Vec<u8> {
        self.public_key().id().to_vec()
    }
}

pub(crate) fn sign(key: &SoftwareKey, path: &str, body: &[u8], subject: Option<SubjectId>) -> String {
    sign_for(ISSUER, key, path, body, subject)
}

pub(crate) fn sign_for(
    issuer: &str,
    key: &SoftwareKey,
    path: &str,
    body: &[u8],
    subject: Option<SubjectId>,
) -> String {
    RequestClaims::new(path, body, issuer, [7; 16], subject).sign(key).unwrap()
}

/// Asks for a code.
pub(crate) async fn ask(server: &Server, key: &SoftwareKey, identity: &Identity) -> Answer {
    ask_with(server, key, identity, None).await
}

pub(crate) async fn ask_with(
    server: &Server,
    key: &SoftwareKey,
    identity: &Identity,
    care: Option<CareRequest>,
) -> Answer {
    let request =
        EnrolmentRequest { identity: identity.clone(), key: key.public_key().to_cose().into(), care };
    let body = serde_json::to_vec(&request).unwrap();
    let signature = sign_for(&server.config.issuer, key, ENROLMENTS_PATH, &body, None);
    server.post(ENROLMENTS_PATH, &signature, body).await
}

/// Confirms one.
pub(crate) async fn confirm(server: &Server, key: &SoftwareKey, session: &Bytes, code: &str) -> Answer {
    let request = EnrolmentConfirmation { session: session.clone(), code: code.to_owned() };
    let body = serde_json::to_vec(&request).unwrap();
    let signature = sign_for(&server.config.issuer, key, CONFIRM_PATH, &body, None);
    server.post(CONFIRM_PATH, &signature, body).await
}

impl Phone {
    pub(crate) async fn enrol(server: &Server, identity: &Identity, seed: u8) -> Self {
        let key = key(seed);
        let started: EnrolmentStarted = ask(server, &key, identity).await.json();
        let enrolled: Enrolled = confirm(server, &key, &started.session, &server.last_code()).await.json();
        Self::of(enrolled, key, seed)
    }

    /// A phone whose key is a subject's now.
    pub(crate) fn of(enrolled: Enrolled, key: SoftwareKey, seed: u8) -> Self {
        Self {
            subject: enrolled.subject,
            segment: SegmentId([seed; 8]),
            next: 0,
            head: enrolled.head.0.as_slice().try_into().unwrap(),
            cursor: None,
            token: None,
            boot: 1,
            known: super::at(11, 8, 0),
            known_boot: 1,
            orders: Vec::new(),
            releases: Vec::new(),
            ratings: Vec::new(),
            judgements: Vec::new(),
            notices: Vec::new(),
            papers: Vec::new(),
            acts: Vec::new(),
            appeals: Vec::new(),
            served: Vec::new(),
            waiting: Vec::new(),
            salt: 0,
            key,
            enrolled,
        }
    }

    pub(crate) fn key_id(&self) -> [u8; 8] {
        self.key.public_key().id()
    }

    /// The evidence of an instant, as it is now.
    pub(crate) fn evidence(&self, now: Timestamp) -> Evidence {
        let booted = super::at(11, 8, 0);
        Evidence {
            // In the boot session of the last anchor the boot clock has counted on.
            lower_bound: if self.boot == self.known_boot { now.max(self.known) } else { self.known },
            session: BootSession([self.boot; 8]),
            boot_millis: now.since(booted),
            anchor: None,
        }
    }

    pub(crate) fn operation(&mut self, body: &OperationBody, evidence: Evidence) -> Operation {
        self.salt += 1;
        Operation::make(body, evidence, [self.salt; 16], &self.key).unwrap()
    }

    /// The next link.
    pub(crate) fn link(&mut self, operation: OperationId) -> Bytes {
        let link = Link { segment: self.segment, sequence: self.next, previous: self.head, operation };
        self.next += 1;
        self.head = link.digest();
        link.sign(&self.key).unwrap().into()
    }

    /// Puts an operation among what waits; also what it is called.
    pub(crate) fn record(&mut self, body: &OperationBody, evidence: Evidence) -> OperationId {
        let operation = self.operation(body, evidence);
        let link = self.link(operation.id);
        self.waiting.push(LinkedOperation { operation: operation.bytes.into(), link });
        operation.id
    }

    pub(crate) fn tap(&mut self, now: Timestamp) -> OperationId {
        let order = self.orders.last().map(|order| order.order);
        self.tap_under(now, order, &[])
    }

    pub(crate) fn tap_under(
        &mut self,
        now: Timestamp,
        order: Option<OrderId>,
        symptoms: &[&str],
    ) -> OperationId {
        let symptoms = symptoms.iter().map(|symptom| (*symptom).to_owned()).collect();
        let evidence = self.evidence(now);
        self.record(&OperationBody::CheckIn(CheckIn { symptoms, order }), evidence)
    }

    pub(crate) fn declare(&mut self, server: &Server, declaration: Declaration) -> OperationId {
        let evidence = self.evidence(super::ServerClock::now(&*server.clock));
        self.record(&OperationBody::Declaration(declaration), evidence)
    }

    pub(crate) fn request(&self, server: &Server) -> SyncRequest {
        SyncRequest {
            evidence: self.evidence(super::ServerClock::now(&*server.clock)),
            cursor: self.cursor.clone(),
            token: self.token.as_ref().map(|token| token.id.to_vec().into()),
            operations: self.waiting.clone(),
            recovered: Vec::new(),
            recovered_after: None,
            more_recovered: false,
        }
    }

    pub(crate) async fn send(&self, server: &Server, request: &SyncRequest) -> Answer {
        let body = serde_json::to_vec(request).unwrap();
        let issuer = &server.config.issuer;
        let signature = sign_for(issuer, &self.key, SYNC_PATH, &body, Some(self.subject));
        server.post(SYNC_PATH, &signature, body).await
    }

    /// Takes an anchor, as a phone does before it sends after a start.
    pub(crate) async fn ask_the_time(&mut self, server: &Server) {
        let answer = server.get(ANCHOR_PATH).await;
        let anchor: Anchor = server.trust().await.open_from(&server.config.issuer, &answer.body).unwrap();
        (self.known, self.known_boot) = (anchor.at, self.boot);
    }

    /// One exchange; everything that was signed is verified and kept.
    pub(crate) async fn sync(&mut self, server: &Server) -> Vec<Told> {
        let answer = self.send(server, &self.request(server)).await;
        self.take(server, &answer).await
    }

    pub(crate) async fn take(&mut self, server: &Server, answer: &Answer) -> Vec<Told> {
        assert_eq!(answer.headers.get("cache-control").unwrap(), "no-store");
        let response: SyncResponse = answer.json();
        let trust = server.trust().await;
        let anchor: Anchor = trust.open_from(&server.config.issuer, &response.anchor.0).unwrap();
        assert_eq!(anchor.nonce, Some([7; 16]));
        (self.known, self.known_boot) = (anchor.at, self.boot);
        assert_eq!(anchor.trust_list_version, trust.content().version);
        let links = self.waiting.iter().map(|sent| sent.link.clone());
        let told = response.outcomes.iter().zip(links).map(|(outcome, sent)| {
            if let Some(receipt) = &outcome.receipt {
                let receipt: Receipt = trust.open_from(&server.config.issuer, &receipt.0).unwrap();
                let (link, _) = Link::vouched(&outcome.link.as_ref().unwrap_or(&sent).0).unwrap();
                assert_eq!((receipt.subject, receipt.head), (self.subject, link.digest()));
                assert_eq!(receipt.accepted, outcome.problem.is_none());
            }
            let problem = outcome.problem.as_ref();
            (
                outcome.outcome,
                problem.map(|problem| problem.kind().word().to_owned()),
                problem.and_then(|problem| problem.field.clone()),
                problem.and_then(|problem| problem.expected),
            )
        });
        let told = told.collect();
        let mut last = 0;
        for change in &response.changes {
            let bytes = &change.object.0;
            let (subject, serial) = match change.kind {
                ChangeKind::Order => {
                    let order: Order = trust.open_from(&server.config.issuer, bytes).unwrap();
                    self.orders.push(order.clone());
                    (order.subject, order.serial)
                }
                ChangeKind::Release => {
                    let release: Release = trust.open_from(&server.config.issuer, bytes).unwrap();
                    self.releases.push(release.clone());
                    (release.subject, release.serial)
                }
                ChangeKind::Rating => {
                    let rating: RatingReceipt = trust.open_from(&server.config.issuer, bytes).unwrap();
                    self.ratings.push(rating.clone());
                    (rating.subject, rating.serial)
                }
                ChangeKind::Judgement => {
                    let judgement: Judgement = trust.open_from(&server.config.issuer, bytes).unwrap();
                    self.judgements.push(judgement.clone());
                    (judgement.subject, judgement.serial)
                }
                ChangeKind::Key => {
                    let notice: KeyNotice = trust.open_from(&server.config.issuer, bytes).unwrap();
                    self.notices.push(notice.clone());
                    (notice.subject, notice.serial)
                }
                ChangeKind::Paper => {
                    let notice: PaperNotice = trust.open_from(&server.config.issuer, bytes).unwrap();
                    self.papers.push(notice.clone());
                    (notice.subject, notice.serial)
                }
                ChangeKind::Act => {
                    let notice: ActNotice = trust.open_from(&server.config.issuer, bytes).unwrap();
                    self.acts.push(notice.clone());
                    (notice.subject, notice.serial)
                }
                ChangeKind::Appeal => {
                    let notice: AppealNotice = trust.open_from(&server.config.issuer, bytes).unwrap();
                    self.appeals.push(notice.clone());
                    (notice.subject, notice.serial)
                }
                ChangeKind::Served => {
                    let notice: ServedNotice = trust.open_from(&server.config.issuer, bytes).unwrap();
                    self.served.push(notice.clone());
                    (notice.subject, notice.serial)
                }
                ChangeKind::Other => panic!("a kind of a later version"),
            };
            assert_eq!(subject, self.subject);
            assert!(serial > last, "serials grow");
            last = serial;
        }
        if let Some(token) = &response.token {
            let token: GateToken = trust.open_from(&server.config.issuer, &token.0).unwrap();
            assert_eq!(token.holder, Some(self.key.public_key()));
            self.token = Some(token);
        }
        self.cursor = Some(response.cursor);
        self.waiting.clear();
        told
    }

    /// The colour that the gate would see.
    pub(crate) fn colour(&self) -> Option<Colour> {
        self.token.as_ref().map(|token| token.colour)
    }

    /// The last that was said of a check-in: the day of February for which it counts.
    pub(crate) fn day_of(&self, operation: OperationId) -> Option<u32> {
        let judgement = self.judgements.iter().rfind(|judgement| judgement.operation == operation)?;
        judgement.day.map(|day| u32::try_from(day.days_since(february(1))).unwrap() + 1)
    }
}

pub(crate) fn well(travel: &str, on: u32) -> Declaration {
    declaration(r#"{"contact":false,"symptoms":[]}"#, travel, on)
}

pub(crate) fn declaration(answers: &str, travel: &str, on: u32) -> Declaration {
    let on = february(on);
    let json = format!(r#"{{"answers":{answers},"travel":{travel},"declared_on":"{on}"}}"#);
    serde_json::from_str(&json).unwrap()
}

pub(crate) const WUHAN: &str = r#"[{"region":"420100","from":"2020-01-20","to":"2020-02-08"}]"#;
pub(crate) const CONTACT: &str = r#"{"contact":true,"symptoms":[]}"#;

/// A resident of the records who has declared a stay in a high-risk area: yellow for seven days from the 11th.
pub(crate) async fn yellow(server: &Server) -> Phone {
    let mut phone = Phone::enrol(server, &super::zhang_san(), 1).await;
    phone.declare(server, well(WUHAN, 11));
    assert_eq!(phone.sync(server).await, [(OutcomeKind::Accepted, None, None, None)]);
    assert_eq!(phone.colour(), Some(Colour::Yellow));
    phone
}

/// A resident of whom nothing is known, who has declared nothing: green.
pub(crate) async fn green(server: &Server) -> Phone {
    let mut phone = Phone::enrol(server, &super::li_si(), 9).await;
    phone.declare(server, well("[]", 11));
    phone.sync(server).await;
    assert_eq!(phone.colour(), Some(Colour::Green));
    phone
}

/// A day is served: the server's clock goes to its morning, and its check-in counts.
pub(crate) async fn serve(server: &Server, phone: &mut Phone, day: u32) {
    server.go_to(day, 10, 0);
    let tap = phone.tap(super::at(day, 10, 0));
    phone.sync(server).await;
    assert_eq!(phone.day_of(tap), Some(day));
}
