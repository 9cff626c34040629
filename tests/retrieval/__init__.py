"""Tests of `passagework.retrieval`."""
