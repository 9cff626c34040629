"""Identifiers: what is one, how else it may be written, and that it counts as a whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from passagework.retrieval.lexical.bm25 import Bm25
from passagework.retrieval.lexical.identifiers import identifiers_in
from passagework.retrieval.lexical.live_postings import LivePostings
from passagework.retrieval.lexical.postings import Postings
from passagework.retrieval.lexical.typed_words import TypedWords
from tests.support.stored_documents import new_store, put


@pytest.mark.parametrize(
    ("query", "forms"),
    [
        ("part SA-4471-B of it", [("SA-4471-B",)]),
        ("see CVE-2024-1234, 2.13.0 and 10.0.0.1.", [("CVE-2024-1234",), ("2.13.0",), ("10.0.0.1",)]),
        ("foo_bar.baz and a::b2", [("foo_bar.baz",), ("a::b2",)]),
        ("costs 1,250,000 euro", [("1,250,000", "1250000")]),
        ("costs 1250000 euro", [("1250000", "1 250 000")]),
        ("costs 1 250 000 or 1'250'000.50", [("1 250 000", "1250000"), ("1'250'000.50", "1250000.50")]),
        ("1.250.000,50", [("1.250.000,50", "1250000,50")]),
        ("getUserById", [("getUserById", "get User By Id")]),
        ("get_user_by_id", [("get_user_by_id", "get user by id", "getuserbyid")]),
        ("in 2024 the iPhone and mRNA of 123 state-of-the-art cafés, well-documented", []),
    ],
)
def test_forms(query: str, forms: list[tuple[str, ...]]) -> None:
    """Each in the form that was typed, and in those that mean the same; years and compounds are none."""
    assert [identifier.forms for identifier in identifiers_in(query)] == forms


@pytest.mark.parametrize("identifier", ["SA-4471-B", "10.0.0.1", "CVE-2024-1234", "2.13.0", "foo_bar.baz"])
def test_the_whole_counts_for_more_than_its_parts(tmp_path: Path, identifier: str) -> None:
    """One mention in a long passage is above all parts again and again in a short one, with and without postings."""
    parts = identifier.replace("-", " ").replace(".", " ").replace("_", " ").split()
    with new_store(tmp_path / "store.db") as store:
        with store.write() as writer:
            put(writer, "scattered.md", " ".join(parts[::-1] * 8), size=10_000)
            put(writer, "whole.md", f"the part {identifier} " + "is kept in the workshop " * 30, size=10_000)
            for number in range(40):
                put(writer, f"other{number}.md", f"another text {number} on tea", size=10_000)
        with store.read() as snapshot:
            with snapshot.words() as reader:
                postings = LivePostings((Postings.read(reader, least=1),))
            found = Bm25().search(snapshot, f"where is {identifier}?", 9, None, TypedWords())
            assert found[0][0] == 2
            assert postings.search(snapshot, f"where is {identifier}?", 9, None, TypedWords()) == found
            assert Bm25().search(snapshot, identifier, 9, None)[0][0] == 1


def test_a_name_that_nothing_holds_is_found_by_its_parts(tmp_path: Path) -> None:
    """Its stop words aside; as words alone it finds nothing."""
    with new_store(tmp_path / "store.db") as store:
        with store.write() as writer:
            put(writer, "a.md", "the user has a name", size=100)
            put(writer, "b.md", "by the way", size=100)
        with store.read() as snapshot:
            assert [one for one, _ in Bm25().search(snapshot, "getUserById", 9, None, TypedWords())] == [1]
            assert Bm25().search(snapshot, "getUserById", 9, None) == []
