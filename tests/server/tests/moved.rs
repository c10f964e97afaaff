//! Moving to another authority: days served there count here where their proof holds and is the person's, and an order in
//! force there is never shed by registering here.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod support;

use healthcode::rules::colour::Colour;
use healthcode::rules::facts::OpenOrder;
use healthcode::rules::identity::Identity;
use healthcode::rules::rating::ORDER_ELSEWHERE;
use healthcode::token::consent::Purpose;
use healthcode::token::decision::ReleaseCause;
use healthcode::token::{KeyConsent, ServedNotice, ServedRefusal, Signer as _, SoftwareKey, SubjectId};
use healthcode::wire::message::{ChangeKind, OutcomeKind, SyncRequest, SyncResponse};
use healthcode::wire::operation::ServedElsewhere;
use healthcode::wire::proof::{ProofEntry, QuarantineProof};
use healthcode::wire::{Bytes, Link, OperationBody};
use healthcode_server::ServerClock as _;
use support::phone::{ISSUER, Phone, Told, WUHAN, well, yellow};
use support::second::{Pair, pair};
use support::{Server, at, february, zhang_san};

/// A phone at home and what it keeps for a proof.
struct Home {
    phone: Phone,
    order: Bytes,
    entries: Vec<ProofEntry>,
    judgements: Vec<Bytes>,
    release: Option<Bytes>,
    token: Bytes,
}

impl Home {
    /// Zhang San at Hangzhou, yellow from the 11th.
    async fn new(server: &Server) -> Self {
        let phone = yellow(server).await;
        let request = SyncRequest { cursor: None, token: None, ..phone.request(server) };
        let response: SyncResponse = phone.send(server, &request).await.json();
        let order = response.changes.iter().find(|change| change.kind == ChangeKind::Order);
        let order = order.unwrap().object.clone();
        let token = response.token.unwrap();
        Self { phone, order, entries: Vec::new(), judgements: Vec::new(), release: None, token }
    }

    async fn sync(&mut self, server: &Server) {
        let sent = self.phone.waiting.clone();
        let answer = self.phone.send(server, &self.phone.request(server)).await;
        let response: SyncResponse = answer.json();
        for (sent, outcome) in sent.into_iter().zip(&response.outcomes) {
            let receipt = outcome.receipt.clone().unwrap();
            self.entries.push(ProofEntry { link: sent.link, receipt });
        }
        for change in &response.changes {
            match change.kind {
                ChangeKind::Judgement => self.judgements.push(change.object.clone()),
                ChangeKind::Release => self.release = Some(change.object.clone()),
                _ => {}
            }
        }
        self.token = response.token.clone().unwrap_or_else(|| self.token.clone());
        self.phone.take(server, &answer).await;
    }

    /// Checks in on these days of February.
    async fn serve(&mut self, server: &Server, days: std::ops::RangeInclusive<u32>) {
        for day in days {
            server.go_to(day, 10, 0);
            self.phone.tap(at(day, 10, 0));
            self.sync(server).await;
        }
    }

    async fn complete(&mut self, server: &Server) {
        self.serve(server, 11..=17).await;
        server.go_to(18, 8, 0);
        self.sync(server).await;
        assert_eq!(self.phone.releases[0].cause, ReleaseCause::Completed);
    }

    fn proof(&self) -> QuarantineProof {
        QuarantineProof {
            format: 1,
            issuer: ISSUER.to_owned(),
            order: self.order.clone(),
            entries: self.entries.clone(),
            judgements: self.judgements.clone(),
            release: self.release.clone(),
            confirmation: None,
        }
    }

    /// What goes with an operation to the other authority.
    fn served(&self, server: &Server, key: &SoftwareKey) -> ServedElsewhere {
        ServedElsewhere {
            issuer: ISSUER.to_owned(),
            proof: self.proof(),
            token: self.token.clone(),
            consent: consent(server, key, &self.phone.key, self.phone.subject),
        }
    }
}

