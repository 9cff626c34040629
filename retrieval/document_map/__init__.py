"""Arranges a collection's documents by what they are about: groups named by telling words, and places on a plane."""
