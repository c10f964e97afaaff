//! An authority's log of exposure notices without a server, and a second one that signs its head.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use super::Resident;
use super::test_phone::noon;
use crate::error::HealthcodeError;
use crate::rules::calendar::Timestamp;
use crate::rules::exposure::blocks::pack;
use crate::rules::exposure::matching::transport_key;
use crate::rules::exposure::{PlaceKind, Record, ServiceNumber, TransportMode};
use crate::rules::identity::Region;
use crate::rules::rulebook::Rulebook;
use crate::rules::text::Text;
use crate::sync::{Call, NoticeReport, NoticeStep, Reply};
use crate::token::key::{Signer, SoftwareKey};
use crate::token::notice::{BEGINNING, ExposureClass, ExposureNotice, LogHead, NoticeDigest, PartEntry};
use crate::token::trust_list::{Issuer, IssuerKey, KeyUse, seal};
use crate::token::venue::VenueCode;
use crate::wire::message::{NOTICE_HEAD_PATH, NOTICE_PATH_PREFIX};

const NOTICES: u8 = 31;
const VENUES: u8 = 32;
const SECOND: u8 = 33;
pub(super) const SECOND_RULES: u8 = 34;

pub(super) fn signer(seed: u8) -> SoftwareKey {
    SoftwareKey::from_seed(&[seed; 32])
}

fn listed(seed: u8, key_use: KeyUse) -> IssuerKey {
    let cose_key = signer(seed).public_key().to_cose().into();
    IssuerKey { cose_key, key_use, not_before: Timestamp::from_seconds(0), not_after: noon(3_000) }
}

/// The authority's keys for notices and venues.
pub(super) fn keys() -> [IssuerKey; 2] {
    [listed(NOTICES, KeyUse::Notices), listed(VENUES, KeyUse::Venues)]
}

/// The issuer that signs the head too.
pub(super) fn second_issuer() -> Issuer {
    Issuer {
        id: "shenzhen".to_owned(),
        name: Text::new("深圳", "Shenzhen"),
        regions: vec![440_000],
        base_url: "https://other.example.org/".to_owned(),
        keys: vec![listed(SECOND, KeyUse::Notices), listed(SECOND_RULES, KeyUse::Rules)],
        status_lists: Vec::new(),
        colours: [0, 1, 2],
        time_epoch: 1,
        removed_keys: Vec::new(),
    }
}

/// The code at a venue's door, signed by whoever has this key.
pub(super) fn venue_text(number: u32, seed: u8) -> String {
    let region = Region::from_code(330_106).unwrap();
    let code = VenueCode::new(number, region, Text::new("西湖书店", "West Lake Books"), noon(2));
    VenueCode::to_text(&seal(&code, &signer(seed)).unwrap())
}

pub(super) fn venue(number: u32) -> String {
    venue_text(number, VENUES)
}

/// A train's carriages on a day, from noon for three hours.
pub(super) fn carriages(number: &str, on: Timestamp, (first, last): (u16, u16)) -> (PlaceKind, Vec<Record>) {
    let date = Rulebook::hangzhou_2020().offset_minutes.date_of(on);
    let packed = ServiceNumber::parse(number).unwrap().packed();
    let key = transport_key(packed, date, date).unwrap();
    let record = Record { key, start: 720, minutes: 180, first_place: first, further_places: last - first };
    (PlaceKind::Transport(TransportMode::Train), vec![record])
}

/// The log, with everything that its server would answer.
pub(super) struct TestLog {
    pub(super) notices: Vec<(ExposureNotice, Vec<Vec<u8>>)>,
    pub(super) at: Timestamp,
    /// The paths that were asked for.
    pub(super) asked: Vec<String>,
    /// Keys that sign the head.
    pub(super) signers: Vec<u8>,
    pub(super) region: u32,
}

impl TestLog {
    pub(super) fn new(at: Timestamp) -> Self {
        Self { notices: Vec::new(), at, asked: Vec::new(), signers: vec![NOTICES, SECOND], region: 330_000 }
    }

    pub(super) fn digest(&self) -> NoticeDigest {
        self.notices.last().map_or(BEGINNING, |(notice, _)| notice.digest())
    }

