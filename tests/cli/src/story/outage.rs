//! The second chapter's last part: a server that is dead for two days, and a gate that goes on.

use healthcode::HealthcodeError;
use healthcode::checkpoint::{GateTimeState, Loaded};
use healthcode::qr::Shade;
use healthcode::rules::calendar::Timestamp;
use healthcode::token::verdict::{AskReason, CardReason};
use healthcode::token::{OutageNotice, Verdict};

use super::journey::Journey;
use super::play::{Picture, expect};
use super::provinces::{Provinces, small_picture};
use super::scene::{at, failed};
use crate::{Failure, camera};

/// By how many hours the notice extends.
const HOURS: u16 = 48;
/// When the server dies.
const fn died() -> (i32, u16) {
    (9, 10)
}

impl Provinces<'_, '_> {
    /// The resident is at home again, with a token of the day before; then Shenzhen's server dies.
    pub(super) fn survive_the_outage(&mut self) -> Result<(), Failure> {
        self.play.scene.world.go_to(at(9, 9, 30));
        self.exchange_lists()?;
        let synced = self.sync_gate(&self.shenzhen_gate)?;
        self.told_sync(false, "synced, for the last time before the outage", synced)?;
        let (day, hour) = died();
        self.play.scene.world.go_to(at(day, hour, 0));
        self.shenzhen.stop(&self.play.scene.runtime)?;
        self.tell(Journey::ServerDied { issuer: self.shenzhen.config.name.clone() })?;

        self.go_by_the_card()?;
        self.start_the_gate_again()?;
        self.post_a_notice()?;
        self.come_back()?;
        self.read_the_log()
    }

    fn hours_dead(&self) -> i64 {
        let (day, hour) = died();
        self.play.scene.world.now().since(at(day, hour, 0)) / 3_600_000
    }

    fn go_by_the_card(&mut self) -> Result<(), Failure> {
        self.play.scene.world.go_to(at(10, 12, 0));
        let gate = self.play.scene.runtime.block_on(self.shenzhen_gate.checkpoint.sync(None)).map(|_| ());
        let phone = self.play.scene.runtime.block_on(self.phone.sync(None)).map(|_| ());
        for offline in [gate, phone] {
            expect(
                matches!(offline, Err(HealthcodeError::Network { .. })),
                "without a server there is no sync",
            )?;
        }
        self.tell(Journey::NoSync { hours: self.hours_dead() })?;
        let code = self.picture(None)?;
        self.play.scene.world.pass(4_000);
        let verdict = self.scan(false, "the code on the resident's phone, fresh", &code)?.verdict;
        let by_card = |status_as_of: Timestamp| status_as_of > at(9, 8, 0) && status_as_of < at(9, 10, 0);
        expect(is_old_evidence(&verdict, by_card), "by day-old evidence the card is compared")
    }

    /// A gate that was off knows the day and not the minute: what is only shown proves nothing to it.
    fn start_the_gate_again(&mut self) -> Result<(), Failure> {
        self.play.scene.world.go_to(at(11, 6, 50));
        self.shenzhen_gate.clock.restart();
        self.play.scene.world.go_to(at(11, 7, 0));
        let status = self.shenzhen_gate.checkpoint.status().map_err(failed)?;
        expect(status.time == GateTimeState::ConfirmDate, "it asks for its date")?;
        let date = status.date.ok_or_else(|| failed("it shows its date"))?;
        self.shenzhen_gate.checkpoint.confirm_date(date).map_err(failed)?;
        let status = self.shenzhen_gate.checkpoint.status().map_err(failed)?;
        expect(status.time == GateTimeState::Coarse, "it goes by the confirmed date")?;
        self.tell(Journey::GateRestarted { gate: self.shenzhen_gate.name, date })?;

        let code = self.picture(None)?;
        self.play.scene.world.pass(4_000);
        let scan = self.scan(false, "the code on the resident's phone, fresh", &code)?;
        let unsure = matches!(scan.verdict, Verdict::AskForAnswer { reason: AskReason::GateTime, .. });
        expect(unsure, "without a sure time a gate asks for an answer")?;
        let challenge = scan.challenge.ok_or_else(|| failed("the challenge opens by itself"))?;
        let answer = self.picture(Some((&challenge.text, self.shenzhen_gate.name)))?;
        self.play.scene.world.pass(5_000);
        let verdict = self.scan(false, "the resident's phone answers the challenge", &answer)?.verdict;
        expect(is_old_evidence(&verdict, |_| true), "by challenge and card")
    }

