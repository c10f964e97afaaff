//! A draft from JSON, as an authority writes it: local times at the rulebook's offset, every wrong member named by its
//! path and why.
//!
//! ```json
//! {"region": "330000", "withdraws": [], "classes": [{
//!   "kind": "train", "rule": "exposure-near", "minutes": 15, "apart": 1, "from": "2020-02-05", "until": "2020-02-19",
//!   "records": [{"number": "G7315", "date": "2020-02-03", "begins": "2020-02-03T10:00", "ends": "2020-02-03T12:10",
//!     "places": [6, 8]}]}]}
//! ```
//! `kind` is `train`, `flight`, `coach`, `venue` or `area`; a venue's record has `venue`, an area's `region`. A run
//! without `places` is the whole vehicle. `rule` is empty for advice alone. From the first day to the last a match counts,
//! both included.

use healthcode::rules::calendar::{LegalCalendar, LegalDate, Timestamp};
use healthcode::rules::exposure::{PlaceKind, Proximity, ServiceNumber, TransportMode};
use healthcode::rules::identity::Region;
use healthcode::rules::rulebook::Rulebook;
use serde_json::{Map, Value};

use super::draft::{ClassDraft, NoticeDraft, Place, PlaceRecord};

/// What a draft cannot say.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {reason}")]
pub struct DraftError {
    /// The member, such as `classes[0].records[2].places`; `.` for the whole.
    pub path: String,
    /// Why, in English.
    pub reason: &'static str,
}

impl NoticeDraft {
    /// Reads a draft.
    ///
    /// # Errors
    ///
    /// The first member that is missing, unknown or wrong.
    pub fn read(json: &[u8], rulebook: &Rulebook) -> Result<Self, DraftError> {
        let value: Value = serde_json::from_slice(json)
            .map_err(|_| DraftError { path: ".".to_owned(), reason: "not JSON" })?;
        let whole = At { path: String::new(), value: &value };
        let members = whole.object(&["region", "withdraws", "classes"])?;
        let withdraws = members.optional("withdraws").map_or(Ok(Vec::new()), |list| {
            let number = |at: At<'_>| {
                let number = at.number(u32::MAX.into())?;
                u32::try_from(number).ok().filter(|number| *number > 0).ok_or_else(|| at.wrong("no notice"))
            };
            list.list()?.into_iter().map(number).collect()
        })?;
        let classes = members.optional("classes").map_or(Ok(Vec::new()), |list| {
            list.list()?.into_iter().map(|class| read_class(&class, rulebook)).collect()
        })?;
        if withdraws.is_empty() && classes.is_empty() {
            return Err(whole.wrong("it publishes nothing and withdraws nothing"));
        }
        Ok(Self { region: members.needed("region")?.region()?, withdraws, classes })
    }
}

fn read_class(class: &At<'_>, rulebook: &Rulebook) -> Result<ClassDraft, DraftError> {
    let members = class.object(&["kind", "rule", "minutes", "apart", "from", "until", "records"])?;
    let kind = members.needed("kind")?;
    let kind =
        read_kind(kind.text()?).ok_or_else(|| kind.wrong("none of train, flight, coach, venue and area"))?;
    let rule = members.needed("rule")?;
    let known = |id: &str| id.is_empty() || rulebook.rules.iter().any(|rule| rule.id == id);
    if !known(rule.text()?) {
        return Err(rule.wrong("no rule of the rulebook"));
    }
    let small =
        |at: At<'_>| at.number(u16::MAX.into()).map(|number| u16::try_from(number).unwrap_or(u16::MAX));
    let apart = members.optional("apart").map_or(Ok(0), small)?;
    if apart > 0 && !matches!(kind, PlaceKind::Transport(_)) {
        return Err(members.needed("apart")?.wrong("only carriages and rows are apart"));
    }
    let calendar = rulebook.offset_minutes;
    let from = calendar.start_of(members.needed("from")?.date()?);
    let last = members.needed("until")?;
    let until = calendar.end_of(last.date()?);
    if until <= from {
        return Err(last.wrong("before the first day"));
    }
    let records = members.needed("records")?;
    let read = records.list()?.into_iter().map(|record| read_record(&record, kind, calendar));
    let read = read.collect::<Result<Vec<_>, _>>()?;
    if read.is_empty() {
        return Err(records.wrong("empty"));
    }
    let proximity = Proximity { minutes: small(members.needed("minutes")?)?, apart };
    Ok(ClassDraft { kind, rule: rule.text()?.to_owned(), proximity, from, until, records: read })
}

fn read_kind(word: &str) -> Option<PlaceKind> {
    let modes = [TransportMode::Train, TransportMode::Flight, TransportMode::Coach];
    match word {
        "venue" => Some(PlaceKind::Venue),
        "area" => Some(PlaceKind::Area),
        word => modes.into_iter().find(|mode| mode.word() == word).map(PlaceKind::Transport),
    }
}

