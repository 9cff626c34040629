"""Plain text: encodings found by looking, text cleaned before offsets, memory."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from passagework.ingest.loaders.encoding import clean, decode
from tests.support.loaded_files import only, written


def test_line_ends_nul_and_mark_are_normalised_before_offsets(tmp_path: Path) -> None:
    """CRLF and CR become LF, NUL becomes U+FFFD, a leading byte order mark is dropped."""
    document = written(tmp_path, "a.txt", b"\xef\xbb\xbfone\r\ntwo\rthree\x00\n")
    assert document.text == "one\ntwo\nthree\ufffd\n"
    assert document.metadata == {}
    assert document.media_type == "text/plain"


def test_a_line_end_across_blocks_is_one(tmp_path: Path) -> None:
    """CR at the end of one block and LF at the start of the next are one line end; so are split characters."""
    content = b"x" * ((1 << 20) - 1) + b"\r\n" + b"y" * ((1 << 20) - 2) + "é".encode() + b"z"
    text = written(tmp_path, "a.txt", content).text
    assert text == "x" * ((1 << 20) - 1) + "\n" + "y" * ((1 << 20) - 2) + "éz"


@given(st.text(st.characters(exclude_categories=[]), max_size=200))
def test_clean_leaves_nothing_that_cannot_be_stored(text: str) -> None:
    """Cleaned text has no CR, NUL or lone surrogate, and cleaning it again changes nothing."""
    cleaned = clean(text)
    cleaned.encode("utf-8")
    assert not {"\r", "\x00"} & set(cleaned)
    assert clean(cleaned) == cleaned


RUSSIAN = "Съешь же ещё этих мягких французских булок, да выпей чаю. Москва столица России.\n"
JAPANESE = "吾輩は猫である。名前はまだ無い。どこで生れたかとんと見当がつかぬ。\n"


@pytest.mark.parametrize(
    ("codec", "text"),
    [
        ("cp1252", "It’s a résumé – “naïve”, £5 or €10.\n"),
        ("cp1252", "Année scolaire: élève, garçon, où, être. Très bien, ça va déjà à Noël.\n"),
        ("cp1252", "Alle mennesker er født frie og lige i værdighed; de bør handle mod hverandre i en ånd.\n"),
        ("cp1250", "Příliš žluťoučký kůň úpěl ďábelské ódy.\n"),
        ("cp1250", "Wszyscy ludzie rodzą się wolni i równi pod względem swej godności i swych praw.\n"),
        ("cp1254", "Bütün insanlar hür, haysiyet ve haklar bakımından eşit doğarlar.\n"),
        ("cp1251", RUSSIAN),
        ("koi8_r", RUSSIAN),
        ("cp1253", "Όλοι οι άνθρωποι γεννιούνται ελεύθεροι και ίσοι στην αξιοπρέπεια.\n"),
        ("cp1255", "כל בני האדם נולדו בני חורין ושווים בערכם ובזכויותיהם.\n"),
        ("shift_jis", JAPANESE),
        ("euc_jp", JAPANESE),
        ("iso2022_jp", JAPANESE),
        ("gb18030", "人人生而自由，在尊严和权利上一律平等。他们赋有理性和良心。\n"),
        ("big5", "人人生而自由，在尊嚴和權利上一律平等。他們賦有理性和良心。\n"),
        ("euc_kr", "모든 인간은 태어날 때부터 자유로우며 그 존엄과 권리에 있어 동등하다.\n"),
        ("utf-16", RUSSIAN),
        ("utf-16-le", "Plain words, and a café.\n"),
        ("utf-16-be", "Plain words, and a café.\n"),
        ("utf-16-le", JAPANESE * 3),
        ("utf-32", RUSSIAN),
        ("utf-32-le", "Plain words, and a café.\n"),
        ("utf-32-be", JAPANESE),
    ],
)
def test_encodings_are_found_by_looking(tmp_path: Path, codec: str, text: str) -> None:
    """Text in an older or a wide encoding, without a mark or with one, reads as it was written, and says so."""
    document = written(tmp_path, "a.txt", text.encode(codec))
    assert document.text == text
    assert document.metadata["encoding"] != "utf-8"
    assert document.notes == ()


def test_an_older_encoding_far_into_the_file_is_found(tmp_path: Path) -> None:
    """The first three megabytes are ASCII; the accents after them are read all the same."""
    content = b"plain ascii line\n" * 200_000 + "un café très cher\n".encode("cp1252")
    document = written(tmp_path, "a.log", content)
    assert document.text.endswith("plain ascii line\nun café très cher\n")
    assert document.metadata == {"encoding": "cp1252"}


def test_damaged_utf8_stays_utf8(tmp_path: Path) -> None:
    """One bad byte in good UTF-8 is one lost character, counted in a note; the rest isn't taken for cp1252."""
    document = written(tmp_path, "a.txt", "Größe und Höhe, äöü und ß. ".encode() * 3 + b"\xff end")
    assert document.text == "Größe und Höhe, äöü und ß. " * 3 + "\ufffd end"
    assert document.notes == ("1 characters are not valid utf-8: U+FFFD stands for them",)


def test_a_nul_among_ascii_is_no_utf16() -> None:
    """A NUL here and there doesn't make two letters one Chinese character."""
    assert decode(io.BytesIO(b"abc\x00def ghi jkl mno\n")).text == "abc\ufffddef ghi jkl mno\n"


def test_a_large_text_is_held_about_twice(tmp_path: Path) -> None:
    """Reading 40 MB takes no more than some 2.5 times that, measured by the allocator."""
    import tracemalloc

    path = tmp_path / "big.txt"
    path.write_bytes(b"the quick brown fox jumps over the lazy dog\r\n" * 900_000)
    tracemalloc.start()
    try:
        document = only(path)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert len(document.text) == 900_000 * 44
    assert peak < 2.5 * path.stat().st_size


def test_recursion_limit_is_untouched() -> None:
    """No loader raises the interpreter's recursion limit to get through."""
    assert sys.getrecursionlimit() <= 3000
