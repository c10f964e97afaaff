//! The picture at the head of the README is a code as the core draws it, from the golden vector.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use std::path::Path;

use healthcode::qr::{Caption, Matrix, Shade, svg};

fn file(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/vectors").join(name)
}

fn picture() -> String {
    let vector: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(file("tokens.json")).unwrap()).unwrap();
    let claims = &vector["claims"];
    let holder =
        format!("{} {}", claims["masked_name"].as_str().unwrap(), claims["id_tail"].as_str().unwrap());
    let matrix = Matrix::encode(vector["text"].as_str().unwrap()).unwrap();
    svg(&matrix, Shade::Green, &Caption { word: "绿码 GREEN", detail: &holder })
}

#[test]
fn the_picture_of_the_readme_is_a_code_of_this_version() {
    assert_eq!(std::fs::read_to_string(file("code.svg")).unwrap(), picture());
}

#[test]
#[ignore = "writes the picture anew, after a change of the drawing that is meant"]
fn write_the_picture() {
    std::fs::write(file("code.svg"), picture()).unwrap();
}
