//! The story itself: what each person does, day by day, and what must come of it. Every step asserts what it shows;
//! a story that goes another way ends with what went wrong.

use std::path::{Path, PathBuf};

use healthcode::HealthcodeError;
use healthcode::qr::{Matrix, Shade, TerminalStyle, terminal};
use healthcode::resident::{
    AnswerInput, AnswerValue, CheckInInput, CheckInState, DeclarationInput, Entry, IdentityForm,
    QuarantineView, Recorded, ScannedText, ShownCode, StayInput, SubjectCard, draw_png,
};
use healthcode::rules::colour::Colour;
use healthcode::rules::quarantine::{NotCounted, Phase};
use healthcode::sync::SyncReport;
use healthcode::token::Verdict;
use healthcode::token::verdict::AskReason;

use super::event::Event;
use super::scene::{GATE, Scene, at, day_of, failed};
use super::teller::Teller;
use crate::{Failure, camera};

const DAY_MILLIS: i64 = 86_400_000;

/// A picture of a code, as a camera or a screenshot has it.
pub(super) struct Picture {
    pub(super) png: Vec<u8>,
    pub(super) size: (u32, u32),
}

/// Who plays.
pub(super) struct Play<'a> {
    pub(super) scene: Scene,
    pub(super) teller: Teller<'a>,
    /// Where pictures of codes are kept, if anywhere.
    pub(super) codes: Option<PathBuf>,
    pub(super) subject: String,
    kept: u32,
}

impl<'a> Play<'a> {
    pub(super) fn new(scene: Scene, teller: Teller<'a>, codes: Option<PathBuf>) -> Self {
        Self { scene, teller, codes, subject: String::new(), kept: 0 }
    }

    /// Plays it to its end.
    pub(super) fn run(&mut self) -> Result<(), Failure> {
        self.begin()?;
        self.register_and_declare()?;
        self.show_yellow()?;
        self.check_in(0, 9, 30)?;
        self.check_in(1, 8, 30)?;
        self.check_in_offline()?;
        self.catch_up()?;
        self.move_the_clock()?;
        self.check_in(5, 8, 30)?;
        self.check_in(6, 8, 30)?;
        self.wait_for_release()?;
        let screenshot = self.pass_the_gate()?;
        self.show_a_screenshot(&screenshot)?;
        self.teller.tell(at(7, 8, 20), &Event::Ended { days: 7 })
    }

    /// The proof of the quarantine, after its end.
    pub(super) fn proof(&self) -> Result<String, Failure> {
        self.scene.phone.quarantine_proof(self.subject.clone(), None).map_err(failed)
    }

    fn begin(&mut self) -> Result<(), Failure> {
        self.sync_gate()?;
        let status = self.scene.gate.status().map_err(failed)?;
        self.tell(Event::Began { issuers: status.issuers })
    }

    fn register_and_declare(&mut self) -> Result<(), Failure> {
        let identity = IdentityForm {
            name: "张三".to_owned(),
            document_kind: "resident-id".to_owned(),
            document_number: "11010519491231002X".to_owned(),
            phone: "138 0013 8000".to_owned(),
            region: "330100".to_owned(),
        };
        let wrong = IdentityForm { document_number: "110105194912310021".to_owned(), ..identity.clone() };
        let problems = self.scene.phone.check_identity(wrong).map_err(failed)?;
        expect(problems.len() == 1, "a wrong check digit is named before anything is sent")?;

        let requested = self.scene.runtime.block_on(self.scene.phone.request_one_time_code(identity, None));
        let requested = requested.map_err(failed)?;
        let digits = self.scene.telephone.read().ok_or_else(|| failed("no one-time code has come"))?;
        let enrolled = self.scene.runtime.block_on(self.scene.phone.enrol(digits, None)).map_err(failed)?;
        self.subject = enrolled.subject;
        self.sync()?;
        self.tell(Event::Registered { digits: requested.digits })?;

        self.scene.world.go_to(at(0, 9, 5));
        let stay = StayInput { region: "420100".to_owned(), from: day_of(-22), to: day_of(-3) };
        let declaration = declaration(&[], vec![stay]);
        let preview = self.scene.phone.preview(self.subject.clone(), declaration.clone()).map_err(failed)?;
        let stays = declaration.travel.len();
        self.record(Entry::Declaration { declaration })?;
        self.sync()?;
        self.tell(Event::Declared { stays, preview: preview.colour })?;

        let (code, view) = (self.code(None)?, self.quarantine()?);
        expect(code.colour == Colour::Yellow, "a stay in a high-risk area gives yellow")?;
        expect(preview.colour == Some(code.colour), "the phone foresees what the server decides")?;
        expect(!code.reasons.is_empty(), "no colour but green without a reason")?;
        self.tell(Event::Rated {
            colour: code.colour,
            rules: code.reasons.iter().map(|reason| reason.rule.clone()).collect(),
            reasons: code.reasons.iter().map(|reason| reason.text.clone()).collect(),
            days: view.days,
            starts_on: view.starts_on,
        })
    }

