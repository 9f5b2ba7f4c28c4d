CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

CREATE TABLE accounts (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE COLLATE NOCASE,
    kind TEXT NOT NULL CHECK (kind IN ('user', 'org')),
    fullname TEXT NOT NULL DEFAULT '',
    email TEXT NOT NULL DEFAULT '',
    admin INTEGER NOT NULL DEFAULT 0,
    quota INTEGER,
    created TEXT NOT NULL
);

CREATE TABLE members (
    org INTEGER NOT NULL REFERENCES accounts ON DELETE CASCADE,
    account INTEGER NOT NULL REFERENCES accounts ON DELETE CASCADE,
    role TEXT NOT NULL CHECK (role IN ('read', 'contributor', 'write', 'admin')),
    PRIMARY KEY (org, account)
) WITHOUT ROWID;

CREATE TABLE tokens (
    id INTEGER PRIMARY KEY,
    account INTEGER NOT NULL REFERENCES accounts ON DELETE CASCADE,
    name TEXT NOT NULL,
    digest TEXT NOT NULL UNIQUE,
    role TEXT NOT NULL CHECK (role IN ('read', 'write')),
    created TEXT NOT NULL,
    expires TEXT,
    UNIQUE (account, name)
);

CREATE TABLE repos (
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('model', 'dataset', 'space')),
    owner INTEGER NOT NULL REFERENCES accounts,
    fullname TEXT NOT NULL,
    key TEXT NOT NULL,
    creator INTEGER REFERENCES accounts ON DELETE SET NULL,
    private INTEGER NOT NULL DEFAULT 0,
    gated TEXT NOT NULL DEFAULT '' CHECK (gated IN ('', 'auto', 'manual')),
    created TEXT NOT NULL,
    modified TEXT NOT NULL,
    downloads INTEGER NOT NULL DEFAULT 0,
    upstream TEXT NOT NULL DEFAULT '',
    checked REAL NOT NULL DEFAULT 0,
    sdk TEXT NOT NULL DEFAULT '',
    head TEXT NOT NULL DEFAULT '',
    task TEXT NOT NULL DEFAULT '',
    library TEXT NOT NULL DEFAULT '',
    tags TEXT NOT NULL DEFAULT '[]',
    card TEXT NOT NULL DEFAULT 'null',
    config TEXT NOT NULL DEFAULT 'null',
    size INTEGER NOT NULL DEFAULT 0,
    UNIQUE (kind, key)
);
CREATE INDEX repos_owner_modified ON repos (owner, kind, modified, id);
CREATE INDEX repos_owner_created ON repos (owner, kind, created, id);
CREATE INDEX repos_modified ON repos (kind, modified, id);
CREATE INDEX repos_created ON repos (kind, created, id);
CREATE INDEX repos_downloads ON repos (kind, downloads, id);

CREATE TABLE tags (
    repo INTEGER NOT NULL REFERENCES repos ON DELETE CASCADE,
    tag TEXT NOT NULL,
    PRIMARY KEY (tag, repo)
) WITHOUT ROWID;
CREATE INDEX tags_repo ON tags (repo);

CREATE TABLE aliases (
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    repo INTEGER NOT NULL REFERENCES repos ON DELETE CASCADE,
    PRIMARY KEY (kind, key)
) WITHOUT ROWID;

CREATE TABLE refs (
    repo INTEGER NOT NULL REFERENCES repos ON DELETE CASCADE,
    name TEXT NOT NULL,
    oid TEXT NOT NULL,
    message TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (repo, name)
) WITHOUT ROWID;

CREATE TABLE commits (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    repo INTEGER NOT NULL REFERENCES repos ON DELETE CASCADE,
    oid TEXT NOT NULL,
    tree TEXT NOT NULL,
    parents TEXT NOT NULL,
    title TEXT NOT NULL,
    message TEXT NOT NULL,
    author TEXT NOT NULL,
    date TEXT NOT NULL,
    UNIQUE (repo, oid)
);

CREATE TABLE pages (hash TEXT PRIMARY KEY, data BLOB NOT NULL);

CREATE TABLE objects (
    sha256 TEXT PRIMARY KEY,
    size INTEGER NOT NULL,
    added REAL NOT NULL
) WITHOUT ROWID;

CREATE TABLE holdings (
    repo INTEGER NOT NULL REFERENCES repos ON DELETE CASCADE,
    sha256 TEXT NOT NULL REFERENCES objects,
    oid TEXT NOT NULL DEFAULT '',
    size INTEGER NOT NULL,
    added REAL NOT NULL,
    PRIMARY KEY (repo, sha256)
) WITHOUT ROWID;
CREATE INDEX holdings_oid ON holdings (repo, oid);
CREATE INDEX holdings_sha256 ON holdings (sha256);

CREATE TABLE discussions (
    repo INTEGER NOT NULL REFERENCES repos ON DELETE CASCADE,
    num INTEGER NOT NULL,
    title TEXT NOT NULL,
    status TEXT NOT NULL,
    pull INTEGER NOT NULL,
    base TEXT NOT NULL DEFAULT '',
    fork TEXT NOT NULL DEFAULT '',
    merged TEXT NOT NULL DEFAULT '',
    author TEXT NOT NULL,
    created TEXT NOT NULL,
    PRIMARY KEY (repo, num)
) WITHOUT ROWID;

CREATE TABLE events (
    id INTEGER PRIMARY KEY,
    repo INTEGER NOT NULL,
    num INTEGER NOT NULL,
    kind TEXT NOT NULL,
    author TEXT NOT NULL,
    created TEXT NOT NULL,
    data TEXT NOT NULL,
    FOREIGN KEY (repo, num) REFERENCES discussions ON DELETE CASCADE
);
CREATE INDEX events_discussion ON events (repo, num, id);

CREATE TABLE access (
    id INTEGER PRIMARY KEY,
    repo INTEGER NOT NULL REFERENCES repos ON DELETE CASCADE,
    account INTEGER NOT NULL REFERENCES accounts ON DELETE CASCADE,
    status TEXT NOT NULL CHECK (status IN ('pending', 'accepted', 'rejected')),
    reason TEXT NOT NULL DEFAULT '',
    date TEXT NOT NULL,
    UNIQUE (repo, account)
);

CREATE TABLE xorbs (
    account INTEGER NOT NULL REFERENCES accounts ON DELETE CASCADE,
    hash TEXT NOT NULL,
    chunks BLOB NOT NULL,
    added REAL NOT NULL,
    PRIMARY KEY (account, hash)
) WITHOUT ROWID;
