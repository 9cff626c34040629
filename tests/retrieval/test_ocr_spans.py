"""What OCR read of documents: stored word by word, its confidence counted for the passages that it lies in."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st

from passagework.ingest.workers.messages import item_to_json, items_from_json
from passagework.retrieval.store import NewPassage
from passagework.retrieval.store.overlap import ocr_of
from passagework.retrieval.types import LONGEST_OCR_SPAN, Document, OcrSpan
from tests.support.stored_documents import new_store, put

TEXT = "x" * 60


@st.composite
def spans(draw: st.DrawFn) -> list[OcrSpan]:
    """Words in order, none over another."""
    edges = sorted(draw(st.sets(st.integers(0, len(TEXT)), max_size=12)))
    pairs = list(zip(edges[::2], edges[1::2], strict=False))
    return [OcrSpan(start, end, draw(st.floats(0, 1, width=32))) for start, end in pairs]


@settings(deadline=None, max_examples=40)
@given(spans(), st.integers(1, 20))
def test_a_passage_has_the_mean_over_its_characters_that_were_read(
    tmp_path_factory: pytest.TempPathFactory, read: list[OcrSpan], size: int
) -> None:
    """Those of other documents don't count, nor does what lies beside it; nothing read is no confidence."""
    store = new_store(tmp_path_factory.mktemp("ocr") / "store.db")
    passages = [
        NewPassage(at, min(at + size, len(TEXT)), (), f"{at}".encode().rjust(32), cut=False)
        for at in range(0, len(TEXT), size)
    ]
    with store.write() as writer:
        put(writer, "before", TEXT, passages=passages, ocr=[OcrSpan(0, len(TEXT), 0.25)])
        put(writer, "a", TEXT, passages=passages, ocr=read)
    with store.read() as snapshot:
        ids = range(len(passages) + 1, 2 * len(passages) + 1)
        found = ocr_of(snapshot.connection, list(ids))
        assert snapshot.document(2).ocr == tuple(read)
    store.close()
    for passage, number in zip(passages, ids, strict=True):
        by_character = [
            span.confidence for at in range(passage.start, passage.end) for span in read if span.start <= at < span.end
        ]
        if by_character:
            assert found[number].confidence == pytest.approx(sum(by_character) / len(by_character))
        else:
            assert number not in found


def test_a_span_as_long_as_spans_may_be_is_found_from_its_end(tmp_path: Path) -> None:
    """A passage that begins within it has it, too."""
    store = new_store(tmp_path / "store.db")
    text = "x" * (LONGEST_OCR_SPAN + 10)
    last = NewPassage(LONGEST_OCR_SPAN - 1, len(text), (), b"1".rjust(32), cut=False)
    with store.write() as writer:
        put(writer, "a", text, passages=[last], ocr=[OcrSpan(0, LONGEST_OCR_SPAN, 0.5)])
    with store.read() as snapshot:
        assert ocr_of(snapshot.connection, [1])[1].confidence == 0.5
    store.close()


@pytest.mark.parametrize(
    "span",
    [[0, 1], [0, 1, 1.5], [1, 1, 0.5], [0, 9, 0.5], [-1, 1, 0.5], [0, 1, 0.5, 0.1], [0, 1, 0.5, 0.1, 0.1, 0.1, 2], "x"],
)
def test_a_parser_s_spans_are_checked(span: object) -> None:
    """What a parser sends may be anything; what it should send arrives as it was."""
    good = Document("12345678", "text/plain", ocr=(OcrSpan(0, 3, 0.5), OcrSpan(4, 8, 1, (0.1, 0.2, 0.3, 0.4))))
    fields = item_to_json(good)
    (read,) = items_from_json([fields], "")
    assert isinstance(read, Document)
    assert read.ocr == good.ocr
    with pytest.raises(ValueError, match="OCR"):
        items_from_json([{**fields, "ocr": [span]}], "")
