//! Codes as cameras see them, read back by zbar and by rxing: which pictures are read is asserted where it surely is so,
//! and what fails is printed as a table.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]
#![allow(clippy::print_stdout, reason = "the table is told")]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::process::{Command, Stdio};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use healthcode::qr::Matrix;
use healthcode::token::key::Signer;
use healthcode::token::{Challenge, CodeText, GateToken, Prefix};
use healthcode_attacks::picture::Picture;
use healthcode_attacks::world::{HOLDER, HardwareKey, code, on_paper, paper, sealed, showing, token};
use tempfile::TempDir;

static FOLDER: LazyLock<TempDir> = LazyLock::new(|| TempDir::new().unwrap());

/// The largest code there is: a hardware key's, version 12.
fn code_text() -> String {
    let hardware = HardwareKey::new(HOLDER);
    let token = sealed(&GateToken { holder: Some(hardware.public_key()), ..token() });
    code(&showing(&token, 30).sign(None, &hardware).unwrap())
}

fn by_rxing(picture: &Picture) -> Option<String> {
    let side = u32::try_from(picture.side).unwrap();
    let format = Some(rxing::BarcodeFormat::QR_CODE);
    let found = rxing::helpers::detect_in_luma(picture.luma.clone(), side, side, format);
    found.ok().map(|result| result.getText().to_owned())
}

fn by_zbar(picture: &Picture) -> Option<String> {
    static NUMBER: AtomicUsize = AtomicUsize::new(0);
    let file = FOLDER.path().join(format!("{}.pgm", NUMBER.fetch_add(1, Ordering::Relaxed)));
    std::fs::write(&file, picture.to_pgm()).unwrap();
    let mut command = Command::new("zbarimg");
    command
        .args(["--quiet", "--raw", "--nodbus", "-Sdisable", "-Sqrcode.enable"])
        .arg(&file)
        .stderr(Stdio::null());
    let output = command.output().expect("zbarimg is there");
    let text = String::from_utf8(output.stdout).unwrap();
    output.status.success().then(|| text.trim_end_matches('\n').to_owned())
}

/// What each reader makes of a picture: whether it reads it. Another text than the code's is never read.
fn readers(picture: &Picture, text: &str) -> [bool; 2] {
    [by_zbar(picture), by_rxing(picture)].map(|found| match found {
        Some(found) => {
            assert_eq!(found, text, "read as another text");
            true
        }
        None => false,
    })
}

/// A kind of trouble: by its degree, what each reader must read at least and at most of so many pictures.
struct Row {
    name: &'static str,
    degree: f64,
    pictures: Vec<Picture>,
}

fn row(name: &'static str, degrees: &[f64], make: impl Fn(f64) -> Vec<Picture>) -> Vec<Row> {
    degrees.iter().map(|degree| Row { name, degree: *degree, pictures: make(*degree) }).collect()
}

/// Puts rows to the readers, prints them, and gives how many pictures of each zbar and rxing have read.
fn table(text: &str, rows: Vec<Row>) -> BTreeMap<(&'static str, String), (usize, usize, usize)> {
    let mut told = BTreeMap::new();
    let mut lines = format!("\n{:30} {:>5} {:>5} {:>5}\n", "pictures", "of", "zbar", "rxing");
    for Row { name, degree, pictures } in rows {
        let read: Vec<[bool; 2]> = pictures.iter().map(|picture| readers(picture, text)).collect();
        let count = |reader: usize| read.iter().filter(|each| each[reader]).count();
        let counts = (pictures.len(), count(0), count(1));
        let (what, (of, zbar, rxing)) = (format!("{name} {degree}"), counts);
        writeln!(lines, "{what:30} {of:>5} {zbar:>5} {rxing:>5}").unwrap();
        told.insert((name, degree.to_string()), counts);
    }
    println!("{lines}\npictures: {}", told.values().map(|counts| counts.0).sum::<usize>());
    told
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "small whole numbers")]
fn drawn(matrix: &Matrix, side: f64) -> Picture {
    Picture::drawn(matrix, side as usize)
}

#[test]
fn every_kind_of_code_is_read_from_200_to_800_pixels() {
    let sizes = [200.0, 250.0, 300.0, 400.0, 500.0, 600.0, 700.0, 800.0];
    let paper = on_paper(&sealed(&paper()));
    let longest = Challenge::new([0xff; 16], "杭州东站北出口甲乙丙", None);
    let challenge = CodeText::write(Prefix::Challenge, &longest.to_bytes());
    for (text, version) in [(code_text(), 12), (paper, 8), (challenge, 4)] {
        let matrix = Matrix::encode(&text).unwrap();
        assert_eq!(matrix.version(), version);
        let counts = table(&text, row("size", &sizes, |side| vec![drawn(&matrix, side)]));
        assert!(counts.values().all(|counts| *counts == (1, 1, 1)), "{version}: {counts:?}");
    }
}