/// A consent to a key at a server.
fn consent(server: &Server, key: &SoftwareKey, signer: &SoftwareKey, subject: SubjectId) -> Bytes {
    let (purpose, now) = (Purpose::Move, server.clock.now());
    let audience = &server.config.issuer;
    KeyConsent::new(purpose, subject, &key.public_key(), now, audience).sign(signer).unwrap().into()
}

/// A phone at Shenzhen on a day.
async fn arrived(pair: &Pair, who: &Identity, seed: u8, day: u32) -> Phone {
    pair.shenzhen.go_to(day, 9, 0);
    let mut phone = Phone::enrol(&pair.shenzhen, who, seed).await;
    phone.ask_the_time(&pair.shenzhen).await;
    phone
}

fn bring(server: &Server, phone: &mut Phone, brought: ServedElsewhere) {
    let evidence = phone.evidence(server.clock.now());
    phone.record(&OperationBody::Served(Box::new(brought)), evidence);
}

const TAKEN: Told = (OutcomeKind::Accepted, None, None, None);

/// Brings it alone; the answer.
async fn answer(server: &Server, phone: &mut Phone, brought: ServedElsewhere) -> ServedNotice {
    let before = phone.served.len();
    bring(server, phone, brought);
    assert_eq!(phone.sync(server).await, [TAKEN], "an operation that is understood is taken");
    assert_eq!(phone.served.len(), before + 1, "and answered once");
    phone.served.last().unwrap().clone()
}

#[tokio::test]
async fn who_has_served_at_home_is_green_where_the_rules_say_yellow() {
    let pair = pair().await;
    let mut home = Home::new(&pair.hangzhou).await;
    home.complete(&pair.hangzhou).await;
    let mut there = arrived(&pair, &zhang_san(), 5, 18).await;
    let declaration = well(WUHAN, 18);
    there.declare(&pair.shenzhen, declaration);
    let served = home.served(&pair.shenzhen, &there.key);
    bring(&pair.shenzhen, &mut there, served.clone());
    assert_eq!(there.sync(&pair.shenzhen).await, [TAKEN, TAKEN], "all in the first exchange");
    let notice = there.served[0].clone();
    assert_eq!((notice.issuer.as_str(), notice.days, notice.refused), (ISSUER, 7, None));
    assert_eq!((notice.colour, notice.starts_on), (Some(Colour::Yellow), Some(february(11))));
    assert_eq!((there.colour(), there.orders.len()), (Some(Colour::Green), 0));
    let again = answer(&pair.shenzhen, &mut there, served).await;
    assert_eq!(again.refused, Some(ServedRefusal::AlreadyTaken));
}

#[tokio::test]
async fn a_proof_that_comes_later_ends_the_order_that_was_given_without_it() {
    let pair = pair().await;
    let mut home = Home::new(&pair.hangzhou).await;
    home.complete(&pair.hangzhou).await;
    let mut there = arrived(&pair, &zhang_san(), 5, 18).await;
    there.declare(&pair.shenzhen, well(WUHAN, 18));
    there.sync(&pair.shenzhen).await;
    assert_eq!((there.colour(), there.orders[0].days), (Some(Colour::Yellow), 7));
    let served = home.served(&pair.shenzhen, &there.key);
    let notice = answer(&pair.shenzhen, &mut there, served).await;
    assert_eq!((notice.refused, there.colour()), (None, Some(Colour::Green)));
    assert_eq!(there.releases[0].order, there.orders[0].order);
}

