//! The routes. Every answer that is not what was asked for is a problem (RFC 9457); none repeats what was sent. Bodies
//! are bounded, work is bounded in number and time, a fault in one request stays in it.

use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Path, RawQuery, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use healthcode::token::{cbor, status_list};
use healthcode::wire::act;
use healthcode::wire::message::{
    ANCHOR_PATH, CONFIRM_PATH, COUNTS_PATH, ENROLMENTS_PATH, HANDOVERS_PATH, ISSUER_PATH, MAX_REQUEST_BYTES,
    NOTICE_HEAD_PATH, NOTICE_PATH_PREFIX, OFFICER_PATH, OUTAGES_PATH, POLICY_PATH, ROOT_PATH_PREFIX,
    RULEBOOK_PATH, STATUS_PATH_PREFIX, SYNC_PATH, TRUST_LIST_PATH, WITNESS_PATH,
};
use healthcode::wire::problem::MEDIA_TYPE;
use healthcode::wire::{Bytes, Problem, ProblemKind, SIGNATURE_HEADER};
use serde::Serialize;

use crate::Inner;
use crate::error::ServerError;
use crate::notices::MAX_WITNESS_BYTES;

const TIME_LIMIT: Duration = Duration::from_secs(15);
const CBOR: &str = "application/cbor";
const JSON: &str = "application/json";

type Server = State<Arc<Inner>>;

pub(crate) fn router(inner: Arc<Inner>) -> Router {
    Router::new()
        .route(TRUST_LIST_PATH, get(trust_list))
        .route(RULEBOOK_PATH, get(rulebook))
        .route(POLICY_PATH, get(policy))
        .route(&format!("{STATUS_PATH_PREFIX}{{number}}"), get(status_list))
        .route(&format!("{ROOT_PATH_PREFIX}{{name}}"), get(root_document))
        .route(OUTAGES_PATH, get(outages))
        .route(NOTICE_HEAD_PATH, get(notice_head))
        .route(&format!("{NOTICE_PATH_PREFIX}{{name}}"), get(notice))
        .route(&format!("{NOTICE_PATH_PREFIX}{{number}}/{{name}}"), get(places))
        .route(WITNESS_PATH, post(witness))
        .route(ISSUER_PATH, get(issuer))
        .route(ANCHOR_PATH, get(anchor))
        .route(ENROLMENTS_PATH, post(start_enrolment))
        .route(CONFIRM_PATH, post(confirm_enrolment))
        .route(HANDOVERS_PATH, post(hand_over))
        .route(SYNC_PATH, post(sync))
        .route(OFFICER_PATH, post(officer))
        .route(COUNTS_PATH, get(counts))
        .route("/healthz", get(health))
        .fallback(|| async { problem_of(StatusCode::NOT_FOUND, "not-found", "There is no such route") })
        .method_not_allowed_fallback(|| async {
            problem_of(StatusCode::METHOD_NOT_ALLOWED, "method", "The route does not take this method")
        })
        .layer(middleware::from_fn_with_state(inner.clone(), within_bounds))
        .with_state(inner)
}

/// Bounds what is worked on at once and for how long, keeps a panic in its request, and logs a line.
async fn within_bounds(State(inner): Server, request: Request, next: Next) -> Response {
    let (method, path) = (request.method().clone(), route_of(request.uri().path()));
    let Ok(room) = Arc::clone(&inner.room).try_acquire_owned() else {
        return Problem::new(&ProblemKind::Unavailable).after(1).into_answer();
    };
    // On a task of its own: what was begun is finished even if the client goes away, and a panic ends there.
    let work = tokio::spawn(async move {
        let _room = room;
        tokio::time::timeout(TIME_LIMIT, next.run(request)).await
    });
    let mut response = match work.await {
        Ok(Ok(response)) => response,
        Ok(Err(_)) => Problem::new(&ProblemKind::Unavailable).after(5).into_answer(),
        Err(_) => internal("panic"),
    };
    let headers = response.headers_mut();
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if method == Method::POST {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    tracing::info!(%method, path, status = response.status().as_u16(), "request");
    response
}

/// The route for the log: a path that is none of ours may hold anything.
fn route_of(path: &str) -> &'static str {
    let routes = [
        TRUST_LIST_PATH,
        RULEBOOK_PATH,
        POLICY_PATH,
        OUTAGES_PATH,
        ISSUER_PATH,
        ANCHOR_PATH,
        ENROLMENTS_PATH,
        CONFIRM_PATH,
        HANDOVERS_PATH,
        SYNC_PATH,
        NOTICE_HEAD_PATH,
        WITNESS_PATH,
        OFFICER_PATH,
        COUNTS_PATH,
        "/healthz",
    ];
    let known = routes.into_iter().find(|route| *route == path);
    let prefixes = [STATUS_PATH_PREFIX, ROOT_PATH_PREFIX, NOTICE_PATH_PREFIX];
    let below = || prefixes.into_iter().find(|route| path.starts_with(route));
    known.or_else(below).unwrap_or("other")
}