#[test]
fn a_code_is_read_turned_blurred_and_dimmed_until_it_is_worse_than_this() {
    let text = code_text();
    let matrix = Matrix::encode(&text).unwrap();
    let plain = Picture::drawn(&matrix, 400);
    let module = plain.module(&matrix);
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "small whole numbers")]
    let dimmed = |contrast: f64| plain.dimmed(220, contrast as u8);
    let worn = |side| drawn(&matrix, side).turned(7.0).blurred(0.8).dimmed(180, 90);
    let angles = [0.0, 3.0, 10.0, 20.0, 30.0, 45.0, 60.0, 90.0, 135.0, 180.0, 270.0];
    let counts = table(
        &text,
        [
            row("small size", &[100.0, 120.0, 140.0, 160.0, 180.0], |side| vec![drawn(&matrix, side)]),
            row("turned, degrees", &angles, |degrees| vec![plain.turned(degrees)]),
            row("blurred, of a module", &[0.2, 0.3, 0.4, 0.5, 0.6, 0.7], |sigma| {
                vec![plain.blurred(sigma * module)]
            }),
            row("contrast, of 255", &[200.0, 150.0, 100.0, 70.0, 50.0, 30.0, 20.0, 10.0], |contrast| {
                vec![dimmed(contrast)]
            }),
            row("all at once, size", &[200.0, 300.0, 400.0, 600.0, 800.0], |side| vec![worn(side)]),
        ]
        .into_iter()
        .flatten()
        .collect(),
    );
    let read = |name, degree: &str| counts[&(name, degree.to_owned())];
    for degrees in angles {
        assert_eq!(read("turned, degrees", &degrees.to_string()), (1, 1, 1), "{degrees}");
    }
    for sigma in ["0.2", "0.3"] {
        assert_eq!(read("blurred, of a module", sigma), (1, 1, 1), "{sigma}");
    }
    for contrast in ["200", "150", "100"] {
        assert_eq!(read("contrast, of 255", contrast), (1, 1, 1), "{contrast}");
    }
    for side in ["200", "300", "400", "600", "800"] {
        assert_eq!(read("all at once, size", side), (1, 1, 1), "{side}");
    }
}

#[test]
fn dirt_is_read_through_until_it_hides_more_than_this() {
    let text = code_text();
    let matrix = Matrix::encode(&text).unwrap();
    let plain = Picture::drawn(&matrix, 400);
    let module = plain.module(&matrix);
    let dirty = |modules: f64, hides: f64, part: f64| {
        (0..8).map(|seed| plain.dirty(part / 100.0, modules * module, hides, seed)).collect()
    };
    let parts = [0.5, 1.0, 2.0, 5.0, 10.0];
    let counts = table(
        &text,
        [
            row("specks of a module, %", &parts, |part| dirty(1.0, 1.0, part)),
            row("blots of 4 modules, %", &parts, |part| dirty(4.0, 1.0, part)),
            row("blots of 10 modules, %", &parts, |part| dirty(10.0, 1.0, part)),
            row("smears, half seen through, %", &parts, |part| dirty(10.0, 0.5, part)),
        ]
        .into_iter()
        .flatten()
        .collect(),
    );
    // What is half seen through does no harm. What hides is read through where it is little: level M mends 15 % of the
    // codewords, and a tenth of the picture hidden in specks of a module breaks most of them.
    for part in ["0.5", "1", "2", "5", "10"] {
        assert_eq!(counts[&("smears, half seen through, %", part.to_owned())], (8, 8, 8), "{part}");
    }
    for (name, part, least) in [
        ("specks of a module, %", "1", (8, 8, 4)),
        ("specks of a module, %", "2", (8, 6, 4)),
        ("blots of 4 modules, %", "2", (8, 6, 5)),
        ("blots of 10 modules, %", "2", (8, 6, 6)),
    ] {
        let (of, zbar, rxing) = counts[&(name, part.to_owned())];
        assert!(of == least.0 && zbar >= least.1 && rxing >= least.2, "{name} {part}: {zbar} and {rxing}");
    }
}
