//! Fetching exposure notices: a state machine without I/O, apart from the exchange about subjects and from its
//! connection. Every phone of an issuer that has seen the same head makes the same calls, whatever is stored about its
//! person: the head; the notices from the last one back to the one that is known; the files of those that are new.
//!
//! Nothing is in force before all of it has been verified; files that came before a cut are not fetched again.

#![allow(clippy::needless_pass_by_value, reason = "what crosses the border is owned")]

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use super::cancel::{Cancel, Hold};
use super::exposure::{NoticeFile, in_force, match_all, terms};
use super::fetch::CBOR;
use super::phone::Phone;
use super::reply::{Call, Reply};
use crate::error::HealthcodeError;
use crate::platform::LogLevel;
use crate::rules::exposure::blocks;
use crate::rules::rulebook::ExposureTerms;
use crate::store::StoreError;
use crate::token::notice::{
    BEGINNING, ExposureNotice, LogError, LogHead, MAX_BYTES, MAX_HEAD_BYTES, NoticeDigest, PartEntry,
    SignedHead,
};
use crate::token::{FormatError, TrustList};
use crate::wire::message::{NOTICE_HEAD_PATH, NOTICE_PATH_PREFIX};

const BINARY: &str = "application/octet-stream";
/// The most bytes of notices that one exchange holds: some thousand of a window.
const MOST_HELD: usize = 8 * 1024 * 1024;

/// What fetching exposure notices came to.
#[derive(Clone, Default, PartialEq, Eq, uniffi::Record)]
#[uniffi::export(Debug)]
pub struct NoticeReport {
    /// Notices that are new on this phone.
    pub notices: u32,
    /// Bytes of their files that came.
    pub bytes: u64,
    /// Bytes of files that are large and were left for a call that allows them: ask the person, or wait for Wi-Fi.
    pub waiting_bytes: u64,
    /// Matches that were not there before, of all subjects.
    pub matches: u32,
}

// How many matched is about a person.
impl std::fmt::Debug for NoticeReport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { notices, bytes, waiting_bytes, .. } = self;
        write!(f, "NoticeReport({notices} new, {bytes} bytes, {waiting_bytes} left)")
    }
}

/// What to do next.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum NoticeStep {
    /// Make this call, with no cookie and no authentication, and bring the reply.
    Send {
        /// The call.
        call: Call,
    },
    /// The notices are in force.
    Done {
        /// What it came to.
        report: NoticeReport,
    },
}

enum Pending {
    Head,
    Notice(u32),
    Part(u32, usize, PartEntry),
}

/// One fetch under way.
pub(crate) struct Fetching {
    phone: Arc<Phone>,
    trust: Arc<TrustList>,
    terms: ExposureTerms,
    /// Whether large files may be fetched.
    large: bool,
    known: Option<LogHead>,
    head: Option<LogHead>,
    /// The notice to ask for next, going back, and the digest that it must have.
    back: Option<(u32, NoticeDigest)>,
    /// The notices that came, the last one first.
    new: Vec<ExposureNotice>,
    /// Their bytes.
    held: usize,
    parts: Option<VecDeque<(u32, usize, PartEntry)>>,
    pending: Option<Pending>,
    report: NoticeReport,
    done: bool,
}

impl Fetching {
    pub(crate) fn begin(phone: Arc<Phone>, large: bool) -> Result<Self, HealthcodeError> {
        phone.store.writable()?;
        let trust = phone.trust().ok_or(HealthcodeError::NotSynced)?;
        let terms = terms(&phone)?;
        let known = phone.store.read(|file| NoticeFile(file).head())?;
        Ok(Self {
            phone,
            trust,
            terms,
            large,
            known,
            head: None,
            back: None,
            new: Vec::new(),
            held: 0,
            parts: None,
            pending: None,
            report: NoticeReport::default(),
            done: false,
        })
    }

