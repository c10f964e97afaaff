//! A phone that keeps all that it was told, and databases that come back from a backup, or not at all.

use std::path::PathBuf;

use healthcode::rules::colour::Colour;
use healthcode::token::OperationId;
use healthcode::wire::Problem;
use healthcode::wire::message::{Recovered, SyncRequest, SyncResponse};

use super::phone::{Phone, WUHAN, well};
use super::{Server, at, zhang_san};

/// A copy of the database as a backup makes it, without the keys and the file that tells lives apart.
pub(crate) fn back_up(server: &Server) -> PathBuf {
    let copy = server.folder.path().join("backup.db");
    let _ = std::fs::remove_file(&copy);
    let database = rusqlite::Connection::open(&server.config.database).unwrap();
    database.execute("VACUUM INTO ?1", [copy.to_str().unwrap()]).unwrap();
    copy
}

pub(crate) async fn restore(server: &mut Server, copy: Option<&PathBuf>) {
    restore_nothing(server);
    if let Some(copy) = copy {
        std::fs::copy(copy, &server.config.database).unwrap();
    }
    server.restart().await;
}

/// A phone with all that it was told, as a real one keeps it.
pub(crate) struct Keeper {
    pub(crate) phone: Phone,
    pub(crate) kept: Vec<Recovered>,
}

impl Keeper {
    pub(crate) async fn sync(&mut self, server: &Server) -> SyncResponse {
        let sent = self.phone.waiting.clone();
        let answer = self.phone.send(server, &self.phone.request(server)).await;
        let response: SyncResponse = answer.json();
        for (sent, outcome) in sent.iter().zip(&response.outcomes) {
            self.kept.extend(outcome.receipt.clone().map(|receipt| Recovered::Operation {
                operation: sent.operation.clone(),
                link: sent.link.clone(),
                receipt,
            }));
        }
        for change in &response.changes {
            let (kind, object) = (change.kind.clone(), change.object.clone());
            self.kept.push(Recovered::Decision { kind, object });
        }
        self.phone.take(server, &answer).await;
        response
    }

    /// Asks, is told what is gone, and offers what it holds.
    pub(crate) async fn recover(&mut self, server: &Server) -> (u64, SyncResponse) {
        let gone = self.phone.send(server, &self.phone.request(server)).await;
        assert_eq!(gone.problem(), (410, "cursor-gone".to_owned(), None));
        let known = gone.json::<Problem>().expected.unwrap();
        let request = SyncRequest {
            recovered: self.kept.clone(),
            recovered_after: Some(known),
            ..self.phone.request(server)
        };
        self.phone.judgements.clear();
        let answer = self.phone.send(server, &request).await;
        self.phone.take(server, &answer).await;
        (known, answer.json())
    }
}

pub(crate) async fn in_quarantine(server: &Server) -> Keeper {
    let phone = Phone::enrol(server, &zhang_san(), 1).await;
    let mut keeper = Keeper { phone, kept: Vec::new() };
    keeper.phone.declare(server, well(WUHAN, 11));
    keeper.sync(server).await;
    assert_eq!(keeper.phone.colour(), Some(Colour::Yellow));
    keeper
}

pub(crate) async fn day(server: &Server, keeper: &mut Keeper, day: u32) -> OperationId {
    server.go_to(day, 9, 0);
    let tap = keeper.phone.tap(at(day, 9, 0));
    keeper.sync(server).await;
    tap
}

/// Loses the database.
pub(crate) fn restore_nothing(server: &Server) {
    for end in ["", "-wal", "-shm"] {
        let mut name = server.config.database.clone().into_os_string();
        name.push(end);
        let _ = std::fs::remove_file(name);
    }
}
