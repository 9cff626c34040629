"""Does work of several steps that begins with an ingest: a benchmark evaluated, a model trained on pairs."""
