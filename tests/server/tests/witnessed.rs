//! What a second issuer signs of another's log, and what it does not.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

mod support;

use healthcode::rules::identity::Region;
use healthcode::token::notice::{BEGINNING, LogError, LogHead, WitnessRequest};
use healthcode::token::trust_list::{Issuer, IssuerKey, KeyUse, seal};
use healthcode::token::{ExposureNotice, Signer as _, SoftwareKey, TrustList, cbor};
use healthcode::wire::message::WITNESS_PATH;
use minicbor::bytes::ByteVec;
use serde_json::Value;
use support::phone::{ISSUER, key};
use support::second::post;
use support::{Server, at};

/// What Hangzhou can show a witness: its own key, and notices that follow each other from a digest.
struct Forger {
    key: SoftwareKey,
    notices: Vec<(ExposureNotice, ByteVec)>,
}

impl Forger {
    /// Notices of the same numbers; `salt` makes another log.
    fn new(key: SoftwareKey, size: u32, salt: i64) -> Self {
        let mut forger = Self { key, notices: Vec::new() };
        for number in 1..=size {
            let previous = forger.notices.last().map_or(BEGINNING, |(notice, _)| notice.digest());
            let region = Region::from_code(330_100).unwrap();
            let issued = at(11, 8, 0).plus_millis(1_000 * salt);
            let notice = ExposureNotice::new(number, previous, region, issued);
            let signed = seal(&notice, &forger.key).unwrap().into();
            forger.notices.push((notice, signed));
        }
        forger
    }

    fn request(&self, size: usize, notices: std::ops::Range<usize>, minute: u16) -> Vec<u8> {
        let digest = size.checked_sub(1).map_or(BEGINNING, |last| self.notices[last].0.digest());
        let size = u32::try_from(size).unwrap();
        let head = LogHead::new("yunnan".to_owned(), size, digest, at(11, 9, minute));
        let shown = self.notices[notices].iter().map(|(_, signed)| signed.clone()).collect();
        let request = WitnessRequest { head: head.sign(&self.key).unwrap(), notices: shown };
        cbor::encode(&request)
    }
}

/// A witness that lists an issuer whose keys the test has.
async fn witness_of_yunnan() -> Server {
    let listed = |seed, key_use| IssuerKey {
        cose_key: key(seed).public_key().to_cose().into(),
        key_use,
        not_before: at(1, 0, 0),
        not_after: at(28, 0, 0),
    };
    let entry = Issuer {
        id: "yunnan".to_owned(),
        name: healthcode::rules::text::Text::new("云南", "Yunnan"),
        regions: vec![330_000],
        base_url: "http://127.0.0.1:3".to_owned(),
        keys: vec![listed(60, KeyUse::Notices), listed(61, KeyUse::Decisions)],
        status_lists: Vec::new(),
        colours: [0, 1, 2],
        time_epoch: 0,
        removed_keys: Vec::new(),
    };
    Server::start_with(|config| config.peers = vec![cbor::encode(&entry)]).await
}

async fn signs(server: &Server, request: Vec<u8>) -> Result<Vec<u8>, (String, Option<String>, Option<u64>)> {
    let answer = post(&server.app, request).await;
    if answer.status == 200 {
        return Ok(answer.body);
    }
    let (_, word, field) = answer.problem();
    Err((word, field, answer.json::<Value>()["expected"].as_u64()))
}

fn refused(
    word: &str,
    field: &str,
    expected: Option<u64>,
) -> Result<Vec<u8>, (String, Option<String>, Option<u64>)> {
    Err((word.to_owned(), Some(field.to_owned()), expected))
}

