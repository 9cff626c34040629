"""Cuts documents into passages, token-exact, with offsets."""

from passagework.ingest.chunker.chunker import Chunker, ChunkSettings, EncoderInput, encode_inputs

__all__ = ["ChunkSettings", "Chunker", "EncoderInput", "encode_inputs"]
