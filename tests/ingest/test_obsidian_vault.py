"""Vaults: links, backlinks, embeds, tags and aliases are metadata, and stay true when other notes change."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from passagework import Collection
from passagework.ingest import Report, ingest
from tests.support.fakes import FakeEncoder

NOTES = {
    "Bees.md": "---\naliases: [Honeybees, Apis]\ntags: insects, social\n---\n"
    "They dance #behaviour/dance in the [[garden|the garden]]. ![[Hive.png]] ![[Wasps#Nests]]\n\n"
    "`[[Not this]]` %%[[nor this]]%% #2024\n\n```\n[[nor that]] #no\n```\n",
    "Wasps.md": "---\nalias: Vespa\ntag: '#insects'\n---\nUnlike [[Bees]], see [the garden](places/Garden.md) and "
    "[[Nowhere]]. [Web](https://example.org/Bees.md)\n",
    "places/Garden.md": "Home of [[../Bees]] and [[Bees#Dance|bees]]; [[#Plan]].\n",
    "archive/Garden.md": "An older garden.\n",
    "Alone.md": "Nothing links here.\n",
}


@pytest.fixture
def vault(tmp_path: Path) -> Path:
    """A vault of five notes and a picture."""
    folder = tmp_path / "vault"
    for name, text in NOTES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    (folder / ".obsidian").mkdir()
    return folder


def run(folder: Path, collection: Path) -> Report:
    """An ingest."""
    return ingest(folder, collection, encoder=FakeEncoder())


def metadata(collection: Path) -> dict[str, Any]:
    """What is known of each note."""
    with Collection.open(collection, encoder=FakeEncoder()) as opened:
        return {row.path: dict(row.metadata) for row in opened.documents()}


def test_what_a_vault_knows_of_its_notes(vault: Path, tmp_path: Path) -> None:
    """Links lead to paths, or stay as they are written; what is in code or a comment is none."""
    run(vault, tmp_path / "c")
    assert metadata(tmp_path / "c") == {
        "Bees.md": {
            "aliases": ["Honeybees", "Apis"],
            "tags": ["insects", "social", "behaviour/dance"],
            "links": ["archive/Garden.md"],
            "embeds": ["Hive.png", "Wasps.md"],
            "backlinks": ["Wasps.md", "places/Garden.md"],
        },
        "Wasps.md": {
            "alias": "Vespa",
            "aliases": ["Vespa"],
            "tag": "#insects",
            "tags": ["insects"],
            "links": ["Bees.md", "Nowhere", "places/Garden.md"],
            "backlinks": ["Bees.md"],
        },
        "places/Garden.md": {"links": ["Bees.md"], "backlinks": ["Wasps.md"]},
        "archive/Garden.md": {"backlinks": ["Bees.md"]},
        "Alone.md": {},
    }
    with Collection.open(tmp_path / "c", encoder=FakeEncoder()) as collection:
        found = {hit.path for hit in collection.search("garden", where={"backlinks": "Wasps.md"})}
        assert found == {"Bees.md", "places/Garden.md"}


def test_a_note_changes_where_another_links_to_it(vault: Path, tmp_path: Path) -> None:
    """Its own file needn't: the link's other end is metadata; nothing else is done again."""
    assert run(vault, tmp_path / "c").added == 5
    assert run(vault, tmp_path / "c").unchanged == 5
    (vault / "Alone.md").write_text("Now it links to [[Wasps]].")
    report = run(vault, tmp_path / "c")
    assert (report.updated, report.unchanged) == (2, 3)
    assert metadata(tmp_path / "c")["Wasps.md"]["backlinks"] == ["Alone.md", "Bees.md"]
    (vault / "Alone.md").rename(vault / "places" / "Alone.md")
    report = run(vault, tmp_path / "c")
    assert (report.moved, report.updated, report.gone) == (1, 1, 0)
    assert metadata(tmp_path / "c")["Wasps.md"]["backlinks"] == ["Bees.md", "places/Alone.md"]


def test_a_folder_within_a_vault_and_one_that_is_none(vault: Path, tmp_path: Path) -> None:
    """Paths of links begin at the vault's top; without `.obsidian`, notes are Markdown as any other."""
    run(vault / "places", tmp_path / "c")
    assert metadata(tmp_path / "c") == {"Garden.md": {"links": ["../Bees", "Bees"]}}
    (vault / ".obsidian").rmdir()
    run(vault, tmp_path / "plain")
    assert metadata(tmp_path / "plain")["Bees.md"] == {"aliases": ["Honeybees", "Apis"], "tags": "insects, social"}
