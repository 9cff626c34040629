"""Cuts documents into passages, token-exact, with offsets."""

from passagework.ingest.chunker.chunker import Chunker, ChunkSettings, EncoderInput

__all__ = ["ChunkSettings", "Chunker", "EncoderInput"]
