//! The device's clocks as the core reads them itself, for apps that have none of their own.

use std::sync::Arc;

use crate::error::HealthcodeError;
use crate::platform::{DeviceClock, SystemClock};

/// The clocks of this device, on Linux and Android: a boot clock that counts through sleep and that nobody can set, the
/// kernel's name for this start of the device, and the wall clock. What it returns goes into `Ports`.
///
/// # Errors
///
/// `Port` where the kernel does not tell which start of the device this is: on Android 8, whose policy hides it from
/// apps, and everywhere but on Linux and Android. Give a clock of the app's own then, and the same one in every
/// version of the app: two names for one start of the device are two starts.
#[uniffi::export]
pub fn system_clock() -> Result<Arc<dyn DeviceClock>, HealthcodeError> {
    Ok(Arc::new(SystemClock::new()?))
}

#[cfg(all(test, target_os = "linux"))]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn the_systems_clock_can_be_a_port() {
        let reading = system_clock().unwrap().read().unwrap();
        assert!(reading.boot_millis > 0 && !reading.boot_id.is_empty());
    }
}
