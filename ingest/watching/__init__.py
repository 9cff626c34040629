"""Keeps a collection up to date with what people do to files: events, sweeps, and what a watch says of itself."""
