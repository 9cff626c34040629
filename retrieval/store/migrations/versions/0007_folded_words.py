"""Passages have their words beside them where the text index has others: those that people type.

Revision ID: 0007
"""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

COLUMNS = ("folded_title", "folded_headings", "folded_text")


def upgrade() -> None:
    """Add the columns. The next revision fills them, and makes the text index."""
    for column in COLUMNS:
        op.execute(f"ALTER TABLE passages ADD COLUMN {column} TEXT")
