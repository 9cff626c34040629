"""PDF: its text with the glyphs that show it, its structure, what is hidden in it, and marks on its pages."""
