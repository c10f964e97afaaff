//! Generates the Kotlin and Swift sides of the border from the built library, which carries the description of it.
//! Without arguments it writes the committed files; a test generates anew elsewhere and compares. Python's side is for
//! tests alone and is never committed.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use uniffi::{GenerateOptions, TargetLanguage};

const USAGE: &str = "\
Generates the code of the border in other languages.

Usage: healthcode-bindgen [kotlin] [swift] [python] [--out DIR]

Without a language: kotlin and swift. Without --out: into bindings/kotlin/generated and bindings/swift/generated,
which are committed; python needs --out. With --out: into DIR/kotlin, DIR/swift, DIR/python.
";

fn main() -> ExitCode {
    match Request::parse(std::env::args().skip(1)).and_then(|request| request.run()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("healthcode-bindgen: {error}");
            ExitCode::from(2)
        }
    }
}

struct Request {
    languages: Vec<&'static str>,
    out: Option<PathBuf>,
}

impl Request {
    fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut request = Self { languages: Vec::new(), out: None };
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "kotlin" => request.languages.push("kotlin"),
                "swift" => request.languages.push("swift"),
                "python" => request.languages.push("python"),
                "--out" => {
                    let folder = arguments.next().ok_or("--out needs a folder")?;
                    request.out = Some(folder.into());
                }
                _ => return Err(format!("unknown argument\n\n{USAGE}")),
            }
        }
        if request.languages.is_empty() {
            request.languages = vec!["kotlin", "swift"];
        }
        Ok(request)
    }

    fn run(&self) -> Result<(), String> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let library = build(&root)?;
        for name in &self.languages {
            let out = match (&self.out, *name) {
                (Some(out), _) => out.join(name),
                (None, "python") => {
                    return Err("python's side is not committed: name a folder by --out".to_owned());
                }
                (None, _) => root.join("bindings").join(name).join("generated"),
            };
            let language = match *name {
                "kotlin" => TargetLanguage::Kotlin,
                "swift" => TargetLanguage::Swift,
                _ => TargetLanguage::Python,
            };
            generate(language, &library, &out)?;
            // Python loads the library from beside its module.
            if *name == "python" {
                let file = library.file_name().ok_or("the library has no name")?;
                std::fs::copy(&library, out.join(file)).map_err(|error| error.to_string())?;
            }
            eprintln!("{name}: {}", out.display());
        }
        Ok(())
    }
}

fn generate(language: TargetLanguage, library: &Path, out: &Path) -> Result<(), String> {
    let path = |path: &Path| path.to_str().map(Into::into).ok_or("a path is not UTF-8");
    let options = GenerateOptions {
        languages: vec![language],
        source: path(library)?,
        out_dir: path(out)?,
        crate_filter: Some("healthcode".to_owned()),
        ..GenerateOptions::default()
    };
    uniffi::generate(options).map_err(|error| format!("{error:#}"))
}

/// Builds the library unoptimised and gives its path.
fn build(root: &Path) -> Result<PathBuf, String> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status = Command::new(cargo).args(["build", "-p", "healthcode-ffi"]).current_dir(root).status();
    if !status.map_err(|error| format!("cargo: {error}"))?.success() {
        return Err("the library does not build".to_owned());
    }
    let (prefix, suffix) = (std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX);
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
    Ok(target.join("debug").join(format!("{prefix}healthcode_ffi{suffix}")))
}
