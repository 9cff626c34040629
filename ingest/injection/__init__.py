"""Finds instructions to language models in what documents say, by rules and by a small head on the default encoder."""