async fn trust_list(State(inner): Server) -> Response {
    answer(async { Ok(signed(inner.published().await?.bytes)) }).await
}

async fn rulebook(State(inner): Server) -> Response {
    signed(inner.keys.now().rulebook.clone())
}

async fn policy(State(inner): Server) -> Response {
    signed(inner.keys.now().policies.clone())
}

async fn root_document(State(inner): Server, Path(name): Path<String>) -> Response {
    answer(async { Ok(signed(inner.root_document(&name)?)) }).await
}

async fn outages(State(inner): Server) -> Response {
    answer(async { Ok(signed(inner.outages()?)) }).await
}

/// The head of the log: what a cache may keep for a minute.
async fn notice_head(State(inner): Server) -> Response {
    answer(async { Ok(cached("public, max-age=60", CBOR, inner.notice_head().await?)) }).await
}

/// A notice. It never says anything else, but its signature is made anew when the key is replaced: a day.
async fn notice(State(inner): Server, Path(name): Path<String>) -> Response {
    answer(async {
        let number = name.strip_suffix(".cbor").ok_or(ProblemKind::NotFound)?;
        Ok(cached("public, max-age=86400, immutable", CBOR, inner.notice_file(number, None)?))
    })
    .await
}

/// A file of places of a notice.
async fn places(State(inner): Server, Path((number, name)): Path<(String, String)>) -> Response {
    answer(async {
        let place = name.strip_suffix(".bin").ok_or(ProblemKind::NotFound)?;
        let bytes = inner.notice_file(&number, Some(place))?;
        Ok(cached("public, max-age=31536000, immutable", "application/octet-stream", bytes))
    })
    .await
}

async fn witness(State(inner): Server, request: Request) -> Response {
    answer(async {
        let (_, body) = read(request, CBOR, MAX_WITNESS_BYTES).await?;
        Ok(signed(inner.witness(&body).await?))
    })
    .await
}

async fn issuer(State(inner): Server) -> Response {
    signed(cbor::encode(&inner.own_issuer()))
}

/// That the server answers, and a line for whatever its operator should look at.
async fn health(State(inner): Server) -> String {
    let complaints = inner.complaints().into_iter().map(|complaint| format!("{complaint}\n"));
    std::iter::once("ok\n".to_owned()).chain(complaints).collect()
}

/// Gates keep a list for its time to live; what stands between them and the server asks again every minute, which costs
/// nothing while the list is the same.
async fn status_list(State(inner): Server, Path(number): Path<String>, headers: HeaderMap) -> Response {
    answer(async {
        let list = inner.status_list(&number).await?;
        let cache = format!("public, max-age={}, s-maxage=60", inner.config.status_ttl.max(1));
        let known = headers.get_all(header::IF_NONE_MATCH).iter().any(|tags| names(tags, &list.tag));
        let cached = [(header::ETAG, list.tag), (header::CACHE_CONTROL, cache)];
        Ok(if known {
            (StatusCode::NOT_MODIFIED, cached).into_response()
        } else {
            (cached, [(header::CONTENT_TYPE, status_list::MEDIA_TYPE)], list.bytes).into_response()
        })
    })
    .await
}

/// Whether an If-None-Match names an entity tag (RFC 9110, 13.1.2), by the weak comparison.
fn names(tags: &HeaderValue, tag: &str) -> bool {
    let tags = tags.to_str().unwrap_or_default();
    tags.split(',').map(str::trim).any(|named| named == "*" || named.trim_start_matches("W/") == tag)
}

async fn anchor(State(inner): Server, RawQuery(query): RawQuery) -> Response {
    answer(async {
        let nonce = query.as_deref().map(read_nonce).transpose()?;
        let mut response = signed(inner.anchor(nonce).await?.0);
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        Ok(response)
    })
    .await
}

fn read_nonce(query: &str) -> Result<[u8; 16], ServerError> {
    let wrong = || ServerError::from(Problem::new(&ProblemKind::Malformed).at("nonce"));
    let nonce = query.strip_prefix("nonce=").and_then(Bytes::parse).ok_or_else(wrong)?;
    nonce.0.try_into().map_err(|_| wrong())
}

