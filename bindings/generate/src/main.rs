//! Generates the Kotlin and Swift sides of the border from the built library, which carries the description of it.
//! Without arguments it writes the committed files; a test generates anew elsewhere and compares. Python's side, and
//! that of the library that panics on purpose, are for tests alone and are never committed.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use uniffi::{GenerateOptions, TargetLanguage};

const USAGE: &str = "\
Generates the code of the border in other languages.

Usage: healthcode-bindgen [kotlin] [swift] [python] [--crash] [--out DIR]

Without a language: kotlin and swift. Without --out: into bindings/kotlin/generated and bindings/swift/generated,
which are committed; python and --crash (the library of tests/crash instead) need --out. With --out: into DIR/kotlin,
DIR/swift, DIR/python.
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
    library: &'static Library,
    out: Option<PathBuf>,
}

/// A library with a border.
struct Library {
    package: &'static str,
    file: &'static str,
    /// The crate that the border describes.
    described: &'static str,
    /// The name of its Swift modules.
    swift: &'static str,
}

const HEALTHCODE: Library = Library {
    package: "healthcode-ffi",
    file: "healthcode_ffi",
    described: "healthcode",
    swift: "Healthcode",
};

const CRASH: Library = Library {
    package: "healthcode-crash",
    file: "healthcode_crash",
    described: "healthcode_crash",
    swift: "HealthcodeCrash",
};

impl Request {
    fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut request = Self { languages: Vec::new(), library: &HEALTHCODE, out: None };
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "kotlin" => request.languages.push("kotlin"),
                "swift" => request.languages.push("swift"),
                "python" => request.languages.push("python"),
                "--crash" => request.library = &CRASH,
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
        let committed =
            request.library.package == HEALTHCODE.package && !request.languages.contains(&"python");
        if request.out.is_none() && !committed {
            return Err("this is not committed: name a folder by --out".to_owned());
        }
        Ok(request)
    }

    fn run(&self) -> Result<(), String> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let library = self.library.build(&root)?;
        for name in &self.languages {
            let out = match &self.out {
                Some(out) => out.join(name),
                None => root.join("bindings").join(name).join("generated"),
            };
            let language = match *name {
                "kotlin" => TargetLanguage::Kotlin,
                "swift" => TargetLanguage::Swift,
                _ => TargetLanguage::Python,
            };
            self.library.generate(language, &library, &out)?;
            match *name {
                "swift" => self.library.arrange_swift(&out)?,
                // Python loads the library from beside its module.
                "python" => {
                    let file = library.file_name().ok_or("the library has no name")?;
                    std::fs::copy(&library, out.join(file)).map_err(|error| error.to_string())?;
                }
                _ => {}
            }
            eprintln!("{name}: {}", out.display());
        }
        Ok(())
    }
}

impl Library {
    fn generate(&self, language: TargetLanguage, library: &Path, out: &Path) -> Result<(), String> {
        let path = |path: &Path| path.to_str().map(Into::into).ok_or("a path is not UTF-8");
        let options = GenerateOptions {
            languages: vec![language],
            source: path(library)?,
            out_dir: path(out)?,
            crate_filter: Some(self.described.to_owned()),
            ..GenerateOptions::default()
        };
        uniffi::generate(options).map_err(|error| format!("{error:#}"))?;
        unlink_all(out)
    }

    /// `SwiftPM` wants a folder a module, and one name for every module map.
    fn arrange_swift(&self, out: &Path) -> Result<(), String> {
        let ffi = format!("{}FFI", self.swift);
        let native = if self.package == HEALTHCODE.package { "HealthcodeNative" } else { self.swift };
        for (from, to) in [
            (format!("{ffi}.h"), format!("{ffi}/{ffi}.h")),
            (format!("{ffi}.modulemap"), format!("{ffi}/module.modulemap")),
            (format!("{native}.swift"), format!("{native}/{native}.swift")),
        ] {
            let to = out.join(to);
            let moved = to.parent().map_or(Ok(()), std::fs::create_dir_all);
            let moved = moved.and_then(|()| std::fs::rename(out.join(from), &to));
            moved.map_err(|error| format!("{}: {error}", to.display()))?;
        }
        Ok(())
    }

    /// Builds the library unoptimised and gives its path.
    fn build(&self, root: &Path) -> Result<PathBuf, String> {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let status = Command::new(cargo).args(["build", "-p", self.package]).current_dir(root).status();
        if !status.map_err(|error| format!("cargo: {error}"))?.success() {
            return Err("the library does not build".to_owned());
        }
        let (prefix, suffix) = (std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX);
        let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
        Ok(target.join("debug").join(format!("{prefix}{}{suffix}", self.file)))
    }
}

/// The comments are Rust's, with Rust's links, which no other language follows.
fn unlink_all(folder: &Path) -> Result<(), String> {
    let told = |error: std::io::Error| format!("{}: {error}", folder.display());
    for entry in std::fs::read_dir(folder).map_err(told)? {
        let path = entry.map_err(told)?.path();
        if path.is_dir() {
            unlink_all(&path)?;
        } else if path.extension().is_some_and(|kind| kind == "kt" || kind == "swift") {
            let text = std::fs::read_to_string(&path).map_err(told)?;
            std::fs::write(&path, unlink(&text)).map_err(told)?;
        }
    }
    Ok(())
}

/// Makes `` `Cancel.newOne` `` of `` [`crate::sync::Cancel::new_one`] ``.
fn unlink(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("[`") {
        out.push_str(before);
        match after.split_once("`]") {
            Some((path, tail)) if path.chars().all(|c| c.is_alphanumeric() || c == '_' || c == ':') => {
                let names = path.split("::").skip_while(|name| path.contains("::") && is_module(name));
                let names: Vec<_> = names.map(camel).collect();
                out.extend(["`", &names.join("."), "`"]);
                rest = tail;
            }
            _ => {
                out.push_str("[`");
                rest = after;
            }
        }
    }
    out + rest
}

fn is_module(name: &str) -> bool {
    name.starts_with(char::is_lowercase)
}

fn camel(name: &str) -> String {
    if !is_module(name) {
        return name.to_owned();
    }
    let mut words = name.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |all, word| {
        let (initial, end) = word.split_at(word.chars().next().map_or(0, char::len_utf8));
        all + &initial.to_uppercase() + end
    })
}

#[cfg(test)]
mod tests {
    use super::unlink;

    #[test]
    fn links_become_names_and_code_stays() {
        assert_eq!(unlink("see [`Vault::seal`], [`Cancel`]."), "see `Vault.seal`, `Cancel`.");
        assert_eq!(unlink("[`crate::wire::SIGNATURE_HEADER`]"), "`SIGNATURE_HEADER`");
        assert_eq!(unlink("[`crate::a::Checkpoint::confirm_date`]"), "`Checkpoint.confirmDate`");
        for code in ["map[`a b`]", "[`", "a[`b", ""] {
            assert_eq!(unlink(code), code);
        }
    }
}
