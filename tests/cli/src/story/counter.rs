//! The fourth chapter: those whom the first codes left out. Somebody without a telephone gets a code on paper through a
//! family member, and somebody who was rated wrongly says so and is heard.

use healthcode::qr::Shade;
use healthcode::resident::{
    AppealInput, AppealStanding, Entry, IdentityForm, PaperCode, PaperInput, Resident,
};
use healthcode::rules::colour::Colour;
use healthcode::rules::text::Text;
use healthcode::token::ids::OperationId;
use healthcode::token::key::Signer as _;
use healthcode::token::{SoftwareKey, SubjectId, Verdict};
use healthcode::wire::{Act, AppealDecision, OfficerRequest, Whom};
use healthcode_server::{OfficerClient, OfficerRole, Operator};
use serde::Serialize;

use super::journey::Journey;
use super::play::{declaration, expect};
use super::provinces::{Provinces, small_picture};
use super::scene::{at, failed};
use super::teller::{Teller, Told};
use super::train::Passenger;
use crate::Failure;

/// What the authority calls its officer.
const OFFICER: &str = "申诉受理岗 Appeals desk 1";

/// One thing that happens. Printed as JSON, an event holds no personal data.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
enum Help {
    /// A relative cares for somebody who has no telephone.
    CaredFor {
        #[serde(skip)]
        carer: String,
        #[serde(skip)]
        person: String,
    },
    /// A code on paper was issued.
    PaperIssued {
        /// Its colour.
        colour: Colour,
        /// Characters in it.
        characters: usize,
        /// Days for which it is good.
        days: i64,
        #[serde(skip)]
        person: String,
    },
    /// A resident contests a reason.
    Appealed {
        /// The rule of the reason.
        rule: String,
        /// Hours within which the authority answers.
        hours: i64,
        #[serde(skip)]
        text: &'static str,
    },
    /// The appeal is granted.
    Granted {
        /// The colour now.
        colour: Colour,
        #[serde(skip)]
        reason: Text,
        /// What the resident's journal has of the officer's acts.
        acts: usize,
    },
}

impl Told for Help {
    fn narrate(&self, teller: &mut Teller<'_>, clock: &str) -> std::io::Result<()> {
        match self {
            Self::CaredFor { carer, person } => {
                teller.line(
                    clock,
                    "phone",
                    &format!("{carer} asks to care for {person}, a grandmother without a telephone."),
                )?;
                teller.more("the public records know the relation: an own key, a code and days of her own on this phone")
            }
            Self::PaperIssued { colour, characters, days, person } => {
                let colour = teller.colour(*colour);
                teller.line(
                    clock,
                    "authority",
                    &format!("Rates {person} {colour}, and issues a code on paper for {days} days."),
                )?;
                teller.more(&format!(
                    "{characters} characters, no proof of a phone: every gate compares the card"
                ))
            }
            Self::Appealed { rule, hours, text } => {
                teller.line(clock, "phone", &format!("Contests the reason {rule}: \"{text}\""))?;
                teller.more(&format!(
                    "the authority has it, and has bound itself to answer within {hours} hours"
                ))
            }
            Self::Granted { colour, reason, acts } => {
                teller.line(
                    clock,
                    "officer",
                    &format!("Takes the appeal, and grants it. {} {}", reason.en, reason.zh),
                )?;
                let colour = teller.colour(*colour);
                teller.more(&format!("the order ends, the code is {colour}; {acts} acts stand in the log and on the resident's phone"))
            }
        }
    }
}

impl Provinces<'_, '_> {
    /// Plays the chapter; `near` was told of the train.
    pub(super) fn help_the_left_out(&mut self, near: &Passenger) -> Result<(), Failure> {
        self.play.scene.world.go_to(at(13, 9, 0));
        self.tell(Journey::Chapter { title: "Those whom the first codes left out" })?;
        self.care_for_a_grandmother(near)?;
        self.appeal(near)?;
        let told = "Nobody was locked out for want of a phone, and a wrong reason was taken back.";
        self.tell(Journey::ChapterEnded { told })
    }

    fn care_for_a_grandmother(&mut self, near: &Passenger) -> Result<(), Failure> {
        let phone = &near.phone;
        let runtime = &self.play.scene.runtime;
        let identity = IdentityForm {
            name: "赵六".to_owned(),
            document_kind: "resident-id".to_owned(),
            document_number: "330102197508204626".to_owned(),
            phone: "139 0013 9000".to_owned(),
            region: "330102".to_owned(),
        };
        runtime.block_on(phone.request_care(near.subject.clone(), identity, None)).map_err(failed)?;
        let hers = runtime.block_on(phone.confirm_care(None, None)).map_err(failed)?.subject;
        let entry = Entry::Declaration { declaration: declaration(&[], Vec::new()) };
        phone.record(hers.clone(), entry).map_err(failed)?;
        runtime.block_on(phone.sync(None)).map_err(failed)?;
        let (carer, person) = (masked(phone, &near.subject)?, masked(phone, &hers)?);
        self.told(&Help::CaredFor { carer, person: person.clone() })?;

        self.play.scene.world.go_to(at(13, 9, 20));
        phone.record(hers.clone(), Entry::Paper { paper: PaperInput::Issue }).map_err(failed)?;
        self.play.scene.runtime.block_on(phone.sync(None)).map_err(failed)?;
        let paper = phone.papers(hers.clone()).map_err(failed)?.into_iter().next();
        let paper: PaperCode = paper.ok_or_else(|| failed("a paper code has come"))?;
        let page = phone.paper_page(hers, paper.id).map_err(failed)?;
        if let Some(codes) = &self.play.codes
            && let Some(folder) = codes.parent()
        {
            std::fs::write(folder.join("paper.svg"), page)?;
        }
        self.told(&Help::PaperIssued {
            colour: paper.colour,
            characters: paper.text.len(),
            days: paper.expires_at.since(paper.issued_at) / 86_400_000,
            person,
        })?;

        self.play.scene.world.go_to(at(13, 10, 0));
        let synced = self.sync_gate(&self.hangzhou_gate)?;
        self.told_sync(true, "synced", synced)?;
        let picture = small_picture(&paper.text, paper.shade)?;
        let verdict = self.scan(true, "the card cut out of her page", &picture)?.verdict;
        let compared = matches!(verdict, Verdict::CompareCard { colour: Colour::Green, .. });
        expect(compared && paper.shade == Shade::Green, "paper is compared with the card")
    }

