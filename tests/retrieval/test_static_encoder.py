"""Tables of word vectors: the vectors of sentence-transformers, without a window, without vectors of tokens."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest

from passagework import BiEncoder, Collection, ConfigError, IndexMismatchError, ModelUnavailableError, Settings, ingest
from passagework.retrieval.types import Vectors

pytest.importorskip("torch", reason='pip install "passagework[torch]"')

from safetensors.numpy import load_file, save_file
from sentence_transformers import SentenceTransformer

from tests.support.tiny_encoders import tiny_static

TEXTS = ["river", "a stone of the bank", "paper travel budget " * 40, "river river stone"]
POTION = Path(os.environ.get("PASSAGEWORK_TEST_MODELS", "/nowhere")) / "potion-base-8M"


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A table of 8 dimensions."""
    return tiny_static(tmp_path_factory.mktemp("table"))


def by_library(folder: Path, texts: list[str], dimensions: int | None = None) -> Vectors:
    """What sentence-transformers gives."""
    model = SentenceTransformer(str(folder), device="cpu", local_files_only=True, truncate_dim=dimensions)
    return np.asarray(model.encode(texts, normalize_embeddings=True))


@pytest.mark.parametrize("backend", ["auto", "torch"])
def test_vectors_are_the_librarys(table: Path, backend: str) -> None:
    """Whatever backend is asked for: mean of the tokens' rows without special tokens, unit rows."""
    encoder = BiEncoder.load(table, settings=Settings(backend=backend))
    for encode in (encoder.encode_passages, encoder.encode_queries):
        np.testing.assert_allclose(encode(TEXTS), by_library(table, TEXTS), atol=1e-6)
    assert (encoder.backend, encoder.dim, encoder.fingerprint.pooling) == ("numpy cpu fp32", 8, "static")
    assert not encoder.has_token_vectors


@pytest.mark.skipif(not POTION.is_dir(), reason="PASSAGEWORK_TEST_MODELS has no potion-base-8M")
def test_vectors_of_a_published_table_are_the_librarys() -> None:
    """Of model2vec's potion-base-8M, whose files are model2vec's own."""
    texts = [
        "who approves travel?",
        "The 🧿 sleeps.",
        "Grüße aus Köln",
        *(f"word{n} of text {n * 7}" for n in range(50)),
    ]
    encoder = BiEncoder.load(POTION)
    np.testing.assert_allclose(encoder.encode_passages(texts), by_library(POTION, texts), atol=1e-6)
    cut = BiEncoder.load(POTION, dimensions=64)
    np.testing.assert_allclose(cut.encode_passages(texts), by_library(POTION, texts, 64), atol=1e-6)


def test_a_long_text_is_read_to_its_end(table: Path) -> None:
    """Forty thousand tokens are within its window, and the last of them counts."""
    encoder = BiEncoder.load(table)
    long = "river " * 40_000
    assert encoder.passage_budget == encoder.window == 1_000_000
    vectors = encoder.encode_passages([long, f"{long}{'stone ' * 20_000}", "river river stone"])
    np.testing.assert_allclose(vectors[1], vectors[2], atol=1e-6)
    assert float(vectors[0] @ vectors[1]) < 0.999


def test_a_text_without_tokens_has_a_direction(table: Path) -> None:
    """That of the whole table: unit rows for nothing at all, too, and beside other texts."""
    vectors = BiEncoder.load(table).encode_passages(["", "river", "  "])
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)
    rows = load_file(next(table.rglob("model.safetensors")))["embedding.weight"].mean(axis=0)
    np.testing.assert_allclose(vectors[0], rows / np.linalg.norm(rows), atol=1e-6)
    np.testing.assert_allclose(vectors[1], by_library(table, ["river"])[0], atol=1e-6)


def test_what_model2vec_keeps_apart_is_folded(table: Path, tmp_path: Path) -> None:
    """`embeddings` with a mapping and a weight for each token: as the library folds them."""
    modules = json.loads((table / "modules.json").read_text())
    folder = tmp_path / "folded"
    inner = folder / modules[0]["path"]
    inner.mkdir(parents=True)
    for file in table.rglob("*.json"):
        target = folder / file.relative_to(table)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(file.read_bytes())
    stored = load_file(next(table.rglob("model.safetensors")))["embedding.weight"]
    mapping = np.arange(len(stored), dtype=np.int64)[::-1].copy()
    weights = np.linspace(0.5, 2, len(stored)).astype(np.float64)
    save_file({"embeddings": stored, "mapping": mapping, "weights": weights}, inner / "model.safetensors")
    np.testing.assert_allclose(BiEncoder.load(folder).encode_passages(TEXTS), by_library(folder, TEXTS), atol=1e-6)
    assert abs(by_library(folder, TEXTS) - by_library(table, TEXTS)).max() > 0.01


