"""Source code: as it stands, its functions and classes as headings, its lines as places."""
