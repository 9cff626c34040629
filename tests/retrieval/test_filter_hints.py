"""What a filter may have meant: fields that are gone, misspelt or never were, and folders named as files are."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from passagework import Collection
from passagework.ingest import ingest
from passagework.ingest.maintenance.rebuild import rebuild
from passagework.ingest.maintenance.removal import delete
from passagework.retrieval import ConfigError, FilterError, Stage
from tests.support.fakes import FakeEncoder


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    """Two documents in a folder, one of them with metadata, and folders whose names are patterns."""
    folder = tmp_path / "docs"
    for name, text in {
        "policies/a.md": "---\narchived: true\nby: {name: Ann}\n---\n# A\n\nTea.\n",
        "policies/b.md": "# B\n\nTea.\n",
        "[x]/c.md": "# C\n\nTea.\n",
        "policies.md": "# D\n\nTea.\n",
    }.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


@pytest.fixture
def path(docs: Path, tmp_path: Path) -> Path:
    """Their collection."""
    ingest(docs, collection=tmp_path / "c", encoder=FakeEncoder())
    return tmp_path / "c"


@pytest.fixture
def collection(path: Path) -> Iterator[Collection]:
    """That collection, open."""
    with Collection.open(path, encoder=FakeEncoder()) as opened:
        yield opened


ALL = ["[x]/c.md", "policies.md", "policies/a.md", "policies/b.md"]
OTHERS = [path for path in ALL if path != "policies/a.md"]


def found(collection: Collection, where: Any) -> list[str]:
    """Paths of the documents, and of the hits, that a filter lets through."""
    paths = [row.path for row in collection.documents(where=where)]
    assert sorted(hit.path for hit in collection.search("tea", stage=Stage.LEXICAL, where=where)) == paths
    return paths


MISSING = [
    {"archived": {"$ne": True}},
    {"archived": None},
    {"archived": {"$nin": [True, "x"]}},
    {"archived": {"$exists": False}},
]
MISSING += [{"$not": {"archived": True}}, {"archived": {"$not": {"$eq": True}}}, {"by.name": {"$ne": "Ann"}}]
MISSING += [{"$and": [{"$or": [{"archived": None}, {"by": None}]}, {"by": {"$exists": False}}]}]


class TestFieldsThatWent:
    """A field that documents had once is missing where they have it no more, and never a mistake."""

    @pytest.mark.parametrize("how", ["deleted", "edited", "gone"])
    def test_it_is_missing_from_every_document(self, docs: Path, path: Path, collection: Collection, how: str) -> None:
        """Before, filters tell the documents apart; after the last one with the field is gone, all are without it."""
        for where in MISSING:
            assert found(collection, where) == OTHERS
        if how == "deleted":
            delete(path, ["policies/a.md"])
        elif how == "edited":
            (docs / "policies/a.md").write_text("# A\n\nTea.\n")
            ingest(docs, collection=path, encoder=FakeEncoder())
        else:
            (docs / "policies/a.md").unlink()
            ingest(docs, collection=path, encoder=FakeEncoder(), delete_missing=True)
        rest = ALL if how == "edited" else OTHERS
        for where in MISSING:
            assert found(collection, where) == rest
        for where in ({"archived": True}, {"by.name": {"$gt": "A"}}, {"by": 1}, {"$not": {"archived": {"$ne": True}}}):
            assert found(collection, where) == []
        assert collection.status().fields == ()
        with pytest.raises(FilterError, match="no document has a field 'archivd': did you mean 'archived'"):
            found(collection, {"archivd": True})

    def test_another_version_knows_it_too(self, path: Path) -> None:
        """A rebuild takes over what documents had before it."""
        delete(path, ["policies/a.md"])
        rebuild(path, encoder=FakeEncoder(), passage_tokens=20)
        with Collection.open(path, encoder=FakeEncoder()) as collection:
            assert found(collection, {"archived": True}) == []
            assert found(collection, {"by.name": {"$ne": "Ann"}}) == OTHERS


class TestFieldsThatNeverWere:
    """Asking for what nobody has is a mistake; asking for those who lack it isn't, and a name nearly right is told."""

    @pytest.mark.parametrize("where", [{"status": {"$ne": "x"}}, {"status": {"$nin": ["x"]}}, {"status": None}])
    def test_all_documents_lack_it(self, collection: Collection, where: Any) -> None:
        """No hint is given where no other field is called nearly so."""
        assert found(collection, where) == ALL
        assert collection.search("tea", where=where, stage=Stage.LEXICAL).plan.hints == ()

    @pytest.mark.parametrize(
        ("field", "meant"),
        [
            ("archievd", "archived"),
            ("Archived", "archived"),
            ("by.nmae", "by.name"),
            ("metadata.archive", "archived"),
            ("titel", "title"),
        ],
    )
    def test_a_misspelt_field(self, path: Path, collection: Collection, field: str, meant: str) -> None:
        """Refused where it is asked for; told where others pass; and nothing is deleted by what may be a mistake."""
        name = field.removeprefix("metadata.")
        said = f"no document has a field '{name}': did you mean '{meant}'?"
        with pytest.raises(FilterError) as error:
            found(collection, {field: True})
        assert str(error.value).startswith(f"{said} There are path, document, title, media_type, pages, injection, ")
        for where in ({field: {"$ne": True}}, {field: {"$exists": False}}):
            hits = collection.search("tea", where=where, stage=Stage.LEXICAL)
            assert len(hits) == 4
            assert hits.plan.hints == (said,)
            assert hits.plan.to_json()["hints"] == [said]
            assert collection.filter_hints(where) == [said]
            with pytest.raises(FilterError) as error:
                delete(path, where=where)
            assert str(error.value) == said
        assert len(collection.documents()) == 4


