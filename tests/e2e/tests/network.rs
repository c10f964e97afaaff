//! What answers in the server's place, at a real socket.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "tests")]

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::mpsc::channel;
use std::time::Duration;

use healthcode::resident::Resident;
use healthcode::sync::{ExchangeStep, Reply};
use healthcode::{HealthcodeError, NetworkKind};
use healthcode_cli::time::World;
use healthcode_e2e::phone::{Phone, at, config_of, li_si, ports, zhang_san};
use healthcode_e2e::server::ServerProcess;
use tokio::runtime::Runtime;

#[test]
fn a_connection_that_is_not_private_is_told_from_none_at_all() {
    let server = ServerProcess::start(World::new(at(11, 9, 0)));
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let _ = stream.read(&mut [0; 4_096]);
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
        }
    });
    let sync = |url: String, name: &str| {
        let config = config_of(url, server.root_key(), &server.folder.path().join(name));
        let resident = Resident::open(config, ports(&server.world, 7).0).unwrap();
        Runtime::new().unwrap().block_on(resident.sync(None)).map(|_| ())
    };
    let kind = |kind| Err(HealthcodeError::Network { kind, retry_after: None });
    assert_eq!(sync(format!("https://127.0.0.1:{port}"), "tls.db"), kind(NetworkKind::Tls));
    assert_eq!(sync("https://127.0.0.1:1".to_owned(), "none.db"), kind(NetworkKind::Offline));
}

#[test]
fn calls_at_the_same_time_are_one_exchange_that_ends_with_the_last_of_them() {
    let server = ServerProcess::start(World::new(at(11, 9, 0)));
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (asked, asks) = channel();
    let (left, leaves) = channel();
    // Takes each request, never answers it, and says when the phone lets go of the connection.
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let (asked, left) = (asked.clone(), left.clone());
            std::thread::spawn(move || {
                let mut buffer = [0; 4_096];
                let first = stream.read(&mut buffer).unwrap_or(0);
                asked.send(first).unwrap();
                while stream.read(&mut buffer).is_ok_and(|count| count > 0) {}
                left.send(()).unwrap();
            });
        }
    });
    let config = config_of(url, server.root_key(), &server.folder.path().join("phone.db"));
    let resident = Resident::open(config, ports(&server.world, 7).0).unwrap();
    let runtime = Runtime::new().unwrap();
    let call = || {
        let resident = resident.clone();
        runtime.spawn(async move { resident.sync(None).await })
    };
    let soon = Duration::from_secs(20);
    let calls = [call(), call(), call()];
    assert!(asks.recv_timeout(soon).unwrap() > 0);
    assert!(asks.recv_timeout(Duration::from_millis(300)).is_err(), "one request for three calls");
    let [one, other, last] = calls;
    one.abort();
    other.abort();
    assert!(leaves.recv_timeout(Duration::from_millis(300)).is_err(), "one still waits for it");
    last.abort();
    leaves.recv_timeout(soon).expect("nobody waits for it any more");
    drop(call());
    asks.recv_timeout(soon).expect("the next call begins another");
}

#[test]
fn what_is_wrong_with_one_subject_does_not_hold_up_another() {
    let server = ServerProcess::start(World::new(at(11, 9, 0)));
    let mut phone = Phone::open(&server, "phone.db");
    phone.enrol(&server, zhang_san());
    phone.enrol(&server, li_si());
    let exchange = phone.resident.exchange().unwrap();
    let problem = br#"{"type":"problems/too-large","title":"","status":413}"#.to_vec();
    let refused = Reply {
        status: 413,
        content_type: "application/problem+json".to_owned(),
        retry_after: None,
        body: problem,
    };
    let (mut reply, mut asked) = (None, Vec::new());
    let ended = loop {
        match exchange.next(reply.take()) {
            Ok(ExchangeStep::Send { call }) => {
                assert!(asked.len() < 2, "each is asked once");
                asked.push(call.signature);
                reply = Some(refused.clone());
            }
            ended => break ended,
        }
    };
    assert_eq!(asked.len(), 2);
    assert_ne!(asked[0], asked[1]);
    let rejected = HealthcodeError::Rejected { problem: "too-large".to_owned(), retry_after: None };
    assert_eq!(ended, Err(rejected), "and it is told at the end");
}
