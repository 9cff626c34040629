"""Notebooks: their cells, and what they put out."""
