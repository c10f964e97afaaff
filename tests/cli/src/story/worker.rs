//! The fifth chapter: a worker who lives in one province and works in another crosses in the middle of a quarantine. What
//! the phone knows goes along, days served count, and no colour is shed.

use healthcode::resident::{CheckInInput, Entry, JournalEvent, Resident, StayInput, SubjectCard};
use healthcode::rules::colour::Colour;
use healthcode::rules::text::Text;
use healthcode::token::Verdict;
use serde::Serialize;

use super::journey::Journey;
use super::play::{declaration, expect};
use super::provinces::{Provinces, small_picture};
use super::scene::{at, day_of, failed};
use super::teller::{Teller, Told};
use super::train::Passenger;
use crate::Failure;

/// Where the worker goes.
const THERE: &str = "shenzhen";
const REGION_THERE: &str = "440300";

/// One thing that happens. Printed as JSON, an event holds no personal data.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
enum Crossing {
    /// The worker is in quarantine at home.
    Serving {
        colour: Colour,
        counted: u16,
        days: u16,
        #[serde(skip)]
        person: String,
    },
    /// What the phone foresees of the other authority's rules.
    Foreseen { issuer: Text, colour: Colour, rules: Vec<String>, days: u16, counted_here: u16 },
    /// The person is known there.
    Moved { issuer: Text, digits: u8, colour: Colour, days: u16, taken: u16 },
    /// Whose code the phone shows in a region.
    Shown { region: &'static str, issuer: Text },
}

impl Told for Crossing {
    fn narrate(&self, teller: &mut Teller<'_>, clock: &str) -> std::io::Result<()> {
        match self {
            Self::Serving { colour, counted, days, person } => {
                let colour = teller.colour(*colour);
                teller.line(
                    clock,
                    "phone",
                    &format!("{person} declares a stay: {colour}; {counted} of {days} days are served."),
                )
            }
            Self::Foreseen { issuer, colour, rules, days, counted_here } => {
                let colour = teller.colour(*colour);
                let what = format!(
                    "Asks before the journey: in {} {colour}, because {}, for {days} days.",
                    issuer.en,
                    rules.join(", ")
                );
                teller.line(clock, "phone", &what)?;
                teller.more(&format!(
                    "by {}'s own rulebook, on this phone; {counted_here} days served here are taken off",
                    issuer.en
                ))
            }
            Self::Moved { issuer, digits, colour, days, taken } => {
                let colour = teller.colour(*colour);
                let what = format!("Goes along with one tap and {digits} digits; nothing is typed again.");
                teller.line(clock, "phone", &what)?;
                teller.more(&format!(
                    "{} takes {taken} days served in Hangzhou, by their proof: {colour}, {days} days to go",
                    issuer.en
                ))
            }
            Self::Shown { region, issuer } => {
                teller.line(clock, "phone", &format!("In {region} it shows the code of {}.", issuer.en))
            }
        }
    }
}

impl Provinces<'_, '_> {
    /// Plays the chapter; `worker` is green in Hangzhou.
    pub(super) fn cross_in_quarantine(&mut self, worker: &Passenger) -> Result<(), Failure> {
        self.play.scene.world.go_to(at(14, 9, 0));
        self.tell(Journey::Chapter { title: "A worker between two provinces" })?;
        self.serve_at_home(worker)?;
        let there = self.move_along(worker)?;
        self.show_by_region(worker, &there)?;
        let told = "No colour was shed at the border, no day was served twice, and nothing was typed again.";
        self.tell(Journey::ChapterEnded { told })
    }

    fn serve_at_home(&mut self, worker: &Passenger) -> Result<(), Failure> {
        let stay = StayInput { region: "420100".to_owned(), from: day_of(2), to: day_of(5) };
        let entry = Entry::Declaration { declaration: declaration(&[], vec![stay]) };
        self.record(worker, entry)?;
        for day in 14..=15 {
            self.play.scene.world.go_to(at(day, 20, 0));
            self.record(worker, Entry::CheckIn { check_in: CheckInInput { symptoms: Vec::new() } })?;
        }
        self.play.scene.world.go_to(at(16, 7, 0));
        self.sync_phone(worker)?;
        let view = worker.phone.quarantine(worker.subject.clone()).map_err(failed)?;
        let view = view.ok_or_else(|| failed("an order is in force"))?;
        let person = card(&worker.phone, &worker.subject)?.masked_name;
        self.crossing(&Crossing::Serving {
            colour: view.colour,
            counted: view.counted,
            days: view.days,
            person,
        })
    }

