//! One durable check-in against the least that a durable write costs on the same disk in the same moment: 8 KiB
//! overwritten in place, and `fdatasync`.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::FileExt as _;
use std::time::Duration;

use crate::clock::{median, millis};
use healthcode_faults::house::{House, quarantined};

const BYTES: usize = 8 * 1024;
/// A year of mornings.
const DAYS: usize = 365;

pub(crate) fn run() {
    let house = crate::house();
    let phone = quarantined(&house, "check-in.db");
    let limit = Limit::open(&house);
    let (mut cold, mut warm, mut limits) = (Vec::new(), Vec::new(), Vec::new());
    for day in 0..DAYS {
        rest();
        limits.push(limit.write());
        // Every other day the first screen is drawn before the tap, which writes down the time.
        if day % 2 == 0 {
            rest();
            cold.push(millis(|| phone.tap()));
        } else {
            phone.resident.home().unwrap();
            rest();
            warm.push(millis(|| phone.tap()));
        }
        rest();
        limits.push(limit.write());
        phone.sync(&house);
        phone.next_day(&house);
    }
    let least = median(&limits);
    println!("a durable check-in, against 8 KiB overwritten in place and fdatasync ({least:.3} ms)");
    for (name, samples) in [("the day's first call", &cold), ("after the first screen", &warm)] {
        let (begin, end) = (&samples[..samples.len() / 4], &samples[samples.len() * 3 / 4..]);
        println!(
            "  {name:<24} {:>7.3} ms   ratio {:.2}   first quarter of a year {:.2}, last {:.2}",
            median(samples),
            median(samples) / least,
            median(begin) / least,
            median(end) / least,
        );
    }
}

/// A tap does not meet a disk that is still busy with the one before: some take their time between two flushes.
fn rest() {
    std::thread::sleep(Duration::from_millis(20));
}

/// The least that a durable write costs.
struct Limit(File);

impl Limit {
    fn open(house: &House) -> Self {
        let path = house.file("limit");
        std::fs::write(&path, vec![1; BYTES]).unwrap();
        let file = OpenOptions::new().write(true).open(path).unwrap();
        file.sync_all().unwrap();
        Self(file)
    }

    fn write(&self) -> f64 {
        millis(|| {
            self.0.write_all_at(&[2; BYTES], 0).unwrap();
            self.0.sync_data().unwrap();
        })
    }
}
