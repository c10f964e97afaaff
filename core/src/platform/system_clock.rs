//! The clocks of a device with a Linux kernel, Android among them. Elsewhere the app gives its own: what names a start
//! of an Apple device (`kern.bootsessionuuid`) is not to be had without `unsafe`, which this library has none of.

use crate::platform::{ClockReading, DeviceClock, PortError};
use crate::rules::calendar::Timestamp;

/// The kernel's name for this start of the device.
///
/// Android's policy labels it `proc_random`, which every domain may read since Android 9; Android 8 refuses it to
/// apps. There the app gives a clock of its own, with `Settings.Global.BOOT_COUNT` as the name and
/// `SystemClock.elapsedRealtime()` as the boot clock.
#[cfg(any(target_os = "linux", target_os = "android"))]
const BOOT_ID: &str = "/proc/sys/kernel/random/boot_id";

/// The clocks of this device.
#[derive(Debug)]
pub struct SystemClock {
    /// Read once: no process outlives a start of the device, and one that names it in two ways would count twice.
    boot_id: String,
}

impl SystemClock {
    /// The clocks of this device.
    ///
    /// # Errors
    ///
    /// `Failed` where the kernel does not name this start of the device, or is not Linux.
    pub fn new() -> Result<Self, PortError> {
        boot_id().map(|boot_id| Self { boot_id }).ok_or(PortError::Failed)
    }
}

impl DeviceClock for SystemClock {
    fn read(&self) -> Result<ClockReading, PortError> {
        let boot_millis = boot_millis().ok_or(PortError::Failed)?;
        Ok(ClockReading { boot_id: self.boot_id.clone(), boot_millis, wall: wall() })
    }
}

#[cfg(any(target_os = "linux", target_os = "android"))]
fn boot_id() -> Option<String> {
    let text = std::fs::read_to_string(BOOT_ID).ok()?;
    Some(text.trim().to_owned()).filter(|id| !id.is_empty())
}

#[cfg(any(target_os = "linux", target_os = "android"))]
fn boot_millis() -> Option<i64> {
    use rustix::time::{ClockId, clock_gettime};
    // It counts through sleep and nobody can set it, unlike `Monotonic` and `Realtime`.
    let since_start = std::time::Duration::try_from(clock_gettime(ClockId::Boottime)).ok()?;
    i64::try_from(since_start.as_millis()).ok()
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
const fn boot_id() -> Option<String> {
    None
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
const fn boot_millis() -> Option<i64> {
    None
}

#[allow(clippy::disallowed_methods, reason = "this is the clock port")]
fn wall() -> Timestamp {
    let millis = |span: std::time::Duration| i64::try_from(span.as_millis()).unwrap_or(i64::MAX);
    let millis = match std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH) {
        Ok(since) => millis(since),
        // A clock that was set to before 1970.
        Err(before) => millis(before.duration()).saturating_neg(),
    };
    Timestamp::from_millis(millis)
}

#[cfg(all(test, target_os = "linux"))]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn two_readings_are_of_the_same_start_and_the_later_one_is_later() {
        let clock = SystemClock::new().unwrap();
        let first = clock.read().unwrap();
        std::thread::sleep(std::time::Duration::from_millis(15));
        let second = clock.read().unwrap();
        assert!((10..10_000).contains(&(second.boot_millis - first.boot_millis)), "{first:?} {second:?}");
        assert!(second.wall > first.wall);
        assert_eq!(first.boot_id, second.boot_id);
        assert_eq!(SystemClock::new().unwrap().read().unwrap().boot_id, first.boot_id);
    }

    #[test]
    fn the_name_is_the_kernels_and_the_boot_clock_is_its_uptime() {
        let text = |path: &str| std::fs::read_to_string(path).unwrap();
        let uptime = || {
            let text = text("/proc/uptime");
            let (seconds, hundredths) = text.split_whitespace().next().unwrap().split_once('.').unwrap();
            seconds.parse::<i64>().unwrap() * 1_000 + hundredths.parse::<i64>().unwrap() * 10
        };
        let (before, reading, after) = (uptime(), SystemClock::new().unwrap().read().unwrap(), uptime());
        assert_eq!(reading.boot_id, text(BOOT_ID).trim());
        assert_eq!(reading.boot_id.len(), 36, "a UUID");
        assert!(
            (before - 1_000..=after + 1_000).contains(&reading.boot_millis),
            "{before} {reading:?} {after}"
        );
    }
}
