//! The officer's side of the call, for the command line: signed bytes out, JSON or a problem back.

use healthcode::wire::Problem;
use healthcode::wire::message::{MAX_RESPONSE_BYTES, OFFICER_PATH};
use healthcode::wire::problem::MEDIA_TYPE;

use crate::error::StartError;
use crate::notices::{http_client, innermost};

/// Why an officer's request is not answered as asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AskError {
    /// The server was not reached, or what it said is no answer: whether the act was done is not known. The same bytes
    /// sent again get its answer.
    #[error("not reached: {0}")]
    Unreached(String),
    /// The server refuses: nothing was done.
    #[error("refused: {} ({}{})", .0.title, .0.kind().word(), .0.field.as_ref().map(|field| format!(", {field}")).unwrap_or_default())]
    Refused(Box<Problem>),
}

/// A server that officers ask.
#[derive(Clone, Debug)]
pub struct OfficerClient {
    client: reqwest::Client,
    url: String,
}

impl OfficerClient {
    /// The server at the root of its interface: `https`, or this machine.
    ///
    /// # Errors
    ///
    /// What is no such address.
    pub fn new(server: &str) -> Result<Self, StartError> {
        let refused = |error: &dyn std::fmt::Display| StartError::Refused(format!("{server}: {error}"));
        let url = format!("{}{OFFICER_PATH}", server.trim_end_matches('/'));
        let parsed = reqwest::Url::parse(&url).map_err(|error| refused(&error))?;
        let here = matches!(parsed.host_str(), Some("127.0.0.1" | "[::1]" | "localhost"));
        if parsed.scheme() != "https" && !(parsed.scheme() == "http" && here) {
            // What an officer sends is about people.
            return Err(refused(&"an address of https, or of this machine"));
        }
        Ok(Self { client: http_client().map_err(|error| refused(&error))?, url })
    }

    /// Sends a signed request; the answer's JSON.
    ///
    /// # Errors
    ///
    /// [`AskError`].
    pub async fn ask(&self, signed: Vec<u8>) -> Result<String, AskError> {
        let unreached = |error: reqwest::Error| AskError::Unreached(innermost(&error));
        let request = self.client.post(&self.url).header("Content-Type", "application/cbor").body(signed);
        let mut response = request.send().await.map_err(unreached)?;
        let status = response.status();
        let media_type = response.headers().get("content-type").is_some_and(|value| value == MEDIA_TYPE);
        let mut body = Vec::new();
        while let Some(piece) = response.chunk().await.map_err(unreached)? {
            if body.len() + piece.len() > MAX_RESPONSE_BYTES {
                return Err(AskError::Unreached("its answer has no end".to_owned()));
            }
            body.extend_from_slice(&piece);
        }
        if status == reqwest::StatusCode::OK {
            return String::from_utf8(body)
                .map_err(|_| AskError::Unreached("its answer is no text".to_owned()));
        }
        match serde_json::from_slice::<Problem>(&body).ok().filter(|_| media_type) {
            Some(problem) if status.is_client_error() => Err(AskError::Refused(Box::new(problem))),
            _ => Err(AskError::Unreached(format!("it answers {}", status.as_u16()))),
        }
    }
}
