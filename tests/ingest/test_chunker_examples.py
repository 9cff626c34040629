"""Where the chunker cuts, what it says about its passages, and what it gives to the encoder, by example."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import islice

import numpy as np
import pytest

from passagework.ingest.chunker import Chunker, ChunkSettings, blocks
from passagework.ingest.chunker.outline import Outline
from passagework.retrieval.errors import ConfigError
from passagework.retrieval.types import Document, Heading, Table, Tokens
from tests.ingest.test_chunker import Pairs, chunk
from tests.support.fakes import FakeEncoder


class RecordingEncoder(FakeEncoder):
    """A token for each word, mark and ideograph, as BERT has it; remembers what it was asked to tokenise."""

    def __init__(self, *, window: int = 64) -> None:
        super().__init__(window=window)
        self.seen: list[str] = []

    def tokenize(self, texts: Sequence[str]) -> list[Tokens]:
        """As the fake does, but ideographs stand alone."""
        self.seen += texts
        found = []
        for text in texts:
            spans = [match.span() for match in re.finditer(r"[\u4e00-\u9fff]|[^\W\u4e00-\u9fff]+|[^\w\s]", text)]
            starts, ends = np.array(spans, dtype=np.int32).reshape(-1, 2).T
            found.append(Tokens(np.array([self._id(text[a:b]) for a, b in spans], dtype=np.int32), starts, ends))
        return found


def texts(pairs: Pairs) -> list[str]:
    """The passages' texts."""
    return [passage.text for passage, _ in pairs]


def markdown(text: str, title: str = "") -> Document:
    """A document whose `#` lines are its headings."""
    headings = [
        Heading(len(match[1]), match[2], match.start(), match.end())
        for match in re.finditer(r"^(#+) (.*)$", text, re.MULTILINE)
    ]
    return Document(text=text, media_type="text/markdown", title=title, headings=headings)


def plain(text: str, title: str = "") -> Document:
    """A document without structure."""
    return Document(text=text, media_type="text/plain", title=title)


def test_a_heading_opens_a_passage_and_names_its_path() -> None:
    """Sections become passages of their own, with the headings above them, without the title."""
    text = (
        "# Guide\n\nOne short line to begin with here.\n\n## Mirrors\n\nThe primary mirror is washed in spring.\n\n"
        "### Coating\n\nAluminium is evaporated in a vacuum chamber.\n\n## Night work\n\nNobody drives up after dusk."
    )
    found = [
        (p.text.partition("\n")[0], p.headings, seen.text.partition("\n")[0])
        for p, seen in chunk(markdown(text, "Guide"))
    ]
    assert found == [
        ("# Guide", (), "Guide"),
        ("## Mirrors", ("Mirrors",), "Guide > Mirrors"),
        ("### Coating", ("Mirrors", "Coating"), "Guide > Mirrors > Coating"),
        ("## Night work", ("Night work",), "Guide > Night work"),
    ]


def test_small_sections_join_the_next_unless_it_ranks_higher() -> None:
    """A section of less than a quarter passage takes in the next one that fits, but not one of an outer heading."""
    text = "## A\n\nTiny.\n\n## B\n\nSmall.\n\n# C\n\nLast one of all.\n\n## D\n\n" + "word " * 55
    assert texts(chunk(markdown(text), passage_tokens=60)) == [
        "## A\n\nTiny.\n\n## B\n\nSmall.",
        "# C\n\nLast one of all.",
        "## D\n\n" + "word " * 54 + "word",
    ]


def test_headings_without_a_place_of_their_own_count() -> None:
    """Outline entries with start == end open sections and give paths."""
    text = "alpha " * 12 + "beta " * 12
    place = text.index("beta")
    headings = [Heading(1, "Part", 0, 0), Heading(2, "Second", place, place)]
    pairs = chunk(Document(text=text, media_type="", headings=headings))
    assert [(p.text.split()[0], p.headings) for p, _ in pairs] == [("alpha", ("Part",)), ("beta", ("Part", "Second"))]


