//! A resident's phone over a server process.

use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use healthcode::HealthcodeError;
use healthcode::platform::{LogSink, Ports};
use healthcode::resident::{
    AnswerInput, AnswerValue, CheckInInput, CodeRequested, DeclarationInput, Entry, IdentityForm, Recorded,
    Resident, StayInput, SubjectCard,
};
use healthcode::rules::calendar::{LegalDate, Timestamp};
use healthcode::rules::rulebook::Rulebook;
use healthcode::sync::{Config, SyncReport};
use healthcode_cli::time::{PhoneClock, World};
use healthcode_cli::vault::MemoryVault;
use tokio::runtime::Runtime;

use crate::server::ServerProcess;

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().unwrap());

/// An instant of February 2020 in the rulebook's legal calendar.
pub fn at(day: u32, hour: u16, minute: u16) -> Timestamp {
    Rulebook::hangzhou_2020().offset_minutes.at(february(day), hour * 60 + minute)
}

/// A day of February 2020.
pub fn february(day: u32) -> LegalDate {
    LegalDate::from_ymd(2020, 2, day).unwrap()
}

/// What an app of this server is built with.
pub fn config(server: &ServerProcess, database: &Path) -> Config {
    config_of(server.url(), server.root_key(), database)
}

/// The same, where the server is another process's.
pub fn config_of(server: String, root_key: Vec<u8>, database: &Path) -> Config {
    Config {
        database: database.to_str().unwrap().to_owned(),
        server,
        issuer: "hangzhou".to_owned(),
        root_keys: vec![root_key],
        root_threshold: 1,
        root_version: 1,
        trust_list_floor: 0,
        built_at: at(1, 0, 0),
        cleartext_hosts: Vec::new(),
        tls_roots: Vec::new(),
    }
}

/// The ports of a phone in this world, its vault with a key of this byte: a file that a killed process left opens in
/// the next one.
pub fn ports(world: &World, key: u8) -> (Ports, Arc<PhoneClock>) {
    let clock = PhoneClock::new(world, "phone");
    (Ports { vault: MemoryVault::with_key([key; 32]), clock: clock.clone(), log: None }, clock)
}

/// A phone with one resident.
pub struct Phone {
    /// The core's object.
    pub resident: Arc<Resident>,
    /// Its clocks.
    pub clock: Arc<PhoneClock>,
    /// The subject, once enrolled.
    pub subject: String,
    database: PathBuf,
}

impl Phone {
    /// Opens a phone's file.
    pub fn open(server: &ServerProcess, name: &str) -> Self {
        Self::open_logging(server, &server.folder.path().join(name), None)
    }

    /// Opens a phone's file, wherever it lies, with a place for its log.
    pub fn open_logging(server: &ServerProcess, database: &Path, log: Option<Arc<dyn LogSink>>) -> Self {
        let (ports, clock) = ports(&server.world, 7);
        let resident = Resident::open(config(server, database), Ports { log, ..ports }).unwrap();
        Self { resident, clock, subject: String::new(), database: database.to_owned() }
    }

    /// Closes the file, as the end of the app does, and gives where it lies.
    pub fn close(self) -> PathBuf {
        self.resident.shut_down().unwrap();
        self.database
    }

    /// Opens the file of a phone that was enrolled before.
    pub fn reopen(server: &ServerProcess, name: &str) -> Self {
        let mut phone = Self::open(server, name);
        phone.subject = phone.card().subject;
        phone
    }

    /// Asks for a one-time code.
    pub fn ask(&self, identity: IdentityForm) -> Result<u8, HealthcodeError> {
        RUNTIME
            .block_on(self.resident.request_one_time_code(identity, None))
            .map(|requested| requested.digits)
    }

    /// Confirms a one-time code.
    pub fn confirm(&mut self, code: &str) -> Result<Option<Timestamp>, HealthcodeError> {
        let enrolled = RUNTIME.block_on(self.resident.enrol(code.to_owned(), None))?;
        self.subject = enrolled.subject;
        Ok(enrolled.pending_until)
    }