#[tokio::test]
async fn days_of_an_order_that_runs_on_are_taken_off_and_it_may_come_again_when_it_is_over() {
    let pair = pair().await;
    let mut home = Home::new(&pair.hangzhou).await;
    home.serve(&pair.hangzhou, 11..=13).await;
    let mut there = arrived(&pair, &zhang_san(), 5, 14).await;
    let served = home.served(&pair.shenzhen, &there.key);
    bring(&pair.shenzhen, &mut there, served.clone());
    there.declare(&pair.shenzhen, well(WUHAN, 14));
    assert_eq!(there.sync(&pair.shenzhen).await, [TAKEN, TAKEN]);
    assert_eq!((there.served[0].days, there.served[0].refused), (3, None));
    assert_eq!((there.colour(), there.orders[0].days), (Some(Colour::Yellow), 4));
    let again = answer(&pair.shenzhen, &mut there, served).await;
    assert_eq!(again.refused, Some(ServedRefusal::AlreadyTaken), "the same days are not taken off twice");
    // Served to its end at home after all.
    home.serve(&pair.hangzhou, 14..=17).await;
    pair.hangzhou.go_to(18, 8, 0);
    home.sync(&pair.hangzhou).await;
    pair.shenzhen.go_to(18, 9, 0);
    there.ask_the_time(&pair.shenzhen).await;
    let served = home.served(&pair.shenzhen, &there.key);
    assert_eq!(answer(&pair.shenzhen, &mut there, served).await.refused, None);
    assert_eq!(there.colour(), Some(Colour::Green));
}

#[tokio::test]
async fn a_proof_of_somebody_else_or_without_the_holders_word_is_refused_with_its_reason() {
    let pair = pair().await;
    let mut home = Home::new(&pair.hangzhou).await;
    home.complete(&pair.hangzhou).await;
    let (shenzhen, hangzhou) = (&pair.shenzhen, &pair.hangzhou);
    // Somebody with an own code at Hangzhou and at Shenzhen, who has Zhang San's proof.
    let mut thief = Phone::enrol(hangzhou, &support::li_si(), 7).await;
    thief.declare(hangzhou, well("[]", 18));
    thief.sync(hangzhou).await;
    let request = SyncRequest { token: None, ..thief.request(hangzhou) };
    let own_token = thief.send(hangzhou, &request).await.json::<SyncResponse>().token.unwrap();
    let mut there = arrived(&pair, &support::li_si(), 6, 18).await;
    let good = home.served(shenzhen, &there.key);
    let consent = |key: &SoftwareKey, signer: &SoftwareKey, subject| consent(shenzhen, key, signer, subject);
    let mine = consent(&there.key, &thief.key, home.phone.subject);
    // Its links signed anew: the receipts know better.
    let mut resigned = home.proof();
    for entry in &mut resigned.entries {
        let (link, _) = Link::vouched(&entry.link.0).unwrap();
        entry.link = link.sign(&thief.key).unwrap().into();
    }
    let mut cut = home.proof();
    cut.entries.remove(2);
    let stranger = support::phone::key(77);
    let cases = [
        (ServedRefusal::OtherPerson, good.clone(), "mask and tail are another's"),
        (
            ServedRefusal::OtherPerson,
            ServedElsewhere { token: own_token.clone(), consent: mine.clone(), ..good.clone() },
            "a token of one's own, and a consent by it",
        ),
        (
            ServedRefusal::OtherPerson,
            ServedElsewhere {
                token: own_token.clone(),
                consent: mine.clone(),
                proof: resigned,
                ..good.clone()
            },
            "links signed anew",
        ),
        (
            ServedRefusal::OtherPerson,
            ServedElsewhere {
                token: own_token,
                consent: consent(&there.key, &thief.key, thief.subject),
                ..good.clone()
            },
            "a consent for oneself",
        ),
        (ServedRefusal::NoConsent, ServedElsewhere { consent: mine, ..good.clone() }, "not the token's key"),
        (
            ServedRefusal::NoConsent,
            ServedElsewhere {
                consent: consent(&stranger, &home.phone.key, home.phone.subject),
                ..good.clone()
            },
            "to another key",
        ),
        (ServedRefusal::NotProved, ServedElsewhere { proof: cut, ..good.clone() }, "a gap"),
        (
            ServedRefusal::NotProved,
            ServedElsewhere { issuer: "wuhan".to_owned(), ..good.clone() },
            "unlisted",
        ),
        (
            ServedRefusal::NotProved,
            ServedElsewhere { issuer: "shenzhen".to_owned(), ..good.clone() },
            "its own word does not come this way",
        ),
        (ServedRefusal::NotProved, ServedElsewhere { token: Bytes(vec![0; 32]), ..good.clone() }, "no token"),
    ];
    for (refused, served, why) in cases {
        let notice = answer(shenzhen, &mut there, served).await;
        assert_eq!((notice.refused, notice.days, notice.colour), (Some(refused), 0, None), "{why}");
    }
    // In time or not at all.
    let mut own = arrived(&pair, &zhang_san(), 5, 18).await;
    let served = home.served(shenzhen, &own.key);
    shenzhen.go_to(19, 9, 1);
    own.ask_the_time(shenzhen).await;
    let late = answer(shenzhen, &mut own, served).await;
    assert_eq!(late.refused, Some(ServedRefusal::NoConsent), "a consent holds for a day");
    let served = home.served(shenzhen, &own.key);
    assert_eq!(answer(shenzhen, &mut own, served).await.refused, None);
}

