//! A phone in one process, without a server: what an issuer would say is signed here.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::path::PathBuf;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use tempfile::TempDir;

use super::test_notices;
use super::test_ports::{TestClock, TestVault};
use super::{
    AnswerInput, AnswerValue, CheckInInput, DeclarationInput, Entry, IdentityForm, Resident, StayInput,
};
use crate::error::HealthcodeError;
use crate::platform::Ports;
use crate::rules::calendar::{LegalDate, Timestamp};
use crate::rules::colour::Colour;
use crate::rules::identity::{Identity, Region};
use crate::rules::quarantine::{Certainty, NotCounted};
use crate::rules::rulebook::{HANGZHOU_2020, Rulebook};
use crate::rules::text::Text;
use crate::store::{ChainState, KeptDecision, OutboxAnswer, OutboxState, SubjectBody, SubjectKey};
use crate::sync::{Config, holder, phone::Phone};
use crate::token::decision::{RatingReason, ReleaseCause};
use crate::token::key::{Signer, SoftwareKey};
use crate::token::rules::sign_rulebook;
use crate::token::trust_list::{Issuer, IssuerKey, KeyUse, Object, TrustListContent, seal};
use crate::token::{
    Anchor, GateToken, Judgement, OperationId, Order, OrderId, RatingReceipt, Release, SegmentId,
    StatusReference, SubjectId,
};
use crate::wire::message::ChangeKind;
use crate::wire::{Bytes, Link, Operation, Problem, ProblemKind, Receipt};

/// The issuer's key for everything, and the root's.
fn authority() -> SoftwareKey {
    SoftwareKey::from_seed(&[3; 32])
}

pub(super) fn noon(day: u32) -> Timestamp {
    let date = LegalDate::from_ymd(2020, 2, 1).unwrap().plus_days(i32::try_from(day).unwrap() - 1);
    Rulebook::hangzhou_2020().offset_minutes.at(date, 12 * 60)
}

/// The phone, and the issuer behind it.
pub(super) struct TestPhone {
    pub(super) folder: TempDir,
    pub(super) resident: Arc<Resident>,
    pub(super) vault: Arc<TestVault>,
    clock: Arc<TestClock>,
    now: Timestamp,
    serial: u64,
}