#[tokio::test]
async fn a_witness_signs_what_goes_on_and_refuses_a_fork_a_shrink_and_an_older_head() {
    let mut server = witness_of_yunnan().await;
    let (log, fork) = (Forger::new(key(60), 5, 0), Forger::new(key(60), 5, 1));
    let first = signs(&server, log.request(2, 0..2, 0)).await.unwrap();
    let trust: TrustList = server.trust().await;
    let request: WitnessRequest = cbor::decode(&log.request(2, 0..2, 0), 1 << 20).unwrap();
    let mut head = request.head;
    assert_eq!(head.open("yunnan", &trust), Err(LogError::Unwitnessed));
    head.add(first.clone());
    assert_eq!(head.open("yunnan", &trust).unwrap().size, 2);
    let state = server.folder.path().join("server.witnessed");
    let before = std::fs::read(&state).unwrap();
    let again = signs(&server, log.request(2, 2..2, 0)).await;
    assert_eq!(again, Ok(first), "the same head again, with nothing new to show");

    for (request, field) in [
        (fork.request(2, 2..2, 5), "head"),
        (fork.request(3, 2..3, 5), "notices[0]"),
        (fork.request(4, 2..4, 5), "notices[0]"),
        (log.request(1, 1..1, 5), "head"),
        (log.request(0, 0..0, 5), "head"),
        (log.request(4, 3..4, 5), "notices"),
        (log.request(4, 2..3, 5), "notices"),
        (log.request(3, 0..3, 5), "notices"),
        (log.request(3, 2..2, 5), "notices"),
    ] {
        assert_eq!(signs(&server, request).await, refused("log", field, Some(2)));
    }
    assert_eq!(std::fs::read(&state).unwrap(), before, "kept as it was");
    signs(&server, log.request(2, 2..2, 3)).await.unwrap();
    assert_eq!(signs(&server, log.request(2, 2..2, 2)).await, refused("log", "head", Some(2)), "older");
    server.restart().await;
    assert_eq!(signs(&server, fork.request(3, 2..3, 5)).await, refused("log", "notices[0]", Some(2)));
    signs(&server, log.request(5, 2..5, 5)).await.unwrap();

    // A file that is damaged is not "nothing was signed".
    std::fs::write(&state, b"noise").unwrap();
    assert_eq!(signs(&server, fork.request(5, 0..5, 5)).await.unwrap_err().0, "unavailable");
    assert_eq!(std::fs::read(&state).unwrap(), b"noise");
}

#[tokio::test]
async fn a_witness_believes_nothing_that_is_not_signed_listed_and_shown() {
    let server = witness_of_yunnan().await;
    let log = Forger::new(key(60), 3, 0);
    let changed = |change: &dyn Fn(&mut WitnessRequest)| {
        let mut request: WitnessRequest = cbor::decode(&log.request(2, 0..2, 0), 1 << 20).unwrap();
        change(&mut request);
        cbor::encode(&request)
    };
    let head = |issuer: &str, minute: u16, seed: u8| {
        let head = LogHead::new(issuer.to_owned(), 2, log.notices[1].0.digest(), at(11, 9, minute));
        head.sign(&key(seed)).unwrap()
    };
    for (what, request, field) in [
        ("another's key", changed(&|request| request.head = head("yunnan", 0, 61)), "head"),
        ("nobody's key", changed(&|request| request.head = head("yunnan", 0, 62)), "head"),
        ("an issuer that is not listed", changed(&|request| request.head = head("beijing", 0, 60)), "head"),
        ("the witness itself", changed(&|request| request.head = head(ISSUER, 0, 60)), "head"),
        ("of the future", changed(&|request| request.head = head("yunnan", 6, 60)), "head"),
        ("an altered notice", changed(&|request| *request.notices[1].last_mut().unwrap() ^= 1), "notices[1]"),
        ("no notice", changed(&|request| request.notices[0] = b"noise".to_vec().into()), "notices[0]"),
    ] {
        assert_eq!(signs(&server, request).await, refused("invalid", field, None), "{what}");
    }
    assert_eq!(
        signs(&server, changed(&|request| request.notices.clear())).await,
        refused("log", "notices", Some(1)),
        "a bare number of a log that it has never seen"
    );
    assert_eq!(
        signs(&server, changed(&|request| request.notices.swap(0, 1))).await,
        refused("log", "notices[0]", Some(1))
    );
    assert!(!server.folder.path().join("server.witnessed").exists());
    assert_eq!(post(&server.app, b"noise".to_vec()).await.problem().1, "malformed");
    assert_eq!(post(&server.app, vec![0; 3 << 20]).await.problem().1, "too-large");
    let json = server.post(WITNESS_PATH, "", b"{}".to_vec()).await;
    assert_eq!(json.problem(), (400, "malformed".to_owned(), Some("Content-Type".to_owned())));
    // The last notice is enough at first sight.
    signs(&server, log.request(3, 2..3, 0)).await.unwrap();
}
