//! The third chapter: a train that carried a case. Two residents were on it; their phones find out by themselves who was
//! near, and the server cannot tell one from the other by what they asked.

use std::sync::Arc;

use healthcode::qr::Shade;
use healthcode::resident::{
    Entry, Exposure, ExposureAnswer, ExposureState, IdentityForm, Resident, TripInput,
};
use healthcode::rules::colour::Colour;
use healthcode::rules::exposure::TransportMode;
use healthcode::rules::rulebook::Rulebook;
use healthcode::rules::text::Text;
use healthcode::token::Verdict;
use healthcode_server::{HttpWitness, NoticeDraft};
use serde::Serialize;
use serde_json::json;

use super::journey::Journey;
use super::play::{declaration, expect};
use super::provinces::{Provinces, small_picture};
use super::scene::{at, day_of, failed, phone_ports};
use super::teller::{Teller, Told};
use super::wire::Wire;
use crate::Failure;
use crate::time::PhoneClock;

/// The train's number.
const TRAIN: &str = "G7315";
/// The day on its tickets.
const RAN: i32 = 9;

/// One thing that happens. Printed as JSON, an event says nothing of where somebody was.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
enum Ride {
    /// A resident has noted a journey on the own phone.
    Noted {
        /// Entries that wait for the server because of it.
        waiting: u32,
        #[serde(skip)]
        masked_name: String,
        #[serde(skip)]
        carriage: u16,
    },
    /// The authority has published a notice, and another has signed for the log.
    Published {
        /// Its number in the log.
        notice: u32,
        /// The authority that signed second.
        witness: Text,
    },
    /// A phone has fetched what is published, and matched it.
    Fetched {
        /// Notices that are new.
        notices: u32,
        /// Bytes of places.
        bytes: u64,
        /// Matches that it found.
        matches: u32,
        #[serde(skip)]
        masked_name: String,
        #[serde(skip)]
        exposure: Option<Box<Exposure>>,
    },
    /// What both phones said to the server is the same.
    SameRequests {
        /// Requests of each.
        requests: usize,
        /// Bytes of each.
        bytes: usize,
    },
    /// The resident has told the authority, which rates by the notice's rule.
    ToldAuthority {
        /// The colour now.
        colour: Colour,
        /// The rules that hold.
        rules: Vec<String>,
    },
}

impl Told for Ride {
    fn narrate(&self, teller: &mut Teller<'_>, clock: &str) -> std::io::Result<()> {
        match self {
            Self::Noted { masked_name, carriage, .. } => {
                let what = format!("{masked_name} notes a journey: train {TRAIN}, carriage {carriage}.");
                teller.line(clock, "phone", &what)?;
                teller.more("it stays on that phone, sealed; the server is told nothing")
            }
            Self::Published { notice, witness } => {
                let what = format!("Publishes exposure notice {notice}: train {TRAIN}, carriages 6 to 8.");
                teller.line(clock, "authority", &what)?;
                teller.more(&format!(
                    "{} has signed that it saw this log and no other; without that no phone takes it",
                    witness.en
                ))
            }
            Self::Fetched { notices, bytes, masked_name, exposure, .. } => {
                let what = format!(
                    "{masked_name}'s phone fetches {notices} notice, {bytes} bytes of places, and looks."
                );
                teller.line(clock, "phone", &what)?;
                let Some(exposure) = exposure else {
                    return teller.more("no match: nothing is said, and nothing changes");
                };
                teller.more(&format!("{} {}", exposure.place.en, exposure.place.zh))?;
                teller.more(&format!("{} {}", exposure.reason.en, exposure.reason.zh))?;
                teller.more("the phone lowers its own code; the server does not know")
            }
            Self::SameRequests { requests, bytes } => {
                let what =
                    format!("From either phone it saw the same {requests} requests, the same {bytes} bytes.");
                teller.line(clock, "server", &what)?;
                teller.more("no cookie, no signature: it cannot tell who was near")
            }
            Self::ToldAuthority { colour, rules } => {
                let what = "Its resident agrees to tell the authority: the notice, the rule, the day.";
                teller.line(clock, "phone", what)?;
                let colour = teller.colour(*colour);
                teller.more(&format!("the server rates {colour}: {}", rules.join(", ")))
            }
        }
    }
}

/// A passenger with a phone.
pub(super) struct Passenger {
    pub(super) phone: Arc<Resident>,
    pub(super) subject: String,
}