impl TestPhone {
    /// A phone at noon on 10 February 2020, with a server's time and rulebook.
    pub(super) fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let (vault, clock) =
            (Arc::<TestVault>::default(), Arc::new(TestClock(AtomicI64::new(60_000), Mutex::default())));
        let resident = open(folder.path().join("phone.db"), &vault, &clock).unwrap();
        let mut phone = Self { folder, resident, vault, clock, now: noon(10), serial: 0 };
        let core = phone.core();
        core.take_trust_list(&trust_list()).unwrap();
        core.take_rulebook(&sign_rulebook(HANGZHOU_2020, &authority()).unwrap()).unwrap();
        phone.go_to(noon(10));
        phone
    }

    pub(super) fn core(&self) -> Arc<Phone> {
        self.resident.phone().unwrap()
    }

    pub(super) fn path(&self) -> PathBuf {
        self.folder.path().join("phone.db")
    }

    pub(super) fn config(&self) -> Config {
        config(&self.path())
    }

    pub(super) fn ports(&self) -> Ports {
        Ports { vault: self.vault.clone(), clock: self.clock.clone(), log: None }
    }

    /// Opens the file again, or once more.
    pub(super) fn reopen(&self) -> Result<Arc<Resident>, HealthcodeError> {
        Resident::open(self.config(), self.ports())
    }

    pub(super) const fn now(&self) -> Timestamp {
        self.now
    }

    /// Time passes, and a server names it.
    pub(super) fn go_to(&mut self, at: Timestamp) {
        self.clock.0.fetch_add(at.since(self.now).max(0), Ordering::SeqCst);
        self.now = at.max(self.now);
        let core = self.core();
        let anchor = Anchor {
            at: Timestamp::from_seconds(self.now.seconds()),
            epoch: 1,
            root_version: 1,
            trust_list_version: 1,
            rules_version: 1,
            policy_version: 0,
            nonce: None,
        };
        core.take_anchor(&anchor, [9; 32], &core.now().unwrap(), 1).unwrap();
        core.store.write_unseen(|file| core.put_clock(file)).unwrap();
    }

    /// The device is started again, without a server; its wall clock says this.
    pub(super) fn restart(&self, wall: Timestamp) {
        *self.clock.1.lock().unwrap() = Some(wall);
        self.clock.0.store(5_000, Ordering::SeqCst);
    }

    /// Enrols somebody of the embedded records.
    pub(super) fn enrol(&self, byte: u8, form: &IdentityForm) -> SubjectKey {
        let core = self.core();
        let key = SubjectKey { subject: SubjectId([byte; 16]), issuer: "hangzhou".to_owned() };
        let identity = Identity::parse(form.as_input(), day_of(noon(10))).unwrap();
        let holder_key = holder::make(self.vault.as_ref()).unwrap();
        let id = holder::signer(&holder_key, &core.ports.vault).unwrap().public_key().id();
        core.store
            .write(|file| {
                file.put_subject(&key, &SubjectBody::new(identity))?;
                file.put_holder_key(&key, id, &holder_key)?;
                let chain = ChainState { segment: SegmentId([byte; 8]), next: 0, head: [byte; 32] };
                file.put_chain(&key, &chain)?;
                file.put_cursor(&key, Some(&format!("cursor-{byte}")))
            })
            .unwrap();
        key
    }

    pub(super) fn tap(&self, key: &SubjectKey, symptoms: &[&str]) -> OperationId {
        let symptoms = symptoms.iter().map(|symptom| (*symptom).to_owned()).collect();
        self.record(key, Entry::CheckIn { check_in: CheckInInput { symptoms } })
    }

    /// Declares a stay in a high-risk area that ended so many days ago, or none.
    pub(super) fn declare(&self, key: &SubjectKey, stay_days_ago: Option<i32>) -> OperationId {
        let today = Rulebook::hangzhou_2020().offset_minutes.date_of(self.now);
        let travel = stay_days_ago.map(|days| {
            let to = today.plus_days(-days);
            StayInput { region: "420100".to_owned(), from: to, to }
        });
        let declaration = DeclarationInput { travel: travel.into_iter().collect(), ..at_home() };
        self.record(key, Entry::Declaration { declaration })
    }

    fn record(&self, key: &SubjectKey, entry: Entry) -> OperationId {
        let recorded = self.resident.record(key.subject.to_string(), entry).unwrap();
        OperationId::parse(&recorded.operation).unwrap()
    }

    /// The issuer takes everything that waits, or refuses it.
    pub(super) fn deliver(&mut self, key: &SubjectKey, accepted: bool) {
        let core = self.core();
        for waiting in core.store.read(|file| file.waiting(key, usize::MAX)).unwrap() {
            let receipt = Receipt {
                subject: key.subject,
                serial: self.next_serial(),
                head: [7; 32],
                received_at: self.now,
                accepted,
                incarnation: [8; 8],
                late: false,
                key: None,
            };
            let problem = (!accepted).then(|| Problem::new(&ProblemKind::Invalid).at("symptoms"));
            let answer = OutboxAnswer { receipt: Some(signed(&receipt)), problem, link: None };
            let state = if accepted { OutboxState::Accepted } else { OutboxState::Refused };
            core.store.write(|file| file.answer(key, waiting.operation, state, &answer)).unwrap();
        }
    }

    pub(super) fn order(&mut self, key: &SubjectKey, colour: Colour, supersedes: Option<OrderId>) -> OrderId {
        self.issue(key, colour, supersedes, self.seconds())
    }

    /// An order of another instant than the phone knows.
    pub(super) fn order_at(&mut self, key: &SubjectKey, colour: Colour, at: Timestamp) -> OrderId {
        self.issue(key, colour, None, at)
    }

    fn issue(
        &mut self,
        key: &SubjectKey,
        colour: Colour,
        supersedes: Option<OrderId>,
        issued_at: Timestamp,
    ) -> OrderId {
        let (serial, rulebook) = (self.next_serial(), Rulebook::hangzhou_2020());
        let order = OrderId(serial.to_be_bytes());
        let object = Order {
            subject: key.subject,
            serial,
            order,
            issued_at,
            colour,
            rule: "area-high".to_owned(),
            cause: Text::new("原因", "the cause"),
            starts_on: rulebook.offset_minutes.date_of(issued_at),
            days: rulebook.days_of(colour),
            terms: rulebook.terms(),
            rulebook: [4; 32],
            supersedes,
            provisional_until: None,
        };
        self.say(key, ChangeKind::Order, serial, &object);
        order
    }

    pub(super) fn release(&mut self, key: &SubjectKey, order: OrderId, cause: ReleaseCause) {
        let (serial, released_at) = (self.next_serial(), self.seconds());
        let object = Release { subject: key.subject, serial, order, released_at, cause };
        self.say(key, ChangeKind::Release, serial, &object);
    }

    pub(super) fn judge(&mut self, key: &SubjectKey, operation: OperationId, order: OrderId, counts: bool) {
        let (serial, calendar) = (self.next_serial(), Rulebook::hangzhou_2020().offset_minutes);
        let object = Judgement {
            subject: key.subject,
            serial,
            operation,
            order,
            judged_at: self.seconds(),
            earliest: self.now,
            latest: self.now,
            received: self.now,
            day: counts.then(|| calendar.date_of(self.now)),
            certainty: counts.then_some(Certainty::Certain),
            not_counted: (!counts).then_some(NotCounted::DayTaken),
            late: false,
            by: None,
        };
        self.say(key, ChangeKind::Judgement, serial, &object);
    }

    pub(super) fn rate(&mut self, key: &SubjectKey, colour: Colour) {
        let serial = self.next_serial();
        let reason =
            RatingReason { rule: "area-high".to_owned(), colour, text: Text::new("理由", "the reason") };
        let object = RatingReceipt {
            subject: key.subject,
            serial,
            rated_at: self.seconds(),
            colour,
            reasons: if colour == Colour::Green { Vec::new() } else { vec![reason] },
            rulebook: [4; 32],
            rulebook_version: 1,
            order: None,
            appeal_by: self.seconds().plus_hours(14 * 24),
        };
        self.say(key, ChangeKind::Rating, serial, &object);
    }

    pub(super) fn token(&self, key: &SubjectKey, colour: Colour) {
        let core = self.core();
        let token = GateToken {
            expires_at: self.seconds().plus_hours(72),
            issued_at: self.seconds(),
            id: [5; 8],
            holder: Some(core.holder(key).unwrap().public_key()),
            colour,
            region: Region::parse("330100").unwrap(),
            status: StatusReference { list: 1, index: 77 },
            masked_name: "*三".to_owned(),
            id_tail: "002X".to_owned(),
        };
        core.store.write(|file| file.put_token(key, &signed(&token).0)).unwrap();
    }

    pub(super) fn say<T: Object>(&self, key: &SubjectKey, kind: ChangeKind, serial: u64, object: &T) {
        let decision = KeptDecision { kind, object: signed(object) };
        self.core().store.write(|file| file.put_decision(key, serial, &decision)).unwrap();
    }

    pub(super) const fn next_serial(&mut self) -> u64 {
        self.serial += 1;
        self.serial
    }

    pub(super) const fn seconds(&self) -> Timestamp {
        Timestamp::from_seconds(self.now.seconds())
    }

    /// The links of what waits, and what they link: for tests that what is kept can be proved.
    pub(super) fn links(&self, key: &SubjectKey) -> Vec<(u64, Link)> {
        let core = self.core();
        let public = core.holder(key).unwrap().public_key();
        let rows = core.store.read(|file| file.outbox(key)).unwrap();
        let link = |row: crate::store::OutboxRow| {
            let link = Link::open(&row.body.link.0, &public).unwrap();
            assert_eq!(Operation::from_bytes(row.body.operation.0).unwrap().id, link.operation);
            (row.sequence, link)
        };
        rows.into_iter().map(link).collect()
    }
}

