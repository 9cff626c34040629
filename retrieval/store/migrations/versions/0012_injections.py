"""Which passages hold instructions to language models.

Revision ID: 0012
"""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

INJECTIONS = """CREATE TABLE injections (
    passage_id INTEGER NOT NULL REFERENCES passages (id) ON DELETE CASCADE, start INTEGER NOT NULL,
    "end" INTEGER NOT NULL, sign TEXT NOT NULL, PRIMARY KEY (passage_id, start))"""


def upgrade() -> None:
    """Make the table. What was ingested before has nothing in it until it is read again, or rebuilt."""
    op.execute(INJECTIONS)
