//! The line between a phone and its server: it carries calls and does to them what a [`Fault`] says.

use std::collections::BTreeMap;

use healthcode::sync::{Call, Reply};
use healthcode::wire::message::SYNC_PATH;
use healthcode_cli::time::World;

use crate::authority::Authority;
use crate::fault::{self, Fault};

/// How many older answers are remembered.
const REMEMBERED: usize = 24;

/// What the phone gets.
pub enum Came {
    /// An answer.
    Reply(Reply),
    /// None.
    Nothing,
    /// Its process is killed.
    Killed,
}

/// The line.
#[derive(Default)]
pub struct Line {
    /// Requests that may arrive later.
    held: Vec<Call>,
    answers: Vec<(String, Reply)>,
    /// How often each fault was put in.
    pub faults: BTreeMap<String, u64>,
}

impl Line {
    /// Carries a call.
    pub fn carry(&mut self, fault: Fault, call: &Call, authority: &Authority, world: &World) -> Came {
        if fault != Fault::None {
            *self.faults.entry(fault.name()).or_default() += 1;
        }
        match fault {
            Fault::None => Came::Reply(self.answer(call, authority)),
            Fault::RequestLost => Came::Nothing,
            Fault::KilledSending => Came::Killed,
            Fault::ResponseLost => self.unheard(call, authority, Came::Nothing),
            Fault::KilledWaiting => self.unheard(call, authority, Came::Killed),
            Fault::Withheld => {
                self.hold(call);
                Came::Nothing
            }
            Fault::Echoed => {
                self.hold(call);
                Came::Reply(self.answer(call, authority))
            }
            Fault::Twice => {
                let first = self.answer(call, authority);
                assert!(first.status < 500, "the server is at fault: {first:?}");
                Came::Reply(self.answer(call, authority))
            }
            Fault::Slow(there, back) => {
                world.pass(i64::from(there) * 1_000);
                let reply = self.answer(call, authority);
                world.pass(i64::from(back) * 1_000);
                Came::Reply(reply)
            }
            Fault::RequestCut(at) => {
                let mut broken = call.clone();
                fault::cut(&mut broken.body, at);
                Came::Reply(self.answer(&broken, authority))
            }
            Fault::RequestFlipped(at, bit) => {
                let mut broken = call.clone();
                fault::flip(&mut broken.body, at, bit);
                Came::Reply(self.answer(&broken, authority))
            }
            Fault::Cut(at) => {
                let mut reply = self.answer(call, authority);
                fault::cut(&mut reply.body, at);
                Came::Reply(reply)
            }
            Fault::Flipped(at, bit) => {
                let mut reply = self.answer(call, authority);
                flip_signed(&mut reply, at, bit);
                Came::Reply(reply)
            }
            Fault::Busy(retry_after) => Came::Reply(fault::busy(retry_after)),
            Fault::Instead(stranger) => Came::Reply(stranger.reply(expected_type(&call.path))),
            Fault::Stale(back) => self.stale(call, authority, back),
        }
    }

    fn unheard(&mut self, call: &Call, authority: &Authority, came: Came) -> Came {
        self.answer(call, authority);
        came
    }

    fn answer(&mut self, call: &Call, authority: &Authority) -> Reply {
        let reply = authority.answer(call);
        assert_ne!(reply.status, 500, "the server is at fault: {}", String::from_utf8_lossy(&reply.body));
        if self.answers.len() == REMEMBERED {
            self.answers.remove(0);
        }
        self.answers.push((route(&call.path).to_owned(), reply.clone()));
        reply
    }

    /// An older answer of the same route; the new one is lost.
    fn stale(&mut self, call: &Call, authority: &Authority, back: u8) -> Came {
        let older = self.answers.iter().rev().filter(|(path, _)| path == route(&call.path));
        let older = older.map(|(_, reply)| reply.clone()).nth(usize::from(back));
        self.answer(call, authority);
        older.map_or(Came::Nothing, Came::Reply)
    }

    fn hold(&mut self, call: &Call) {
        if call.path == SYNC_PATH {
            self.held.push(call.clone());
        }
    }

    /// An older request arrives now, however old it is and whatever has come since; its answer goes nowhere.
    pub fn late(&mut self, which: u8, authority: &Authority) {
        if self.held.is_empty() {
            return;
        }
        let call = self.held.remove(usize::from(which) % self.held.len());
        *self.faults.entry("Late".to_owned()).or_default() += 1;
        self.answer(&call, authority);
    }
}

fn route(path: &str) -> &str {
    path.split('?').next().unwrap_or_default()
}

fn expected_type(path: &str) -> &'static str {
    if path == SYNC_PATH { "application/json" } else { "application/cbor" }
}

/// Flips a bit within something that the server has signed. TLS keeps the rest of an answer; of these the phone must
/// notice it by itself.
fn flip_signed(reply: &mut Reply, thousandths: u16, bit: u8) {
    if reply.content_type != "application/json" {
        fault::flip(&mut reply.body, thousandths, bit);
        return;
    }
    let encoded = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    let mut signed = Vec::new();
    let mut from = 0;
    for run in reply.body.split(|byte| !encoded(byte)) {
        if run.len() > 80 {
            signed.extend(from..from + run.len());
        }
        from += run.len() + 1;
    }
    let place = signed.get(signed.len() * usize::from(thousandths) / 1000);
    if let Some(byte) = place.and_then(|place| reply.body.get_mut(*place)) {
        *byte ^= 1 << bit;
    }
}
