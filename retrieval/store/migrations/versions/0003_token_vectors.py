"""Token vectors, where a collection keeps them, and the text of each passage that they are of.

Revision ID: 0003
"""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

TABLES = (
    """CREATE TABLE token_vectors (
    id INTEGER NOT NULL PRIMARY KEY, hash BLOB NOT NULL UNIQUE, tokens INTEGER NOT NULL, codes BLOB NOT NULL)""",
    """CREATE TABLE readings (
    passage_id INTEGER NOT NULL PRIMARY KEY REFERENCES passages (id) ON DELETE CASCADE, hash BLOB NOT NULL)""",
    "CREATE INDEX readings_hash ON readings (hash)",
)


def upgrade() -> None:
    """Make the tables. Nothing is in them until somebody asks for token vectors."""
    for statement in TABLES:
        op.execute(statement)
