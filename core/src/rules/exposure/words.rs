//! A match in words: which of the person's places met what, and by which parameter.

use super::matching::{Meeting, Proximity};
use super::{PlaceKind, TransportMode, Trip, Visit, Whereabouts};
use crate::rules::calendar::LegalCalendar;
use crate::rules::text::Text;

/// A place in words, as its person knows it.
#[must_use]
pub fn describe_place(place: &Whereabouts, calendar: LegalCalendar) -> Text {
    match place {
        Whereabouts::Trip(trip) => trip.describe(),
        Whereabouts::Visit(visit) => visit.describe(calendar),
    }
}

impl Trip {
    fn describe(&self) -> Text {
        let (zh, en) = match self.mode {
            TransportMode::Train => ("次列车", "train"),
            TransportMode::Flight => ("航班", "flight"),
            TransportMode::Coach => ("长途客车", "coach"),
        };
        let (number, date) = (self.number.as_str(), self.date);
        let (place_zh, place_en) = match (self.place, self.mode.has_carriages()) {
            (Some(place), true) => (format!("，{place}号车厢"), format!(", carriage {place}")),
            (Some(place), false) => (format!("，第{place}排"), format!(", row {place}")),
            (None, _) => (String::new(), String::new()),
        };
        Text::new(format!("{date} {number}{zh}{place_zh}"), format!("{en} {number} of {date}{place_en}"))
    }
}

impl Visit {
    fn describe(&self, calendar: LegalCalendar) -> Text {
        // To the minute: `2020-02-03T12:10`.
        let minute =
            |at| -> String { calendar.local(at).chars().take(16).collect::<String>().replace('T', " ") };
        let from = minute(self.entered_at);
        let (zh, en) = match self.left_at {
            Some(left) => (format!("{from} 至 {}", minute(left)), format!("from {from} to {}", minute(left))),
            None => (format!("{from} 起，未记录离开时间"), format!("from {from}, without a check-out")),
        };
        Text::new(format!("{}（{zh}）", self.name.zh), format!("{} ({en})", self.name.en))
    }
}

/// Why the two count as near: what was published, and the parameter that it is within.
#[must_use]
pub fn describe_meeting(meeting: &Meeting, kind: PlaceKind, proximity: Proximity) -> Text {
    let (minutes, enough) = (meeting.minutes, proximity.minutes);
    let time = Text::new(
        format!("同时在场{minutes}分钟（标准：{enough}分钟及以上）"),
        format!("there at the same time for {minutes} min ({enough} or more count)"),
    );
    let PlaceKind::Transport(mode) = kind else { return time };
    let record = meeting.record;
    if record.first_place == 0 && record.further_places == u16::MAX {
        return joined(&Text::new("全车", "the whole vehicle"), &time);
    }
    let (first, apart) = (u32::from(record.first_place), proximity.apart);
    let last = first + u32::from(record.further_places);
    let (unit_zh, unit_en) = if mode.has_carriages() { ("号车厢", "carriages") } else { ("排", "rows") };
    let named = Text::new(format!("{first}至{last}{unit_zh}"), format!("{unit_en} {first} to {last}"));
    let near = match apart {
        0 => named,
        _ => Text::new(format!("{}，前后{apart}以内", named.zh), format!("{}, up to {apart} away", named.en)),
    };
    let near = if meeting.place_known {
        near
    } else {
        let unknown = Text::new("您未填写位置", "yours was not told");
        joined(&near, &unknown)
    };
    joined(&near, &time)
}

fn joined(one: &Text, other: &Text) -> Text {
    Text::new(format!("{}；{}", one.zh, other.zh), format!("{}; {}", one.en, other.en))
}
