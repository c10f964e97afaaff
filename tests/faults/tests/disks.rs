//! Faults of the disk and of sharing a file between processes, met as the others are in `storage.rs`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "tests")]
#![allow(clippy::panic, clippy::print_stdout, reason = "tests")]

use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use healthcode::StorageKind;
use healthcode::resident::{Entry, Resident};
use healthcode::rules::colour::Colour;
use healthcode_cli::vault::MemoryVault;
use healthcode_e2e::phone::{at_home, li_si};
use healthcode_faults::file::{Kept, accepted, config, error, ports, storage, tap, with};
use healthcode_faults::sandbox::{self, PLACE, TASK, View};

/// What the children do. It is no test by itself: without the variables that name a task it has nothing to do.
#[test]
fn child() {
    let Ok(task) = std::env::var(TASK) else { return };
    let place = PathBuf::from(std::env::var(PLACE).unwrap());
    match task.as_str() {
        "open" => child_that_opens(&place),
        "look" => child_that_looks(&place),
        "hold" => child_that_holds(&place),
        "fill" => child_that_fills(&place),
        other => panic!("{other}"),
    }
}

fn child_that_opens(database: &Path) {
    let opened = Resident::open(config(database), ports(MemoryVault::with_key([7; 32])));
    println!("\nopened {:?}", opened.map(|_| ()));
    let looked = Resident::open_read_only(config(database), ports(MemoryVault::with_key([7; 32])));
    println!("\nlooked {:?}", looked.map(|resident| accepted(&resident).check_ins.len()));
}

#[test]
fn a_file_that_may_not_be_written_is_told_and_can_be_looked_at() {
    let mode = |path: &Path, mode| std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
    // File, folder, and whether the whole lies on a read-only disk.
    for (file, folder, disk) in
        [(0o444, 0o755, false), (0o644, 0o555, false), (0o444, 0o555, false), (0o644, 0o755, true)]
    {
        let kept = Kept::new();
        let before = kept.accepted();
        let bytes = kept.bytes();
        for lock_file in [true, false] {
            if !lock_file {
                std::fs::remove_file(kept.folder().join("phone.db.lock")).unwrap();
            }
            mode(&kept.database(), file);
            mode(kept.folder(), folder);
            let view = if disk { View::ReadOnly(kept.folder()) } else { View::Same };
            let told = sandbox::run(sandbox::child("child", "open", &kept.database(), view));
            let expected = format!("opened Err({:?})", storage(StorageKind::ReadOnly));
            assert!(told.contains(&expected), "{file:o} {folder:o} {disk} {lock_file}: {told}");
            // Where the folder may not be written to, looking needs somebody who has the file open.
            let looks = folder == 0o755 && !disk;
            assert!(!looks || told.contains("looked Ok(5)"), "{told}");
            assert!(
                looks || told.contains(&format!("looked Err({:?})", storage(StorageKind::ReadOnly))),
                "{told}"
            );
            mode(kept.folder(), 0o755);
            mode(&kept.database(), 0o644);
            assert!(kept.bytes() == bytes, "not a byte is changed");
        }
        assert_eq!(kept.accepted(), before);
        let resident = kept.open().unwrap();
        tap(&resident, &before.subject).unwrap();
        mode(kept.folder(), folder);
        let view = if disk { View::ReadOnly(kept.folder()) } else { View::Same };
        let told = sandbox::run(sandbox::child("child", "open", &kept.database(), view));
        assert!(told.contains("looked Ok(6)"), "{told}");
        mode(kept.folder(), 0o755);
    }
}

