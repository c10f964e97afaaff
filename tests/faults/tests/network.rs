//! What answers in the server's place, at real sockets, against the core's own client: each is named, none costs an
//! entry, and the next good exchange works. The limits of time themselves are tested in the core, where they can be
//! shortened.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]
#![allow(clippy::print_stdout, reason = "the counts are said")]
#![allow(clippy::disallowed_methods, reason = "tests, which also measure time")]

mod answers;
mod tls;

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use answers::{Answer, Liar, good};
use healthcode::resident::Resident;
use healthcode::sync::{Cancel, Config, SyncReport};
use healthcode::{HealthcodeError, NetworkKind};
use healthcode_e2e::phone::li_si;
use healthcode_faults::house::{House, Phone};
use tokio::runtime::Runtime;

const FILE: &str = "phone.db";
/// How many syncs are let go of.
const STEPS: u32 = 250;

/// A house with one enrolled phone, at whose sockets anything may answer.
pub(crate) struct Street {
    pub(crate) house: House,
    runtime: Runtime,
    taps: u32,
}

impl Street {
    pub(crate) fn new() -> Self {
        let house = House::open(Path::new(env!("CARGO_TARGET_TMPDIR")));
        house.enrolled(FILE, li_si()).become_yellow(&house);
        Self { house, runtime: Runtime::new().unwrap(), taps: 0 }
    }

    fn open(&self, config: Config) -> Phone {
        let resident = Resident::open(config, self.house.ports()).unwrap();
        let subject = resident.home().unwrap().subjects.pop().unwrap().subject;
        Phone { resident, subject }
    }

    /// Records an entry and syncs with what answers there. Whatever comes of it, the entry waits.
    pub(crate) fn try_at(&mut self, server: &str, tls_root: Option<Vec<u8>>) -> (HealthcodeError, Duration) {
        let config = Config { tls_roots: tls_root.into_iter().collect(), ..self.house.config(FILE, server) };
        let phone = self.open(config);
        phone.tap();
        self.taps += 1;
        let waiting = phone.resident.home().unwrap().sync.waiting;
        let from = Instant::now();
        let error = self.runtime.block_on(phone.resident.sync(None)).unwrap_err();
        let took = from.elapsed();
        let after = phone.resident.home().unwrap().sync;
        assert_eq!(after.waiting, waiting, "an entry was lost at {server}");
        assert!(after.failures > 0 && !after.running, "the failure is noted");
        (error, took)
    }

    /// Syncs with the good server: everything that waits arrives.
    pub(crate) fn sync_well(&self, good: &Liar) -> SyncReport {
        let phone = self.open(self.house.config(FILE, &good.url()));
        let report = self.runtime.block_on(phone.resident.sync(None)).unwrap();
        let after = phone.resident.home().unwrap().sync;
        assert_eq!((after.waiting, after.failures), (0, 0));
        report
    }

    /// How many operations the server has taken, each once by its table's key; one of them is the declaration.
    fn taken(&self) -> u32 {
        let file = rusqlite::Connection::open(self.house.file("server.db")).unwrap();
        file.query_row("SELECT COUNT(*) FROM operation", [], |row| row.get(0)).unwrap()
    }
}

fn kind_of(error: &HealthcodeError) -> NetworkKind {
    match error {
        HealthcodeError::Network { kind, .. } => *kind,
        other => panic!("{other:?}"),
    }
}

