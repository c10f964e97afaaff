//! How the story is told: to a person with colours and tables, or as JSON, one object a line.

use std::io::Write;
use std::path::Path;

use healthcode::rules::calendar::{LegalCalendar, LegalDate, Timestamp};
use healthcode::rules::colour::Colour;
use serde::Serialize;
use serde_json::json;

use super::event::Event;
use super::scene::calendar;
use crate::Failure;

const INDENT: &str = "             ";

/// What can be told: to a machine as it is written in JSON, to a person in words.
pub(super) trait Told: Serialize {
    /// In words; `clock` is the time of day.
    fn narrate(&self, teller: &mut Teller<'_>, clock: &str) -> std::io::Result<()>;

    /// Whether it stands above the day, and under none.
    fn is_heading(&self) -> bool {
        false
    }
}

impl Told for Event {
    fn narrate(&self, teller: &mut Teller<'_>, clock: &str) -> std::io::Result<()> {
        teller.narrate(clock, self)
    }
}

/// Tells what happens.
pub(super) struct Teller<'a> {
    out: &'a mut dyn Write,
    as_json: bool,
    coloured: bool,
    calendar: LegalCalendar,
    day: Option<LegalDate>,
}

impl<'a> Teller<'a> {
    pub(super) fn new(out: &'a mut dyn Write, as_json: bool, coloured: bool) -> Self {
        Self { out, as_json, coloured, calendar: calendar(), day: None }
    }

    pub(super) const fn has_colours(&self) -> bool {
        self.coloured
    }

    /// Says what will happen before it does.
    pub(super) fn announce(&mut self) -> Result<(), Failure> {
        if self.as_json {
            return Ok(());
        }
        writeln!(
            self.out,
            "{}\n\nThis plays one resident's quarantine from registration to release. A reference server starts on a\n\
             free loopback port over a temporary database; a phone registers and syncs over HTTP; a checkpoint reads\n\
             the phone's QR code from its picture and verifies it offline. Then a second province joins, a code is\n\
             filmed, a server is dead for two days, and a train has carried a case; a grandmother gets a code on paper,\n\
             and an appeal is granted. The residents are invented, the\n\
             time is virtual: thirteen days take seconds. Nothing is installed, and nothing stays unless you keep it.\n",
            self.bold("healthcode: a health code from register to release")
        )?;
        Ok(())
    }

    /// Tells one event.
    pub(super) fn tell(&mut self, at: Timestamp, event: &impl Told) -> Result<(), Failure> {
        if self.as_json {
            let mut line = json!({ "at": self.calendar.local(at) });
            let content = serde_json::to_value(event).map_err(super::failed)?;
            if let (Some(line), Some(content)) = (line.as_object_mut(), content.as_object()) {
                line.extend(content.clone());
            }
            writeln!(self.out, "{line}")?;
            return Ok(());
        }
        let day = self.calendar.date_of(at);
        if self.day != Some(day) && !event.is_heading() {
            self.day = Some(day);
            let heading = day.to_naive().format("%A, %-d %B %Y").to_string();
            writeln!(self.out, "{}", self.bold(&heading))?;
        }
        let clock = self.calendar.local(at);
        let clock = clock.get(11..16).unwrap_or_default();
        event.narrate(self, clock)?;
        Ok(())
    }

