"""Rich Text Format: its paragraphs, tables and notes."""
