//! A child process that runs one test of its own binary, in a mount namespace of its own and without capabilities:
//! file modes bind it even where the tests run as root, and a disk can be as small as one likes.

use std::path::Path;
use std::process::{Command, Output};

/// Names to a child what it has to do.
pub const TASK: &str = "HEALTHCODE_TEST_TASK";
/// Names to a child the file that it has to do with.
pub const PLACE: &str = "HEALTHCODE_TEST_PLACE";

/// What a child sees differently.
#[derive(Clone, Copy, Debug)]
pub enum View<'a> {
    /// Nothing.
    Same,
    /// This folder, on a read-only mount.
    ReadOnly(&'a Path),
    /// This folder, an empty disk of so many bytes.
    Disk(&'a Path, u64),
}

/// A child that runs the test of this name in the current binary, to do `task` with `place`.
///
/// # Panics
///
/// Where the binary has no path.
#[must_use]
pub fn child(test: &str, task: &str, place: &Path, view: View<'_>) -> Command {
    let mut command = Command::new("bwrap");
    command.args([
        "--bind",
        "/",
        "/",
        "--dev-bind",
        "/dev",
        "/dev",
        "--die-with-parent",
        "--cap-drop",
        "ALL",
    ]);
    match view {
        View::Same => {}
        View::ReadOnly(folder) => {
            command.arg("--ro-bind").args([folder, folder]);
        }
        View::Disk(folder, size) => {
            command.args(["--size", &size.to_string(), "--tmpfs"]).arg(folder);
        }
    }
    command
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env(TASK, task)
        .env(PLACE, place);
    command
}

/// Runs a child to its end.
///
/// # Panics
///
/// Where bubblewrap is missing or may not make a namespace, and where the child fails: with what it wrote.
#[must_use]
pub fn run(mut child: Command) -> String {
    let Output { status, stdout, stderr } =
        child.output().expect("bwrap (the package bubblewrap) is installed");
    let (stdout, stderr) = (String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
    assert!(status.success(), "the child in its sandbox failed:\n{stdout}\n{stderr}");
    assert!(stdout.contains("1 passed"), "the child ran its test:\n{stdout}");
    stdout.into_owned()
}