def test_a_rest_is_cut_evenly() -> None:
    """1.2 times a passage becomes two halves, not a full passage and a rest."""
    assert [len(text.split()) for text in texts(chunk(plain("word " * 24)))] == [12, 12]


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("a b c d e. f g h i j\n\nk l m n. o p q r s t", "a b c d e. f g h i j"),  # a paragraph before a sentence
        ("a b c d e f g h i j. k l m n o p q r s, t", "a b c d e f g h i j."),  # a sentence before words
        ("a b c d e f g h Dr. J. Jones k l. M n o p q r s t", "a b c d e f g h Dr. J. Jones k l."),  # no abbreviation
        ("- a b c d e\n- f g h i\n- j k l\n  m n o p\n- q r s", "- a b c d e\n- f g h i"),  # a list's item
        ("夜间观测需要望远镜。天文台位于山顶上面。镜面每年清洗一次", "夜间观测需要望远镜。"),
        ("a b c d e f g h.\n\nNext part\n\nk l m n o p q r s t u", "a b c d e f g h."),  # not below a lead-in
        ("a b c d e f 3.14 g h i j, k l m n o p q r s t u", "a b c d e f 3.14 g h i j,"),  # a clause, not a decimal
    ],
)
def test_the_best_boundary_near_the_middle_is_taken(text: str, first: str) -> None:
    """Paragraphs go before lines, sentences, clauses and words; abbreviations and decimals end nothing."""
    assert texts(chunk(plain(text), RecordingEncoder()))[0] == first


def test_an_overlap_starts_at_a_sentence_else_at_a_word() -> None:
    """A passage that goes on within a section repeats the last sentence, or some words of it."""
    sentences = "A b c d e f. G h i j k l. M n o p q r. S t u v w x."
    assert texts(chunk(plain(sentences), overlap_tokens=9)) == [
        "A b c d e f. G h i j k l.",
        "G h i j k l. M n o p q r.",
        "M n o p q r. S t u v w x.",
    ]
    words = " ".join(f"w{n}" for n in range(30))
    first, second = texts(chunk(plain(words), overlap_tokens=4))
    assert (first.split()[-4:], second.split()[:4], second.split()[-1]) == (
        first.split()[-4:],
        first.split()[-4:],
        "w29",
    )


def test_nothing_is_repeated_across_a_heading() -> None:
    """The passage that a heading opens starts at the heading."""
    text = "# A\n\n" + "one two. " * 8 + "\n\n# B\n\n" + "three four. " * 8
    pairs = chunk(markdown(text), passage_tokens=30, overlap_tokens=10)
    assert [passage.text[:3] for passage, _ in pairs] == ["# A", "# B"]


def test_a_heading_is_neither_left_behind_nor_repeated() -> None:
    """A cut comes behind some of the text below the heading, and an overlap doesn't reach into the heading."""
    heading = "# Why is the mirror of the telescope washed in spring?"
    assert texts(chunk(markdown(f"{heading}\n\n" + "word " * 40)))[0].startswith(f"{heading}\n\nword word")
    short = "# One. Two.\n\na b c d.\n\n" + "e " * 21 + "f"
    assert texts(chunk(markdown(short), overlap_tokens=9)) == [
        "# One. Two.\n\na b c d.",
        "a b c d.\n\n" + "e " * 12 + "e",
        "e " * 17 + "f",
    ]


def test_context_has_a_quarter_of_the_budget_and_the_deepest_heading_stays() -> None:
    """A longer context is cut, outer headings first, then the title, to the token; the input says so."""
    text = "# Outer part of it all\n\n## Middle part of it all\n\n### Inner part\n\n" + "word " * 9
    found = [chunk(markdown(text, title), passage_tokens=40)[0][1] for title in ("The title", "The title " * 20)]
    assert [(seen.text.partition("\n")[0], seen.cut) for seen in found] == [
        ("The title > Outer part of > Middle part of it all > Inner part", True),
        ("The title The title The title The title The title The title > Inner part", True),
    ]
    deep = chunk(markdown("# " + "deep " * 30 + "\n\nword word", "The title"), passage_tokens=40)[0]
    assert (deep[1].text.partition("\n")[0], deep[1].cut) == ("deep " * 14 + "deep", True)
    assert deep[0].headings == ("deep " * 29 + "deep",)


def test_each_text_is_tokenised_once() -> None:
    """The text goes to the tokeniser once and whole, each distinct title and heading once, however many passages."""
    text = "".join(f"## Part {n % 2}\n\n" + "A few words make a sentence here. " * 12 + "\n\n" for n in range(6))
    encoder = RecordingEncoder()
    chunker = Chunker(encoder, ChunkSettings(passage_tokens=20, overlap_tokens=5))
    for _ in range(2):
        assert len(list(chunker.chunk(markdown(text, "Guide")))) > 20
    assert sorted(encoder.seen) == sorted([" > ", "Guide", "Part 0", "Part 1", text.strip(), text.strip()])


