"""Brings documents into the store: the collection that is written to, and its one writer."""