    /// Publishes records of one day that count from now on for a fortnight.
    pub(super) fn publish(&mut self, day: Timestamp, (kind, records): (PlaceKind, Vec<Record>)) -> u32 {
        let number = u32::try_from(self.notices.len()).unwrap() + 1;
        let region = Region::from_code(self.region).unwrap();
        let mut notice = ExposureNotice::new(number, self.digest(), region, self.at);
        notice.classes = vec![ExposureClass {
            kind: kind.number(),
            rule: "exposure-near".to_owned(),
            minutes: 15,
            apart: 0,
            from: self.at,
            until: self.at.plus_hours(14 * 24),
        }];
        let parts: Vec<Vec<u8>> = pack(records).into_iter().map(|part| part.bytes).collect();
        for part in &parts {
            notice.parts.push(PartEntry {
                class: 0,
                day: Rulebook::hangzhou_2020().offset_minutes.date_of(day).epoch_days(),
                records: crate::rules::exposure::blocks::check(part).unwrap(),
                bytes: u32::try_from(part.len()).unwrap(),
                digest: digest(part).into(),
            });
        }
        self.notices.push((notice, parts));
        number
    }

    pub(super) fn withdraw(&mut self, number: u32) {
        let next = u32::try_from(self.notices.len()).unwrap() + 1;
        let region = Region::from_code(330_000).unwrap();
        let mut notice = ExposureNotice::new(next, self.digest(), region, self.at);
        notice.withdraws = vec![number];
        self.notices.push((notice, Vec::new()));
    }

    fn answer(&mut self, call: &Call) -> Reply {
        assert_eq!(
            (call.signature.as_ref(), call.body.len()),
            (None, 0),
            "nothing of the phone goes with it"
        );
        self.asked.push(call.path.clone());
        let reply = |content_type: &str, body| Reply {
            status: 200,
            content_type: content_type.to_owned(),
            retry_after: None,
            body,
        };
        if call.path == NOTICE_HEAD_PATH {
            let size = u32::try_from(self.notices.len()).unwrap();
            let head = LogHead::new("hangzhou".to_owned(), size, self.digest(), self.at);
            let mut signed = head.sign(&signer(self.signers[0])).unwrap();
            for second in &self.signers[1..] {
                let signature = signed.witness(&signer(*second)).unwrap();
                signed.add(signature);
            }
            return reply("application/cbor", signed.to_bytes());
        }
        let name = call.path.strip_prefix(NOTICE_PATH_PREFIX).unwrap();
        if let Some(number) = name.strip_suffix(".cbor") {
            let notice = &self.notices[number.parse::<usize>().unwrap() - 1].0;
            return reply("application/cbor", seal(notice, &signer(NOTICES)).unwrap());
        }
        let (number, part) = name.strip_suffix(".bin").unwrap().split_once('/').unwrap();
        let parts = &self.notices[number.parse::<usize>().unwrap() - 1].1;
        reply("application/octet-stream", parts[part.parse::<usize>().unwrap()].clone())
    }

    /// Fetches to the end, or to what is wrong.
    pub(super) fn fetch(
        &mut self,
        resident: &Resident,
        large: bool,
    ) -> Result<NoticeReport, HealthcodeError> {
        self.fetch_changed(resident, large, |_, _| {})
    }

    /// Fetches with replies that somebody has changed on the way.
    pub(super) fn fetch_changed(
        &mut self,
        resident: &Resident,
        large: bool,
        mut change: impl FnMut(&str, &mut Reply),
    ) -> Result<NoticeReport, HealthcodeError> {
        let exchange = resident.notice_exchange(large)?;
        let mut step = exchange.next(None)?;
        loop {
            match step {
                NoticeStep::Done { report } => return Ok(report),
                NoticeStep::Send { call } => {
                    let mut reply = self.answer(&call);
                    change(&call.path, &mut reply);
                    step = exchange.next(Some(reply))?;
                }
            }
        }
    }
}

fn digest(bytes: &[u8]) -> [u8; 32] {
    use sha2::{Digest, Sha256};
    Sha256::digest(bytes).into()
}
