#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use super::super::test_phone::{TestPhone, li_si, noon, signed, zhang_san};
use super::super::{EntryOutcome, JournalEvent};
use super::*;
use crate::resident::Entry;
use crate::rules::identity::Region;
use crate::rules::rulebook::Rulebook;
use crate::token::{ByRole, StatusReference, SubjectId};

fn page(phone: &TestPhone, key: &SubjectKey, paper: [u8; 8]) -> Result<String, HealthcodeError> {
    phone.resident.paper_page(key.subject.to_string(), hex(&paper))
}

fn papers(phone: &TestPhone, key: &SubjectKey) -> Vec<PaperCode> {
    phone.resident.papers(key.subject.to_string()).unwrap()
}

fn ask(phone: &TestPhone, key: &SubjectKey, paper: PaperInput) -> Result<(), HealthcodeError> {
    phone.resident.record(key.subject.to_string(), Entry::Paper { paper }).map(|_| ())
}

fn field(reason: &str) -> HealthcodeError {
    HealthcodeError::field("paper", reason)
}

impl TestPhone {
    /// The issuer issues a paper code, whose id is of this byte.
    fn paper(&mut self, key: &SubjectKey, byte: u8, colour: Colour, by: Option<By>) -> [u8; 8] {
        self.paper_of("*三", key, byte, colour, by)
    }

    fn paper_of(
        &mut self,
        masked_name: &str,
        key: &SubjectKey,
        byte: u8,
        colour: Colour,
        by: Option<By>,
    ) -> [u8; 8] {
        let (serial, said_at, id) = (self.next_serial(), self.seconds(), [byte; 8]);
        let calendar = Rulebook::hangzhou_2020().offset_minutes;
        let token = GateToken {
            expires_at: calendar.at(calendar.date_of(said_at).plus_days(28), 0),
            issued_at: said_at,
            id,
            holder: None,
            colour,
            region: Region::parse("330100").unwrap(),
            status: StatusReference { list: 1, index: 4_000_000 },
            masked_name: masked_name.to_owned(),
            id_tail: "002X".to_owned(),
        };
        let token = Some(signed(&token).0.into());
        let notice = PaperNotice { subject: key.subject, serial, id, said_at, token, by };
        self.say(key, ChangeKind::Paper, serial, &notice);
        id
    }

    fn withdraw_paper(&mut self, key: &SubjectKey, id: [u8; 8], by: Option<By>) {
        let (serial, said_at) = (self.next_serial(), self.seconds());
        let notice = PaperNotice { subject: key.subject, serial, id, said_at, token: None, by };
        self.say(key, ChangeKind::Paper, serial, &notice);
    }
}

fn carer() -> By {
    By { role: ByRole::Carer, name: "*四".to_owned() }
}

#[test]
fn papers_are_the_subjects_own_and_say_by_whom_they_came_and_went() {
    let mut phone = TestPhone::new();
    let (mother, other) = (phone.enrol(1, &zhang_san()), phone.enrol(2, &li_si()));
    let first = phone.paper(&mother, 1, Colour::Green, Some(carer()));
    phone.go_to(noon(12));
    let second = phone.paper(&mother, 2, Colour::Green, None);
    phone.withdraw_paper(&mother, first, Some(carer()));
    let [latest, earliest] = papers(&phone, &mother).try_into().unwrap();
    assert_eq!((latest.id, latest.state, latest.issued_by), (hex(&second), PaperCodeState::Valid, None));
    assert_eq!((earliest.id, earliest.issued_by), (hex(&first), Some(carer())));
    assert_eq!(earliest.state, PaperCodeState::Withdrawn { at: noon(12), by: Some(carer()) });
    assert_eq!(latest.word.unwrap().en, "GREEN");
    assert!(latest.text.starts_with("H3:") && latest.picture.side <= 53 + 8, "{}", latest.picture.side);
    assert!(papers(&phone, &other).is_empty());
    assert_eq!(page(&phone, &other, second), Err(field("unknown")));
    assert_eq!(page(&phone, &mother, first), Err(field("withdrawn")));
    assert!(page(&phone, &mother, second).is_ok());
    let nobody = SubjectKey { subject: SubjectId([9; 16]), ..mother.clone() };
    assert_eq!(page(&phone, &nobody, second), Err(HealthcodeError::UnknownSubject));
    for id in ["", "0", "zz", &"00".repeat(9)] {
        assert_eq!(
            phone.resident.paper_page(mother.subject.to_string(), id.to_owned()),
            Err(field("unknown"))
        );
    }
    phone.go_to(noon(12 + 28));
    assert_eq!(page(&phone, &mother, second), Err(field("in-the-past")));
    assert_eq!(
        papers(&phone, &mother).first().map(|paper| paper.state.clone()),
        Some(PaperCodeState::Expired)
    );
}

