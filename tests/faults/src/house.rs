//! An authority in this process, called without a socket, and the phones that it serves. Every call is kept, so that
//! its bytes can be counted.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use axum::body::Body;
use axum::http::Request;
use healthcode::platform::Ports;
use healthcode::resident::{CheckInInput, DeclarationInput, Entry, IdentityForm, Resident, StayInput};
use healthcode::rules::calendar::LegalDate;
use healthcode::rules::rulebook::Rulebook;
use healthcode::sync::{Call, ExchangeStep, Method, Reply, SyncReport};
use healthcode::wire::SIGNATURE_HEADER;
use healthcode_cli::time::{PhoneClock, World};
use healthcode_e2e::phone::{at, at_home, config_of, li_si, ports};
use healthcode_server::{App, Config, EmbeddedRecords, SmsGateway, embedded_records, family_records};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tower::ServiceExt as _;

const NOWHERE: &str = "http://127.0.0.1:1";

/// The last one-time code that was sent.
#[derive(Default)]
struct LastCode(Mutex<String>);

impl SmsGateway for LastCode {
    fn send(&self, _: &str, code: &str) {
        code.clone_into(&mut self.0.lock().unwrap());
    }
}

/// An authority and the time.
pub struct House {
    /// The true time.
    pub world: World,
    clock: Arc<PhoneClock>,
    folder: TempDir,
    app: App,
    codes: Arc<LastCode>,
    runtime: Runtime,
}

/// What went over the wire in one exchange.
#[derive(Default)]
pub struct Traffic {
    /// The calls and their replies.
    pub calls: Vec<(Call, Reply)>,
    /// What it came to.
    pub report: SyncReport,
}

impl House {
    /// Opens an authority on 11 February 2020, 09:00, its files and its phones' in a folder within this one.
    pub fn open(within: &Path) -> Self {
        Self::open_among(within, embedded_records())
    }

    /// The same, whose people are a family: 孙七 has guardians and no number on record.
    pub fn open_family(within: &Path) -> Self {
        Self::open_among(within, family_records())
    }

    fn open_among(within: &Path, records: Arc<EmbeddedRecords>) -> Self {
        let folder = TempDir::new_in(within).unwrap();
        let world = World::new(at(11, 9, 0));
        let codes = Arc::new(LastCode::default());
        let config = Config::hangzhou(&folder.path().join("server.db"), NOWHERE.to_owned());
        let ports = healthcode_server::Ports {
            clock: Arc::new(world.clone()),
            sms: codes.clone(),
            records,
            witnesses: Vec::new(),
        };
        let runtime = Runtime::new().unwrap();
        let app = runtime.block_on(App::open(config, ports)).unwrap();
        Self { clock: PhoneClock::new(&world, "phone"), world, folder, app, codes, runtime }
    }

    /// The path of a file of this house.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The authority's answer to a call.
    pub fn send(&self, call: &Call) -> Reply {
        let request = match call.method {
            Method::Get => Request::get(&call.path),
            Method::Post => Request::post(&call.path).header("Content-Type", "application/json"),
        };
        let request = match &call.signature {
            Some(signature) => request.header(SIGNATURE_HEADER, signature),
            None => request,
        };
        let request = request.body(Body::from(call.body.clone())).unwrap();
        self.runtime.block_on(async {
            let response = self.app.router().oneshot(request).await.unwrap();
            let content_type = response.headers().get("content-type").unwrap().to_str().unwrap().to_owned();
            let status = response.status().as_u16();
            let body = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap().to_vec();
            Reply { status, content_type, retry_after: None, body }
        })
    }

    /// What an app is built with that finds its server at this address.
    pub fn config(&self, name: &str, server: &str) -> healthcode::sync::Config {
        let root_key = self.app.root_keys().remove(0).to_cose();
        config_of(server.to_owned(), root_key, &self.file(name))
    }

    /// What a phone of this house provides. It was started before the house's first hour, and runs since.
    pub fn ports(&self) -> Ports {
        Ports { clock: self.clock.clone(), ..ports(&self.world, 7).0 }
    }

    /// Opens a phone's file, with a server that is nowhere.
    pub fn resident(&self, name: &str) -> Arc<Resident> {
        Resident::open(self.config(name, NOWHERE), self.ports()).unwrap()
    }

    /// The authority's routes.
    pub fn router(&self) -> axum::Router {
        self.app.router()
    }

    /// Opens a phone's file, and looks at who is on it.
    pub fn phone(&self, name: &str) -> Phone {
        let resident = self.resident(name);
        let subject = resident.home().unwrap().subjects.pop().map(|card| card.subject);
        Phone { resident, subject: subject.unwrap_or_default() }
    }

