"""Tables of documents: where each is, and the names of its columns.

Revision ID: 0006
"""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

TABLES = """CREATE TABLE tables (
    document_id INTEGER NOT NULL REFERENCES documents (id) ON DELETE CASCADE, ordinal INTEGER NOT NULL,
    start INTEGER NOT NULL, "end" INTEGER NOT NULL, columns TEXT NOT NULL, PRIMARY KEY (document_id, ordinal))"""


def upgrade() -> None:
    """Make the table. What was ingested before has none until it is ingested again."""
    op.execute(TABLES)
