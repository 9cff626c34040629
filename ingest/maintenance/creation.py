"""Creates a collection with nothing in it, for documents to be put in later."""

from __future__ import annotations

from pathlib import Path

from passagework.ingest.writing.chunk_settings import chunking_options
from passagework.ingest.writing.opening import OpenRequest, open_destination
from passagework.retrieval.config import Settings
from passagework.retrieval.models.encoder import Encoder
from passagework.retrieval.models.encoder_options import EncoderOptions


def create(
    collection: str | Path,
    *,
    encoder: Encoder | str | None = None,
    window: int | None = None,
    dimensions: int | None = None,
    query_prompt: str | None = None,
    passage_prompt: str | None = None,
    passage_tokens: int | None = None,
    overlap: int | None = None,
    whole: bool | None = None,
    settings: Settings | None = None,
) -> None:
    """Makes an empty collection, where none is; its folder may be there, with nothing in it.

    The options are those of `ingest`. Raises StoreError where the folder can't be written or holds other files,
    ModelUnavailableError without weights.
    """
    request = OpenRequest(
        Path(collection).absolute(),
        encoder=encoder,
        options=EncoderOptions(window, dimensions, query_prompt, passage_prompt),
        chunking=chunking_options(passage_tokens=passage_tokens, overlap=overlap, whole=whole),
        settings=settings or Settings.from_environment(),
    )
    with open_destination(request) as destination:
        destination.complete()
