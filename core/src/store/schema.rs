//! The whole current schema, and the steps that lead to it. Clear are random ids, sequence and sync state; every
//! other value is a sealed blob (see [`super::seal`]). Every row about a person is keyed by subject and issuer.

use rusqlite_migration::{M, Migrations};

/// The first schema.
const V1: &str = "
-- The database key, sealed by the platform's vault, and a sealed known text that tells a wrong key from a damaged row.
CREATE TABLE vault_key (
    id     INTEGER PRIMARY KEY CHECK (id = 1),
    sealed BLOB NOT NULL,
    probe  BLOB NOT NULL
) STRICT;

-- What is not about a subject: trust list, rulebook, clock, retry state, an enrolment under way.
CREATE TABLE document (
    name TEXT PRIMARY KEY,
    body BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- A person as one issuer knows them. `body` holds identity and masked name.
CREATE TABLE subject (
    subject BLOB NOT NULL,
    issuer  TEXT NOT NULL,
    place   INTEGER NOT NULL,
    body    BLOB NOT NULL,
    PRIMARY KEY (subject, issuer)
) STRICT, WITHOUT ROWID;

-- The key that signs operations and presentations: a seed sealed by the vault, or the name of a hardware key.
CREATE TABLE holder_key (
    subject BLOB NOT NULL,
    issuer  TEXT NOT NULL,
    key_id  BLOB NOT NULL,
    body    BLOB NOT NULL,
    PRIMARY KEY (subject, issuer, key_id),
    FOREIGN KEY (subject, issuer) REFERENCES subject (subject, issuer) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

-- Where the subject's segment of links is.
CREATE TABLE chain (
    subject BLOB NOT NULL,
    issuer  TEXT NOT NULL,
    segment BLOB NOT NULL,
    next    INTEGER NOT NULL,
    head    BLOB NOT NULL,
    PRIMARY KEY (subject, issuer),
    FOREIGN KEY (subject, issuer) REFERENCES subject (subject, issuer) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

-- What a person recorded, in the order of recording; that an operation is recorded once is the outbox's to see.
CREATE TABLE declaration (
    subject   BLOB NOT NULL,
    issuer    TEXT NOT NULL,
    operation BLOB NOT NULL,
    place     INTEGER NOT NULL,
    body      BLOB NOT NULL,
    PRIMARY KEY (subject, issuer, place),
    FOREIGN KEY (subject, issuer) REFERENCES subject (subject, issuer) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE TABLE check_in (
    subject   BLOB NOT NULL,
    issuer    TEXT NOT NULL,
    operation BLOB NOT NULL,
    place     INTEGER NOT NULL,
    body      BLOB NOT NULL,
    PRIMARY KEY (subject, issuer, place),
    FOREIGN KEY (subject, issuer) REFERENCES subject (subject, issuer) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

-- What the server must learn of. `state`: 0 waits, 1 accepted, 2 refused. `body` holds the signed operation and its
-- link, `answer` the receipt and the problem.
CREATE TABLE outbox (
    subject   BLOB NOT NULL,
    issuer    TEXT NOT NULL,
    segment   BLOB NOT NULL,
    sequence  INTEGER NOT NULL,
    operation BLOB NOT NULL,
    state     INTEGER NOT NULL CHECK (state IN (0, 1, 2)),
    body      BLOB NOT NULL,
    answer    BLOB,
    PRIMARY KEY (subject, issuer, segment, sequence),
    UNIQUE (subject, issuer, operation),
    FOREIGN KEY (subject, issuer) REFERENCES subject (subject, issuer) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE INDEX outbox_waiting ON outbox (subject, issuer, state, segment, sequence);

-- What the server decided: orders, releases, rating receipts, judgements, as signed objects.
CREATE TABLE decision (
    subject BLOB NOT NULL,
    issuer  TEXT NOT NULL,
    serial  INTEGER NOT NULL,
    body    BLOB NOT NULL,
    PRIMARY KEY (subject, issuer, serial),
    FOREIGN KEY (subject, issuer) REFERENCES subject (subject, issuer) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

-- The gate token in force.
CREATE TABLE token (
    subject BLOB NOT NULL,
    issuer  TEXT NOT NULL,
    body    BLOB NOT NULL,
    PRIMARY KEY (subject, issuer),
    FOREIGN KEY (subject, issuer) REFERENCES subject (subject, issuer) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

-- Where the phone is in what the server has said.
CREATE TABLE exchange (
    subject BLOB NOT NULL,
    issuer  TEXT NOT NULL,
    cursor  TEXT,
    PRIMARY KEY (subject, issuer),
    FOREIGN KEY (subject, issuer) REFERENCES subject (subject, issuer) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
";

/// What came to it.
const V2: &str = "
-- To whom answers were given: how the gate named itself, when, and what was shown.
CREATE TABLE answered_challenge (
    subject BLOB NOT NULL,
    issuer  TEXT NOT NULL,
    place   INTEGER NOT NULL,
    body    BLOB NOT NULL,
    PRIMARY KEY (subject, issuer, place),
    FOREIGN KEY (subject, issuer) REFERENCES subject (subject, issuer) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

-- Where a person was: journeys and visits. They never leave the phone.
CREATE TABLE whereabouts (
    subject BLOB NOT NULL,
    issuer  TEXT NOT NULL,
    place   INTEGER NOT NULL,
    body    BLOB NOT NULL,
    PRIMARY KEY (subject, issuer, place),
    FOREIGN KEY (subject, issuer) REFERENCES subject (subject, issuer) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

-- Where that met an exposure notice, and what the person answered. The notices themselves are documents.
CREATE TABLE exposure (
    subject BLOB NOT NULL,
    issuer  TEXT NOT NULL,
    body    BLOB NOT NULL,
    PRIMARY KEY (subject, issuer),
    FOREIGN KEY (subject, issuer) REFERENCES subject (subject, issuer) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
";

/// What came to it.
const V3: &str = "
-- An appeal that is being written.
CREATE TABLE appeal_draft (
    subject BLOB NOT NULL,
    issuer  TEXT NOT NULL,
    body    BLOB NOT NULL,
    PRIMARY KEY (subject, issuer),
    FOREIGN KEY (subject, issuer) REFERENCES subject (subject, issuer) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
";

/// The steps from an empty file to the current schema. One that was released stays as it is: `released` keeps a file
/// of each, and its tests open them.
const STEPS: &[M<'_>] = &[M::up(V1), M::up(V2), M::up(V3)];

/// The current schema's number: `user_version` counts the steps.
pub(super) const VERSION: usize = STEPS.len();

/// The steps, to be taken.
pub(super) const fn migrations() -> Migrations<'static> {
    Migrations::from_slice(STEPS)
}
