//! The files with which histories begin: a phone that has enrolled, and its server. They are made once and copied.

use std::path::Path;
use std::sync::LazyLock;

use healthcode::resident::Entry;
use healthcode_cli::time::World;
use healthcode_e2e::phone::{at_home, li_si, stay_in_wuhan, zhang_san};
use tempfile::TempDir;

use crate::authority::Authority;
use crate::files;
use crate::handset::Handset;
use crate::history::{Start, beginning};
use crate::line::Line;
use crate::sync::{self, Ended};

/// The files with which histories begin, made once.
static BEGINNINGS: LazyLock<TempDir> = LazyLock::new(|| {
    let folder = files::folder();
    for start in [Start::Yellow, Start::Green, Start::Undeclared] {
        let here = folder.path().join(format!("{start:?}"));
        std::fs::create_dir(&here).unwrap();
        begin(&here, start);
    }
    folder
});

fn begin(folder: &Path, start: Start) {
    let world = World::new(beginning());
    let authority = Authority::open(folder, &world);
    let mut handset = Handset::open(folder, "phone", &authority, &world);
    let who = if start == Start::Yellow { zhang_san() } else { li_si() };
    handset.enrol(who, &authority);
    let mut line = Line::default();
    let done = |ended| assert!(matches!(ended, Ended::Done(_)), "{ended:?}");
    done(sync::exchange(&mut handset, &mut line, &authority, &world, &[]));
    let declaration = match start {
        Start::Yellow => stay_in_wuhan(),
        Start::Green => at_home(),
        Start::Undeclared => return,
    };
    handset.record(Entry::Declaration { declaration }).unwrap();
    done(sync::exchange(&mut handset, &mut line, &authority, &world, &[]));
}

/// Copies them into a folder: `server.db` with its keys and its life, `phone-0.db`.
pub fn copy_to(folder: &Path, start: Start) {
    let from = BEGINNINGS.path().join(format!("{start:?}"));
    for name in ["server.db", "server.keys", "server.life", "phone-0.db"] {
        std::fs::copy(from.join(name), folder.join(name)).unwrap();
    }
}