impl Provinces<'_, '_> {
    /// Plays the chapter; who was near, who was not, and the wire to which their phones speak.
    pub(super) fn ride_a_train(&mut self) -> Result<(Passenger, Passenger, Wire), Failure> {
        self.play.scene.world.go_to(at(12, 9, 0));
        self.tell(Journey::Chapter { title: "A train that carried a case" })?;
        self.begin_a_witnessed_log()?;
        let server = self.play.scene.server.address();
        let wire = Wire::to(&self.play.scene.runtime, server)?;
        let near = self.passenger(&wire, ("李四", "440524188001010014", "139 0013 9000"), 7)?;
        let far = self.passenger(&wire, ("孙七", "330185199301101152", "135 0013 5003"), 9)?;
        self.publish()?;

        self.play.scene.world.go_to(at(12, 12, 0));
        wire.take();
        let found = self.fetch(&near)?;
        let said = wire.take();
        let nothing = self.fetch(&far)?;
        expect(wire.take() == said, "the server sees the same bytes of both")?;
        let requests = said.windows(4).filter(|window| *window == b"GET ").count();
        expect(requests > 0 && nothing.is_none(), "carriage 9 is not near")?;
        self.ride(&Ride::SameRequests { requests, bytes: said.len() })?;
        let found = found.ok_or_else(|| failed("carriage 7 is told"))?;
        let holds = found.state == ExposureState::Holds && found.rule == "exposure-near";
        expect(holds && found.on == day_of(RAN), "the match says what it is")?;

        self.pass_the_gate(&near, &far)?;
        self.tell_the_authority(&near, found.id)?;
        Ok((near, far, wire))
    }

    /// Shenzhen signs for Hangzhou's log: each has the other in the list.
    fn begin_a_witnessed_log(&mut self) -> Result<(), Failure> {
        self.exchange_lists()?;
        let witness = HttpWitness::new(&self.shenzhen.config.base_url).map_err(failed)?;
        self.play.scene.server.witnessed_by(Arc::new(witness));
        self.play.scene.restart_server()?;
        self.exchange_lists()
    }

    fn passenger(
        &mut self,
        wire: &Wire,
        (name, number, phone): (&str, &str, &str),
        carriage: u16,
    ) -> Result<Passenger, Failure> {
        let scene = &self.play.scene;
        let config = scene.app_config(&scene.server, &self.folder().join(format!("{carriage}.db")));
        let config = healthcode::sync::Config { server: wire.url.clone(), ..config };
        let clock = PhoneClock::new(&scene.world, "passenger");
        let resident = Resident::open(config, phone_ports(&clock)?).map_err(failed)?;
        let identity = IdentityForm {
            name: name.to_owned(),
            document_kind: "resident-id".to_owned(),
            document_number: number.to_owned(),
            phone: phone.to_owned(),
            region: "330100".to_owned(),
        };
        let runtime = &scene.runtime;
        runtime.block_on(resident.request_one_time_code(identity, None)).map_err(failed)?;
        let digits = scene.telephone.read().ok_or_else(|| failed("no one-time code has come"))?;
        let subject = runtime.block_on(resident.enrol(digits, None)).map_err(failed)?.subject;
        runtime.block_on(resident.sync(None)).map_err(failed)?;
        let entry = Entry::Declaration { declaration: declaration(&[], Vec::new()) };
        resident.record(subject.clone(), entry).map_err(failed)?;
        runtime.block_on(resident.sync(None)).map_err(failed)?;
        let code = resident.code(subject.clone(), None).map_err(failed)?;
        expect(code.colour == Colour::Green, "a passenger is green")?;
        let trip = TripInput {
            mode: TransportMode::Train,
            number: TRAIN.to_lowercase(),
            date: day_of(RAN),
            place: Some(carriage),
            from: "330100".to_owned(),
            to: "310000".to_owned(),
            departed_at: Some(at(RAN, 10, 5)),
            arrived_at: Some(at(RAN, 11, 10)),
        };
        resident.record_trip(subject.clone(), trip).map_err(failed)?;
        let waiting = resident.home().map_err(failed)?.sync.waiting;
        expect(waiting == 0, "a journey is nothing that the server learns of")?;
        self.ride(&Ride::Noted { waiting, masked_name: code.masked_name, carriage })?;
        Ok(Passenger { phone: resident, subject })
    }