    /// A phone whose resident is enrolled.
    pub fn enrolled(&self, name: &str, identity: IdentityForm) -> Phone {
        self.enrol(self.resident(name), identity)
    }

    /// Enrols a resident on an open phone.
    pub fn enrol(&self, resident: Arc<Resident>, identity: IdentityForm) -> Phone {
        let asked = self.send(&resident.one_time_code_call(identity).unwrap());
        resident.one_time_code_reply(asked).unwrap();
        let code = self.codes.0.lock().unwrap().clone();
        let confirmed = self.send(&resident.enrol_call(code).unwrap());
        let subject = resident.enrol_reply(confirmed).unwrap().subject;
        let phone = Phone { resident, subject };
        phone.sync(self);
        phone
    }

    /// Gives a resident's phone the care for another person, by the code that the person is sent or by the records.
    pub fn care(&self, carer: &Phone, identity: IdentityForm, by_code: bool) -> Phone {
        let resident = Arc::clone(&carer.resident);
        let asked = self.send(&resident.care_call(carer.subject.clone(), identity).unwrap());
        resident.one_time_code_reply(asked).unwrap();
        let code = by_code.then(|| self.codes.0.lock().unwrap().clone());
        let confirmed = self.send(&resident.confirm_care_call(code).unwrap());
        let subject = resident.enrol_reply(confirmed).unwrap().subject;
        let phone = Phone { resident, subject };
        phone.sync(self);
        phone
    }

    /// Moves a subject to another phone, the two of them face to face.
    pub fn hand_over(&self, from: &Phone, to: &Arc<Resident>) -> Phone {
        let asked = to.handover_request().unwrap();
        let agreed = from.resident.hand_over(from.subject.clone(), asked.text).unwrap();
        let answer = self.send(&to.take_over_call(Some(agreed.text)).unwrap());
        let subject = to.take_over_reply(answer).unwrap().subject;
        let phone = Phone { resident: Arc::clone(to), subject };
        phone.sync(self);
        phone
    }

    /// The legal day.
    pub fn today(&self) -> LegalDate {
        Rulebook::hangzhou_2020().offset_minutes.date_of(self.world.now())
    }

    /// Sleeps until the next morning's nine o'clock.
    pub fn next_morning(&self) {
        let calendar = Rulebook::hangzhou_2020().offset_minutes;
        self.world.go_to(calendar.at(self.today().plus_days(1), 9 * 60));
    }
}

/// A resident's phone.
pub struct Phone {
    /// The core's object.
    pub resident: Arc<Resident>,
    /// The subject, once enrolled.
    pub subject: String,
}

impl Phone {
    /// One exchange.
    pub fn sync(&self, house: &House) -> Traffic {
        let exchange = self.resident.exchange().unwrap();
        let mut traffic = Traffic::default();
        let mut reply = None;
        loop {
            match exchange.next(reply.take()).unwrap() {
                ExchangeStep::Send { call } => {
                    let answer = house.send(&call);
                    reply = Some(answer.clone());
                    traffic.calls.push((call, answer));
                }
                ExchangeStep::Done { report } => {
                    traffic.report = report;
                    return traffic;
                }
            }
        }
    }

    /// A check-in without symptoms.
    pub fn tap(&self) {
        let check_in = CheckInInput { symptoms: Vec::new() };
        self.resident.record(self.subject.clone(), Entry::CheckIn { check_in }).unwrap();
    }

    /// Declares a stay of yesterday in a high-risk area, and syncs: yellow from today on.
    pub fn become_yellow(&self, house: &House) {
        let yesterday = house.today().plus_days(-1);
        let stay = StayInput { region: "420100".to_owned(), from: yesterday, to: yesterday };
        let declaration = DeclarationInput { travel: vec![stay], ..at_home() };
        self.resident.record(self.subject.clone(), Entry::Declaration { declaration }).unwrap();
        self.sync(house);
        assert!(self.resident.quarantine(self.subject.clone()).unwrap().is_some(), "an order came");
    }

    /// The next day of a life in which one quarantine follows the other, up to the morning's tap.
    pub fn next_day(&self, house: &House) {
        house.next_morning();
        self.sync(house);
        if self.resident.quarantine(self.subject.clone()).unwrap().is_none() {
            self.become_yellow(house);
        }
    }

    /// So many days of that life.
    pub fn live(&self, house: &House, days: u32) {
        for _ in 0..days {
            self.next_day(house);
            self.tap();
            self.sync(house);
        }
    }
}

/// A phone under its first order.
pub fn quarantined(house: &House, name: &str) -> Phone {
    let phone = house.enrolled(name, li_si());
    phone.become_yellow(house);
    phone
}