fn day_of(at: Timestamp) -> chrono::NaiveDate {
    Rulebook::hangzhou_2020().offset_minutes.date_of(at).to_naive()
}

pub(super) fn signed<T: Object>(object: &T) -> Bytes {
    seal(object, &authority()).unwrap().into()
}

fn trust_list() -> Vec<u8> {
    let key = |key_use| IssuerKey {
        cose_key: authority().public_key().to_cose().into(),
        key_use,
        not_before: Timestamp::from_seconds(0),
        not_after: noon(3_000),
    };
    let issuer = Issuer {
        id: "hangzhou".to_owned(),
        name: Text::new("杭州", "Hangzhou"),
        regions: vec![330_000],
        base_url: "https://code.example.org/".to_owned(),
        keys: [key(KeyUse::Rules)].into_iter().chain(test_notices::keys()).collect(),
        status_lists: Vec::new(),
        colours: [0, 1, 2],
        time_epoch: 1,
        removed_keys: Vec::new(),
    };
    let issuers = vec![issuer, test_notices::second_issuer()];
    TrustListContent::new(1, 1, noon(1), noon(3_000), issuers).sign(&[&authority()]).unwrap()
}

fn config(path: &std::path::Path) -> Config {
    Config {
        database: path.to_str().unwrap().to_owned(),
        server: "https://code.example.org".to_owned(),
        issuer: "hangzhou".to_owned(),
        root_keys: vec![authority().public_key().to_cose()],
        root_threshold: 1,
        root_version: 1,
        trust_list_floor: 0,
        built_at: noon(1),
        cleartext_hosts: Vec::new(),
        tls_roots: Vec::new(),
    }
}

fn open(
    path: PathBuf,
    vault: &Arc<TestVault>,
    clock: &Arc<TestClock>,
) -> Result<Arc<Resident>, HealthcodeError> {
    Resident::open(config(&path), Ports { vault: vault.clone(), clock: clock.clone(), log: None })
}

pub(super) fn zhang_san() -> IdentityForm {
    IdentityForm {
        name: "张三".to_owned(),
        document_kind: "resident-id".to_owned(),
        document_number: "11010519491231002X".to_owned(),
        phone: "+8613800138000".to_owned(),
        region: "330100".to_owned(),
    }
}

pub(super) fn li_si() -> IdentityForm {
    IdentityForm {
        name: "李四".to_owned(),
        document_number: "440524188001010014".to_owned(),
        phone: "+8613900139000".to_owned(),
        ..zhang_san()
    }
}

pub(super) fn at_home() -> DeclarationInput {
    let answer = |question: &str, value| AnswerInput { question: question.to_owned(), value };
    DeclarationInput {
        answers: vec![
            answer("contact", AnswerValue::YesNo { yes: false }),
            answer("symptoms", AnswerValue::Any { options: Vec::new() }),
        ],
        travel: Vec::new(),
    }
}
