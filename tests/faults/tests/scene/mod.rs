//! The scene of a cheat: a phone in quarantine, its clocks and its file, and a server's process.

use super::*;

/// A resident in yellow, on the first day at 9:00.
pub(crate) struct Scene {
    pub(crate) server: ServerProcess,
    pub(crate) phone: Phone,
    /// The legal days in which a check-in was truly made.
    pub(crate) tapped: BTreeSet<LegalDate>,
    pub(crate) copied: Vec<(PathBuf, Vec<u8>)>,
    /// Whether the phone's boot clock is not to be believed, and H with it.
    pub(crate) rooted: bool,
}

impl Scene {
    pub(crate) fn new() -> Self {
        let server = ServerProcess::start(World::new(at(11, 9, 0)));
        let mut phone = Phone::open(&server, "phone.db");
        phone.become_yellow(&server);
        Self { server, phone, tapped: BTreeSet::new(), copied: Vec::new(), rooted: false }
    }

    pub(crate) fn go_to(&self, day: u32, hour: u16, minute: u16) {
        self.server.world.go_to(at(day, hour, minute));
    }

    pub(crate) fn pass(&self, millis: i64) {
        self.server.world.pass(millis);
    }

    pub(crate) fn today(&self) -> LegalDate {
        Rulebook::hangzhou_2020().offset_minutes.date_of(self.server.world.now())
    }

    /// A check-in, which is taken and kept whatever the clocks say.
    pub(crate) fn tap(&mut self) {
        let before = self.view().check_ins.len();
        let recorded = self.phone.tap().unwrap();
        let view = self.view();
        assert!(view.check_ins.iter().any(|kept| kept.operation == recorded.operation));
        assert_eq!(view.check_ins.len(), before + 1);
        assert!(recorded.day.is_none() || view.time.sure, "no day is promised that the phone cannot know");
        self.tapped.insert(self.today());
    }

    pub(crate) fn taps(&mut self, number: u32) {
        (0..number).for_each(|_| self.tap());
    }

    pub(crate) fn view(&self) -> QuarantineView {
        self.phone.resident.quarantine(self.phone.subject.clone()).unwrap().expect("an order is in force")
    }

    pub(crate) fn files(&self) -> [PathBuf; 3] {
        ["phone.db", "phone.db-wal", "phone.db-shm"].map(|name| self.server.folder.path().join(name))
    }

    /// Copies the phone's file as it lies there.
    pub(crate) fn copy_file(&mut self) {
        self.copied = self
            .files()
            .into_iter()
            .filter_map(|path| Some((path.clone(), std::fs::read(path).ok()?)))
            .collect();
        assert!(self.copied.len() >= 2, "the write-ahead log too");
    }

    /// Closes the app, puts the copy back, and opens the app again.
    pub(crate) fn put_file_back(&mut self) {
        let elsewhere = config(&self.server, &self.server.folder.path().join("other.db"));
        let ports =
            || Ports { vault: MemoryVault::with_key([7; 32]), clock: self.phone.clock.clone(), log: None };
        // The object of the phone's file goes with its last holder.
        drop(std::mem::replace(&mut self.phone.resident, Resident::open(elsewhere, ports()).unwrap()));
        self.files().iter().for_each(|path| drop(std::fs::remove_file(path)));
        self.copied.iter().for_each(|(path, bytes)| std::fs::write(path, bytes).unwrap());
        let ports =
            Ports { vault: MemoryVault::with_key([7; 32]), clock: self.phone.clock.clone(), log: None };
        self.phone.resident = Resident::open(config(&self.server, &self.files()[0]), ports).unwrap();
    }

    /// What the resident sees.
    pub(crate) fn sees(&self) -> String {
        let view = self.view();
        let said = view.time.notice.as_ref().map_or_else(
            || "-".to_owned(),
            |notice| {
                assert!(
                    [&notice.what, &notice.action]
                        .iter()
                        .all(|text| !text.zh.is_empty() && !text.en.is_empty())
                );
                format!("{:?}", notice.kind)
            },
        );
        let confirm = if view.connect_to_confirm { ", connect to confirm" } else { "" };
        let due = view.due.map_or_else(|| "-".to_owned(), |due| due.day.ymd().2.to_string());
        format!("{}/{} on {}, due {due}, {said}{confirm}", view.counted, view.days, view.today.ymd().2)
    }

    /// What the server has judged.
    pub(crate) fn judges(&self) -> String {
        let view = self.view();
        let (mut counted, mut others) = (Vec::new(), Vec::<(String, u32)>::new());
        for check_in in view.check_ins {
            let other = match check_in.state {
                CheckInState::Counted { day, certainty } => {
                    counted.push(format!("{} {}", day.ymd().2, word(serde_json::to_value(certainty))));
                    continue;
                }
                CheckInState::NotCounted { reason } => word(serde_json::to_value(reason)),
                other => format!("{other:?}"),
            };
            match others.iter_mut().find(|(known, _)| *known == other) {
                Some((_, number)) => *number += 1,
                None => others.push((other, 1)),
            }
        }
        counted.extend(others.into_iter().map(|(word, number)| format!("{number} x {word}")));
        format!("{}/{}: {}", view.counted, view.days, counted.join(", "))
    }

    pub(crate) fn sync_and_check(&self) {
        self.phone.sync().unwrap();
        let all = (11..=17).all(|day| self.tapped.contains(&february(day)));
        let over = self.server.world.now() >= at(18, 0, 0);
        assert!(self.phone.card().colour != Some(Colour::Green) || (all && over), "released early");
    }
}

fn word(of: serde_json::Result<serde_json::Value>) -> String {
    of.unwrap().as_str().unwrap().to_owned()
}
