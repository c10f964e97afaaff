#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "tests, which also measure time")]

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Instant;

use super::*;

const SHORT: Limits = Limits {
    connect: Duration::from_millis(150),
    read: Duration::from_millis(250),
    whole: Duration::from_millis(600),
};

/// A server that treats every connection so, and its address.
fn server(treat: impl Fn(TcpStream) + Send + Clone + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let treat = treat.clone();
            std::thread::spawn(move || treat(stream));
        }
    });
    format!("http://{address}")
}

fn config(server: String) -> Config {
    Config {
        database: String::new(),
        server,
        issuer: "hangzhou".to_owned(),
        root_keys: Vec::new(),
        root_threshold: 1,
        root_version: 1,
        trust_list_floor: 0,
        built_at: crate::rules::calendar::Timestamp::from_seconds(0),
        cleartext_hosts: vec!["192.0.2.1".to_owned()],
        tls_roots: Vec::new(),
    }
}

/// What a call with short limits came to, and after how many milliseconds.
fn call(server: String) -> (Result<Reply, HealthcodeError>, u128) {
    let client = Client::with_limits(&config(server), SHORT).unwrap();
    let from = Instant::now();
    let reply = runtime().unwrap().block_on(client.send(&Call::get("/v1/anchor", 1_024)));
    (reply, from.elapsed().as_millis())
}

fn read_head(stream: &mut TcpStream) {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap_or(0) == 1 {
        head.extend_from_slice(&byte);
    }
}

#[test]
fn a_phones_client_has_a_phones_limits() {
    let seconds = Duration::from_secs;
    let expected = Limits { connect: seconds(10), read: seconds(15), whole: seconds(45) };
    assert_eq!(Client::new(&config("http://127.0.0.1:1".to_owned())).unwrap().limits, expected);
}

#[test]
fn a_server_that_takes_the_call_and_says_nothing_is_left_in_time() {
    let (reply, millis) = call(server(|mut stream| {
        read_head(&mut stream);
        std::thread::sleep(Duration::from_secs(5));
    }));
    assert_eq!(reply, Err(HealthcodeError::network(NetworkKind::Timeout)));
    assert!((250..600).contains(&millis), "{millis} ms");
}

#[test]
fn a_body_that_comes_byte_by_byte_is_left_when_the_whole_has_taken_too_long() {
    let (reply, millis) = call(server(|mut stream| {
        read_head(&mut stream);
        let head = b"HTTP/1.1 200 OK\r\nContent-Type: application/cbor\r\nContent-Length: 500\r\n\r\n";
        let _ = stream.write_all(head);
        while stream.write_all(b"1").is_ok() {
            std::thread::sleep(Duration::from_millis(50));
        }
    }));
    assert_eq!(reply, Err(HealthcodeError::network(NetworkKind::Timeout)));
    assert!((600..1_200).contains(&millis), "{millis} ms");
}

#[test]
fn a_body_that_stops_is_left_before_the_whole_time_is_over() {
    let (reply, millis) = call(server(|mut stream| {
        read_head(&mut stream);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n123");
        std::thread::sleep(Duration::from_secs(5));
    }));
    assert_eq!(reply, Err(HealthcodeError::network(NetworkKind::Timeout)));
    assert!((250..600).contains(&millis), "{millis} ms");
}

#[test]
fn a_host_that_lets_nobody_in_is_left_when_connecting_has_taken_too_long() {
    // An address for documentation, which leads nowhere (RFC 5737), or is refused at once without a network.
    let (reply, millis) = call("http://192.0.2.1:9".to_owned());
    let kind = match reply {
        Err(HealthcodeError::Network { kind, .. }) => kind,
        other => unreachable!("{other:?}"),
    };
    assert!(matches!(kind, NetworkKind::Timeout | NetworkKind::Offline), "{kind:?}");
    assert!(millis < 600, "{millis} ms");
}

#[test]
fn a_body_is_not_unpacked_and_says_so() {
    let (reply, _) = call(server(|mut stream| {
        read_head(&mut stream);
        let head = "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\n1234";
        let _ = stream.write_all(head.as_bytes());
    }));
    assert_eq!(reply, Err(HealthcodeError::bad_answer()));
}
