//! The second chapter: two authorities under one root, a filmed code, a colour that changes away from home. Every step
//! asserts what it shows, as in the first.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use healthcode::checkpoint::{Checkpoint, Lane, Scan};
use healthcode::qr::Shade;
use healthcode::resident::{Entry, IdentityForm, Resident, ScannedText, ShownCode};
use healthcode::rules::colour::Colour;
use healthcode::token::Verdict;
use healthcode::token::verdict::{AskReason, CardReason};
use healthcode_server::{Config, Operator};

use super::journey::{Journey, Scanned};
use super::play::{Picture, Play, declaration, expect};
use super::scene::{at, failed, phone_ports};
use super::server::Server;
use crate::time::PhoneClock;
use crate::{Failure, camera};

/// Plays the chapter, and the one after it, which has the same stage; its own files go into a folder that nobody keeps.
pub(super) fn run(play: &mut Play<'_>, folder: &Path) -> Result<(), Failure> {
    let folder = folder.join("provinces");
    std::fs::create_dir_all(folder.join("followed/root"))?;
    play.scene.world.go_to(at(8, 8, 30));
    let chapter = Journey::Chapter { title: "Two provinces, a filmed code and a dead server" };
    play.teller.tell(play.scene.world.now(), &chapter)?;
    let mut provinces = Provinces::set(play, folder)?;
    provinces.cross_the_border()?;
    provinces.film_a_code()?;
    provinces.change_colour()?;
    provinces.survive_the_outage()?;
    provinces.end()?;
    let (near, far, _wire) = provinces.ride_a_train()?;
    provinces.help_the_left_out(&near)?;
    provinces.cross_in_quarantine(&far)?;
    provinces.close()
}

/// A code as a camera sees it across a lane: a module is fewer pixels than on the screens of the first chapter.
pub(super) fn small_picture(text: &str, shade: Shade) -> Result<Picture, Failure> {
    Play::picture_of(text, shade, 3)
}

/// A checkpoint's phone.
pub(super) struct Gate {
    pub(super) name: &'static str,
    pub(super) checkpoint: Arc<Checkpoint>,
    pub(super) clock: Arc<PhoneClock>,
}

/// The stage of the chapter: that of the first, and what is new.
pub(super) struct Provinces<'p, 'a> {
    pub(super) play: &'p mut Play<'a>,
    pub(super) shenzhen: Server,
    /// The phone of a resident of Shenzhen.
    pub(super) phone: Arc<Resident>,
    pub(super) subject: String,
    pub(super) hangzhou_gate: Gate,
    pub(super) shenzhen_gate: Gate,
    folder: PathBuf,
}