    fn publish(&mut self) -> Result<(), Failure> {
        self.play.scene.world.go_to(at(12, 11, 0));
        let draft = json!({"region": "330100", "classes": [{
            "kind": "train", "rule": "exposure-near", "minutes": 15, "apart": 0,
            "from": day_of(12), "until": day_of(RAN + 14),
            "records": [{
                "number": TRAIN, "date": day_of(RAN), "places": [6, 8],
                "begins": format!("{}T10:00", day_of(RAN)), "ends": format!("{}T12:10", day_of(RAN)),
            }],
        }]});
        let draft = serde_json::to_vec(&draft).map_err(failed)?;
        let draft = NoticeDraft::read(&draft, &Rulebook::hangzhou_2020()).map_err(failed)?;
        let server = self.play.scene.server.app()?;
        let published = self.play.scene.runtime.block_on(server.publish_notice(&draft)).map_err(failed)?;
        expect(published.waits.is_none(), "the second authority signs")?;
        let witness = self.shenzhen.config.name.clone();
        self.ride(&Ride::Published { notice: published.number, witness })
    }

    fn fetch(&mut self, passenger: &Passenger) -> Result<Option<Exposure>, Failure> {
        let runtime = &self.play.scene.runtime;
        let report = runtime.block_on(passenger.phone.fetch_notices(false, None)).map_err(failed)?;
        let exposures = passenger.phone.exposures(passenger.subject.clone()).map_err(failed)?;
        expect(exposures.len() == report.matches as usize, "what was found is what is shown")?;
        let code = passenger.phone.code(passenger.subject.clone(), None).map_err(failed)?;
        let exposure = exposures.into_iter().next();
        expect(code.lowered == exposure.is_some(), "a match lowers the phone's own code")?;
        self.ride(&Ride::Fetched {
            notices: report.notices,
            bytes: report.bytes,
            matches: report.matches,
            masked_name: code.masked_name,
            exposure: exposure.clone().map(Box::new),
        })?;
        Ok(exposure)
    }

    fn pass_the_gate(&mut self, near: &Passenger, far: &Passenger) -> Result<(), Failure> {
        let synced = self.sync_gate(&self.hangzhou_gate)?;
        self.told_sync(true, "synced", synced)?;
        for (passenger, what) in [
            (near, "the code of who was near: green by the server, lowered by the phone"),
            (far, "the code of who was not"),
        ] {
            let code = passenger.phone.code(passenger.subject.clone(), None).map_err(failed)?;
            let picture = small_picture(&code.text, code.shade)?;
            self.play.scene.world.pass(4_000);
            let verdict = self.scan(true, what, &picture)?.verdict;
            let (colour, shade) =
                if code.lowered { (Colour::Yellow, Shade::Yellow) } else { (Colour::Green, Shade::Green) };
            let as_shown = match verdict {
                Verdict::Pass { colour: read, .. } => !code.lowered && read == colour,
                // So this kind of gate treats yellow on the way in.
                Verdict::CompareCard { colour: read, .. } => code.lowered && read == colour,
                _ => false,
            };
            expect(as_shown && code.colour == colour && code.shade == shade, "the gate reads it so")?;
        }
        Ok(())
    }

    fn tell_the_authority(&mut self, near: &Passenger, exposure: String) -> Result<(), Failure> {
        self.play.scene.world.go_to(at(12, 13, 0));
        let subject = near.subject.clone();
        let told = near.phone.answer_exposure(subject.clone(), exposure, ExposureAnswer::Tell);
        expect(told.map_err(failed)?.is_some(), "it waits for the next sync")?;
        self.play.scene.runtime.block_on(near.phone.sync(None)).map_err(failed)?;
        let code = near.phone.code(subject, None).map_err(failed)?;
        let rules: Vec<_> = code.reasons.iter().map(|reason| reason.rule.clone()).collect();
        let rated = code.colour == Colour::Yellow && !code.lowered && rules == ["exposure-near"];
        expect(rated, "the server rates by the notice's rule")?;
        self.ride(&Ride::ToldAuthority { colour: code.colour, rules })?;
        let told = "Who was near was told by the own phone, and the server only by who agreed.";
        self.tell(Journey::ChapterEnded { told })
    }

    fn ride(&mut self, event: &Ride) -> Result<(), Failure> {
        self.play.teller.tell(self.play.scene.world.now(), event)
    }
}
