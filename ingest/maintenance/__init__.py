"""Works on a collection that stands: rebuild, removal, doctor, export and import."""
