"""Where placeholders stand in documents for personal data, and where that stood.

Revision ID: 0011
"""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

MASKED = """CREATE TABLE masked (
    document_id INTEGER NOT NULL REFERENCES documents (id) ON DELETE CASCADE, start INTEGER NOT NULL,
    "end" INTEGER NOT NULL, kind TEXT NOT NULL, original_start INTEGER NOT NULL, original_end INTEGER NOT NULL,
    PRIMARY KEY (document_id, start))"""


def upgrade() -> None:
    """Make the table. In what was ingested before, nothing is masked."""
    op.execute(MASKED)
