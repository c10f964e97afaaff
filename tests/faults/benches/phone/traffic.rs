//! What a day's check-in takes over the air: bodies, up and down.

use serde_json::Value;

use healthcode_faults::house::quarantined;

pub(crate) fn run() {
    let house = crate::house();
    let phone = quarantined(&house, "traffic.db");
    phone.live(&house, 2);
    println!("a day's check-in over the wire, in bytes of the bodies");
    house.next_morning();
    phone.tap();
    let day = phone.sync(&house);
    for (call, reply) in &day.calls {
        let header = call.signature.as_ref().map_or(0, String::len);
        println!(
            "  {} up {} (and {header} of a signature in a header), down {}",
            call.path,
            call.body.len(),
            reply.body.len()
        );
        if reply.content_type == "application/json" {
            show("up", &call.body);
            show("down", &reply.body);
        }
    }
}

/// What each member takes, the largest first.
fn show(way: &str, body: &[u8]) {
    let mut members = Vec::new();
    walk("", &serde_json::from_slice(body).unwrap(), &mut members);
    members.sort_by_key(|(_, bytes)| std::cmp::Reverse(*bytes));
    let named: usize = members.iter().map(|(_, bytes)| bytes).sum();
    println!("    {way}: names and signs of JSON {}", body.len() - named);
    for (name, bytes) in members {
        println!("      {bytes:>5}  {name}");
    }
}

fn walk(path: &str, value: &Value, members: &mut Vec<(String, usize)>) {
    match value {
        Value::Object(object) => {
            for (name, value) in object {
                walk(&format!("{path}.{name}"), value, members);
            }
        }
        Value::Array(items) => {
            for (place, item) in items.iter().enumerate() {
                walk(&format!("{path}[{place}]"), item, members);
            }
        }
        leaf => members.push((path.trim_start_matches('.').to_owned(), leaf.to_string().len())),
    }
}
