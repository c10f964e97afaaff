//! What answers in the server's place, at a real socket.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use std::io::{Read, Write};
use std::net::TcpListener;

use healthcode::resident::Resident;
use healthcode::{HealthcodeError, NetworkKind};
use healthcode_cli::time::World;
use healthcode_e2e::phone::{at, config_of, ports};
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
