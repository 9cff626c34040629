"""Dates as instants, beside the texts they are; and the fields of documents that are gone.

Revision ID: 0004
"""

from alembic import op

from passagework.retrieval.store.instants import add_instants

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table, and look at every text. Which fields there were of documents gone before, nothing tells."""
    op.execute("CREATE TABLE former_fields (key TEXT NOT NULL PRIMARY KEY)")
    add_instants(op.get_bind().connection.dbapi_connection)