    /// The next call, or the end.
    pub(crate) fn next(&mut self) -> Result<NoticeStep, HealthcodeError> {
        if self.done {
            return Ok(NoticeStep::Done { report: self.report.clone() });
        }
        let (call, pending) = if self.head.is_none() {
            (Call::get(NOTICE_HEAD_PATH, MAX_HEAD_BYTES as u64), Pending::Head)
        } else if let Some((number, _)) = self.back {
            (
                Call::get(format!("{NOTICE_PATH_PREFIX}{number}.cbor"), MAX_BYTES as u64),
                Pending::Notice(number),
            )
        } else {
            let parts = match self.parts.take() {
                Some(parts) => parts,
                None => self.missing_parts()?,
            };
            let Some((number, place, entry)) = self.parts.insert(parts).pop_front() else {
                self.put_in_force()?;
                return Ok(NoticeStep::Done { report: self.report.clone() });
            };
            let path = format!("{NOTICE_PATH_PREFIX}{number}/{place}.bin");
            (Call::get(path, u64::from(entry.bytes)), Pending::Part(number, place, entry))
        };
        self.pending = Some(pending);
        Ok(NoticeStep::Send { call })
    }

    /// Takes the reply to the last call.
    pub(crate) fn accept(&mut self, reply: &Reply) -> Result<(), HealthcodeError> {
        match self.pending.take() {
            None => Err(HealthcodeError::internal("notices/unasked")),
            Some(Pending::Head) => self.take_head(reply.body_of(CBOR)?),
            Some(Pending::Notice(number)) => self.take_notice(number, reply.body_of(CBOR)?),
            Some(Pending::Part(number, place, entry)) => {
                self.take_part(number, place, &entry, reply.body_of(BINARY)?)
            }
        }
    }

    fn take_head(&mut self, bytes: &[u8]) -> Result<(), HealthcodeError> {
        let signed = SignedHead::parse(bytes).map_err(LogError::from)?;
        let head = signed.open(&self.phone.config.issuer, &self.trust)?;
        let (size, digest) = self.known_end();
        if let Some(known) = &self.known {
            head.follows(known)?;
        }
        self.back = (head.size > size).then_some((head.size, *head.digest));
        if head.size == size && *head.digest != digest {
            return Err(LogError::Forked.into());
        }
        self.head = Some(head);
        Ok(())
    }

    fn known_end(&self) -> (u32, NoticeDigest) {
        self.known.as_ref().map_or((0, BEGINNING), |known| (known.size, *known.digest))
    }

    fn take_notice(&mut self, number: u32, bytes: &[u8]) -> Result<(), HealthcodeError> {
        let Some((_, expected)) = self.back else { return Err(HealthcodeError::internal("notices/order")) };
        let notice = ExposureNotice::open(bytes, &self.phone.config.issuer, &self.trust)?;
        if notice.number != number || notice.digest() != expected {
            return Err(LogError::Forked.into());
        }
        let (known, known_digest) = self.known_end();
        let before = number.saturating_sub(1);
        let start = self.terms.window_start(self.phone.now()?.best());
        // What lies before the window is over: a phone that has seen nothing begins there, another only counts on.
        let over = notice.issued_at < start;
        let begins = self.known.is_none() && over;
        if before == known && *notice.previous != known_digest {
            return Err(LogError::Forked.into());
        }
        self.back = (before > known && !begins).then_some((before, *notice.previous));
        if !over {
            self.held += bytes.len();
            if self.held > MOST_HELD {
                return Err(LogError::from(FormatError::TooLarge).into());
            }
            self.new.push(notice);
        }
        Ok(())
    }

    /// The files that are not here yet, the first notice's first; those of large notices only where they may come.
    fn missing_parts(&mut self) -> Result<VecDeque<(u32, usize, PartEntry)>, HealthcodeError> {
        let now = self.phone.now()?.best();
        let start = self.terms.window_start(now);
        self.report.notices = u32::try_from(self.new.len()).unwrap_or(u32::MAX);
        let (large, limit) = (self.large, u64::from(self.terms.large_bytes));
        let new = &self.new;
        let mut left = 0;
        let missing = self.phone.store.read(|file| {
            let file = NoticeFile(file);
            let mut all = file.notices()?;
            all.extend(new.iter().rev().cloned());
            let mut missing = VecDeque::new();
            for notice in in_force(&all).into_iter().filter(|notice| notice.issued_at >= start) {
                for (place, entry) in notice.parts.iter().enumerate() {
                    let over = notice.class_of(entry).is_none_or(|class| class.until <= now);
                    if over || file.has_part(notice.number, place, entry)? {
                        continue;
                    }
                    if notice.part_bytes() > limit && !large {
                        left += u64::from(entry.bytes);
                    } else {
                        missing.push_back((notice.number, place, entry.clone()));
                    }
                }
            }
            Ok::<_, StoreError>(missing)
        })?;
        self.report.waiting_bytes = left;
        Ok(missing)
    }

