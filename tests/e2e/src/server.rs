//! The server as a process of its own, in virtual time.

use std::io::{BufRead, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use healthcode::wire::message::ISSUER_PATH;
use healthcode_cli::time::World;
use tempfile::TempDir;

/// The built command line, brought up to date once.
pub fn healthcode() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let built = Command::new(cargo).args(["build", "-q", "-p", "healthcode-cli"]).status().unwrap();
        assert!(built.success(), "the command line builds");
        // This test lies in target/debug/deps.
        let deps = std::env::current_exe().unwrap();
        deps.ancestors().nth(2).unwrap().join("healthcode")
    })
}

/// A server process over one database, which outlives the process.
pub struct ServerProcess {
    /// Where the database lies.
    pub folder: TempDir,
    /// The true time.
    pub world: World,
    port: u16,
    root_key: Vec<u8>,
    child: Option<Child>,
    lines: Option<Receiver<String>>,
    spread: u32,
    /// What else the process is started with.
    pub arguments: Vec<String>,
}

impl ServerProcess {
    /// Starts a server over a new database, in a world of this time.
    pub fn start(world: World) -> Self {
        Self::start_spreading(world, 0)
    }

    /// The same, which spreads what phones do over so many seconds.
    pub fn start_spreading(world: World, spread: u32) -> Self {
        Self::start_with(world, spread, Vec::new())
    }

    /// The same, with other arguments too.
    pub fn start_with(world: World, spread: u32, arguments: Vec<String>) -> Self {
        let folder = TempDir::new().unwrap();
        world.serve(&folder.path().join("clock")).unwrap();
        let mut server = Self {
            folder,
            world,
            port: 0,
            root_key: Vec::new(),
            child: None,
            lines: None,
            spread,
            arguments,
        };
        server.restart();
        server
    }

    /// Starts the process again, at the same address and over the same database.
    pub fn restart(&mut self) {
        let mut child = Command::new(healthcode())
            .args(["serve", "--listen", &format!("127.0.0.1:{}", self.port)])
            .arg("--database")
            .arg(self.folder.path().join("server.db"))
            .args(["--spread", &self.spread.to_string()])
            .args(&self.arguments)
            .arg("--clock")
            .arg(self.folder.path().join("clock"))
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let (sender, lines) = channel();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        std::thread::spawn(move || {
            for line in stdout.lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        let listening =
            lines.recv_timeout(Duration::from_secs(20)).expect("the server says where it listens");
        let root = lines.recv_timeout(Duration::from_secs(20)).expect("the server names its root key");
        self.port = listening.rsplit(':').next().unwrap().parse().unwrap();
        self.root_key = unhex(root.rsplit(' ').next().unwrap());
        (self.child, self.lines) = (Some(child), Some(lines));
    }

    /// Kills the process as `kill -9` does: it runs nothing more.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    /// The process's number.
    pub fn pid(&self) -> u32 {
        self.child.as_ref().unwrap().id()
    }

    /// Asks the process to end, as an operator does, and gives its exit status.
    pub fn terminate(&mut self) -> Option<i32> {
        let mut child = self.child.take().unwrap();
        let sent = Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
        assert!(sent.success());
        child.wait().unwrap().code()
    }

    /// The address for phones.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The port.
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Its entry for another authority's list.
    fn entry(&self) -> Vec<u8> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        write!(stream, "GET {ISSUER_PATH} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let body = answer.windows(4).position(|four| four == b"\r\n\r\n").unwrap() + 4;
        answer.split_off(body)
    }

    /// The root key that an app is built with.
    pub fn root_key(&self) -> Vec<u8> {
        self.root_key.clone()
    }

    /// The digits of the next one-time code that the server's console shows; none if none comes.
    pub fn one_time_code(&self) -> Option<String> {
        let lines = self.lines.as_ref().unwrap();
        match lines.recv_timeout(Duration::from_millis(1_500)) {
            Ok(line) => line.rsplit(' ').next().map(str::to_owned),
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => None,
        }
    }
}

/// Two authorities in one world, each with the other in its list. Phones are built for the first one.
pub struct Pair {
    /// Hangzhou.
    pub hangzhou: ServerProcess,
    /// Shenzhen.
    pub shenzhen: ServerProcess,
}

impl Pair {
    /// Starts both.
    pub fn start(world: &World) -> Self {
        let shenzhen = vec!["--issuer-id".to_owned(), "shenzhen".to_owned()];
        let mut pair = Self {
            hangzhou: ServerProcess::start(world.clone()),
            shenzhen: ServerProcess::start_with(world.clone(), 0, shenzhen),
        };
        let (hangzhou, shenzhen) = (pair.hangzhou.entry(), pair.shenzhen.entry());
        for (server, entry) in [(&mut pair.hangzhou, shenzhen), (&mut pair.shenzhen, hangzhou)] {
            let file = server.folder.path().join("peer.cbor");
            std::fs::write(&file, entry).unwrap();
            server.arguments.extend(["--peer".to_owned(), file.to_str().unwrap().to_owned()]);
            server.kill();
            server.restart();
        }
        pair
    }
}

impl Drop for ServerProcess {
    fn drop(&mut self) {
        self.kill();
    }
}

/// The bytes of hexadecimal digits.
pub fn unhex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.chars().map(|c| u8::try_from(c.to_digit(16).unwrap()).unwrap()).collect();
    digits.chunks(2).map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | digit)).collect()
}
