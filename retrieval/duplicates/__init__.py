"""Finds what a collection says more than once: pairs of near vectors, clusters of them, and what differs within."""