impl<'p, 'a> Provinces<'p, 'a> {
    /// The second server follows the list of the first, which lists it.
    fn set(play: &'p mut Play<'a>, folder: PathBuf) -> Result<Self, Failure> {
        let scene = &mut play.scene;
        let shenzhen = Server::start(&scene.runtime, scene.server_ports()?, |base_url| Config {
            trust_list: Some(folder.join("followed/trust-list.cbor")),
            ..Config::shenzhen(&folder.join("shenzhen.db"), base_url)
        })?;
        let entry = folder.join("shenzhen.cbor");
        std::fs::write(&entry, shenzhen.app()?.issuer_entry())?;
        scene.server.config.peer_files = vec![entry];
        scene.restart_server()?;

        let scene = &play.scene;
        let gate = |name: &'static str, server: &Server, file: &str| -> Result<Gate, Failure> {
            let clock = PhoneClock::new(&scene.world, name);
            let lane = Lane { policy: Some("residential".to_owned()), ..Lane::new(name) };
            let config = scene.app_config(server, &folder.join(file));
            let checkpoint = Checkpoint::open(config, phone_ports(&clock)?, lane).map_err(failed)?;
            Ok(Gate { name, checkpoint, clock })
        };
        let hangzhou_gate = gate("湖滨小区东门", &scene.server, "hangzhou-gate.db")?;
        let shenzhen_gate = gate("莲花小区南门", &shenzhen, "shenzhen-gate.db")?;
        let config = scene.app_config(&shenzhen, &folder.join("phone.db"));
        let phone = Resident::open(config, phone_ports(&PhoneClock::new(&scene.world, "visitor"))?);
        let phone = phone.map_err(failed)?;
        let provinces =
            Self { play, shenzhen, phone, subject: String::new(), hangzhou_gate, shenzhen_gate, folder };
        provinces.exchange_lists()?;
        Ok(provinces)
    }

    /// What the two authorities give each other every day: its entry, and the list that the root has signed.
    pub(super) fn exchange_lists(&self) -> Result<(), Failure> {
        std::fs::write(self.folder.join("shenzhen.cbor"), self.shenzhen.app()?.issuer_entry())?;
        let hangzhou = &self.play.scene.server;
        let list = self.play.scene.runtime.block_on(hangzhou.app()?.trust_list()).map_err(failed)?;
        let root = Operator::of(&hangzhou.config.database).root_document(1).map_err(failed)?;
        let root = root.ok_or_else(|| failed("the first root set has a document"))?;
        std::fs::write(self.folder.join("followed/root/1.cbor"), root)?;
        std::fs::write(self.folder.join("followed/trust-list.cbor"), list).map_err(failed)
    }

    /// A resident of Shenzhen comes to Hangzhou.
    fn cross_the_border(&mut self) -> Result<(), Failure> {
        self.sync_gate(&self.hangzhou_gate)?;
        let issuers = self.hangzhou_gate.checkpoint.status().map_err(failed)?.issuers;
        expect(issuers == 2, "the list has both authorities")?;
        self.tell(Journey::Listed { issuers: 2 })?;

        self.play.scene.world.go_to(at(8, 8, 40));
        self.register()?;
        let code = self.code(None)?;
        expect(code.colour == Colour::Green, "of whom nothing is known is green")?;
        self.tell(Journey::Visitor { colour: code.colour, masked_name: code.masked_name })?;

        self.play.scene.world.go_to(at(8, 9, 0));
        let synced = self.sync_gate(&self.hangzhou_gate)?;
        self.told_sync(
            true,
            "a residential gate in Hangzhou, synced; it needs no network from here on",
            synced,
        )
    }

    fn register(&mut self) -> Result<(), Failure> {
        let identity = IdentityForm {
            name: "李四".to_owned(),
            document_kind: "resident-id".to_owned(),
            document_number: "440524188001010014".to_owned(),
            phone: "139 0013 9000".to_owned(),
            region: "440300".to_owned(),
        };
        let runtime = &self.play.scene.runtime;
        runtime.block_on(self.phone.request_one_time_code(identity, None)).map_err(failed)?;
        let digits = self.play.scene.telephone.read().ok_or_else(|| failed("no one-time code has come"))?;
        self.subject = runtime.block_on(self.phone.enrol(digits, None)).map_err(failed)?.subject;
        runtime.block_on(self.phone.sync(None)).map_err(failed)?;
        let declaration = declaration(&[], Vec::new());
        self.phone.record(self.subject.clone(), Entry::Declaration { declaration }).map_err(failed)?;
        runtime.block_on(self.phone.sync(None)).map(|_| ()).map_err(failed)
    }

    /// The visitor's code passes, its film does not, and the visitor passes again.
    fn film_a_code(&mut self) -> Result<(), Failure> {
        self.play.scene.world.go_to(at(8, 9, 5));
        let film = self.picture(None)?;
        self.play.scene.world.pass(4_000);
        let verdict = self.scan(true, "the code on the visitor's phone", &film)?.verdict;
        let of = verdict.holder().map(|holder| holder.issuer.as_str());
        expect(
            matches!(verdict, Verdict::Pass { colour: Colour::Green, extended: false, .. }),
            "green passes",
        )?;
        expect(of == Some("shenzhen"), "the verdict names who issued the code")?;

        self.play.scene.world.pass(2 * 60_000);
        let what = "somebody else holds up a film of that code, two minutes later";
        let scan = self.scan(true, what, &film)?;
        let old = matches!(scan.verdict, Verdict::AskForAnswer { reason: AskReason::Older, .. });
        expect(old, "a filmed code does not pass")?;
        let challenge = scan.challenge.ok_or_else(|| failed("the challenge opens by itself"))?;
        self.play.scene.world.pass(10_000);
        let scan = self.scan(true, "the film again: it cannot read a challenge", &film)?;
        expect(matches!(scan.verdict, Verdict::AskForAnswer { .. }), "a film answers nothing")?;
        expect(scan.challenge.as_ref() == Some(&challenge), "the challenge stays open")?;

        let answer = self.picture(Some((&challenge.text, self.hangzhou_gate.name)))?;
        self.play.scene.world.pass(5_000);
        let verdict = self.scan(true, "the visitor's own phone answers the challenge", &answer)?.verdict;
        expect(matches!(verdict, Verdict::Pass { .. }), "the holder's phone answers")
    }

    /// The resident of Hangzhou is in Shenzhen, and falls ill there.
    fn change_colour(&mut self) -> Result<(), Failure> {
        self.play.scene.world.go_to(at(8, 17, 0));
        self.play.sync()?;
        let synced = self.sync_gate(&self.shenzhen_gate)?;
        self.told_sync(false, "one in Shenzhen, synced with Shenzhen's server alone", synced)?;
        let code = self.play.code(None)?;
        let green = small_picture(&code.text, code.shade)?;
        self.play.scene.world.pass(4_000);
        let verdict = self.scan(false, "the code of a visitor from Hangzhou", &green)?.verdict;
        let of = verdict.holder().map(|holder| holder.issuer.as_str());
        expect(matches!(verdict, Verdict::Pass { .. }) && of == Some("hangzhou"), "the other way round")?;

        self.play.scene.world.go_to(at(8, 20, 0));
        self.play.record(Entry::Declaration { declaration: declaration(&["fever"], Vec::new()) })?;
        self.play.sync()?;
        let code = self.play.code(None)?;
        expect(code.colour != Colour::Green && !code.lowered, "the server rates a fever")?;
        self.tell(Journey::Changed {
            colour: code.colour,
            rules: code.reasons.iter().map(|reason| reason.rule.clone()).collect(),
            masked_name: code.masked_name.clone(),
        })?;
        self.play.scene.world.pass(5 * 60_000);
        let synced = self.sync_gate(&self.shenzhen_gate)?;
        let lists = self.shenzhen_gate.checkpoint.status().map_err(failed)?.status_lists;
        let came = lists.iter().any(|list| list.issuer == "hangzhou");
        expect(came, "the lists of an issuer whose code was met come with the next sync")?;
        self.told_sync(false, "synced; Hangzhou's status list has come with it", synced)?;
        let verdict = self.scan(false, "a picture of the green code of before", &green)?.verdict;
        expect(matches!(verdict, Verdict::Withdrawn { .. }), "a synced gate knows at once")?;
        let now = self.play.code(None)?;
        let now = small_picture(&now.text, now.shade)?;
        self.play.scene.world.pass(4_000);
        let verdict = self.scan(false, "the code that is in force", &now)?.verdict;
        expect(matches!(verdict, Verdict::Stop { .. }), "it does not pass any more")
    }

    fn close(&mut self) -> Result<(), Failure> {
        self.shenzhen.stop(&self.play.scene.runtime)
    }

    /// Where the files of the chapter lie.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    fn end(&mut self) -> Result<(), Failure> {
        let told =
            "Two authorities under one root; 48 hours without a server passed by card, challenge and notice.";
        self.tell(Journey::ChapterEnded { told })
    }
}

