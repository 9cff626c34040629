"""What is done to a collection that stands: rebuild, removal, doctor, export and import."""