    /// Enrols a resident, and syncs.
    pub fn enrol(&mut self, server: &ServerProcess, identity: IdentityForm) {
        self.ask(identity).unwrap();
        self.confirm(&server.one_time_code().expect("the code comes to the number on record")).unwrap();
        self.sync().unwrap();
    }

    /// Records a declaration, and syncs.
    pub fn declare(&self, declaration: DeclarationInput) {
        self.record(Entry::Declaration { declaration }).unwrap();
        self.sync().unwrap();
    }

    /// Enrols the resident who was in a high-risk area and declares it: yellow.
    pub fn become_yellow(&mut self, server: &ServerProcess) {
        self.enrol(server, zhang_san());
        self.declare(stay_in_wuhan());
    }

    /// Enrols the resident of whom nothing is known, who declares nothing: green.
    pub fn become_green(&mut self, server: &ServerProcess) {
        self.enrol(server, li_si());
        self.declare(at_home());
    }

    /// One exchange.
    pub fn sync(&self) -> Result<SyncReport, HealthcodeError> {
        RUNTIME.block_on(self.resident.sync(None))
    }

    /// Records an entry.
    pub fn record(&self, entry: Entry) -> Result<Recorded, HealthcodeError> {
        self.resident.record(self.subject.clone(), entry)
    }

    /// A check-in without symptoms.
    pub fn tap(&self) -> Result<Recorded, HealthcodeError> {
        self.record(Entry::CheckIn { check_in: CheckInInput { symptoms: Vec::new() } })
    }

    /// Asks another authority for a one-time code, for the same person.
    pub fn move_to(&self, issuer: &str) -> Result<CodeRequested, HealthcodeError> {
        RUNTIME.block_on(self.resident.move_to(self.subject.clone(), issuer.to_owned(), None))
    }

    /// Confirms it; as whom that authority knows the person.
    pub fn enrol_there(&self, code: &str) -> Result<String, HealthcodeError> {
        RUNTIME.block_on(self.resident.enrol(code.to_owned(), None)).map(|enrolled| enrolled.subject)
    }

    /// A check-in as another subject of this phone.
    pub fn tap_as(&self, subject: &str) -> Result<Recorded, HealthcodeError> {
        let check_in = CheckInInput { symptoms: Vec::new() };
        self.resident.record(subject.to_owned(), Entry::CheckIn { check_in })
    }

    /// The resident's card on the first screen.
    pub fn card(&self) -> SubjectCard {
        self.resident.home().unwrap().subjects.into_iter().next().expect("a subject")
    }
}

/// The resident of the embedded records who was in a high-risk area.
pub fn zhang_san() -> IdentityForm {
    IdentityForm {
        name: "张三".to_owned(),
        document_kind: "resident-id".to_owned(),
        document_number: "11010519491231002X".to_owned(),
        phone: "+8613800138000".to_owned(),
        region: "330100".to_owned(),
    }
}

/// A resident of the embedded records of whom nothing is known.
pub fn li_si() -> IdentityForm {
    IdentityForm {
        name: "李四".to_owned(),
        document_number: "440524188001010014".to_owned(),
        phone: "+8613900139000".to_owned(),
        ..zhang_san()
    }
}

/// A declaration of a stay in a high-risk area.
pub fn stay_in_wuhan() -> DeclarationInput {
    let stay = StayInput {
        region: "420100".to_owned(),
        from: LegalDate::from_ymd(2020, 1, 29).unwrap(),
        to: february(8),
    };
    DeclarationInput { travel: vec![stay], ..at_home() }
}

/// A declaration of nothing.
pub fn at_home() -> DeclarationInput {
    let answer = |question: &str, value| AnswerInput { question: question.to_owned(), value };
    DeclarationInput {
        answers: vec![
            answer("contact", AnswerValue::YesNo { yes: false }),
            answer("symptoms", AnswerValue::Any { options: Vec::new() }),
        ],
        travel: Vec::new(),
    }
}