fn child_that_fills(disk: &Path) {
    let kept = Kept::new();
    let before = kept.accepted();
    let database = disk.join("phone.db");
    std::fs::copy(kept.database(), &database).unwrap();
    let open = || Resident::open(config(&database), ports(MemoryVault::with_key([7; 32])));
    let ballast = disk.join("ballast");
    let fill = |limit: usize| {
        let mut file = std::fs::OpenOptions::new().create(true).append(true).open(&ballast).unwrap();
        (0..limit).take_while(|_| file.write_all(&[0; 512]).is_ok()).count()
    };

    // It fills up while residents tap. What is freed later is more than nothing: a journal alone can fill a disk.
    let reserve = disk.join("reserve");
    std::fs::write(&reserve, vec![0; 160 * 1024]).unwrap();
    let resident = open().unwrap();
    let mut taps = Vec::new();
    let refusal = loop {
        match tap(&resident, &before.subject) {
            Ok(operation) => taps.push(operation),
            Err(error) => break error,
        }
    };
    assert_eq!(refusal, storage(StorageKind::Full));
    assert!(taps.len() > 3, "{}", taps.len());
    // Nothing is left at all; what the journal had taken before may still do for a tap or two.
    let mut refused = 0;
    while refused < 3 {
        fill(usize::MAX);
        match tap(&resident, &before.subject) {
            Ok(operation) => taps.push(operation),
            Err(error) => {
                assert_eq!(error, storage(StorageKind::Full));
                refused += 1;
            }
        }
        // What only reads goes on, and nothing is half there.
        assert_eq!(accepted(&resident), with(&before, taps.clone()));
        assert!(resident.code(before.subject.clone(), None).is_ok());
    }
    let expected = with(&before, taps);
    // Closed, and opened again on the full disk: a journal that cannot be folded in stays.
    drop(resident);
    fill(usize::MAX);
    match open() {
        Ok(resident) => assert_eq!(accepted(&resident), expected),
        Err(error) => assert_eq!(error, storage(StorageKind::Full)),
    }
    std::fs::remove_file(&ballast).unwrap();
    std::fs::remove_file(&reserve).unwrap();
    let resident = open().unwrap();
    assert_eq!(accepted(&resident), expected);
    let operation = tap(&resident, &before.subject).unwrap();
    drop(resident);
    assert_eq!(accepted(&open().unwrap()), with(&expected, [operation]));
    healthcode_faults::file::whole(&database);
    println!("\nfilled {}", expected.check_ins.len());
}

#[test]
fn a_full_disk_refuses_what_is_new_and_keeps_what_was_accepted() {
    let folder = tempfile::TempDir::new().unwrap();
    for kilobytes in [512, 700, 1024, 1500] {
        let disk = View::Disk(folder.path(), kilobytes * 1024);
        let told = sandbox::run(sandbox::child("child", "fill", folder.path(), disk));
        println!("{kilobytes} KiB: {}", told.lines().find(|line| line.starts_with("filled")).unwrap());
    }
}

fn child_that_holds(database: &Path) {
    let resident = Resident::open(config(database), ports(MemoryVault::with_key([7; 32]))).unwrap();
    let subject = accepted(&resident).subject;
    for line in std::io::stdin().lines().map_while(Result::ok) {
        match line.as_str() {
            "tap" => println!("\ntapped {}", tap(&resident, &subject).unwrap()),
            other => panic!("{other}"),
        }
    }
}

fn child_that_looks(database: &Path) {
    let resident = Resident::open_read_only(config(database), ports(MemoryVault::with_key([7; 32]))).unwrap();
    for _ in std::io::stdin().lines().map_while(Result::ok) {
        let accepted = accepted(&resident);
        println!("\nlooked {} {}", accepted.check_ins.len(), accepted.waiting);
    }
}

/// A child that answers a line with a line.
struct Talking {
    child: std::process::Child,
    lines: Box<dyn Iterator<Item = String>>,
}

impl Talking {
    fn start(task: &str, database: &Path) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "child", "--nocapture"])
            .env(TASK, task)
            .env(PLACE, database)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        Self { child, lines: Box::new(lines) }
    }

    /// What it answers after `word`.
    fn ask(&mut self, line: &str, word: &str) -> String {
        writeln!(self.child.stdin.as_mut().unwrap(), "{line}").unwrap();
        let answer = self.lines.find_map(|line| line.strip_prefix(word).map(str::to_owned));
        answer.expect("the child answers").trim().to_owned()
    }

    fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

