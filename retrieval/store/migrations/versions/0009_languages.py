"""Words of scripts without blanks, and of other languages than English, stand in the text index as they are searched.

Revision ID: 0009
"""

from alembic import op

from passagework.retrieval.store.fulltext import TOKENIZER
from passagework.retrieval.store.indexed_words import index_words_anew

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

TRIGGERS = ("passages_inserted", "passages_deleted", "passages_updated")
VIEW = """CREATE VIEW passage_words AS SELECT id, coalesce(indexed_title, title) AS title,
    coalesce(indexed_headings, headings) AS headings, coalesce(indexed_text, text) AS text FROM passages"""
FTS = f"""CREATE VIRTUAL TABLE passages_fts USING fts5 (
    title, headings, text, content='passage_words', content_rowid='id', tokenize="{TOKENIZER}")"""
ADD = """INSERT INTO passages_fts (rowid, title, headings, text)
    VALUES (new.id, coalesce(new.indexed_title, new.title), coalesce(new.indexed_headings, new.headings),
    coalesce(new.indexed_text, new.text));"""
TAKE_OUT = """INSERT INTO passages_fts (passages_fts, rowid, title, headings, text)
    VALUES ('delete', old.id, coalesce(old.indexed_title, old.title), coalesce(old.indexed_headings, old.headings),
    coalesce(old.indexed_text, old.text));"""
CHANGE = "UPDATE OF title, headings, text, indexed_title, indexed_headings, indexed_text"
# The row of the index goes with the words it came with, so it is taken out by the old row's values.
MADE = (
    VIEW,
    FTS,
    "INSERT INTO passages_fts (passages_fts) VALUES ('rebuild')",
    f"CREATE TRIGGER passages_inserted AFTER INSERT ON passages BEGIN {ADD} END",
    f"CREATE TRIGGER passages_deleted AFTER DELETE ON passages BEGIN {TAKE_OUT} END",
    f"CREATE TRIGGER passages_updated AFTER {CHANGE} ON passages BEGIN {TAKE_OUT} {ADD} END",
)


def upgrade() -> None:
    """Index the words of every passage anew; postings saved of the old index are of no use.

    In which language a document is, the next ingest finds out.
    """
    for trigger in TRIGGERS:
        op.execute(f"DROP TRIGGER {trigger}")
    op.execute("DROP VIEW IF EXISTS passage_words")
    op.execute("DROP TABLE passages_fts")
    for name in ("title", "headings", "text"):
        op.execute(f"ALTER TABLE passages RENAME COLUMN folded_{name} TO indexed_{name}")
    op.execute("ALTER TABLE documents ADD COLUMN language TEXT")
    op.execute("CREATE INDEX documents_language ON documents (language)")
    index_words_anew(op.get_bind().connection.dbapi_connection)
    for statement in MADE:
        op.execute(statement)
    op.execute("DELETE FROM generations WHERE kind = 'words'")
