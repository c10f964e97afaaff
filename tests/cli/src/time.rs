//! Virtual time: the one true time of a story, the clocks of its phones, and the clock that a server process is given
//! through a Unix socket. Everything here goes through the ports that real clocks go through.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use healthcode::platform::{ClockReading, DeviceClock, PortError};
use healthcode::rules::calendar::Timestamp;
use healthcode_server::ServerClock;

/// The true time, in milliseconds since 1970. Clones share it.
#[derive(Clone, Debug)]
pub struct World(Arc<AtomicI64>);

impl World {
    /// A world that begins at this instant.
    #[must_use]
    pub fn new(at: Timestamp) -> Self {
        Self(Arc::new(AtomicI64::new(at.millis())))
    }

    /// The true time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::SeqCst))
    }

    /// Moves on to an instant; never back.
    pub fn go_to(&self, at: Timestamp) {
        self.0.fetch_max(at.millis(), Ordering::SeqCst);
    }

    /// Moves on by so many milliseconds.
    pub fn pass(&self, millis: i64) {
        self.0.fetch_add(millis, Ordering::SeqCst);
    }

    /// Gives the time to whoever connects to a Unix socket: a line for a line, in milliseconds since 1970.
    ///
    /// # Errors
    ///
    /// Where the socket cannot be made.
    pub fn serve(&self, socket: &Path) -> std::io::Result<()> {
        let listener = UnixListener::bind(socket)?;
        let world = self.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let world = world.clone();
                std::thread::spawn(move || answer(&world, stream));
            }
        });
        Ok(())
    }
}

fn answer(world: &World, stream: UnixStream) {
    let Ok(mut writer) = stream.try_clone() else { return };
    for _ in BufReader::new(stream).lines().map_while(Result::ok) {
        if writeln!(writer, "{}", world.now().millis()).is_err() {
            return;
        }
    }
}

impl ServerClock for World {
    fn now(&self) -> Timestamp {
        World::now(self)
    }
}

/// The clock of a server process that is given one through a Unix socket. When the other side is gone, the last time
/// that it named stays.
pub struct SocketClock {
    stream: Mutex<(BufReader<UnixStream>, UnixStream)>,
    last: AtomicI64,
}

impl SocketClock {
    /// Connects to the socket, and asks for the time once.
    ///
    /// # Errors
    ///
    /// Where nobody answers with a time.
    pub fn connect(socket: &Path) -> std::io::Result<Self> {
        let writer = UnixStream::connect(socket)?;
        writer.set_read_timeout(Some(Duration::from_secs(2)))?;
        let reader = BufReader::new(writer.try_clone()?);
        let clock = Self { stream: Mutex::new((reader, writer)), last: AtomicI64::new(0) };
        let now = clock.ask().ok_or_else(|| std::io::Error::other("the clock does not answer"))?;
        clock.last.store(now, Ordering::SeqCst);
        Ok(clock)
    }

    fn ask(&self) -> Option<i64> {
        let mut stream = self.stream.lock().unwrap_or_else(PoisonError::into_inner);
        let (reader, writer) = &mut *stream;
        writeln!(writer, "now").ok()?;
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        line.trim().parse().ok()
    }
}

impl ServerClock for SocketClock {
    fn now(&self) -> Timestamp {
        if let Some(now) = self.ask() {
            self.last.store(now, Ordering::SeqCst);
        }
        Timestamp::from_millis(self.last.load(Ordering::SeqCst))
    }
}

/// A phone's clocks in a virtual world: a boot clock that nobody can set, and a wall clock that anybody can.
pub struct PhoneClock {
    world: World,
    booted_at: AtomicI64,
    boots: AtomicU32,
    wall_offset: AtomicI64,
    name: &'static str,
}

impl PhoneClock {
    /// The clocks of a phone that was started a quarter of an hour ago.
    #[must_use]
    pub fn new(world: &World, name: &'static str) -> Arc<Self> {
        let booted_at = world.now().plus_millis(-15 * 60_000).millis();
        Arc::new(Self {
            world: world.clone(),
            booted_at: AtomicI64::new(booted_at),
            boots: AtomicU32::new(1),
            wall_offset: AtomicI64::new(0),
            name,
        })
    }

    /// Sets the wall clock off by so many milliseconds, as a person can in the settings.
    pub fn set_wall_off_by(&self, millis: i64) {
        self.wall_offset.store(millis, Ordering::SeqCst);
    }

    /// Restarts the phone.
    pub fn restart(&self) {
        self.boots.fetch_add(1, Ordering::SeqCst);
        self.booted_at.store(self.world.now().millis(), Ordering::SeqCst);
    }

    /// Sets the boot clock on (or, below zero, back) by so many milliseconds, as nobody can but on a rooted phone.
    pub fn move_boot_clock(&self, millis: i64) {
        self.booted_at.fetch_sub(millis, Ordering::SeqCst);
    }

    /// Lets the boot clock begin anew under the name of the same start.
    pub fn reset_boot_clock(&self) {
        self.booted_at.store(self.world.now().millis(), Ordering::SeqCst);
    }
}

impl DeviceClock for PhoneClock {
    fn read(&self) -> Result<ClockReading, PortError> {
        let now = self.world.now();
        Ok(ClockReading {
            boot_id: format!("{}-{}", self.name, self.boots.load(Ordering::SeqCst)),
            boot_millis: now.millis() - self.booted_at.load(Ordering::SeqCst),
            wall: now.plus_millis(self.wall_offset.load(Ordering::SeqCst)),
        })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn a_server_process_reads_the_worlds_time_through_the_socket() {
        let folder = tempfile::TempDir::new().unwrap();
        let socket = folder.path().join("clock");
        let world = World::new(Timestamp::from_seconds(1_581_382_800));
        world.serve(&socket).unwrap();
        let clock = SocketClock::connect(&socket).unwrap();
        assert_eq!(ServerClock::now(&clock), world.now());
        world.pass(86_400_000);
        assert_eq!(ServerClock::now(&clock), Timestamp::from_seconds(1_581_469_200));
    }

    #[test]
    fn a_restart_and_a_moved_wall_clock_are_what_a_phone_reports() {
        let world = World::new(Timestamp::from_seconds(1_581_382_800));
        let clock = PhoneClock::new(&world, "phone");
        clock.set_wall_off_by(3_600_000);
        world.pass(1_000);
        let before = clock.read().unwrap();
        assert_eq!(before.boot_millis, 901_000);
        assert_eq!(before.wall, world.now().plus_millis(3_600_000));
        clock.restart();
        let after = clock.read().unwrap();
        assert_ne!(after.boot_id, before.boot_id);
        assert_eq!(after.boot_millis, 0);
    }

    #[test]
    fn a_rooted_phone_moves_its_boot_clock_under_the_same_name() {
        let clock = PhoneClock::new(&World::new(Timestamp::from_seconds(1_581_382_800)), "phone");
        let before = clock.read().unwrap();
        clock.move_boot_clock(5_000);
        assert_eq!(clock.read().unwrap().boot_millis, before.boot_millis + 5_000);
        clock.move_boot_clock(-6_000);
        assert_eq!(clock.read().unwrap().boot_millis, before.boot_millis - 1_000);
        clock.reset_boot_clock();
        assert_eq!(clock.read().unwrap(), ClockReading { boot_millis: 0, ..before });
    }
}
