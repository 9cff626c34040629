"""An encoder's folder that moved: found again beside the collection, by its weights, or asked for; never at the hub."""

from __future__ import annotations

from pathlib import Path

import pytest

from passagework import Collection, ModelUnavailableError, examine, ingest, rebuild
from passagework.retrieval.models import weights
from passagework.retrieval.models.identity import BESIDE, recorded_encoder
from passagework.retrieval.store import Store
from tests.support.tiny_encoders import tiny_encoder

GONE = "is not where it was, and not beside the collection: name its folder"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with documents, an encoder, and the collection made with it by relative paths; nobody asks the hub."""
    monkeypatch.setattr(weights, "hub_answers", lambda: pytest.fail("the hub was asked"))
    project = tmp_path / "project"
    (project / "docs").mkdir(parents=True)
    (project / "docs" / "a.md").write_text("a paper of the river")
    (project / "models").mkdir()
    tiny_encoder(tmp_path / "made").rename(project / "models" / "enc")
    monkeypatch.chdir(project)
    ingest("docs", "c", encoder="models/enc", passage_tokens=16, overlap=0)
    return project


def found(collection: Path, **options: str) -> list[str]:
    """Returns what a search by meaning finds."""
    with Collection.open(collection, **options) as opened:  # type: ignore[arg-type]
        return [hit.path for hit in opened.search("river", stage="dense")]


def test_from_another_folder(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The full path is on record; a search, an ingest, a rebuild and the doctor find it from anywhere."""
    monkeypatch.chdir("/")
    assert found(project / "c") == ["a.md"]
    (project / "docs" / "b.md").write_text("a stone of the bank")
    assert ingest(project / "docs", project / "c").added == 1
    rebuild(project / "c", passage_tokens=12, overlap=0)
    assert examine(project / "c").well
    with Collection.open(project / "c") as collection:
        assert collection.status().encoder.model == str(project / "models" / "enc")


def test_moved_together(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the encoder lies as seen from the collection is on record, too."""
    monkeypatch.chdir("/")
    project.rename(tmp_path / "elsewhere")
    assert found(tmp_path / "elsewhere" / "c") == ["a.md"]
    assert ingest(tmp_path / "elsewhere" / "docs", tmp_path / "elsewhere" / "c").moved == 1


def test_another_model_in_its_place_is_not_taken(project: Path, tmp_path: Path) -> None:
    """The weights decide; one that was put where it lay is refused by name."""
    moved = tmp_path / "elsewhere"
    project.rename(moved)
    (moved / "models" / "enc").rename(tmp_path / "old")
    tiny_encoder(tmp_path / "other", half=True).rename(moved / "models" / "enc")
    with pytest.raises(ModelUnavailableError, match=GONE):
        found(moved / "c")


def test_renamed_beside_its_siblings(project: Path, tmp_path: Path) -> None:
    """Of the folders that lie where it lay, the one with the same weights is it."""
    tiny_encoder(tmp_path / "other", half=True).rename(project / "models" / "another")
    (project / "models" / "enc").rename(project / "models" / "renamed")
    assert found(project / "c") == ["a.md"]


def test_named_once(project: Path, tmp_path: Path) -> None:
    """A search takes it where it is said to be; an ingest records that, and no longer needs to be told."""
    (tmp_path / "far").mkdir()
    (project / "models" / "enc").rename(tmp_path / "far" / "enc")
    with pytest.raises(ModelUnavailableError, match=GONE):
        found(project / "c")
    with Collection.open(project / "c") as collection:
        assert [hit.path for hit in collection.search("river", stage="lexical")] == ["a.md"]
    assert found(project / "c", encoder=str(tmp_path / "far" / "enc")) == ["a.md"]
    ingest(project / "docs", project / "c", encoder=str(tmp_path / "far" / "enc"))
    assert found(project / "c") == ["a.md"]


def test_a_relative_record_of_before(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Collections that recorded what was typed find it above themselves."""
    with Store.open(project / "c" / "v0001" / "store.db") as store, store.write() as writer:
        record = {**recorded_encoder(writer).to_json(), "model": "models/enc"}
        writer.set_meta("encoder", record)
        writer.set_meta(BESIDE, None)
    monkeypatch.chdir("/")
    assert found(project / "c") == ["a.md"]


def test_a_named_encoder_is_fixed_when_given(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that changes its folder goes on with the encoder that it named."""
    with Collection.open("c", encoder="models/enc") as collection:
        monkeypatch.chdir("/")
        rebuild(project / "c", passage_tokens=12, overlap=0)
        assert [hit.path for hit in collection.search("river", stage="dense")] == ["a.md"]
