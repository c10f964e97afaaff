//! The server's answers as an officer reads them.

use std::io::{Result, Write};

use healthcode::rules::calendar::Timestamp;
use serde_json::Value;

/// Prints an answer: a list line by line, or what was done for whom.
pub(super) fn show(answer: &Value, out: &mut dyn Write) -> Result<()> {
    let Some(people) = answer.get("people").and_then(Value::as_array) else { return show_act(answer, out) };
    for person in people {
        show_person(person, out)?;
    }
    match (people.len(), answer.get("more").and_then(Value::as_bool)) {
        (0, _) => writeln!(out, "nobody"),
        (_, Some(true)) => writeln!(out, "there are more: ask again"),
        _ => Ok(()),
    }
}

fn show_act(answer: &Value, out: &mut dyn Write) -> Result<()> {
    writeln!(out, "done: {}", text(answer, "act"))?;
    writeln!(out, "  for        {}", whom(answer))?;
    for (name, label) in [("colour", "colour"), ("day", "counts for"), ("order", "order"), ("paper", "paper")]
    {
        if answer.get(name).is_some_and(Value::is_string) {
            writeln!(out, "  {label:10} {}", text(answer, name))?;
        }
    }
    if let Some(until) = instant(answer, "provisional_until") {
        writeln!(out, "  lapses     {until}, unless a second officer confirms it")?;
    }
    Ok(())
}

fn show_person(person: &Value, out: &mut dyn Write) -> Result<()> {
    write!(out, "{}  {}", whom(person), text(person, "region"))?;
    if let Some(missed) = person.get("missed").and_then(Value::as_array) {
        let days: Vec<_> = missed.iter().filter_map(Value::as_str).collect();
        write!(out, "  missed {}", days.join(", "))?;
    }
    if person.get("waits").is_some() {
        write!(out, "  {}", text(person, "waits"))?;
        let until = instant(person, "until");
        write!(out, "{}", until.map(|until| format!(" until {until}")).unwrap_or_default())?;
        for name in ["order", "key", "appeal", "colour", "starts_on", "ordered_by"] {
            if person.get(name).is_some_and(Value::is_string) {
                write!(out, "  {name} {}", text(person, name))?;
            }
        }
        if let Some(days) = person.get("days").and_then(Value::as_u64) {
            write!(out, "  days {days}")?;
        }
        if let Some(cause) = person.get("cause") {
            write!(out, "  {} · {}", text(cause, "zh-CN"), text(cause, "en"))?;
        }
    }
    writeln!(out)
}

fn whom(of: &Value) -> String {
    format!("{}  {} {}", text(of, "subject"), text(of, "masked_name"), text(of, "id_tail"))
}

fn text<'a>(of: &'a Value, name: &str) -> &'a str {
    of.get(name).and_then(Value::as_str).unwrap_or("-")
}

fn instant(of: &Value, name: &str) -> Option<Timestamp> {
    of.get(name).and_then(Value::as_i64).map(Timestamp::from_millis)
}