    fn narrate(&mut self, clock: &str, event: &Event) -> std::io::Result<()> {
        match event {
            Event::Began { issuers } => self.line(
                clock,
                "authority",
                &format!("The server is up; the checkpoint has fetched its trust list ({issuers} issuer)."),
            ),
            Event::Registered { digits } => self.line(
                clock,
                "phone",
                &format!(
                    "Registered by name, document and a code of {digits} digits, sent to the number on record only."
                ),
            ),
            Event::Declared { stays, .. } => {
                self.line(clock, "phone", &format!("Declared {stays} stay away from home, no contact, no symptoms."))
            }
            Event::Rated { colour, rules, reasons, days, starts_on } => {
                let what = format!("Rated {}: {days} days of quarantine from {starts_on}.", self.colour(*colour));
                self.line(clock, "server", &what)?;
                for (rule, reason) in rules.iter().zip(reasons) {
                    self.more(&format!("{} {}", reason.en, reason.zh))?;
                    self.more(&format!("rule {rule}; said on the resident's phone alone, no code carries it"))?;
                }
                Ok(())
            }
            Event::CodeShown { colour, characters, modules, drawing, masked_name } => {
                let size = format!("{modules} modules a side, {characters} characters");
                let what = format!("Shows a {} code for {masked_name} ({size}):", self.colour(*colour));
                self.line(clock, "phone", &what)?;
                writeln!(self.out, "\n{drawing}")
            }
            Event::Scanned { what, pixels: (width, height), verdict, action, holder, .. } => {
                let seen = format!("Its camera decodes {width} x {height} pixels: {what}.");
                self.line(clock, "checkpoint", &seen)?;
                let verdict = self.verdict(verdict);
                self.more(&format!("{verdict}: {} {}", action.en, action.zh))?;
                holder.as_ref().map_or(Ok(()), |holder| self.more(&format!("compare with the card: {holder}")))
            }
            Event::CheckedIn { day, sent, counted, days } => {
                let day = day.map_or_else(String::new, |day| format!(" for {day}"));
                let sent = if *sent { "" } else { ", kept on the phone" };
                let what = format!("Checked in{day}{sent}.   {}", self.progress(*counted, *days));
                self.line(clock, "phone", &what)
            }
            Event::Offline { waiting } => self.line(
                clock,
                "network",
                &format!("None today: {waiting} entry waits on the phone. The code still works."),
            ),
            Event::CaughtUp { day, certainty, counted, days } => {
                let what = format!(
                    "Back online: the late check-in counts for {day} ({certainty}).   {}",
                    self.progress(*counted, *days)
                );
                self.line(clock, "server", &what)
            }
            Event::ClockMoved { days, counted: (before, after), today, hint, tap } => {
                self.line(clock, "cheat", &format!("The phone's clock is moved {days} days forward."))?;
                self.more(&format!("days counted: {before} before, {after} after; the legal day stays {}", today.1))?;
                self.more(&format!("the phone says: your clock is {hint} of true time; nothing is gained by it"))?;
                self.more(&format!("a check-in of \"tomorrow\" is judged: not counted, {tap}"))
            }
            Event::DaysDone { release_at } => {
                let at = self.calendar.local(*release_at);
                let at = at.get(..16).unwrap_or_default().replace('T', " ");
                self.line(clock, "phone", &format!("All days are done. The earliest release: {at}."))
            }
            Event::ConnectToConfirm { colour } => {
                let what = format!("Still {}: connect to confirm. Only the server's signature ends an order.", self.colour(*colour));
                self.line(clock, "phone", &what)
            }
            Event::Released { colour } => {
                let what = format!("Released, signed; a new token has come: {}.", self.colour(*colour));
                self.line(clock, "server", &what)
            }
            Event::Challenged { gate } => {
                self.line(clock, "checkpoint", &format!("Shows its challenge; the phone's camera reads it: {gate}."))
            }
            Event::Ended { days } => writeln!(
                self.out,
                "\n{}",
                self.bold(&format!("{days} days, one resident, every signature checked."))
            ),
        }
    }

    /// The first or the last words of a chapter.
    pub(super) fn heading(&mut self, words: &str) -> std::io::Result<()> {
        writeln!(self.out, "\n{}", self.bold(words))
    }

    /// A line with nothing in it.
    pub(super) fn blank(&mut self) -> std::io::Result<()> {
        writeln!(self.out)
    }

    /// The last lines.
    pub(super) fn close(&mut self, kept: Option<&Path>) -> Result<(), Failure> {
        if self.as_json {
            return Ok(());
        }
        if let Some(folder) = kept {
            writeln!(
                self.out,
                "\nKept in {}: phone.db, server.db, trust-list.cbor, quarantine-proof.json, paper.svg and the codes.\n{} server.keys beside the database \
                 signs for this server, and the codes name an invented person:\nan app keeps neither in a file.",
                folder.display(),
                self.bold("Warning:")
            )?;
        }
        writeln!(
            self.out,
            "\nNext:\n  \
             cargo run -- story --keep /tmp/story    keep the databases and the codes, and look at them\n  \
             cargo run -- serve --database server.db run the server alone\n  \
             tests/run                               run every test"
        )?;
        Ok(())
    }

    /// A line: when, who, what.
    pub(super) fn line(&mut self, clock: &str, who: &str, what: &str) -> std::io::Result<()> {
        writeln!(self.out, "  {clock}  {who:<10}  {what}")
    }

    /// What belongs to the line above.
    pub(super) fn more(&mut self, what: &str) -> std::io::Result<()> {
        writeln!(self.out, "  {INDENT}      {what}")
    }

    fn progress(&self, counted: u16, days: u16) -> String {
        let bar: String = (0..days).map(|day| if day < counted { '■' } else { '□' }).collect();
        format!("{} {counted} of {days}", self.paint(bar, "32"))
    }

    pub(super) fn verdict(&self, name: &str) -> String {
        let word = name.to_uppercase().replace('_', " ");
        match name {
            "pass" => self.paint(word, "1;32"),
            "stop" => self.paint(word, "1;31"),
            _ => self.paint(word, "1;33"),
        }
    }

    pub(super) fn colour(&self, colour: Colour) -> String {
        let code = match colour {
            Colour::Green => "1;30;42",
            Colour::Yellow => "1;30;43",
            Colour::Red => "1;37;41",
        };
        self.paint(colour.word().to_uppercase(), code)
    }

    pub(super) fn bold(&self, text: &str) -> String {
        self.paint(text.to_owned(), "1")
    }

    fn paint(&self, text: String, code: &str) -> String {
        if self.coloured { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text }
    }
}
