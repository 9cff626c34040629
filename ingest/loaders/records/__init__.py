"""Files of records: JSON, JSONL, CSV and TSV; each record is a document."""