def test_passages_come_as_they_are_asked_for() -> None:
    """The first passages of a long text cost the tokenising of its first block only."""
    encoder = RecordingEncoder()
    pairs = Chunker(encoder, ChunkSettings()).chunk(plain("Some words of a long text. " * 40_000))
    assert [passage.ordinal for passage, _ in islice(pairs, 3)] == [0, 1, 2]
    assert 200_000 < sum(map(len, encoder.seen)) < 300_000


def test_blocks_leave_no_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    """Passages are the same whatever the size of the blocks that the text is read in."""
    text = "".join(f"Sentence {n} has words, more words and an end.{' ' if n % 7 else chr(10) * 2}" for n in range(400))
    found = []
    for part, parts in ((32 << 10, 8), (300, 1), (301, 3)):
        monkeypatch.setattr(blocks, "PART", part)
        monkeypatch.setattr(blocks, "PARTS", parts)
        found.append(chunk(plain(text), overlap_tokens=6))
    assert texts(found[0]) == texts(found[1]) == texts(found[2])


def test_a_word_over_the_encoders_limit_is_broken_for_it() -> None:
    """The encoder gets pieces of at most 100 characters with spaces between; the passage stays the exact slice."""
    word = "x" * 250
    [(passage, seen)] = chunk(plain(f"before {word} after"), FakeEncoder(window=500), passage_tokens=200)
    assert passage.text == f"before {word} after"
    assert [len(piece) for piece in seen.text.split()] == [6, 84, 83, 83, 5]
    assert len(seen.token_ids) == 5
    syllables = chunk(plain("각" * 90), FakeEncoder(window=500), passage_tokens=200)[0][1]
    assert [len(piece) for piece in syllables.text.split()] == [30, 30, 30]  # a syllable decomposes into three


def test_a_word_of_100_000_characters_gives_many_passages() -> None:
    """It is cut between its pieces, all of it is covered, and each piece is a token of the fake."""
    word = "x" * 100_000
    pairs = chunk(plain(word))
    assert "".join(texts(pairs)) == word
    assert {len(piece) <= 20 for _, seen in pairs for piece in seen.text.split()} == {True}  # as many as tokens
    assert 5000 <= sum(len(seen.token_ids) for _, seen in pairs) <= 5010
    assert not any(seen.cut for _, seen in pairs)


def test_letters_stay_with_their_marks() -> None:
    """A word is not broken before a combining mark or beside a joiner."""
    family = "👩\u200d👩\u200d👧"
    for unit in ("e\u0301\u0323", family):
        for _, seen in chunk(plain(unit * 150)):
            assert {piece.replace(unit, "") for piece in seen.text.split()} == {""}


@pytest.mark.parametrize("text", ["", "   ", "\n\x0c\u2003\x1f\n"])
def test_white_space_gives_no_passage(text: str) -> None:
    """Neither cut nor whole."""
    assert chunk(plain(text, "Title")) == []
    assert list(Chunker(FakeEncoder(), ChunkSettings(whole=True)).chunk(plain(text))) == []


def test_text_without_tokens_is_one_passage() -> None:
    """Characters that the encoder skips are covered, alone and around words."""

    class Skipping(RecordingEncoder):
        def tokenize(self, texts: Sequence[str]) -> list[Tokens]:
            return super().tokenize([text.replace("\u200b", " ") for text in texts])

    [(passage, seen)] = chunk(plain(" \u200b\u200b \u200b\n", "Title"), Skipping())
    assert (passage.text, passage.start, passage.end, len(seen.token_ids)) == ("\u200b\u200b \u200b", 1, 5, 1)
    assert texts(chunk(plain("\u200b one \u200b"), Skipping())) == ["\u200b one \u200b"]


@pytest.mark.parametrize("whole", [True, False])
def test_a_document_that_is_all_title_is_encoded_once(whole: bool) -> None:
    """The context is left out where it is the passage itself."""
    chunker = Chunker(FakeEncoder(), ChunkSettings(whole=whole))
    [(passage, seen)] = chunker.chunk(plain("waves in flow", "waves in flow"))
    assert (passage.text, seen.text, len(seen.token_ids)) == ("waves in flow", "waves in flow", 3)


