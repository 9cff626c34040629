"""The text index has the words that people type, where the texts have soft hyphens, ligatures and the like.

Revision ID: 0007
"""

from alembic import op

from passagework.retrieval.store.folded_words import fold_stored_passages
from passagework.retrieval.store.fulltext import TOKENIZER

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

COLUMNS = ("folded_title", "folded_headings", "folded_text")
VIEW = """CREATE VIEW passage_words AS SELECT id, coalesce(folded_title, title) AS title,
    coalesce(folded_headings, headings) AS headings, coalesce(folded_text, text) AS text FROM passages"""
FTS = f"""CREATE VIRTUAL TABLE passages_fts USING fts5 (
    title, headings, text, content='passage_words', content_rowid='id', tokenize="{TOKENIZER}")"""

ADD = """INSERT INTO passages_fts (rowid, title, headings, text)
    VALUES (new.id, coalesce(new.folded_title, new.title), coalesce(new.folded_headings, new.headings),
    coalesce(new.folded_text, new.text));"""
TAKE_OUT = """INSERT INTO passages_fts (passages_fts, rowid, title, headings, text)
    VALUES ('delete', old.id, coalesce(old.folded_title, old.title), coalesce(old.folded_headings, old.headings),
    coalesce(old.folded_text, old.text));"""
CHANGE = f"UPDATE OF title, headings, text, {', '.join(COLUMNS)}"
# The row of the index goes with the words it came with, so it is taken out by the old row's values.
TRIGGERS = (
    f"CREATE TRIGGER passages_inserted AFTER INSERT ON passages BEGIN {ADD} END",
    f"CREATE TRIGGER passages_deleted AFTER DELETE ON passages BEGIN {TAKE_OUT} END",
    f"CREATE TRIGGER passages_updated AFTER {CHANGE} ON passages BEGIN {TAKE_OUT} {ADD} END",
)


def upgrade() -> None:
    """Fold the words of every passage, and index them anew; postings saved of the old index are of no use."""
    for trigger in ("passages_inserted", "passages_deleted", "passages_updated"):
        op.execute(f"DROP TRIGGER {trigger}")
    op.execute("DROP TABLE passages_fts")
    for column in COLUMNS:
        op.execute(f"ALTER TABLE passages ADD COLUMN {column} TEXT")
    fold_stored_passages(op.get_bind().connection.dbapi_connection)
    for statement in (VIEW, FTS, "INSERT INTO passages_fts (passages_fts) VALUES ('rebuild')", *TRIGGERS):
        op.execute(statement)
    op.execute("DELETE FROM generations WHERE kind = 'words'")
