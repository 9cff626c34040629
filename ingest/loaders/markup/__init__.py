"""Sources that are read as they are shown: TeX, and XML without a loader of its own."""