def test_whole_gives_one_passage_and_says_when_the_encoder_sees_less() -> None:
    """The passage is all of the text; the encoder gets the title and what fits, marked as cut where that is less."""
    whole = Chunker(FakeEncoder(window=22), ChunkSettings(whole=True))
    [(passage, seen)] = whole.chunk(plain("  short text \n", "Title"))
    assert (passage.text, seen.text, seen.cut) == ("short text", "Title\nshort text", False)
    words = " ".join(f"w{n}" for n in range(40))
    [(passage, seen)] = whole.chunk(markdown(f"# Head\n\n{words}", "Title"))
    assert (passage.text, passage.headings) == (f"# Head\n\n{words}", ())
    assert (seen.text, seen.cut) == ("Title\n# Head\n\n" + " ".join(f"w{n}" for n in range(17)), True)
    assert len(seen.token_ids) == 20


@pytest.mark.parametrize(("tokens", "overlap"), [(7, 0), (-1, 0), (20, 10), (20, -1), (20, 25)])
def test_settings_out_of_range_are_refused(tokens: int, overlap: int) -> None:
    """A passage has at least 8 tokens, and overlaps by less than half."""
    with pytest.raises(ConfigError, match="give"):
        ChunkSettings(passage_tokens=tokens, overlap_tokens=overlap)


def test_settings_survive_json() -> None:
    """What a collection records reads back equal, and nothing else reads."""
    settings = ChunkSettings(passage_tokens=120, overlap_tokens=10, whole=True)
    assert settings.to_json() == {"passage_tokens": 120, "overlap_tokens": 10, "whole": True}
    assert ChunkSettings.from_json(settings.to_json()) == settings
    for wrong in ({}, {**settings.to_json(), "whole": 1}, {**settings.to_json(), "more": 1}):
        with pytest.raises(ConfigError, match="chunk settings"):
            ChunkSettings.from_json(wrong)


def table_document(rows: int, *, before: str = "", names: bool = True) -> Document:
    """A table of parts, below a paragraph, with the names of its columns in its first row or not."""
    head = "| Part no. | Name | Price |\n" if names else ""
    body = "".join(f"| {1000 + row} | Valve {row} | {row * 3 + 7} euro |\n" for row in range(rows))
    text = f"{before}{head}{body}"
    return Document(text, "text/markdown", tables=[Table(len(before), len(text), "Part no. | Name | Price")])


def test_every_passage_of_a_table_has_the_names_of_its_columns() -> None:
    """In its text, where it holds the first row, else as its innermost heading, for the encoder too."""
    chunker = Chunker(FakeEncoder(), ChunkSettings(passage_tokens=40, overlap_tokens=8))
    found = list(chunker.chunk(table_document(30)))
    assert len(found) > 3
    for passage, given in found:
        assert ("Part no." in passage.text) != (passage.headings == ("Part no. | Name | Price",))
        assert "Part no. | Name | Price" in given.text
        assert passage.text.startswith("| ")
        assert passage.text.endswith(" |")


def test_a_table_without_names_in_its_rows_has_them_everywhere() -> None:
    """A sheet whose names stand above it, once."""
    chunker = Chunker(FakeEncoder(), ChunkSettings(passage_tokens=40, overlap_tokens=8))
    for passage, _ in chunker.chunk(table_document(30, names=False)):
        assert passage.headings == ("Part no. | Name | Price",)


def test_a_table_that_fits_a_passage_is_one() -> None:
    """The text before it ends the passage before, however much room there is left."""
    before = " ".join(f"word{number}" for number in range(30)) + ".\n\n"
    document = table_document(3, before=before)
    chunker = Chunker(FakeEncoder(), ChunkSettings(passage_tokens=48, overlap_tokens=0))
    texts = [passage.text for passage, _ in chunker.chunk(document)]
    assert texts == [before.strip(), document.text[len(before) :].strip()]


def test_text_behind_a_table_is_not_below_its_columns() -> None:
    """What follows goes on under the headings above."""
    document = table_document(30)
    text = document.text + "\nA last word about the parts.\n"
    chunker = Chunker(FakeEncoder(), ChunkSettings(passage_tokens=40, overlap_tokens=0))
    last = list(chunker.chunk(replace(document, text=text)))[-1][0]
    assert last.text.endswith("A last word about the parts.")
    alone = Document(text, "text/plain", tables=[Table(0, len(document.text), "a | b")])
    assert Outline(alone).path(len(document.text) + 2) == ()
