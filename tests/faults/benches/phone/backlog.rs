//! A backlog that grew offline, sent at last: the time of an operation must not grow with what waits or was sent.

use healthcode_e2e::phone::at;

use crate::clock::millis;
use healthcode_faults::house::quarantined;

const OPERATIONS: usize = 10_000;
const STEPS: [usize; 3] = [1_000, 5_000, 10_000];

pub(crate) fn run() {
    println!("a backlog of {OPERATIONS} operations");
    let house = crate::house();
    house.world.go_to(at(11, 9, 0));
    let phone = quarantined(&house, "backlog.db");
    let mut done = 0;
    for step in STEPS {
        let count = step - done;
        let taken = millis(|| (0..count).for_each(|_| phone.tap()));
        println!("  recorded {:>6} to {step:>6}: {:.3} ms each", done, taken / count as f64);
        done = step;
    }
    let exchange = phone.resident.exchange().unwrap();
    let (mut sent, mut reply, mut mark) = (0, None, 0);
    let (mut phone_millis, mut server_millis) = (0.0, 0.0);
    loop {
        let mut step = None;
        phone_millis += millis(|| step = Some(exchange.next(reply.take()).unwrap()));
        let Some(healthcode::sync::ExchangeStep::Send { call }) = step else { break };
        let batch = serde_json::from_slice::<serde_json::Value>(&call.body)
            .map_or(0, |body| body["operations"].as_array().map_or(0, Vec::len));
        server_millis += millis(|| reply = Some(house.send(&call)));
        sent += batch;
        if sent - mark >= 1_000 {
            let each = |millis: f64| millis / (sent - mark) as f64;
            println!(
                "  sent up to {sent:>6}: phone {:.3} ms each, server {:.3} ms each",
                each(phone_millis),
                each(server_millis)
            );
            (mark, phone_millis, server_millis) = (sent, 0.0, 0.0);
        }
    }
    println!("  sent {sent} in all, {} wait", phone.resident.home().unwrap().sync.waiting);
}
