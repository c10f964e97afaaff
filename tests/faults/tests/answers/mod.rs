//! A server that answers what it is told to, byte by byte; and one that passes calls on to the authority.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use healthcode_faults::house::House;
use tower::ServiceExt as _;

/// What comes back.
#[derive(Clone)]
pub(crate) enum Answer {
    /// These bytes, and the end of the connection.
    Bytes(Vec<u8>),
    /// The first bytes, then the second ones until nobody takes them.
    Endless(Vec<u8>, Vec<u8>),
}

impl Answer {
    pub(crate) fn bytes(text: impl Into<String>) -> Self {
        Self::Bytes(text.into().into_bytes())
    }

    pub(crate) fn endless(head: String, again: &[u8]) -> Self {
        Self::Endless(head.into_bytes(), again.to_vec())
    }
}

/// A server on a port of its own. It lives as long as the test's process.
pub(crate) struct Liar {
    address: SocketAddr,
    sent: Arc<AtomicUsize>,
}

impl Liar {
    /// Answers every request so.
    pub(crate) fn always(answer: Answer) -> Self {
        Self::start(move |_| answer.clone())
    }

    /// Closes every connection before it has read what came: the kernel resets it then.
    pub(crate) fn resetting() -> Self {
        Self::blunt(|stream| {
            let _ = stream.peek(&mut [0]);
        })
    }

    /// Answers whatever comes, be it a request or not.
    pub(crate) fn blurting(bytes: &'static [u8]) -> Self {
        Self::blunt(move |mut stream| {
            let _ = stream.read(&mut [0; 4_096]);
            let _ = stream.write_all(bytes);
        })
    }

    fn blunt(treat: impl Fn(TcpStream) + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        std::thread::spawn(move || listener.incoming().map_while(Result::ok).for_each(treat));
        Self { address, sent: Arc::default() }
    }

    /// Answers each request by `answer`, which gets its head and body.
    pub(crate) fn start(answer: impl Fn(Request) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let sent = Arc::new(AtomicUsize::new(0));
        let (counter, answer) = (Arc::clone(&sent), Arc::new(answer));
        std::thread::spawn(move || {
            for mut stream in listener.incoming().map_while(Result::ok) {
                let (counter, answer) = (Arc::clone(&counter), Arc::clone(&answer));
                std::thread::spawn(move || {
                    stream.set_write_timeout(Some(Duration::from_secs(20))).unwrap();
                    // Who opened the connection ahead of need may close it without a word.
                    if let Some(request) = Request::read(&mut stream) {
                        give(&mut stream, answer(request), &counter);
                    }
                });
            }
        });
        Self { address, sent }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The most bytes that were taken off its hands in one answer.
    pub(crate) fn sent(&self) -> usize {
        self.sent.load(Ordering::SeqCst)
    }
}

/// Gives an answer to whoever reads it.
pub(crate) fn give(stream: &mut impl Write, answer: Answer, sent: &AtomicUsize) {
    match answer {
        Answer::Bytes(bytes) => {
            let _ = stream.write_all(&bytes);
        }
        Answer::Endless(head, again) => {
            let _ = stream.write_all(&head);
            let piece = again.repeat(8 * 1_024 / again.len());
            let mut given = head.len();
            while stream.write_all(&piece).is_ok() {
                given += piece.len();
                sent.fetch_max(given, Ordering::SeqCst);
            }
        }
    }
}

/// A request, read whole.
pub(crate) struct Request {
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Request {
    pub(crate) fn read(stream: &mut impl Read) -> Option<Self> {
        let mut bytes = Vec::new();
        let mut piece = [0; 4_096];
        loop {
            match stream.read(&mut piece) {
                Ok(0) => return None,
                Ok(count) => bytes.extend_from_slice(&piece[..count]),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => return None,
            }
            let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else { continue };
            let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
            let length = header(&head, "content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
            if bytes.len() >= end + 4 + length {
                return Some(Self { head, body: bytes.split_off(end + 4) });
            }
        }
    }
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let mut lines = head.lines().skip(1).filter_map(|line| line.split_once(": "));
    lines.find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

/// A server that passes each call on to the house's authority.
pub(crate) fn good(house: &House) -> Liar {
    Liar::start(pass_on(house))
}

/// Passes each call on to the house's authority, and takes a few milliseconds for it.
pub(crate) fn pass_on(house: &House) -> impl Fn(Request) -> Answer + Send + Sync + use<> {
    let router = house.router();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    move |request: Request| {
        let mut line = request.head.split(' ');
        let (method, path) = (line.next().unwrap(), line.next().unwrap());
        let mut call = axum::http::Request::builder().method(method).uri(path);
        for name in ["content-type", "healthcode-signature"] {
            if let Some(value) = header(&request.head, name) {
                call = call.header(name, value);
            }
        }
        let call = call.body(axum::body::Body::from(request.body)).unwrap();
        runtime.block_on(async {
            tokio::time::sleep(Duration::from_millis(2)).await;
            let reply = router.clone().oneshot(call).await.unwrap();
            let mut bytes = format!("HTTP/1.1 {}\r\n", reply.status().as_u16()).into_bytes();
            for (name, value) in reply.headers() {
                bytes.extend_from_slice(format!("{name}: {}\r\n", value.to_str().unwrap()).as_bytes());
            }
            let body = axum::body::to_bytes(reply.into_body(), usize::MAX).await.unwrap();
            bytes.extend_from_slice(b"connection: close\r\n\r\n");
            bytes.extend_from_slice(&body);
            Answer::Bytes(bytes)
        })
    }
}

/// An answer of 700 KB, below every limit, which is 700 MB to whoever unpacks it.
pub(crate) fn bomb() -> Answer {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    for _ in 0..700 {
        packed.write_all(&vec![b' '; 1 << 20]).unwrap();
    }
    let packed = packed.finish().unwrap();
    let mut answer =
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\n".to_vec();
    answer.extend_from_slice(format!("Content-Length: {}\r\n\r\n", packed.len()).as_bytes());
    answer.extend_from_slice(&packed);
    Answer::Bytes(answer)
}
