"""Document -> Passages, token-exact, with offsets."""

from ingest.chunker.chunker import Chunker, ChunkSettings, EncoderInput

__all__ = ["ChunkSettings", "Chunker", "EncoderInput"]