    /// The token's 72 hours are over before the server is back.
    fn post_a_notice(&mut self) -> Result<(), Failure> {
        self.play.scene.world.go_to(at(11, 9, 0));
        let code = self.picture(None)?;
        self.play.scene.world.pass(4_000);
        let verdict = self.scan(false, "the same phone: its token's 72 hours are over", &code)?.verdict;
        expect(matches!(verdict, Verdict::Renew { .. }), "a token does not last for ever")?;

        self.play.scene.world.go_to(at(11, 9, 10));
        let holder = self.play.scene.server.app()?;
        let notice =
            holder.declare_outage(&self.shenzhen.config.issuer, HOURS, at(13, 0, 0)).map_err(failed)?;
        let text = OutageNotice::to_text(&notice);
        self.tell(Journey::NoticeSigned { issuer: "shenzhen", hours: HOURS, characters: text.len() })?;
        let wall = small_picture(&text, Shade::Plain)?;
        let read = camera::scan(&wall.png).map_err(failed)?;
        let loaded = self.shenzhen_gate.checkpoint.load(read.into_bytes()).map_err(failed)?;
        expect(loaded == Loaded::OutageNotice, "the gate takes the notice")?;
        self.tell(Journey::NoticeLoaded { gate: self.shenzhen_gate.name })?;

        let answer = self.answered()?;
        self.play.scene.world.pass(5_000);
        let verdict = self.scan(false, "the resident's phone answers a new challenge", &answer)?.verdict;
        expect(matches!(verdict, Verdict::Pass { extended: true, .. }), "the notice extends the token")
    }

    /// The answer to the challenge that a shown code opens.
    fn answered(&self) -> Result<Picture, Failure> {
        let scan = self.look(false, &self.picture(None)?)?;
        let challenge = scan.challenge.ok_or_else(|| failed("the challenge opens by itself"))?;
        self.picture(Some((&challenge.text, self.shenzhen_gate.name)))
    }

    fn come_back(&mut self) -> Result<(), Failure> {
        self.play.scene.world.go_to(at(11, 10, 0));
        self.shenzhen.restart(&self.play.scene.runtime)?;
        self.exchange_lists()?;
        self.sync_gate(&self.shenzhen_gate)?;
        let report = self.play.scene.runtime.block_on(self.phone.sync(None)).map_err(failed)?;
        expect(report.tokens == 1 && report.problems.is_empty(), "a new token comes with the first sync")?;
        let (issuer, hours) = (self.shenzhen.config.name.clone(), self.hours_dead());
        self.tell(Journey::ServerBack { issuer, hours, tokens: report.tokens })?;
        let code = self.picture(None)?;
        self.play.scene.world.pass(4_000);
        let verdict = self.scan(false, "the code on the resident's phone", &code)?.verdict;
        expect(matches!(verdict, Verdict::Pass { extended: false, .. }), "all is as before")
    }

    fn read_the_log(&mut self) -> Result<(), Failure> {
        let log = self.phone.answered_challenges(self.subject.clone()).map_err(failed)?;
        let gates: Vec<_> = log.iter().map(|asked| asked.gate.as_str()).collect();
        let (there, here) = (self.hangzhou_gate.name, self.shenzhen_gate.name);
        expect(gates == [there, here, here], "the phone has noted who asked")?;
        let gates = log.into_iter().map(|asked| (asked.gate, asked.at, asked.colour)).collect();
        self.tell(Journey::AskedBy { gates })
    }
}

/// Whether the card is compared because what is known is old, known as of an instant that fits.
fn is_old_evidence(verdict: &Verdict, as_of: impl Fn(Timestamp) -> bool) -> bool {
    match verdict {
        Verdict::CompareCard { reason: CardReason::OldEvidence, status_as_of, extended: false, .. } => {
            as_of(*status_as_of)
        }
        _ => false,
    }
}