    fn show_yellow(&mut self) -> Result<(), Failure> {
        self.scene.world.go_to(at(0, 9, 10));
        let code = self.code(None)?;
        let picture = self.show(&code, "yellow")?;
        self.scene.world.pass(4_000);
        let verdict = self.scan("the code on the resident's screen", &picture)?;
        expect(matches!(verdict, Verdict::Stop { colour: Colour::Yellow, .. }), "yellow does not pass")
    }

    fn check_in(&mut self, day: i32, hour: u16, minute: u16) -> Result<(), Failure> {
        self.scene.world.go_to(at(day, hour, minute));
        let recorded = self.tap()?;
        expect(recorded.day == Some(day_of(day)), "a check-in counts for the day in which it is made")?;
        self.sync()?;
        self.told_check_in(&recorded, true, u16::try_from(day).unwrap_or(0) + 1)
    }

    fn check_in_offline(&mut self) -> Result<(), Failure> {
        self.scene.stop_server()?;
        self.scene.world.go_to(at(2, 8, 30));
        let recorded = self.tap()?;
        self.told_check_in(&recorded, false, 3)?;
        let result = self.scene.runtime.block_on(self.scene.phone.sync(None));
        expect(matches!(result, Err(HealthcodeError::Network { .. })), "without a server there is no sync")?;
        let waiting = self.card()?.waiting;
        expect(waiting == 1, "what is unsent waits")?;
        self.code(None)?;
        self.tell(Event::Offline { waiting })
    }

    fn catch_up(&mut self) -> Result<(), Failure> {
        self.scene.restart_server()?;
        self.scene.world.go_to(at(3, 8, 30));
        let recorded = self.tap()?;
        let report = self.sync()?;
        expect(report.accepted == 2 && report.waiting == 0, "both check-ins arrive")?;
        let view = self.quarantine()?;
        let late = view.check_ins.iter().find_map(|check_in| match check_in.state {
            CheckInState::Counted { day, certainty } if day == day_of(2) => Some(certainty),
            _ => None,
        });
        let certainty = late.ok_or_else(|| failed("the offline check-in counts for its own day"))?;
        self.tell(Event::CaughtUp {
            day: day_of(2),
            certainty: format!("{certainty:?}").to_lowercase(),
            counted: 3,
            days: view.days,
        })?;
        self.told_check_in(&recorded, true, 4)
    }

    fn move_the_clock(&mut self) -> Result<(), Failure> {
        self.check_in(4, 8, 30)?;
        let before = self.quarantine()?;
        let ahead = 3;
        self.scene.phone_clock.set_wall_off_by(ahead * DAY_MILLIS);
        let after = self.quarantine()?;
        expect(
            before.counted == after.counted && before.today == after.today,
            "the countdown does not move",
        )?;
        let hint = after.time.hint.ok_or_else(|| failed("the phone says that its clock is wrong"))?;

        let tap = self.tap()?;
        expect(tap.day.is_none(), "a check-in of tomorrow finds no day")?;
        self.sync()?;
        let view = self.quarantine()?;
        let judged = view.check_ins.iter().find(|check_in| check_in.operation == tap.operation);
        let state = judged.map(|check_in| &check_in.state);
        let Some(CheckInState::NotCounted { reason }) = state else {
            return Err(failed("the server does not count it"));
        };
        expect(view.counted == before.counted, "nothing is gained")?;
        let reason = match reason {
            NotCounted::DayTaken => "that day has its check-in already".to_owned(),
            other => format!("{other:?}"),
        };
        self.scene.phone_clock.set_wall_off_by(0);
        self.tell(Event::ClockMoved {
            days: ahead,
            counted: (before.counted, after.counted),
            today: (before.today, after.today),
            hint: format!("{hint:?}").to_lowercase(),
            tap: reason,
        })
    }