    fn take_part(
        &mut self,
        number: u32,
        place: usize,
        entry: &PartEntry,
        bytes: &[u8],
    ) -> Result<(), HealthcodeError> {
        entry.verify(bytes)?;
        // What its authority signed may still be none.
        if blocks::check(bytes).ok() != Some(entry.records) {
            return Err(LogError::from(FormatError::Content).into());
        }
        self.phone.store.write_unseen(|file| NoticeFile(file).put_part(number, place, bytes))?;
        self.report.bytes += bytes.len() as u64;
        Ok(())
    }

    fn put_in_force(&mut self) -> Result<(), HealthcodeError> {
        let now = self.phone.now()?;
        let rulebook = self.phone.rulebook().ok_or(HealthcodeError::NotSynced)?;
        let head = self.head.as_ref().ok_or_else(|| HealthcodeError::internal("notices/head"))?;
        // Gone too early, a file would not be fetched again: by what is known for sure.
        let (new, known, start) = (&self.new, &self.known, self.terms.window_start(now.lower_bound));
        let issuer = &self.phone.config.issuer;
        let matches = self.phone.store.write(|file| {
            let notices = NoticeFile(file);
            // Another fetch may have gone further meanwhile: what it took is not taken back, and this goes on from it.
            if let Some(last) = notices.head()?.filter(|last| Some(last) != known.as_ref()) {
                head.follows(&last)?;
                let next = new.iter().find(|notice| notice.number == last.size.saturating_add(1));
                if head.size > last.size && next.is_none_or(|next| *next.previous != *last.digest) {
                    return Err(LogError::Forked.into());
                }
            }
            new.iter().try_for_each(|notice| notices.put_notice(notice))?;
            notices.put_head(head)?;
            notices.drop_before(start)?;
            Ok::<_, HealthcodeError>(match_all(file, issuer, &rulebook, now.lower_bound)?)
        })?;
        self.report.matches = matches;
        self.done = true;
        let NoticeReport { notices, bytes, waiting_bytes, .. } = &self.report;
        // How many matched is about a person, and no line of a log.
        let line = format!("exposure notices: {notices} new, {bytes} bytes, {waiting_bytes} left");
        self.phone.log(LogLevel::Info, line);
        Ok(())
    }
}

/// One fetch of exposure notices, for an app that has its own HTTP stack and for tests without sockets. Given up at any
/// point, it loses nothing, and what was in force stays.
#[derive(uniffi::Object)]
pub struct NoticeExchange {
    inner: Mutex<Fetching>,
    hold: Arc<Hold>,
}

#[uniffi::export]
impl NoticeExchange {
    /// The next step; from the second call on with the reply to the last one.
    ///
    /// # Errors
    ///
    /// Those of `fetch_notices`, and `Closed` with the object that began it. After one the fetch is over; begin another
    /// after a pause.
    #[uniffi::method(default(reply = None))]
    pub fn next(&self, reply: Option<Reply>) -> Result<NoticeStep, HealthcodeError> {
        self.hold.phone()?;
        // Only a bug can leave it half done, and the next one begins anew.
        let mut fetching = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        reply.map_or(Ok(()), |reply| fetching.accept(&reply))?;
        fetching.next()
    }
}

#[uniffi::export]
impl NoticeExchange {
    /// Waits until the object that began it is closed, so that who waits for a reply can be woken.
    ///
    /// # Errors
    ///
    /// `Closed`, `Cancelled`: it has no other end.
    #[uniffi::method(default(cancel = None))]
    pub async fn closed(&self, cancel: Option<Arc<Cancel>>) -> Result<(), HealthcodeError> {
        self.hold.until_ended(cancel, std::future::pending()).await
    }
}

impl NoticeExchange {
    pub(crate) fn of(fetching: Fetching, hold: &Arc<Hold>) -> Arc<Self> {
        Arc::new(Self { inner: Mutex::new(fetching), hold: Arc::clone(hold) })
    }
}

impl std::fmt::Debug for NoticeExchange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("NoticeExchange(..)")
    }
}
