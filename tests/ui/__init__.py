"""Tests of `passagework.ui`."""