    fn wait_for_release(&mut self) -> Result<(), Failure> {
        self.scene.world.go_to(at(6, 22, 0));
        let Phase::Complete { release_at } = self.quarantine()?.phase else {
            return Err(failed("seven days are done"));
        };
        expect(release_at == at(7, 0, 0), "the release comes with the next legal day")?;
        self.sync()?;
        expect(self.card()?.colour == Some(Colour::Yellow), "nothing is released early")?;
        self.tell(Event::DaysDone { release_at })?;

        self.scene.world.go_to(at(7, 8, 0));
        let card = self.card()?;
        expect(card.connect_to_confirm, "the phone asks to connect")?;
        let colour = card.colour.ok_or_else(|| failed("a rated subject has a colour"))?;
        expect(colour == Colour::Yellow, "a phone never releases itself")?;
        self.tell(Event::ConnectToConfirm { colour })?;
        self.sync()?;
        let card = self.card()?;
        expect(card.colour == Some(Colour::Green), "one sync turns the code green")?;
        expect(card.counted_days.is_none(), "the order is over")?;
        self.tell(Event::Released { colour: Colour::Green })
    }

    fn pass_the_gate(&mut self) -> Result<Picture, Failure> {
        self.scene.world.go_to(at(7, 8, 5));
        self.sync_gate()?;
        self.scene.world.go_to(at(7, 8, 10));
        let code = self.code(None)?;
        let picture = self.show(&code, "green")?;
        self.scene.world.pass(4_000);
        let verdict = self.scan("the code on the resident's screen", &picture)?;
        expect(matches!(verdict, Verdict::Pass { colour: Colour::Green, .. }), "green passes")?;
        Ok(picture)
    }

    fn show_a_screenshot(&mut self, screenshot: &Picture) -> Result<(), Failure> {
        self.scene.world.pass(2 * 60_000);
        let verdict = self.scan("a screenshot of that code, two minutes later", screenshot)?;
        let old = matches!(verdict, Verdict::AskForAnswer { reason: AskReason::Older, .. });
        expect(old, "a screenshot does not pass")?;

        let challenge = self.scene.gate.challenge().map_err(failed)?;
        let shown = Self::picture(&challenge.text, challenge.shade)?;
        self.keep("challenge", &challenge.text, &shown)?;
        let read = camera::scan(&shown.png).map_err(failed)?;
        let ScannedText::Challenge { gate } = self.scene.phone.scan(read.clone()).map_err(failed)? else {
            return Err(failed("the phone reads the gate's challenge"));
        };
        expect(gate == GATE, "the challenge names its gate")?;
        self.tell(Event::Challenged { gate })?;
        let answer = self.code(Some(read))?;
        let picture = Self::picture(&answer.text, answer.shade)?;
        self.keep("answer", &answer.text, &picture)?;
        self.scene.world.pass(5_000);
        let verdict = self.scan("the answer on the resident's screen", &picture)?;
        expect(matches!(verdict, Verdict::Pass { .. }), "the holder's own phone answers")?;

        self.scene.world.pass(10_000);
        let verdict = self.scan("a picture of that answer", &picture)?;
        let used = matches!(verdict, Verdict::AskForAnswer { reason: AskReason::OtherChallenge, .. });
        expect(used, "an answer is good once")
    }
}