class TestFolders:
    """A folder in place of a document's path finds nothing, which is no mistake; what takes all in it is told."""

    @pytest.mark.parametrize(
        "where",
        [
            {"path": "policies"},
            {"path": "policies/"},
            {"path": {"$eq": "policies"}},
            {"path": {"$in": ["x", "policies"]}},
            {"path": {"$glob": "policies"}},
            {"$and": [{"path": "policies"}, {"archived": None}]},
        ],
    )
    def test_a_folder(self, path: Path, collection: Collection, where: Any) -> None:
        """At every stage, for documents and contexts; the filter that is shown works."""
        said = '\'policies\' is a folder, no document\'s path: {"path": {"$glob": "policies/*"}} takes all beneath it'
        assert found(collection, where) == []
        for stage in (Stage.DENSE, Stage.LEXICAL, Stage.HYBRID):
            assert collection.search("tea", where=where, stage=stage).plan.hints == (said,)
        assert collection.context("tea", where=where).plan.to_json()["hints"] == [said]
        assert collection.filter_hints(where) == [said]
        assert delete(path, where=where) == []

    def test_the_filter_that_is_shown_finds_what_is_in_it(self, collection: Collection) -> None:
        """A folder whose name is a pattern is named as it is."""
        [said] = collection.filter_hints({"path": "[x]"})
        assert said == '\'[x]\' is a folder, no document\'s path: {"path": {"$glob": "[[]x]/*"}} takes all beneath it'
        assert found(collection, {"path": {"$glob": "[[]x]/*"}}) == ["[x]/c.md"]

    @pytest.mark.parametrize(
        "where",
        [
            {"path": "policies.md"},
            {"path": "absent"},
            {"path": {"$glob": "policies/*"}},
            {"path": "polic"},
            {"path": ""},
            {"title": "policies"},
            {"path": 7},
        ],
    )
    def test_what_is_no_folder(self, collection: Collection, where: Any) -> None:
        """A document's own path, the beginning of a name, another field."""
        assert collection.filter_hints(where) == []

    def test_three_are_told_of_many(self, tmp_path: Path) -> None:
        """Lists may be long."""
        for number in range(9):
            (tmp_path / "d" / f"f{number}").mkdir(parents=True)
            (tmp_path / "d" / f"f{number}" / "a.md").write_text("Tea.")
        ingest(tmp_path / "d", collection=tmp_path / "c", encoder=FakeEncoder())
        with Collection.open(tmp_path / "c", encoder=FakeEncoder()) as collection:
            assert len(collection.filter_hints({"path": {"$in": [f"f{number}" for number in range(9)]}})) == 3

    def test_delete_says_so_of_a_target(self, path: Path) -> None:
        """The glob that it names works, brackets and all."""
        for target, glob in (("policies", "policies/*"), ("[x]/", "[[]x]/*")):
            with pytest.raises(ConfigError) as error:
                delete(path, [target])
            assert f"the glob '{glob}' takes all beneath that folder" in str(error.value)
            assert len(delete(path, [glob], dry_run=True)) == {"policies": 2, "[x]/": 1}[target]
