"""Tests of `passagework.ingest`."""
