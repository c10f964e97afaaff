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
    for (list, name) in [("papers", "paper"), ("carers", "key")] {
        for row in answer.get(list).and_then(Value::as_array).into_iter().flatten() {
            write!(out, "  {name:10} {}", text(row, name))?;
            write_fields(row, &["carer_name", "colour"], out)?;
            let until = instant(row, "expires_at").map(|at| format!("  until {at}"));
            writeln!(out, "{}", until.unwrap_or_default())?;
        }
    }
    let order = answer.get("in_force").filter(|order| order.is_object());
    if let Some(order) = order {
        write!(out, "  {:10} {}", "order", text(order, "order"))?;
        write_fields(order, &["colour", "rule", "starts_on", "ordered_by"], out)?;
        writeln!(out)?;
    }
    if let Some(until) = instant(order.unwrap_or(answer), "provisional_until") {
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
        write_fields(person, &["order", "key", "carer_name", "appeal", "rule", "colour", "starts_on"], out)?;
        write_fields(person, &["ordered_by", "officer"], out)?;
        if let Some(days) = person.get("days").and_then(Value::as_u64) {
            write!(out, "  days {days}")?;
        }
        if let Some(cause) = person.get("cause") {
            write!(out, "  {} · {}", text(cause, "zh-CN"), text(cause, "en"))?;
        }
    }
    writeln!(out)?;
    // Whoever decides must have read it.
    if person.get("text").is_some_and(Value::is_string) {
        writeln!(out, "    {}", printable(text(person, "text")))?;
    }
    for statement in person.get("statements").and_then(Value::as_array).into_iter().flatten() {
        writeln!(out, "    - {}", printable(statement.as_str().unwrap_or("-")))?;
    }
    Ok(())
}

/// The texts of these names, where there are any.
fn write_fields(of: &Value, names: &[&str], out: &mut dyn Write) -> Result<()> {
    for name in names.iter().filter(|name| of.get(**name).is_some_and(Value::is_string)) {
        write!(out, "  {name} {}", text(of, name))?;
    }
    Ok(())
}

/// What a resident wrote, in which nothing commands the terminal.
fn printable(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect()
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