#[tokio::test]
async fn an_order_without_its_days_is_none_that_was_served() {
    let pair = pair().await;
    let home = Home::new(&pair.hangzhou).await;
    let mut there = arrived(&pair, &zhang_san(), 5, 12).await;
    let served = home.served(&pair.shenzhen, &there.key);
    let notice = answer(&pair.shenzhen, &mut there, served).await;
    // Without a check-in no receipt says whose the order is.
    assert_eq!(notice.refused, Some(ServedRefusal::OtherPerson));
}

#[tokio::test]
async fn registering_elsewhere_sheds_no_colour() {
    let pair = pair().await;
    let open = |issuer: &str, colour, days| OpenOrder { issuer: issuer.to_owned(), colour, days };
    *pair.shenzhen.register.orders.lock().unwrap() =
        vec![open(ISSUER, Colour::Red, 14), open("shenzhen", Colour::Red, 40)];
    let mut there = arrived(&pair, &support::li_si(), 6, 12).await;
    there.declare(&pair.shenzhen, well("[]", 12));
    there.sync(&pair.shenzhen).await;
    assert_eq!(there.colour(), Some(Colour::Red), "whatever was declared");
    let order = &there.orders[0];
    assert_eq!((order.rule.as_str(), order.days, order.starts_on), (ORDER_ELSEWHERE, 14, february(12)));
    assert_eq!(there.ratings[0].reasons[0].rule, ORDER_ELSEWHERE);
    // It is not shed when the other one ends either: it has days of its own, or a proof.
    pair.shenzhen.register.orders.lock().unwrap().clear();
    pair.shenzhen.go_to(13, 9, 0);
    there.sync(&pair.shenzhen).await;
    assert_eq!(there.colour(), Some(Colour::Red));
}

#[tokio::test]
async fn days_that_were_served_before_shed_no_colour_of_another_cause() {
    let pair = pair().await;
    let mut home = Home::new(&pair.hangzhou).await;
    home.complete(&pair.hangzhou).await;
    let mut there = arrived(&pair, &zhang_san(), 5, 18).await;
    // In an area of risk since.
    there.declare(&pair.shenzhen, well(r#"[{"region":"420100","from":"2020-02-17","to":"2020-02-18"}]"#, 18));
    there.sync(&pair.shenzhen).await;
    assert_eq!((there.colour(), there.orders.len()), (Some(Colour::Yellow), 1));
    // Who leaves the stay out the next time sheds nothing, with or without an old proof.
    there.declare(&pair.shenzhen, well("[]", 18));
    let served = home.served(&pair.shenzhen, &there.key);
    bring(&pair.shenzhen, &mut there, served);
    assert_eq!(there.sync(&pair.shenzhen).await, [TAKEN, TAKEN]);
    assert_eq!(there.served[0].refused, None);
    assert_eq!((there.colour(), there.releases.len()), (Some(Colour::Yellow), 0));
}
