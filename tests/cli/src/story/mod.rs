//! One resident's fortnight, for real: a server on an embedded database, a phone that talks to it over HTTP, a
//! checkpoint that reads the phone's QR code from its picture, offline. Then a second province, a filmed code, and a
//! server that is dead for two days; and a train that carried a case; then a code
//! on paper, and an appeal. Only the time is virtual, and it enters where a phone's and a server's clocks do.

mod counter;
mod event;
mod journey;
mod outage;
mod play;
mod provinces;
mod scene;
mod server;
mod teller;
mod train;
mod wire;
mod worker;

use std::io::{IsTerminal, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use play::Play;
use scene::{Scene, failed};
use teller::Teller;

use crate::Failure;

/// Plays the story; with a folder to keep, its databases and codes stay there.
pub(crate) fn run(keep: Option<&Path>, as_json: bool, out: &mut dyn Write) -> Result<(), Failure> {
    let temporary = tempfile::TempDir::new()?;
    let folder = match keep {
        None => temporary.path().join("story"),
        Some(folder) => folder.to_owned(),
    };
    prepare(&folder)?;
    let codes = keep.map(|_| folder.join("codes"));
    if let Some(codes) = &codes {
        std::fs::create_dir(codes)?;
    }
    let gate_folder = temporary.path().join("gate");
    std::fs::create_dir(&gate_folder)?;

    let coloured = !as_json && std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let mut teller = Teller::new(out, as_json, coloured);
    teller.announce()?;
    let scene = Scene::set(&folder, &gate_folder)?;
    if keep.is_some() {
        std::fs::write(folder.join("trust-list.cbor"), &scene.trust_list)?;
        std::fs::write(folder.join("root-key.hex"), &scene.root_key)?;
    }
    let mut play = Play::new(scene, teller, codes);
    play.run()?;
    if keep.is_some() {
        std::fs::write(folder.join("quarantine-proof.json"), play.proof()?)?;
    }
    provinces::run(&mut play, temporary.path())?;
    play.scene.stop_server()?;
    play.teller.close(keep)
}

/// The folder, made if there is none; what lies in it already is not ours to overwrite.
fn prepare(folder: &PathBuf) -> Result<(), Failure> {
    let unusable = |error| Failure::Usage(format!("{}: {error}", folder.display()));
    std::fs::create_dir_all(folder).map_err(unusable)?;
    let mut entries = std::fs::read_dir(folder).map_err(unusable)?;
    if entries.next().is_some() {
        return Err(Failure::Usage(format!("{}: the folder is not empty", folder.display())));
    }
    // Only its owner has a use for a server's keys.
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o700)).map_err(failed)
}