#[test]
fn a_file_in_use_by_another_process_is_busy_and_can_be_looked_at() {
    let kept = Kept::new();
    let before = kept.accepted();
    let mut holder = Talking::start("hold", &kept.database());
    let first = holder.ask("tap", "tapped");
    assert_eq!(error(kept.open()), storage(StorageKind::Busy));
    let look = kept.look().unwrap();
    assert_eq!(accepted(&look), with(&before, [first.clone()]));
    let second = holder.ask("tap", "tapped");
    let expected = with(&before, [first, second]);
    assert_eq!(accepted(&look), expected, "what the other process wrote meanwhile");
    assert_eq!(error(kept.open()), storage(StorageKind::Busy));
    // Killed, it leaves its lock to whoever comes, and its journal to be read.
    holder.kill();
    assert_eq!(accepted(&look), expected);
    assert_eq!(kept.accepted(), expected);
}

#[test]
fn another_process_looks_at_the_file_while_it_is_written() {
    let kept = Kept::new();
    let resident = kept.open().unwrap();
    let mut expected = accepted(&resident);
    let mut widget = Talking::start("look", &kept.database());
    for _ in 0..20 {
        expected = with(&expected, [tap(&resident, &expected.subject).unwrap()]);
        let seen = widget.ask("look", "looked");
        assert_eq!(seen, format!("{} {}", expected.check_ins.len(), expected.waiting));
    }
    drop(resident);
    // It keeps nobody out, and a file that it has open is whole.
    let resident = kept.open().unwrap();
    tap(&resident, &expected.subject).unwrap();
    drop(resident);
    widget.kill();
    assert_eq!(kept.accepted().check_ins.len(), expected.check_ins.len() + 1);
}

#[test]
fn what_is_opened_to_look_at_writes_nothing() {
    let kept = Kept::new();
    let before = kept.accepted();
    let look = kept.look().unwrap();
    let home = look.home().unwrap();
    assert_eq!(home.subjects.first().unwrap().colour, Some(Colour::Yellow));
    assert!(home.time.sure);
    assert_eq!(accepted(&look), before);
    assert!(!look.form(None).unwrap().questions.is_empty());
    let subject = || before.subject.clone();
    assert!(look.code(subject(), None).is_ok());
    assert_eq!(look.preview(subject(), at_home()).unwrap().problems, []);

    let read_only = storage(StorageKind::ReadOnly);
    assert_eq!(tap(&look, &before.subject), Err(read_only.clone()));
    let declared = look.record(subject(), Entry::Declaration { declaration: at_home() });
    assert_eq!(declared.map(|_| ()), Err(read_only.clone()));
    assert_eq!(look.exchange().map(|_| ()), Err(read_only.clone()));
    assert_eq!(look.exchange_failed(None), Err(read_only.clone()));
    assert_eq!(look.one_time_code_call(li_si()).map(|_| ()), Err(read_only.clone()));
    assert_eq!(look.enrol_call("123456".to_owned()).map(|_| ()), Err(read_only.clone()));
    let runtime = tokio::runtime::Runtime::new().unwrap();
    assert_eq!(runtime.block_on(look.sync(None)).map(|_| ()), Err(read_only.clone()));
    assert_eq!(runtime.block_on(look.enrol("123456".to_owned(), None)).map(|_| ()), Err(read_only.clone()));
    let asked = runtime.block_on(look.request_one_time_code(li_si(), None));
    assert_eq!(asked.map(|_| ()), Err(read_only));

    // It is not the file's one instance: that one is opened beside it.
    let resident = kept.open().unwrap();
    let operation = tap(&resident, &before.subject).unwrap();
    assert_eq!(accepted(&look), with(&before, [operation.clone()]));
    drop((resident, look));
    let bytes = kept.bytes();
    let look = kept.look().unwrap();
    assert_eq!(accepted(&look), with(&before, [operation]));
    drop(look);
    assert!(kept.bytes() == bytes, "not a byte is changed");
}
