//! A resident's phone: the core's object over a file that is copied, killed and opened again, and its clocks.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use healthcode::HealthcodeError;
use healthcode::platform::Ports;
use healthcode::resident::{Entry, Home, IdentityForm, QuarantineView, Recorded, Resident, SubjectCard};
use healthcode::rules::calendar::Timestamp;
use healthcode_cli::time::{PhoneClock, World};
use healthcode_cli::vault::MemoryVault;
use healthcode_e2e::phone::config_of;
use rusqlite::{Connection, OpenFlags};

use crate::authority::Authority;
use crate::files;

/// Where an operation is in the phone's file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutboxRow {
    /// Its segment.
    pub segment: Vec<u8>,
    /// Its place in it.
    pub sequence: i64,
    /// The operation, in hexadecimal.
    pub operation: String,
    /// 0 waits, 1 accepted, 2 refused.
    pub state: i64,
}

/// A phone.
pub struct Handset {
    folder: PathBuf,
    name: &'static str,
    /// Counts the files that it has lived in.
    life: u32,
    root_key: Vec<u8>,
    world: World,
    clock: Arc<PhoneClock>,
    resident: Option<Arc<Resident>>,
    /// A second connection to its file, to read what no screen shows.
    beside: Option<Connection>,
    /// The subject, once enrolled.
    pub subject: String,
}

/// What a phone shows, and what is in its file. Each part is read when it may have changed, since the core reads the
/// whole life of the subject for a screen.
#[derive(Clone, Debug)]
pub struct Shown {
    /// The first screen.
    pub home: Home,
    /// When that was, in truth.
    pub home_at: Timestamp,
    /// The countdown.
    pub quarantine: Option<QuarantineView>,
    /// The outbox, in order.
    pub outbox: Vec<OutboxRow>,
    /// The serials of the decisions that it has kept.
    pub decisions: Vec<u64>,
}

impl Shown {
    /// The resident's card.
    pub fn card(&self) -> &SubjectCard {
        self.home.subjects.first().expect("a subject")
    }
}

impl Handset {
    /// A phone whose file is `name-0.db` in the folder, made if there is none.
    pub fn open(folder: &Path, name: &'static str, authority: &Authority, world: &World) -> Self {
        let mut handset = Self {
            folder: folder.to_owned(),
            name,
            life: 0,
            root_key: authority.root_key(),
            world: world.clone(),
            clock: PhoneClock::new(world, name),
            resident: None,
            beside: None,
            subject: String::new(),
        };
        handset.start();
        let subjects = handset.resident().home().unwrap().subjects;
        handset.subject = subjects.first().map(|card| card.subject.clone()).unwrap_or_default();
        handset
    }

    fn start(&mut self) {
        let config = config_of("http://127.0.0.1:1".to_owned(), self.root_key.clone(), &self.database());
        let vault = MemoryVault::with_key([7; 32]);
        let ports = Ports { vault, clock: self.clock.clone(), log: None };
        self.resident = Some(Resident::open(config, ports).unwrap());
        self.beside = Some(read_only(&self.database()));
    }

    /// Its file.
    pub fn database(&self) -> PathBuf {
        self.folder.join(format!("{}-{}.db", self.name, self.life))
    }

    /// The core's object.
    pub fn resident(&self) -> &Arc<Resident> {
        self.resident.as_ref().expect("the app is open")
    }

    fn stop(&mut self) {
        self.beside = None;
        self.resident = None;
    }

    /// The app is closed and opened again.
    pub fn restart_app(&mut self) {
        self.stop();
        self.start();
    }

    /// The app's process is killed and started again; so many bytes of a write that was under way are left.
    pub fn kill(&mut self, torn: u16) {
        self.leave(torn);
        self.start();
    }

    /// The phone is switched off, or its battery is taken out, which kills the app; it is started again at `back_at`.
    pub fn reboot(&mut self, killed: bool, back_at: Timestamp) {
        if killed {
            self.leave(0);
        }
        self.stop();
        self.world.go_to(back_at);
        self.clock.restart();
        self.start();
    }

    /// Goes on in a copy of the file as it is now; what the old object still does is lost.
    fn leave(&mut self, torn: u16) {
        let old = self.database();
        self.life += 1;
        files::copy_at_once(&old, &self.database(), torn);
        self.stop();
        files::remove(&old);
    }

    /// Copies the file as it is now.
    pub fn copy_to(&self, backup: &Path) {
        files::copy_at_once(&self.database(), backup, 0);
    }

    /// The file is rolled back to an earlier copy.
    pub fn restore(&mut self, backup: &Path) {
        self.stop();
        files::remove(&self.database());
        self.life += 1;
        files::copy_at_once(backup, &self.database(), 0);
        self.start();
    }

    /// Sets the wall clock off by so many milliseconds.
    pub fn set_wall_off_by(&self, millis: i64) {
        self.clock.set_wall_off_by(millis);
    }

    /// Enrols a resident with the code that the server sends.
    pub fn enrol(&mut self, identity: IdentityForm, authority: &Authority) {
        let call = self.resident().one_time_code_call(identity).unwrap();
        self.resident().one_time_code_reply(authority.answer(&call)).unwrap();
        let call = self.resident().enrol_call(authority.last_code()).unwrap();
        self.subject = self.resident().enrol_reply(authority.answer(&call)).unwrap().subject;
    }

    /// Records an entry.
    pub fn record(&self, entry: Entry) -> Result<Recorded, HealthcodeError> {
        self.resident().record(self.subject.clone(), entry)
    }

    /// What it shows and has now.
    pub fn look(&self) -> Shown {
        Shown {
            home: self.resident().home().unwrap(),
            home_at: self.world.now(),
            quarantine: self.resident().quarantine(self.subject.clone()).unwrap(),
            outbox: self.outbox(),
            decisions: self.decisions(),
        }
    }

    /// What waits in its outbox, and what was answered.
    pub fn outbox(&self) -> Vec<OutboxRow> {
        let file = self.beside.as_ref().expect("the app is open");
        let sql =
            "SELECT segment, sequence, lower(hex(operation)), state FROM outbox ORDER BY segment, sequence";
        let mut statement = file.prepare_cached(sql).unwrap();
        let rows = statement.query_map([], |row| {
            Ok(OutboxRow {
                segment: row.get(0)?,
                sequence: row.get(1)?,
                operation: row.get(2)?,
                state: row.get(3)?,
            })
        });
        rows.unwrap().collect::<Result<_, _>>().unwrap()
    }

    fn decisions(&self) -> Vec<u64> {
        let file = self.beside.as_ref().expect("the app is open");
        let mut statement = file.prepare_cached("SELECT serial FROM decision ORDER BY serial").unwrap();
        let rows = statement.query_map([], |row| row.get::<_, i64>(0));
        rows.unwrap().map(|serial| u64::try_from(serial.unwrap()).unwrap()).collect()
    }
}

/// Opens a database beside whoever else has it open, to read.
pub fn read_only(path: &Path) -> Connection {
    Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap()
}
