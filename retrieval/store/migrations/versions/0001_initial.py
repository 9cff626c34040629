"""The first layout.

Revision ID: 0001
"""

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE meta (key TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL);

CREATE TABLE sources (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, uri TEXT NOT NULL UNIQUE, path TEXT NOT NULL,
    sha256 TEXT NOT NULL, media_type TEXT NOT NULL, state TEXT NOT NULL, reason TEXT, notes TEXT NOT NULL);
CREATE INDEX sources_sha256 ON sources (sha256);

CREATE TABLE documents (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    source_id INTEGER NOT NULL REFERENCES sources (id) ON DELETE CASCADE,
    uri TEXT NOT NULL UNIQUE, name TEXT, path TEXT NOT NULL, position INTEGER NOT NULL, media_type TEXT NOT NULL,
    title TEXT NOT NULL, sha256 TEXT NOT NULL, metadata TEXT NOT NULL, length INTEGER NOT NULL);
CREATE INDEX documents_source ON documents (source_id);
CREATE INDEX documents_path ON documents (path);
CREATE INDEX documents_name ON documents (name);

CREATE TABLE segments (
    document_id INTEGER NOT NULL REFERENCES documents (id) ON DELETE CASCADE, ordinal INTEGER NOT NULL,
    text TEXT NOT NULL, PRIMARY KEY (document_id, ordinal));

CREATE TABLE pages (
    document_id INTEGER NOT NULL REFERENCES documents (id) ON DELETE CASCADE, number INTEGER NOT NULL,
    label TEXT NOT NULL, start INTEGER NOT NULL, "end" INTEGER NOT NULL, PRIMARY KEY (document_id, number));

CREATE TABLE headings (
    document_id INTEGER NOT NULL REFERENCES documents (id) ON DELETE CASCADE, ordinal INTEGER NOT NULL,
    level INTEGER NOT NULL, title TEXT NOT NULL, start INTEGER NOT NULL, "end" INTEGER NOT NULL,
    PRIMARY KEY (document_id, ordinal));

CREATE TABLE fields (
    id INTEGER NOT NULL PRIMARY KEY, document_id INTEGER NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
    "key" TEXT NOT NULL, type TEXT NOT NULL, value BLOB);
CREATE INDEX fields_value ON fields ("key", type, value, document_id);
CREATE INDEX fields_document ON fields (document_id);

CREATE TABLE passages (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    document_id INTEGER NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
    ordinal INTEGER NOT NULL, start INTEGER NOT NULL, "end" INTEGER NOT NULL, text TEXT NOT NULL,
    title TEXT NOT NULL, headings TEXT NOT NULL, hash BLOB NOT NULL, cut INTEGER NOT NULL);
CREATE INDEX passages_document ON passages (document_id, ordinal);
CREATE INDEX passages_hash ON passages (hash);

CREATE TABLE vectors (id INTEGER NOT NULL PRIMARY KEY, hash BLOB NOT NULL UNIQUE, vector BLOB NOT NULL);

CREATE TABLE changes (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, first INTEGER NOT NULL,
    last INTEGER NOT NULL);

CREATE TABLE generations (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, file TEXT NOT NULL, kind TEXT NOT NULL, digest TEXT NOT NULL,
    count INTEGER NOT NULL, change INTEGER NOT NULL, recall FLOAT NOT NULL, parameters TEXT NOT NULL,
    created TEXT NOT NULL)
"""

# What FTS5's Unicode tables don't know it takes for letters: the bullets of PDFs, private characters of symbol
# fonts, and newer pictographs would stick to the words beside them.
SEPARATORS = "".join(
    chr(point)
    for first, last in ((0xF000, 0xF0FF), (0x1F900, 0x1F9FF), (0x1FA70, 0x1FAFF))
    for point in range(first, last + 1)
)
FTS = f"""CREATE VIRTUAL TABLE passages_fts USING fts5 (
    title, headings, text, content='passages', content_rowid='id',
    tokenize="porter unicode61 remove_diacritics 2 separators '{SEPARATORS}'")"""


# The FTS row goes with the words it came with, so it is taken out by the old row's values.
TRIGGERS = (
    """CREATE TRIGGER passages_inserted AFTER INSERT ON passages BEGIN
        INSERT INTO passages_fts (rowid, title, headings, text)
        VALUES (new.id, new.title, new.headings, new.text); END""",
    """CREATE TRIGGER passages_deleted AFTER DELETE ON passages BEGIN
        INSERT INTO passages_fts (passages_fts, rowid, title, headings, text)
        VALUES ('delete', old.id, old.title, old.headings, old.text); END""",
    """CREATE TRIGGER passages_updated AFTER UPDATE OF title, headings, text ON passages BEGIN
        INSERT INTO passages_fts (passages_fts, rowid, title, headings, text)
        VALUES ('delete', old.id, old.title, old.headings, old.text);
        INSERT INTO passages_fts (rowid, title, headings, text)
        VALUES (new.id, new.title, new.headings, new.text); END""",
)


def upgrade() -> None:
    """Make every table."""
    for statement in (*TABLES.split(";"), FTS, *TRIGGERS):
        op.execute(statement.strip())