#[test]
#[allow(clippy::too_many_lines, reason = "a table")]
fn whatever_answers_in_the_servers_place_is_named_and_costs_nothing() {
    use NetworkKind::{BadAnswer, Intercepted, Unavailable};
    let json = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n";
    let page = "<!DOCTYPE html><html><body>Sign in to the free network</body></html>";
    let with_length = |head: &str, body: &str| {
        Answer::bytes(format!("{head}Connection: close\r\nContent-Length: {}\r\n\r\n{body}", body.len()))
    };
    let rows: Vec<(&str, Answer, NetworkKind)> = vec![
        ("closes at once", Answer::bytes(""), BadAnswer),
        ("closes within the status line", Answer::bytes("HTTP/1.1 20"), BadAnswer),
        ("closes within the head", Answer::bytes(format!("{json}Content-Le")), BadAnswer),
        (
            "closes within the body",
            Answer::bytes(format!("{json}Content-Length: 900\r\n\r\n{{\"out")),
            BadAnswer,
        ),
        (
            "closes within a chunk",
            Answer::bytes(format!("{json}Transfer-Encoding: chunked\r\n\r\n100\r\n{{\"out")),
            BadAnswer,
        ),
        (
            "chunks that are none",
            Answer::bytes(format!("{json}Transfer-Encoding: chunked\r\n\r\nxyz\r\n{{}}\r\n0\r\n\r\n")),
            BadAnswer,
        ),
        (
            "announces a body above the limit",
            Answer::endless(format!("{json}Content-Length: 1073741824\r\n\r\n"), b"[0,0,0,0]"),
            BadAnswer,
        ),
        (
            "a body without an end",
            Answer::endless(format!("{json}Transfer-Encoding: chunked\r\n\r\n"), b"9\r\n[0,0,0,0]\r\n"),
            BadAnswer,
        ),
        (
            "a body until it closes, without an end",
            Answer::endless(format!("{json}\r\n"), b"[0,0,0,0]"),
            BadAnswer,
        ),
        ("a packed bomb", answers::bomb(), BadAnswer),
        ("heads without an end", Answer::endless(json.to_owned(), b"X-More: of the same\r\n"), BadAnswer),
        ("a head of megabytes", Answer::endless(format!("{json}X-Long: "), b"of the same"), BadAnswer),
        ("HTTP/1.0 without a body", Answer::bytes("HTTP/1.0 200 OK\r\n\r\n"), BadAnswer),
        ("a version that is none", Answer::bytes("ICY 200 OK\r\n\r\n"), BadAnswer),
        ("another protocol", Answer::bytes("SSH-2.0-OpenSSH_9.6\r\n"), BadAnswer),
        ("binary garbage", Answer::Bytes((0..=255).cycle().take(4_096).collect()), BadAnswer),
        (
            "two lengths",
            Answer::bytes(format!("{json}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{{}} ")),
            BadAnswer,
        ),
        ("a sign-in page", with_length("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n", page), Intercepted),
        ("a sign-in page under a wrong name", with_length(json, page), Intercepted),
        (
            "a redirect to another host",
            with_length("HTTP/1.1 302 Found\r\nLocation: http://signin.invalid/\r\n", ""),
            Intercepted,
        ),
        (
            "network authentication required",
            with_length("HTTP/1.1 511 Network Authentication Required\r\nContent-Type: text/html\r\n", page),
            Intercepted,
        ),
        (
            "a page that forbids",
            with_length("HTTP/1.1 403 Forbidden\r\nContent-Type: text/html\r\n", page),
            Intercepted,
        ),
        (
            "a wrong content type",
            with_length("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n", "{}"),
            BadAnswer,
        ),
        ("no content type", with_length("HTTP/1.1 200 OK\r\n", "{}"), BadAnswer),
        ("JSON of something else", with_length(json, r#"{"temperature": 21}"#), BadAnswer),
        ("JSON that is cut", with_length(json, r#"{"outcomes": [], "changes": ["#), BadAnswer),
        ("JSON nested without reason", with_length(json, &"[".repeat(100_000)), BadAnswer),
        (
            "a problem that is none",
            with_length("HTTP/1.1 400 No\r\nContent-Type: application/problem+json\r\n", "?"),
            BadAnswer,
        ),
        (
            "a gateway's page",
            with_length("HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/html\r\n", page),
            Unavailable,
        ),
        ("too many requests", with_length("HTTP/1.1 429 Too Many Requests\r\n", ""), Unavailable),
    ];
    let count = rows.len();
    let mut street = Street::new();
    let honest = good(&street.house);
    for (name, answer, kind) in rows {
        let liar = Liar::always(answer);
        let (error, took) = street.try_at(&liar.url(), None);
        assert_eq!(kind_of(&error), kind, "{name}");
        assert!(took < Duration::from_secs(5), "{name}: {took:?}");
        assert_eq!(street.sync_well(&honest).accepted, 1, "{name}");
        // A body of one megabyte is the most; the system's buffers hold some more.
        assert!(liar.sent() < 32 << 20, "{name}: {} bytes were taken in", liar.sent());
    }
    assert_eq!(street.taken(), street.taps + 1);
    println!("{count} kinds of answers in the server's place");
}

#[test]
fn no_connection_is_told_from_what_answers() {
    let mut street = Street::new();
    // Closed as soon as it is known to be free.
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let refused = format!("http://127.0.0.1:{free}");
    let reset = Liar::resetting().url();
    for server in [refused.as_str(), reset.as_str(), "https://nowhere.invalid"] {
        let (error, took) = street.try_at(server, None);
        assert_eq!(kind_of(&error), NetworkKind::Offline, "{server}");
        assert!(took < Duration::from_secs(11), "{server}: {took:?}");
    }
    let (error, _) = street.try_at("http://nowhere.invalid", None);
    assert_eq!(kind_of(&error), NetworkKind::Refused);
    assert_eq!(street.sync_well(&good(&street.house)).accepted, 4);
}

#[test]
fn a_connection_that_is_not_private_is_told_and_costs_nothing() {
    use tls::Certificate::{Expired, Good, OfAnotherHost, OfNobody};
    let mut street = Street::new();
    let authority = tls::Authority::new();
    for certificate in [Expired, OfAnotherHost, OfNobody] {
        let server = authority.server(certificate, |_| panic!("nobody is answered over it"));
        let (error, _) = street.try_at(&server, Some(authority.root()));
        assert_eq!(kind_of(&error), NetworkKind::Tls, "{certificate:?}");
    }
    // The web's roots do not know our authority.
    let server = authority.server(Good, |_| panic!("nobody is answered over it"));
    assert_eq!(kind_of(&street.try_at(&server, None).0), NetworkKind::Tls);
    let plain = Liar::blurting(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
    let plain = plain.url().replace("http:", "https:");
    assert_eq!(kind_of(&street.try_at(&plain, None).0), NetworkKind::Tls);

    let server = authority.server(Good, answers::pass_on(&street.house));
    let config = Config { tls_roots: vec![authority.root()], ..street.house.config(FILE, &server) };
    let phone = street.open(config);
    assert_eq!(street.runtime.block_on(phone.resident.sync(None)).unwrap().accepted, 5);
}

#[test]
fn a_server_that_cannot_now_says_when_in_seconds_or_by_its_own_clock() {
    let mut street = Street::new();
    for (lines, seconds) in [
        ("Retry-After: 120\r\n", Some(120)),
        ("Date: Tue, 11 Feb 2020 01:00:00 GMT\r\nRetry-After: Tue, 11 Feb 2020 01:02:00 GMT\r\n", Some(120)),
        ("Retry-After: Tue, 11 Feb 2020 01:02:00 GMT\r\n", None),
        ("Retry-After: 4000000000\r\n", Some(86_400)),
        ("", None),
    ] {
        let head = format!(
            "HTTP/1.1 503 Service Unavailable\r\n{lines}Connection: close\r\nContent-Length: 0\r\n\r\n"
        );
        let liar = Liar::always(Answer::bytes(head));
        let (error, _) = street.try_at(&liar.url(), None);
        let retry_after = seconds.map(Duration::from_secs);
        assert_eq!(
            error,
            HealthcodeError::Network { kind: NetworkKind::Unavailable, retry_after },
            "{lines}"
        );
        let phone = street.open(street.house.config(FILE, &liar.url()));
        let home = phone.resident.home().unwrap();
        let wait = home.sync.not_before.unwrap().since(home.time.now);
        assert!(wait >= i64::try_from(seconds.unwrap_or(1)).unwrap() * 1_000 - 1_000, "{lines}: {wait} ms");
    }
    assert_eq!(street.sync_well(&good(&street.house)).accepted, 5);
}

#[test]
fn letting_go_of_a_sync_at_any_instant_loses_nothing_and_repeats_nothing() {
    let mut street = Street::new();
    let honest = good(&street.house);
    let phone = street.open(street.house.config(FILE, &honest.url()));
    let sync = || {
        let from = Instant::now();
        street.runtime.block_on(phone.resident.sync(None)).unwrap();
        from.elapsed()
    };
    let (mut whole, mut ended, mut taps) = (sync(), 0, 0);
    for step in 0..STEPS {
        phone.tap();
        taps += 1;
        // All over the time that a sync takes on this machine, and as long again.
        let patience = whole * 2 * (step * 37 % STEPS) / STEPS;
        // By turns the call is dropped, and cancelled.
        let ended_well = street.runtime.block_on(async {
            if step % 2 == 0 {
                return tokio::time::timeout(patience, phone.resident.sync(None))
                    .await
                    .is_ok_and(|report| report.is_ok());
            }
            let cancel = Cancel::new();
            let sync = phone.resident.sync(Some(Arc::clone(&cancel)));
            let (report, ()) = tokio::join!(sync, async {
                tokio::time::sleep(patience).await;
                cancel.cancel().unwrap();
            });
            assert!(matches!(report, Ok(_) | Err(HealthcodeError::Cancelled)), "{report:?}");
            report.is_ok()
        });
        ended += u32::from(ended_well);
        if step % 25 == 24 {
            whole = sync();
        }
    }
    street.taps += taps;
    assert!((1..STEPS).contains(&ended), "some ended, some did not: {ended}");
    street.sync_well(&honest);
    assert_eq!(street.taken(), street.taps + 1);
    println!("{} syncs were let go of, {ended} had ended", STEPS - ended);
}
