"""Where documents hold text that a reader doesn't see.

Revision ID: 0002
"""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

HIDDEN = """CREATE TABLE hidden (
    document_id INTEGER NOT NULL REFERENCES documents (id) ON DELETE CASCADE, ordinal INTEGER NOT NULL,
    start INTEGER NOT NULL, "end" INTEGER NOT NULL, reason TEXT NOT NULL, PRIMARY KEY (document_id, ordinal))"""


def upgrade() -> None:
    """Make the table. What was ingested before has nothing in it until its files are read again."""
    op.execute(HIDDEN)
