"""What pages of the web show around their content.

Revision ID: 0013
"""

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

SURROUNDINGS = """CREATE TABLE surroundings (
    document_id INTEGER NOT NULL PRIMARY KEY REFERENCES documents (id) ON DELETE CASCADE, text TEXT NOT NULL)"""


def upgrade() -> None:
    """Make the table. What was ingested before has nothing in it until it is read again."""
    op.execute(SURROUNDINGS)
