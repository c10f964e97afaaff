//! Malformed, oversized and out-of-place requests at a real server's socket: each gets a problem that names what is
//! wrong, none is repeated, and the server serves on.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use healthcode::token::{SoftwareKey, SubjectId};
use healthcode::wire::message::{ANCHOR_PATH, CONFIRM_PATH, ENROLMENTS_PATH, MAX_REQUEST_BYTES, SYNC_PATH};
use healthcode::wire::{RequestClaims, SIGNATURE_HEADER};
use healthcode_cli::time::World;
use healthcode_e2e::http::{Answer, send};
use healthcode_e2e::phone::at;
use healthcode_e2e::server::ServerProcess;

const JSON: (&str, &str) = ("Content-Type", "application/json");
const SECRET: &str = "11010519491231002X";

fn problem(answer: &Answer) -> String {
    assert!(answer.headers.iter().any(|line| line == "content-type: application/problem+json"), "{answer:?}");
    assert!(!answer.body.contains(SECRET), "{answer:?}");
    let problem: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
    assert_eq!(problem["status"], answer.status);
    problem["type"].as_str().unwrap().trim_start_matches("problems/").to_owned()
}

fn signed(path: &str, body: &[u8], audience: &str, subject: Option<SubjectId>) -> String {
    let key = SoftwareKey::from_seed(&[5; 32]);
    RequestClaims::new(path, body, audience, [9; 16], subject).sign(&key).unwrap()
}

#[test]
fn every_bad_request_is_named_and_not_repeated() {
    let server = ServerProcess::start(World::new(at(11, 9, 0)));
    let post = |path: &str, headers: &[(&str, &str)], body: &[u8]| {
        let answer = send(server.port(), "POST", path, headers, body);
        (answer.status, problem(&answer))
    };
    let secret = format!("{{\"identity\":{{\"name\":\"{SECRET}\"}}}}");
    let nobody = Some(SubjectId([1; 16]));
    let sync = signed(SYNC_PATH, b"{}", "hangzhou", nobody);
    let elsewhere = signed(SYNC_PATH, b"{}", "shenzhen", nobody);
    let another_path = signed(CONFIRM_PATH, b"{}", "hangzhou", nobody);
    let enrol = signed(SYNC_PATH, b"{}", "hangzhou", None);
    let large = vec![b' '; MAX_REQUEST_BYTES + 1];

    let expected = |status: u16, word: &str| (status, word.to_owned());
    for body in [secret.as_bytes(), b"", b"{", b"null", b"[1,2", "\u{feff}{}".as_bytes(), &[0xff, 0xfe, 0]] {
        assert_eq!(post(ENROLMENTS_PATH, &[JSON], body), expected(400, "malformed"));
        assert_eq!(post(CONFIRM_PATH, &[JSON], body), expected(400, "malformed"));
    }
    for header in ["", "AAAA", "not base64url!", &"A".repeat(4_000), SECRET] {
        let answer = post(SYNC_PATH, &[JSON, (SIGNATURE_HEADER, header)], b"{}");
        assert_eq!(answer, expected(401, "signature"), "{header}");
    }
    assert_eq!(post(SYNC_PATH, &[JSON], b"{}"), expected(401, "signature"));
    assert_eq!(post(SYNC_PATH, &[JSON, (SIGNATURE_HEADER, &enrol)], b"{}"), expected(401, "signature"));
    for header in [&sync, &elsewhere, &another_path] {
        let answer = post(SYNC_PATH, &[JSON, (SIGNATURE_HEADER, header)], b"{}");
        assert_eq!(answer, expected(404, "unknown-subject"));
    }
    assert_eq!(post(SYNC_PATH, &[JSON], &large), expected(413, "too-large"));
    assert_eq!(post(SYNC_PATH, &[("Content-Type", "text/plain")], b"{}"), expected(400, "malformed"));
    assert_eq!(post(SYNC_PATH, &[], b"{}"), expected(400, "malformed"));

    let get = |path: &str| {
        let answer = send(server.port(), "GET", path, &[], b"");
        (answer.status, problem(&answer))
    };
    for query in ["?nonce=", "?nonce=AAAA", "?nonce=!", "?other=1", &format!("?nonce={SECRET}")] {
        assert_eq!(get(&format!("{ANCHOR_PATH}{query}")), expected(400, "malformed"), "{query}");
    }
    assert_eq!(get(&format!("/v1/{SECRET}")), expected(404, "not-found"));
    assert_eq!(get(SYNC_PATH), expected(405, "method"));

    let well = send(server.port(), "GET", "/healthz", &[], b"");
    assert_eq!((well.status, well.body.contains("ok")), (200, true));
}

#[test]
fn noise_on_the_socket_leaves_the_server_serving() {
    use std::io::Write;

    let server = ServerProcess::start(World::new(at(11, 9, 0)));
    for noise in [
        b"\0\0\0\0".as_slice(),
        b"GET / HTTP/9.9\r\n\r\n",
        b"POST /v1/sync HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n",
        b"POST /v1/sync HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    ] {
        let mut stream = std::net::TcpStream::connect(("127.0.0.1", server.port())).unwrap();
        // The server may hang up at any byte.
        let _ = stream.write_all(noise);
    }
    assert_eq!(send(server.port(), "GET", "/healthz", &[], b"").status, 200);
}