async fn start_enrolment(State(inner): Server, request: Request) -> Response {
    let address = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| -> IpAddr { info.0.ip() });
    answer(async {
        let (headers, body) = read(request, JSON, MAX_REQUEST_BYTES).await?;
        let started = inner.start_enrolment(signature(&headers), &body, address).await?;
        Ok((StatusCode::ACCEPTED, json(&started)?).into_response())
    })
    .await
}

async fn confirm_enrolment(State(inner): Server, request: Request) -> Response {
    answer(async {
        let (headers, body) = read(request, JSON, MAX_REQUEST_BYTES).await?;
        // On the heap: it works at two desks, and is large.
        json(&Box::pin(inner.confirm_enrolment(signature(&headers), &body)).await?)
    })
    .await
}

async fn hand_over(State(inner): Server, request: Request) -> Response {
    answer(async {
        let (headers, body) = read(request, JSON, MAX_REQUEST_BYTES).await?;
        json(&inner.hand_over(signature(&headers), &body).await?)
    })
    .await
}

async fn sync(State(inner): Server, request: Request) -> Response {
    answer(async {
        let (headers, body) = read(request, JSON, MAX_REQUEST_BYTES).await?;
        json(&inner.sync(signature(&headers), &body).await?)
    })
    .await
}

async fn officer(State(inner): Server, request: Request) -> Response {
    answer(async {
        let (_, body) = read(request, CBOR, act::MAX_BYTES).await?;
        Ok(([(header::CONTENT_TYPE, JSON)], inner.officer(&body).await?).into_response())
    })
    .await
}

async fn counts(State(inner): Server) -> Response {
    answer(async {
        let counts = serde_json::to_vec(&inner.counts().await?).map_err(|_| ServerError::Internal("json"))?;
        Ok(cached("public, max-age=60", JSON, counts))
    })
    .await
}

/// The headers and the body of a request of a media type.
async fn read(request: Request, takes: &str, most: usize) -> Result<(HeaderMap, Vec<u8>), ServerError> {
    let (parts, body) = request.into_parts();
    let media_type = parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let media_type = media_type.unwrap_or_default().split(';').next().unwrap_or_default().trim();
    if !media_type.eq_ignore_ascii_case(takes) {
        return Err(Problem::new(&ProblemKind::Malformed).at("Content-Type").into());
    }
    let body = axum::body::to_bytes(body, most).await;
    Ok((parts.headers, body.map_err(|_| ProblemKind::TooLarge)?.to_vec()))
}

fn signature(headers: &HeaderMap) -> Option<&str> {
    headers.get(SIGNATURE_HEADER)?.to_str().ok()
}

async fn answer(work: impl Future<Output = Result<Response, ServerError>>) -> Response {
    match work.await {
        Ok(response) => response,
        Err(ServerError::Problem(problem)) => problem.into_answer(),
        Err(ServerError::Conflict) => Problem::new(&ProblemKind::Unavailable).after(1).into_answer(),
        Err(ServerError::Storage(reason)) => {
            tracing::error!(%reason, "storage");
            Problem::new(&ProblemKind::Unavailable).after(5).into_answer()
        }
        Err(ServerError::Internal(place)) => internal(place),
    }
}

fn internal(place: &'static str) -> Response {
    tracing::error!(place, "internal");
    problem_of(StatusCode::INTERNAL_SERVER_ERROR, "internal", "The server is at fault")
}

fn json(value: &impl Serialize) -> Result<Response, ServerError> {
    let body = serde_json::to_vec(value).map_err(|_| ServerError::Internal("json"))?;
    Ok(([(header::CONTENT_TYPE, JSON)], body).into_response())
}

fn cached(how: &'static str, media_type: &'static str, bytes: Vec<u8>) -> Response {
    ([(header::CONTENT_TYPE, media_type), (header::CACHE_CONTROL, how)], bytes).into_response()
}

fn signed(bytes: Vec<u8>) -> Response {
    ([(header::CONTENT_TYPE, CBOR)], bytes).into_response()
}

fn problem_of(status: StatusCode, word: &str, title: &str) -> Response {
    let body = serde_json::json!({
        "type": format!("problems/{word}"), "title": title, "status": status.as_u16(),
    });
    (status, [(header::CONTENT_TYPE, MEDIA_TYPE)], body.to_string()).into_response()
}

trait IntoAnswer {
    fn into_answer(self) -> Response;
}

impl IntoAnswer for Problem {
    fn into_answer(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = serde_json::to_vec(&self).unwrap_or_default();
        let mut response = (status, [(header::CONTENT_TYPE, MEDIA_TYPE)], Body::from(body)).into_response();
        if let Some(seconds) = self.retry_after
            && let Ok(value) = HeaderValue::from_str(&seconds.to_string())
        {
            response.headers_mut().insert(header::RETRY_AFTER, value);
        }
        response
    }
}