def test_a_damaged_table_is_one_line(table: Path, tmp_path: Path) -> None:
    """Fewer rows than the tokenizer has tokens, or no tokenizer."""
    folder = tmp_path / "damaged"
    for file in table.rglob("*"):
        if file.is_file():
            (folder / file.relative_to(table)).parent.mkdir(parents=True, exist_ok=True)
            (folder / file.relative_to(table)).write_bytes(file.read_bytes())
    weights = next(folder.rglob("model.safetensors"))
    save_file({"embedding.weight": load_file(weights)["embedding.weight"][:3]}, weights)
    with pytest.raises(ModelUnavailableError, match=r"has 3 vectors for \d+ tokens$"):
        BiEncoder.load(folder)
    next(folder.rglob("tokenizer.json")).unlink()
    with pytest.raises(ModelUnavailableError, match=r"has no tokenizer\.json"):
        BiEncoder.load(folder)


@pytest.fixture
def documents(tmp_path: Path) -> Path:
    """Three files of a line each."""
    folder = tmp_path / "documents"
    folder.mkdir()
    for name, text in {"a": "river stone paper", "b": "a stone of the bank", "c": "paper travel budget"}.items():
        (folder / f"{name}.txt").write_text(text, encoding="utf-8")
    return folder


def test_a_collection_of_a_table_is_searched_without_a_reranker(table: Path, documents: Path, tmp_path: Path) -> None:
    """Passages have the default size, hits come from hybrid search, and the plan says why."""
    report = ingest(documents, tmp_path / "collection", encoder=str(table))
    assert (report.added, report.cut) == (3, 0)
    with Collection.open(tmp_path / "collection") as collection:
        hits = collection.search("travel budget")
        assert hits[0].path == "c.txt"
        assert (hits.plan.requested, hits.plan.used) == ("rerank", "hybrid")
        assert hits.plan.reason is not None
        assert collection.status().chunking == {"passage_tokens": 200, "overlap_tokens": 32, "whole": False}
    with pytest.raises(ConfigError, match="gives no vectors of tokens"):
        ingest(documents, tmp_path / "with-tokens", encoder=str(table), token_vectors=True)


def test_a_table_whose_folder_was_renamed_is_found(table: Path, documents: Path, tmp_path: Path) -> None:
    """Though it has no config.json."""
    moved = tmp_path / "models" / "table"
    moved.parent.mkdir()
    for file in table.rglob("*"):
        if file.is_file():
            (moved / file.relative_to(table)).parent.mkdir(parents=True, exist_ok=True)
            (moved / file.relative_to(table)).write_bytes(file.read_bytes())
    ingest(documents, tmp_path / "collection", encoder=str(moved))
    moved.rename(tmp_path / "models" / "renamed")
    with Collection.open(tmp_path / "collection") as collection:
        assert collection.search("travel budget")[0].path == "c.txt"


def test_vectors_are_cut_and_normalised_again(table: Path, documents: Path, tmp_path: Path) -> None:
    """The first dimensions, part of the identity: other ones are refused, naming both, and so are too many."""
    cut = BiEncoder.load(table, dimensions=3)
    np.testing.assert_allclose(cut.encode_queries(TEXTS), by_library(table, TEXTS, 3), atol=1e-6)
    assert (cut.dim, cut.fingerprint.dimension) == (3, 3)
    assert cut.notes == (f"{table} is cut to 3 of 8 dimensions: it is not known to be made for that",)
    assert BiEncoder.load(table, dimensions=8).notes == ()
    for dimensions, message in ((9, r"dimensions is 9: the vectors of .* have 8$"), (0, "give at least 1")):
        with pytest.raises(ConfigError, match=message):
            BiEncoder.load(table, dimensions=dimensions)
    collection = tmp_path / "collection"
    report = ingest(documents, collection, encoder=str(table), dimensions=3)
    assert [note.reason for note in report.notes] == list(cut.notes)
    with Collection.open(collection) as opened:
        assert opened.encoder().dim == opened.status().encoder.dimension == 3
        assert opened.search("travel budget", stage="dense")[0].path == "c.txt"
    assert ingest(documents, collection, encoder=str(table)).unchanged == 3
    with pytest.raises(IndexMismatchError, match=r"3 dimensions\), not with .*4 dimensions\)"):
        ingest(documents, collection, encoder=str(table), dimensions=4)