fn read_record(record: &At<'_>, kind: PlaceKind, calendar: LegalCalendar) -> Result<PlaceRecord, DraftError> {
    let names: &[&str] = match kind {
        PlaceKind::Transport(_) => &["number", "date", "places", "begins", "ends"],
        PlaceKind::Venue => &["venue", "begins", "ends"],
        PlaceKind::Area => &["region", "begins", "ends"],
    };
    let members = record.object(names)?;
    let (first, last) = (members.needed("begins")?, members.needed("ends")?);
    let (begins, ends) = (first.minute(calendar)?, last.minute(calendar)?);
    if ends < begins {
        return Err(last.wrong("before it begins"));
    }
    let place = match kind {
        PlaceKind::Transport(_) => {
            let number = members.needed("number")?;
            let date = members.needed("date")?.date()?;
            if begins < calendar.start_of(date) {
                return Err(first.wrong("before the day of the run"));
            }
            Place::Run {
                number: ServiceNumber::parse(number.text()?)
                    .ok_or_else(|| number.wrong("no number of a train, a flight or a coach"))?,
                date,
                places: members.optional("places").map(|places| read_places(&places)).transpose()?,
            }
        }
        PlaceKind::Venue => {
            let venue = members.needed("venue")?;
            let number = u32::try_from(venue.number(u32::MAX.into())?).ok().filter(|number| *number > 0);
            Place::Venue(number.ok_or_else(|| venue.wrong("no venue"))?)
        }
        PlaceKind::Area => Place::Area(members.needed("region")?.region()?),
    };
    Ok(PlaceRecord { place, begins, ends })
}

fn read_places(places: &At<'_>) -> Result<(u16, u16), DraftError> {
    let wrong = || places.wrong("not the first and the last carriage or row, from 1 to 65535");
    let numbers =
        places.list()?.into_iter().map(|at| at.number(u16::MAX.into())).collect::<Result<Vec<_>, _>>()?;
    match numbers.as_slice() {
        [first, last] if *first > 0 && first <= last => {
            u16::try_from(*first).ok().zip(u16::try_from(*last).ok()).ok_or_else(wrong)
        }
        _ => Err(wrong()),
    }
}

/// A value and where it stands.
struct At<'v> {
    path: String,
    value: &'v Value,
}

/// An object with no other members than it may have.
struct Members<'v> {
    path: String,
    map: &'v Map<String, Value>,
}

impl<'v> At<'v> {
    fn wrong(&self, reason: &'static str) -> DraftError {
        let path = if self.path.is_empty() { "." } else { &self.path };
        DraftError { path: path.to_owned(), reason }
    }

    fn object(&self, names: &[&str]) -> Result<Members<'v>, DraftError> {
        let map = self.value.as_object().ok_or_else(|| self.wrong("not an object"))?;
        let members = Members { path: self.path.clone(), map };
        match map.keys().find(|name| !names.contains(&name.as_str())) {
            // A name is what its author wrote: it is repeated only to say where to look.
            Some(name) => Err(DraftError { path: members.path_of(name), reason: "not known here" }),
            None => Ok(members),
        }
    }

    fn list(&self) -> Result<Vec<Self>, DraftError> {
        let list = self.value.as_array().ok_or_else(|| self.wrong("not a list"))?;
        let at = |(place, value)| At { path: format!("{}[{place}]", self.path), value };
        Ok(list.iter().enumerate().map(at).collect())
    }

    fn text(&self) -> Result<&'v str, DraftError> {
        self.value.as_str().ok_or_else(|| self.wrong("not a text"))
    }

    fn number(&self, most: u64) -> Result<u64, DraftError> {
        let number = self.value.as_u64().ok_or_else(|| self.wrong("not a whole number"))?;
        if number <= most { Ok(number) } else { Err(self.wrong("too large")) }
    }

    fn date(&self) -> Result<LegalDate, DraftError> {
        LegalDate::parse(self.text()?).ok_or_else(|| self.wrong("not a day such as 2020-02-03"))
    }

    fn region(&self) -> Result<Region, DraftError> {
        Region::parse(self.text()?).map_err(|_| self.wrong("no region of GB/T 2260, six digits"))
    }

    fn minute(&self, calendar: LegalCalendar) -> Result<Timestamp, DraftError> {
        let wrong = || self.wrong("not a local minute such as 2020-02-03T10:00");
        let (date, time) = self.text()?.split_once('T').ok_or_else(wrong)?;
        let date = LegalDate::parse(date).ok_or_else(wrong)?;
        let two = |text: &str, most: u16| {
            let digits = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
            text.parse().ok().filter(|number: &u16| digits && *number <= most)
        };
        let (hour, minute) = time.split_once(':').ok_or_else(wrong)?;
        let minutes = two(hour, 23).zip(two(minute, 59)).map(|(hour, minute)| hour * 60 + minute);
        Ok(calendar.at(date, minutes.ok_or_else(wrong)?))
    }
}

impl<'v> Members<'v> {
    fn path_of(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) }
    }

    fn optional(&self, name: &str) -> Option<At<'v>> {
        self.map.get(name).map(|value| At { path: self.path_of(name), value })
    }

    fn needed(&self, name: &str) -> Result<At<'v>, DraftError> {
        self.optional(name).ok_or_else(|| DraftError { path: self.path_of(name), reason: "missing" })
    }
}
