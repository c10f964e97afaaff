//! What can happen to one call between a phone and its server.

use healthcode::NetworkKind;
use healthcode::sync::Reply;
use proptest::prelude::*;

/// What happens to a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Nothing.
    None,
    /// The request does not arrive.
    RequestLost,
    /// It arrives, and the answer does not.
    ResponseLost,
    /// It does not arrive now; it may later, when newer ones have.
    Withheld,
    /// It arrives twice; the second answer comes back.
    Twice,
    /// It arrives now, and may once more later.
    Echoed,
    /// It takes so many seconds there, and so many back.
    Slow(u8, u8),
    /// Its body is cut at so many thousandths.
    RequestCut(u16),
    /// A bit of its body, at so many thousandths, is another.
    RequestFlipped(u16, u8),
    /// The answer is cut at so many thousandths.
    Cut(u16),
    /// A bit of a signed object in the answer, at so many thousandths, is another.
    Flipped(u16, u8),
    /// The server is too busy; it may say for how many seconds.
    Busy(Option<u16>),
    /// Something in between answers instead.
    Instead(Stranger),
    /// An older answer comes instead of this one, counted back from the last.
    Stale(u8),
    /// The phone's process is killed when the request is on its way.
    KilledSending,
    /// The server has answered, and the phone's process is killed before it has read that.
    KilledWaiting,
}

/// Who or what answers in the server's place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stranger {
    /// A page to sign in, as a success.
    SignInPage,
    /// A redirect to one.
    Redirect,
    /// "Network Authentication Required" (RFC 6585).
    AuthenticationRequired,
    /// A page that says that there is nothing.
    NotFoundPage,
    /// A gateway with a page of its own.
    BadGateway,
    /// The server is at fault.
    ServerError,
    /// JSON of something else.
    OtherJson,
    /// Nothing at all, as a success.
    Empty,
    /// Random bytes under the right type.
    Noise(u8),
}

/// The longest that a call is on its way, in milliseconds: the core's own client waits no longer.
pub const IN_FLIGHT_MILLIS: i64 = 45_000;

impl Fault {
    /// What may happen to a call.
    pub fn any() -> BoxedStrategy<Self> {
        let place = 0_u16..1000;
        prop_oneof![
            6 => Just(Self::None),
            2 => Just(Self::RequestLost),
            4 => Just(Self::ResponseLost),
            2 => Just(Self::Withheld),
            2 => Just(Self::Twice),
            2 => Just(Self::Echoed),
            2 => (0_u8..23, 0_u8..22).prop_map(|(there, back)| Self::Slow(there, back)),
            1 => place.clone().prop_map(Self::RequestCut),
            1 => (place.clone(), 0_u8..8).prop_map(|(at, bit)| Self::RequestFlipped(at, bit)),
            2 => place.clone().prop_map(Self::Cut),
            2 => (place, 0_u8..8).prop_map(|(at, bit)| Self::Flipped(at, bit)),
            2 => proptest::option::of(0_u16..5000).prop_map(Self::Busy),
            3 => Stranger::any().prop_map(Self::Instead),
            2 => (0_u8..6).prop_map(Self::Stale),
            1 => Just(Self::KilledSending),
            2 => Just(Self::KilledWaiting),
        ]
        .boxed()
    }

    /// Its name, for counting.
    pub fn name(self) -> String {
        let text = format!("{self:?}");
        text.split('(').next().unwrap_or_default().to_owned()
    }
}

impl Stranger {
    fn any() -> BoxedStrategy<Self> {
        prop_oneof![
            Just(Self::SignInPage),
            Just(Self::Redirect),
            Just(Self::AuthenticationRequired),
            Just(Self::NotFoundPage),
            Just(Self::BadGateway),
            Just(Self::ServerError),
            Just(Self::OtherJson),
            Just(Self::Empty),
            any::<u8>().prop_map(Self::Noise),
        ]
        .boxed()
    }

    /// Its answer in the place of one of this type.
    pub fn reply(self, content_type: &str) -> Reply {
        let page = b"<!DOCTYPE html><title>Welcome</title><p>Please sign in".to_vec();
        // Not a page: those begin with a bracket.
        let noise = |seed: u8| (0..200_u8).map(|place| place.wrapping_mul(seed | 1) ^ seed | 0x80).collect();
        let (status, content_type, body) = match self {
            Self::SignInPage => (200, "text/html; charset=utf-8", page),
            Self::Redirect => (302, "text/html", Vec::new()),
            Self::AuthenticationRequired => (511, "text/html", page),
            Self::NotFoundPage => (404, "text/html", page),
            Self::BadGateway => (502, "text/html", page),
            Self::ServerError => (500, "application/problem+json", problem("internal", 500)),
            Self::OtherJson => (200, "application/json", br#"{"ok":true,"changes":[]}"#.to_vec()),
            Self::Empty => (200, content_type, Vec::new()),
            Self::Noise(seed) => (200, content_type, noise(seed)),
        };
        Reply { status, content_type: content_type.to_owned(), retry_after: None, body }
    }

    /// How the phone must name it.
    pub const fn kind(self) -> Option<NetworkKind> {
        match self {
            Self::SignInPage | Self::Redirect | Self::AuthenticationRequired | Self::NotFoundPage => {
                Some(NetworkKind::Intercepted)
            }
            Self::BadGateway => Some(NetworkKind::Unavailable),
            Self::OtherJson | Self::Empty | Self::Noise(_) => Some(NetworkKind::BadAnswer),
            Self::ServerError => None,
        }
    }
}

/// The answer of a server that is too busy.
pub fn busy(retry_after: Option<u16>) -> Reply {
    Reply {
        status: 503,
        content_type: "text/plain".to_owned(),
        retry_after: retry_after.map(u32::from),
        body: b"busy".to_vec(),
    }
}

fn problem(word: &str, status: u16) -> Vec<u8> {
    serde_json::json!({"type": format!("problems/{word}"), "title": "Internal", "status": status})
        .to_string()
        .into_bytes()
}

/// Cuts bytes at so many thousandths.
pub fn cut(body: &mut Vec<u8>, thousandths: u16) {
    body.truncate(body.len() * usize::from(thousandths) / 1000);
}

/// Makes one bit of the bytes another.
pub fn flip(body: &mut [u8], thousandths: u16, bit: u8) {
    let place = body.len() * usize::from(thousandths) / 1000;
    if let Some(byte) = body.get_mut(place) {
        *byte ^= 1 << bit;
    }
}