    fn appeal(&mut self, near: &Passenger) -> Result<(), Failure> {
        const TEXT: &str = "I gave the ticket back and stayed at home";
        self.play.scene.world.go_to(at(13, 11, 0));
        let (phone, subject) = (&near.phone, &near.subject);
        let contestable = phone.appeals(subject.clone()).map_err(failed)?.contestable;
        let contested = contestable.into_iter().next().ok_or_else(|| failed("yellow can be contested"))?;
        let rule = contested.reason.rule;
        let draft = AppealInput {
            rating: contested.rating,
            rule: rule.clone(),
            text: TEXT.to_owned(),
            statements: vec!["The railway's receipt for the ticket".to_owned()],
        };
        phone.keep_appeal_draft(subject.clone(), Some(draft.clone())).map_err(failed)?;
        let appeal =
            phone.record(subject.clone(), Entry::Appeal { appeal: draft }).map_err(failed)?.operation;
        self.play.scene.runtime.block_on(phone.sync(None)).map_err(failed)?;
        let card = phone.appeals(subject.clone()).map_err(failed)?.made.pop();
        let due_by =
            card.filter(|card| card.standing == AppealStanding::Received).and_then(|card| card.due_by);
        let due_by = due_by.ok_or_else(|| failed("the authority says by when it answers"))?;
        let hours = due_by.since(self.play.scene.world.now()) / 3_600_000;
        self.told(&Help::Appealed { rule, hours, text: TEXT })?;

        let officer = Officer::register(self)?;
        let whom = SubjectId::parse(subject).map(Whom::Subject).ok_or_else(|| failed("a subject's id"))?;
        let appeal = OperationId::parse(&appeal).ok_or_else(|| failed("an operation's id"))?;
        let reason = Text::new("退票属实，予以更正。", "The ticket was given back: corrected.");
        for (hour, decision, reason) in
            [(13, AppealDecision::Take, None), (15, AppealDecision::Grant, Some(reason.clone()))]
        {
            self.play.scene.world.go_to(at(13, hour, 0));
            let act = Act::DecideAppeal { whom: whom.clone(), appeal, decision, reason };
            officer.act(self, u8::try_from(hour).unwrap_or_default(), act)?;
        }
        self.play.scene.world.go_to(at(13, 16, 0));
        self.play.scene.runtime.block_on(phone.sync(None)).map_err(failed)?;
        let card = phone.appeals(subject.clone()).map_err(failed)?.made.pop();
        let granted =
            card.is_some_and(|card| card.standing == AppealStanding::Granted && card.reason.is_some());
        let code = phone.code(subject.clone(), None).map_err(failed)?;
        expect(granted && code.colour == Colour::Green, "a granted appeal takes the reason back")?;
        let journal = phone.journal(subject.clone(), None).map_err(failed)?.entries;
        let acted = |event: &healthcode::resident::JournalEvent| matches!(event, healthcode::resident::JournalEvent::Acted { officer, .. } if officer == OFFICER);
        let acts = journal.iter().filter(|entry| acted(&entry.event)).count();
        expect(acts == 2, "every act of an officer is told to whom it concerns")?;
        self.told(&Help::Granted { colour: code.colour, reason, acts })
    }

    fn told(&mut self, event: &Help) -> Result<(), Failure> {
        self.play.teller.tell(self.play.scene.world.now(), event)
    }
}

/// An officer at a desk of the authority, with an own key.
struct Officer {
    key: SoftwareKey,
    client: OfficerClient,
    audience: String,
}

impl Officer {
    fn register(provinces: &Provinces<'_, '_>) -> Result<Self, Failure> {
        let config = &provinces.play.scene.server.config;
        let key = SoftwareKey::from_seed(&[0x0f; 32]);
        let operator = Operator::of(&config.database);
        operator.register_officer(&key.public_key(), OFFICER, &[OfficerRole::Appeals]).map_err(failed)?;
        let client = OfficerClient::new(&config.base_url).map_err(failed)?;
        Ok(Self { key, client, audience: config.issuer.clone() })
    }

    fn act(&self, provinces: &Provinces<'_, '_>, name: u8, act: Act) -> Result<(), Failure> {
        let scene = &provinces.play.scene;
        let (at, audience) = (scene.world.now(), self.audience.clone());
        let request = OfficerRequest { request: [name; 16], at, audience, act, note: None };
        let signed = request.sign(&self.key).map_err(failed)?;
        scene.runtime.block_on(self.client.ask(signed)).map(|_| ()).map_err(failed)
    }
}

fn masked(phone: &Resident, subject: &str) -> Result<String, Failure> {
    let home = phone.home().map_err(failed)?;
    let card = home.subjects.into_iter().find(|card| card.subject == subject);
    card.map(|card| card.masked_name).ok_or_else(|| failed("the person is on this phone"))
}