    /// As whom the other authority knows the worker.
    fn move_along(&mut self, worker: &Passenger) -> Result<String, Failure> {
        let (phone, home) = (&worker.phone, &worker.subject);
        let foreseen =
            self.play.scene.runtime.block_on(phone.preview_move(home.clone(), THERE.to_owned(), None));
        let foreseen = foreseen.map_err(failed)?;
        let colour = foreseen.colour.ok_or_else(|| failed("the last declaration answers that form too"))?;
        self.crossing(&Crossing::Foreseen {
            issuer: foreseen.name.clone(),
            colour,
            rules: foreseen.reasons.iter().map(|reason| reason.rule.clone()).collect(),
            days: foreseen.days,
            counted_here: foreseen.counted_here,
        })?;

        self.play.scene.world.go_to(at(16, 7, 5));
        let runtime = &self.play.scene.runtime;
        let asked = runtime.block_on(phone.move_to(home.clone(), THERE.to_owned(), None)).map_err(failed)?;
        let digits = self.play.scene.telephone.read().ok_or_else(|| failed("no one-time code has come"))?;
        let there = runtime.block_on(phone.enrol(digits, None)).map_err(failed)?.subject;
        self.sync_phone(worker)?;
        let view = phone.quarantine(there.clone()).map_err(failed)?;
        let view = view.ok_or_else(|| failed("the order holds there too"))?;
        let journal = phone.journal(there.clone(), None).map_err(failed)?.entries;
        let taken = journal.iter().find_map(|entry| match entry.event {
            JournalEvent::ServedElsewhere { days, refused: None, .. } => Some(days),
            _ => None,
        });
        let taken = taken.ok_or_else(|| failed("the days are taken, by a signed answer"))?;
        let as_foreseen = (view.colour, view.days) == (colour, foreseen.days);
        expect(as_foreseen && taken == foreseen.counted_here, "the other authority rates as foreseen")?;
        let (issuer, digits) = (foreseen.name, asked.digits);
        self.crossing(&Crossing::Moved { issuer, digits, colour, days: view.days, taken })?;
        Ok(there)
    }

    fn show_by_region(&mut self, worker: &Passenger, there: &str) -> Result<(), Failure> {
        let phone = &worker.phone;
        phone.set_region(Some(REGION_THERE.to_owned())).map_err(failed)?;
        let shown = card(phone, there)?;
        expect(shown.shown_here && !card(phone, &worker.subject)?.shown_here, "the phone picks by region")?;
        let issuer = shown.issuer_name.ok_or_else(|| failed("the list names it"))?;
        self.crossing(&Crossing::Shown { region: REGION_THERE, issuer })?;

        self.play.scene.world.go_to(at(16, 10, 0));
        let synced = self.sync_gate(&self.shenzhen_gate)?;
        self.told_sync(false, "synced", synced)?;
        self.sync_phone(worker)?;
        for (subject, what) in [
            (there.to_owned(), "the code of Shenzhen on the worker's phone"),
            (worker.subject.clone(), "the code of Hangzhou on the same phone"),
        ] {
            let code = worker.phone.code(subject, None).map_err(failed)?;
            let picture = small_picture(&code.text, code.shade)?;
            self.play.scene.world.pass(4_000);
            let verdict = self.scan(false, what, &picture)?.verdict;
            let yellow = matches!(verdict, Verdict::Stop { colour: Colour::Yellow, .. });
            expect(yellow, "yellow in both: neither code passes before the days are served")?;
        }
        Ok(())
    }

    fn record(&self, worker: &Passenger, entry: Entry) -> Result<(), Failure> {
        worker.phone.record(worker.subject.clone(), entry).map_err(failed)?;
        self.sync_phone(worker)
    }

    fn sync_phone(&self, worker: &Passenger) -> Result<(), Failure> {
        let report = self.play.scene.runtime.block_on(worker.phone.sync(None)).map_err(failed)?;
        let all = report.waiting == 0 && report.refused == 0 && report.problems.is_empty();
        expect(all, "both authorities take what was recorded")
    }

    fn crossing(&mut self, event: &Crossing) -> Result<(), Failure> {
        self.play.teller.tell(self.play.scene.world.now(), event)
    }
}

fn card(phone: &Resident, subject: &str) -> Result<SubjectCard, Failure> {
    let home = phone.home().map_err(failed)?;
    let card = home.subjects.into_iter().find(|card| card.subject == subject);
    card.ok_or_else(|| failed("the person is on this phone"))
}