#[test]
fn a_paper_is_asked_for_and_withdrawn_offline_and_the_journal_says_so() {
    let mut phone = TestPhone::new();
    let key = phone.enrol(1, &zhang_san());
    assert_eq!(ask(&phone, &key, PaperInput::Issue), Err(HealthcodeError::NotRated));
    phone.token(&key, Colour::Green);
    ask(&phone, &key, PaperInput::Issue).unwrap();
    let paper = phone.paper(&key, 1, Colour::Green, None);
    ask(&phone, &key, PaperInput::Withdraw { paper: hex(&paper) }).unwrap();
    phone.withdraw_paper(&key, paper, None);
    let again = PaperInput::Withdraw { paper: hex(&paper) };
    assert_eq!(ask(&phone, &key, again), Err(field("withdrawn")));
    let other = PaperInput::Withdraw { paper: hex(&[3; 8]) };
    assert_eq!(ask(&phone, &key, other), Err(field("unknown")));
    let journal = phone.resident.journal(key.subject.to_string(), None).unwrap().entries;
    let asked: Vec<_> = journal
        .into_iter()
        .filter_map(|entry| match entry.event {
            JournalEvent::AskedForPaper { withdraw, outcome: EntryOutcome::Waiting, .. } => Some(withdraw),
            _ => None,
        })
        .collect();
    assert_eq!(asked, [None, Some(hex(&paper))]);
}

#[test]
fn a_withdrawal_is_kept_as_long_as_the_paper_that_it_ends() {
    let mut phone = TestPhone::new();
    let key = phone.enrol(1, &zhang_san());
    let paper = phone.paper(&key, 1, Colour::Green, None);
    phone.go_to(noon(11));
    phone.withdraw_paper(&key, paper, None);
    for day in [11, 24, 25, 26, 40, 60] {
        phone.go_to(noon(day));
        crate::sync::purge::purge(&phone.core());
        let kept = papers(&phone, &key);
        assert!(kept.iter().all(|paper| paper.state != PaperCodeState::Valid), "{day}");
        assert_eq!(kept.len(), usize::from(day < 25), "{day}");
    }
}

/// The words of a page, in the order in which they stand.
fn words(page: &str) -> Vec<&str> {
    page.split("</text>").filter_map(|part| part.rsplit_once('>')).map(|(_, words)| words).collect()
}

/// The pages of all colours; where `HEALTHCODE_PAGES` names a folder they are left there for a witness, each with the
/// text that its codes must be read as.
#[test]
fn a_page_says_all_that_a_gate_and_the_holder_need_and_nothing_more() {
    for (byte, colour, shape) in
        [(1, Colour::Green, "circle"), (2, Colour::Yellow, "triangle"), (3, Colour::Red, "octagon")]
    {
        let mut phone = TestPhone::new();
        let key = phone.enrol(1, &zhang_san());
        let paper = phone.paper(&key, byte, colour, Some(carer()));
        let drawn = page(&phone, &key, paper).unwrap();
        let text = papers(&phone, &key).remove(0).text;
        if let Some(folder) = std::env::var_os("HEALTHCODE_PAGES") {
            let path = std::path::Path::new(&folder).join(format!("{colour:?}").to_lowercase());
            std::fs::write(path.with_extension("svg"), &drawn).unwrap();
            std::fs::write(path.with_extension("txt"), &text).unwrap();
        }
        let said = words(&drawn);
        let word = |text: &str| said.iter().filter(|said| **said == text).count();
        assert_eq!((word("*三"), word("002X")), (2, 2), "on the page and on the card");
        assert_eq!((word("2020年3月8日"), word("8 March 2020"), word("2020-03-08")), (1, 1, 1));
        assert_eq!((word("2020年2月10日"), word("杭州"), word("Hangzhou")), (1, 1, 1));
        let phone_book = |said: &str| said.chars().filter(char::is_ascii_digit).count() > 8;
        assert!(!said.iter().any(|said| phone_book(said)), "nobody to call is invented");
        assert!(!drawn.contains("张") && !drawn.contains("110105"), "{shape}");
        for word in ["href", "<script", "<style", "<image", "url(", "font-face"] {
            assert!(!drawn.contains(word), "{word}");
        }
        let shades =
            [Shade::Green, Shade::Yellow, Shade::Red].map(|shade| (shade, shade == Shade::from(colour)));
        let names = ["绿码", "黄码", "红码"];
        for ((_, own), name) in shades.into_iter().zip(names) {
            assert_eq!(said.iter().any(|said| said.starts_with(name)), own, "{name}");
        }
        assert_eq!(drawn.matches("<path").count(), 2, "the code of the page and that of the card");
        assert!(drawn.len() < 100_000, "{}", drawn.len());
    }
}

#[test]
fn a_name_that_would_be_markup_is_text() {
    let mut phone = TestPhone::new();
    let key = phone.enrol(1, &zhang_san());
    let paper = phone.paper_of("<&\">", &key, 1, Colour::Green, None);
    let drawn = page(&phone, &key, paper).unwrap();
    assert!(drawn.contains(">&lt;&amp;&quot;&gt;</text>") && !drawn.contains("<&"));
}