/// What the people of the chapter do again and again.
impl Provinces<'_, '_> {
    #[allow(clippy::needless_pass_by_value, reason = "an event is told once")]
    pub(super) fn tell(&mut self, event: Journey) -> Result<(), Failure> {
        self.play.teller.tell(self.play.scene.world.now(), &event)
    }

    /// The gate in Hangzhou, or else the one in Shenzhen.
    const fn gate(&self, in_hangzhou: bool) -> &Gate {
        if in_hangzhou { &self.hangzhou_gate } else { &self.shenzhen_gate }
    }

    pub(super) fn sync_gate(&self, gate: &Gate) -> Result<u32, Failure> {
        let synced = self.play.scene.runtime.block_on(gate.checkpoint.sync(None));
        synced.map(|report| report.status_lists).map_err(failed)
    }

    pub(super) fn told_sync(
        &mut self,
        in_hangzhou: bool,
        what: &'static str,
        status_lists: u32,
    ) -> Result<(), Failure> {
        let gate = self.gate(in_hangzhou).name;
        self.tell(Journey::GateSynced { gate, what, status_lists })
    }

    fn code(&self, challenge: Option<String>) -> Result<ShownCode, Failure> {
        self.phone.code(self.subject.clone(), challenge).map_err(failed)
    }

    /// The visitor's code, or the answer to a challenge that the phone's camera has read and that names this gate.
    pub(super) fn picture(&self, challenge: Option<(&str, &str)>) -> Result<Picture, Failure> {
        let Some((text, expected)) = challenge else {
            let code = self.code(None)?;
            return small_picture(&code.text, code.shade);
        };
        let shown = small_picture(text, Shade::Plain)?;
        let read = camera::scan(&shown.png).map_err(failed)?;
        let scanned = self.phone.scan(read.clone()).map_err(failed)?;
        expect(
            scanned == ScannedText::Challenge { gate: expected.to_owned() },
            "the challenge names its gate",
        )?;
        let code = self.code(Some(read))?;
        small_picture(&code.text, code.shade)
    }

    /// A gate's camera sees pixels and never the string.
    pub(super) fn look(&self, in_hangzhou: bool, picture: &Picture) -> Result<Scan, Failure> {
        let text = camera::scan(&picture.png).map_err(failed)?;
        self.gate(in_hangzhou).checkpoint.verify(text, None).map_err(failed)
    }

    /// The same, told.
    pub(super) fn scan(
        &mut self,
        in_hangzhou: bool,
        what: &'static str,
        picture: &Picture,
    ) -> Result<Scan, Failure> {
        let scan = self.look(in_hangzhou, picture)?;
        let verdict = &scan.verdict;
        let (colour, status_as_of, extended) = match verdict {
            Verdict::Pass { colour, extended, .. } => (Some(*colour), None, *extended),
            Verdict::CompareCard { colour, extended, status_as_of, reason, .. } => {
                let old = *reason == CardReason::OldEvidence;
                (Some(*colour), Some(*status_as_of).filter(|_| old), *extended)
            }
            Verdict::Stop { colour, .. } => (Some(*colour), None, false),
            _ => (None, None, false),
        };
        let holder = verdict.holder();
        let scanned = Scanned {
            gate: self.gate(in_hangzhou).name,
            what,
            pixels: picture.size,
            verdict: verdict.name(),
            colour,
            issuer: holder.map(|holder| holder.issuer_name.clone()),
            status_as_of,
            extended,
            challenge: scan.challenge.is_some(),
            action: verdict.action(),
            holder: holder.map(|holder| format!("{} {}", holder.masked_name, holder.id_tail)),
        };
        self.tell(Journey::Scanned(scanned))?;
        Ok(scan)
    }
}
