"""What a program gives by mistake, where types can't stop it, is told in one line, and nothing is made of it."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from passagework import Collection, ingest
from passagework.retrieval import ConfigError
from passagework.retrieval.config import Settings
from passagework.retrieval.duplicates.near_pairs import checked_threshold
from passagework.retrieval.models.encoder import given_texts
from tests.support.fakes import FakeEncoder

SETTINGS = Settings(workers=1, offline=True)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of three texts."""
    base = tmp_path_factory.mktemp("wrong-types")
    for number, text in enumerate(["owls hoot", "owls sleep", "dogs bark"]):
        (base / f"{number}.txt").write_text(text)
    return base


@pytest.mark.parametrize("paths", [None, 1, b"docs", [1], [None], {"a": 1}.values()])
def test_what_is_no_path_is_not_ingested(paths: Any, tmp_path: Path) -> None:
    """It is named, and no collection is made."""
    with pytest.raises(ConfigError, match="can't be ingested: give a path, an address, or WebPages"):
        ingest(paths, tmp_path / "c", encoder=FakeEncoder(), settings=SETTINGS)
    assert not (tmp_path / "c").exists()


def test_paths_may_come_from_a_generator(folder: Path, tmp_path: Path) -> None:
    """Whatever gives paths one after the other is as good as a list."""
    paths = (path for path in [folder / "0.txt", folder / "2.txt"])
    assert ingest(paths, tmp_path / "c", encoder=FakeEncoder(), settings=SETTINGS).added == 2


@pytest.mark.parametrize("path", [None, 5, b"c"])
def test_what_is_no_path_is_no_collection(path: Any, folder: Path) -> None:
    """Neither for opening nor for ingesting."""
    with pytest.raises(ConfigError, match="give the path of its folder"):
        Collection.open(path)
    with pytest.raises(ConfigError, match="give the path of its folder"):
        ingest(folder, path, encoder=FakeEncoder(), settings=SETTINGS)


@pytest.mark.parametrize(
    ("texts", "told"),
    [
        ("abc", "not str"),
        (b"abc", "not bytes"),
        (None, "not NoneType"),
        (["a", None], "text 2 is NoneType"),
        ([1], "text 1 is int"),
    ],
)
def test_what_is_no_list_of_texts_is_not_encoded(texts: Any, told: str) -> None:
    """One text would be a vector for each letter, and None the word `None`."""
    with pytest.raises(ConfigError, match=told):
        given_texts(texts)
    assert given_texts(text for text in ["a", "b"]) == ["a", "b"]


@pytest.mark.parametrize("budget", ["a", 1.5, True, None])
def test_a_budget_is_a_whole_number(budget: Any, folder: Path, tmp_path: Path) -> None:
    """Of a context, also where nothing is found."""
    ingest(folder, tmp_path / "c", encoder=FakeEncoder(), settings=SETTINGS)
    with (
        Collection.open(tmp_path / "c", encoder=FakeEncoder(), settings=SETTINGS) as collection,
        pytest.raises(ConfigError, match=r"max_tokens is .*: give a whole number of at least 1"),
    ):
        collection.context("owls", max_tokens=budget)


@pytest.mark.parametrize("threshold", ["a", None, [1], float("nan"), 0, 1.01])
def test_a_threshold_is_a_cosine(threshold: Any) -> None:
    """A text is told as a number out of range is."""
    with pytest.raises(ConfigError, match="give a cosine above 0, up to 1"):
        checked_threshold(threshold)


def test_similarities_have_four_decimals(folder: Path, tmp_path: Path) -> None:
    """In JSON, too: a float of 32 bits would be written with digits that it doesn't have."""
    ingest(folder, tmp_path / "c", encoder=FakeEncoder(), settings=SETTINGS)
    with Collection.open(tmp_path / "c", encoder=FakeEncoder(), settings=SETTINGS) as collection:
        near = collection.similar("0.txt")
    assert len(near) == 2
    written = [json.dumps(row.similarity).lstrip("-") for row in near]
    assert all(len(number) <= len("0.1234") for number in written), written


def test_python_runs_the_package_as_the_command(tmp_path: Path) -> None:
    """`python -m passagework` is `passagework`, with its exit code."""
    asked = [sys.executable, "-m", "passagework", "status", "--collection", str(tmp_path)]
    done = subprocess.run(asked, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"passagework: {tmp_path} is not a collection")


def test_numbers_of_numpy_are_numbers(folder: Path, tmp_path: Path) -> None:
    """They are taken for what they say, and the answer's JSON has plain ones."""
    ingest(folder, tmp_path / "c", encoder=FakeEncoder(), settings=SETTINGS)
    with Collection.open(tmp_path / "c", encoder=FakeEncoder()) as collection:
        hits = collection.search("owls", k=np.int64(1), min_score=np.float32(-1), diversity=np.float32(0.5))
        assert len(hits) == 1
        json.dumps(hits.to_json())
        assert collection.context("owls", max_tokens=np.int32(50), min_relevance=0.0).text


def test_a_collection_is_not_pickled(folder: Path, tmp_path: Path) -> None:
    """Another process opens it by its path."""
    ingest(folder, tmp_path / "c", encoder=FakeEncoder(), settings=SETTINGS)
    with (
        Collection.open(tmp_path / "c", encoder=FakeEncoder()) as collection,
        pytest.raises(TypeError, match="open it by its path"),
    ):
        pickle.dumps(collection)
