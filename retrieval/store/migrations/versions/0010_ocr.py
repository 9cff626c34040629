"""What was read by OCR: of documents which words, how surely and where they stand; of files how much of them.

Revision ID: 0010
"""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

OCR = """CREATE TABLE ocr (
    document_id INTEGER NOT NULL REFERENCES documents (id) ON DELETE CASCADE, start INTEGER NOT NULL,
    "end" INTEGER NOT NULL, confidence FLOAT NOT NULL, "left" FLOAT, top FLOAT, width FLOAT, height FLOAT,
    PRIMARY KEY (document_id, start))"""
OCR_MODES = """CREATE TABLE ocr_modes (
    source_id INTEGER NOT NULL REFERENCES sources (id) ON DELETE CASCADE, mode TEXT NOT NULL,
    PRIMARY KEY (source_id))"""


def upgrade() -> None:
    """Make the tables. Of what was ingested before, nothing was read by OCR."""
    op.execute(OCR)
    op.execute(OCR_MODES)
