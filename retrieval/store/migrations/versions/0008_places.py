"""Places in sources without pages: lines of code, seconds of what is spoken.

Revision ID: 0008
"""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

PLACES = """CREATE TABLE places (
    document_id INTEGER NOT NULL REFERENCES documents (id) ON DELETE CASCADE, ordinal INTEGER NOT NULL,
    unit TEXT NOT NULL, first FLOAT NOT NULL, last FLOAT NOT NULL, start INTEGER NOT NULL, "end" INTEGER NOT NULL,
    PRIMARY KEY (document_id, ordinal))"""


def upgrade() -> None:
    """Make the table. What was ingested before has none until it is ingested again."""
    op.execute(PLACES)
