"""Document -> Passages, token-exact, with offsets."""

from ingest.chunker.chunker import Chunker, ChunkSettings

__all__ = ["ChunkSettings", "Chunker"]