/// What the people of the story do again and again.
impl Play<'_> {
    #[allow(clippy::needless_pass_by_value, reason = "an event is told once")]
    fn tell(&mut self, event: Event) -> Result<(), Failure> {
        self.teller.tell(self.scene.world.now(), &event)
    }

    pub(super) fn sync(&self) -> Result<SyncReport, Failure> {
        let report = self.scene.runtime.block_on(self.scene.phone.sync(None)).map_err(failed)?;
        expect(report.problems.is_empty() && report.refused == 0, "the server takes what the phone says")?;
        Ok(report)
    }

    fn sync_gate(&self) -> Result<(), Failure> {
        self.scene.runtime.block_on(self.scene.gate.sync(None)).map(|_| ()).map_err(failed)
    }

    pub(super) fn record(&self, entry: Entry) -> Result<Recorded, Failure> {
        self.scene.phone.record(self.subject.clone(), entry).map_err(failed)
    }

    fn tap(&self) -> Result<Recorded, Failure> {
        self.record(Entry::CheckIn { check_in: CheckInInput { symptoms: Vec::new() } })
    }

    fn card(&self) -> Result<SubjectCard, Failure> {
        let home = self.scene.phone.home().map_err(failed)?;
        home.subjects.into_iter().next().ok_or_else(|| failed("the phone knows its resident"))
    }

    fn quarantine(&self) -> Result<QuarantineView, Failure> {
        let view = self.scene.phone.quarantine(self.subject.clone()).map_err(failed)?;
        view.ok_or_else(|| failed("there is an order in force"))
    }

    fn told_check_in(&mut self, recorded: &Recorded, sent: bool, counted: u16) -> Result<(), Failure> {
        let view = self.quarantine()?;
        expect(view.counted == counted, "the day counts")?;
        self.tell(Event::CheckedIn { day: recorded.day, sent, counted: view.counted, days: view.days })
    }

    pub(super) fn code(&self, challenge: Option<String>) -> Result<ShownCode, Failure> {
        self.scene.phone.code(self.subject.clone(), challenge).map_err(failed)
    }

    fn show(&mut self, code: &ShownCode, name: &str) -> Result<Picture, Failure> {
        let picture = Self::picture(&code.text, code.shade)?;
        self.keep(name, &code.text, &picture)?;
        let matrix = Matrix::encode(&code.text).map_err(failed)?;
        let style =
            if self.teller.has_colours() { TerminalStyle::Ansi } else { TerminalStyle::DarkBackground };
        self.tell(Event::CodeShown {
            colour: code.colour,
            characters: code.text.len(),
            modules: u32::try_from(matrix.side()).unwrap_or(0),
            drawing: terminal(&matrix, style),
            masked_name: code.masked_name.clone(),
        })?;
        Ok(picture)
    }

    fn picture(text: &str, shade: Shade) -> Result<Picture, Failure> {
        Self::picture_of(text, shade, 6)
    }

    /// A code as it is on a screen, a module so many pixels wide.
    pub(super) fn picture_of(text: &str, shade: Shade, scale: u32) -> Result<Picture, Failure> {
        let png = draw_png(text.to_owned(), shade, scale).map_err(failed)?;
        let size = png.get(16..24).map_or((0, 0), |header| {
            let number = |bytes: &[u8]| bytes.iter().fold(0, |sum: u32, byte| sum << 8 | u32::from(*byte));
            (number(header.get(..4).unwrap_or_default()), number(header.get(4..).unwrap_or_default()))
        });
        Ok(Picture { png, size })
    }

    /// The checkpoint's camera sees pixels and never the string.
    fn scan(&mut self, what: &'static str, picture: &Picture) -> Result<Verdict, Failure> {
        let text = camera::scan(&picture.png).map_err(failed)?;
        let verdict = self.scene.gate.verify(text, None).map_err(failed)?.verdict;
        let colour = match &verdict {
            Verdict::Pass { colour, .. } | Verdict::Stop { colour, .. } => Some(*colour),
            _ => None,
        };
        self.tell(Event::Scanned {
            what,
            pixels: picture.size,
            verdict: verdict.name(),
            colour,
            action: verdict.action(),
            holder: verdict.holder().map(|holder| format!("{} {}", holder.masked_name, holder.id_tail)),
        })?;
        Ok(verdict)
    }

    fn keep(&mut self, name: &str, text: &str, picture: &Picture) -> Result<(), Failure> {
        let Some(folder) = &self.codes else { return Ok(()) };
        self.kept += 1;
        let path = |extension: &str| -> PathBuf {
            Path::new(folder).join(format!("{}-{name}.{extension}", self.kept))
        };
        std::fs::write(path("png"), &picture.png)?;
        std::fs::write(path("txt"), text)?;
        Ok(())
    }
}

/// A declaration of these symptoms and stays, and of no contact.
pub(super) fn declaration(symptoms: &[&str], travel: Vec<StayInput>) -> DeclarationInput {
    let answer = |question: &str, value| AnswerInput { question: question.to_owned(), value };
    let options = symptoms.iter().map(|symptom| (*symptom).to_owned()).collect();
    DeclarationInput {
        answers: vec![
            answer("contact", AnswerValue::YesNo { yes: false }),
            answer("symptoms", AnswerValue::Any { options }),
        ],
        travel,
    }
}

/// Fails the story with what was expected.
pub(super) fn expect(holds: bool, what: &str) -> Result<(), Failure> {
    if holds { Ok(()) } else { Err(failed(format!("the story went another way; expected: {what}"))) }
}
