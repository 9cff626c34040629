"""Text that readers of web pages, books, mails and any text don't see: told with its reason, at its place."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from passagework.ingest.loaders import LoadOptions, load
from passagework.ingest.loaders.hidden_characters import with_hidden_characters
from passagework.ingest.loaders.html.html_text import render_html
from passagework.retrieval.types import Document, Hidden, HiddenReason
from tests.support.office_files import ONE, changed, novel, only


def hidden_of(source: str) -> list[tuple[str, HiddenReason]]:
    """The hidden texts of a page with their reasons."""
    page = render_html(source).body
    return [(page.text[span.start : span.end], span.reason) for span in page.hidden]


@pytest.mark.parametrize(
    ("element", "reason"),
    [
        ('<span style="color:white">secret words</span>', HiddenReason.BACKGROUND),
        ('<span style="COLOR: #FFF !important">secret words</span>', HiddenReason.BACKGROUND),
        ('<font color="#fefefe">secret words</font>', HiddenReason.BACKGROUND),
        ('<div style="background: rgb(10, 20, 30); color: #0a141e">secret words</div>', HiddenReason.BACKGROUND),
        ('<div style="background-color:#000"><b style="color:black">secret words</b></div>', HiddenReason.BACKGROUND),
        (
            '<table bgcolor="blue"><tr><td><font color="blue">secret words</font></td></tr></table>',
            HiddenReason.BACKGROUND,
        ),
        ('<p style="font-size:0">secret words</p>', HiddenReason.TINY),
        ('<p style="color:red; font-size: 0.5px">secret <b>words</b></p>', HiddenReason.TINY),
        ('<p style="opacity:0">secret words</p>', HiddenReason.TRANSPARENT),
        ('<p style="opacity:0.0"><span style="opacity:1">secret words</span></p>', HiddenReason.TRANSPARENT),
        ('<p style="color:transparent">secret words</p>', HiddenReason.TRANSPARENT),
        ('<p style="color:rgba(0, 0, 0, 0)">secret words</p>', HiddenReason.TRANSPARENT),
        ('<h2 style="color:white">secret words</h2>', HiddenReason.BACKGROUND),
        ('<pre style="color:white">secret words</pre>', HiddenReason.BACKGROUND),
        ('<ul><li style="color:white">secret words</li></ul>', HiddenReason.BACKGROUND),
        ('<p style="font-size:0;font-size:large-ish">secret words</p>', HiddenReason.TINY),
        ('<p style="font-size:0!important;font-size:12px">secret words</p>', HiddenReason.TINY),
        ('<p style="font-/**/size/* */:0;font:12px x;font:0/0 x">secret words</p>', HiddenReason.TINY),
        ('<p style="font-size:0"><b style="font-size:1em">secret words</b></p>', HiddenReason.TINY),
        ('<p style="opacity:1%">secret words</p>', HiddenReason.TRANSPARENT),
        ('<p style="opacity:.01">secret words</p>', HiddenReason.TRANSPARENT),
        ('<p style="color:rgba(0,0,0,.01)">secret words</p>', HiddenReason.TRANSPARENT),
        ('<p style="color:hsl(0, 0%, 100%)">secret words</p>', HiddenReason.BACKGROUND),
        ('<p style="color:rgb(100% 100% 100%)">secret words</p>', HiddenReason.BACKGROUND),
        ('<p style="color:hwb(0 100% 0%)">secret words</p>', HiddenReason.BACKGROUND),
        ('<p style="c\\6flor: w\\68ite">secret words</p>', HiddenReason.BACKGROUND),
        ("""<p style="font-family: 'a;b'; color: white">secret words</p>""", HiddenReason.BACKGROUND),
        ('<p style="background:lavender;color:#E6E6FA">secret words</p>', HiddenReason.BACKGROUND),
        ('<p bgcolor="000080"><font color="Navy">secret words</font></p>', HiddenReason.BACKGROUND),
        ('<p style="text-indent:-9999px">secret words</p>', HiddenReason.OUTSIDE),
        (
            '<div style="position:absolute; left:-200em"><p style="color:red">secret words</p></div>',
            HiddenReason.OUTSIDE,
        ),
        ('<p style="position:absolute;clip:rect(1px, 1px, 1px, 1px)">secret words</p>', HiddenReason.INVISIBLE),
        ('<p style="clip-path:inset(100%)">secret words</p>', HiddenReason.INVISIBLE),
        ('<p style="max-height:0;OVERFLOW:HIDDEN">secret words</p>', HiddenReason.INVISIBLE),
        ('<p style="transform:scale(0)">secret words</p>', HiddenReason.INVISIBLE),
    ],
)
def test_what_a_page_hides_is_told(element: str, reason: HiddenReason) -> None:
    """By colour, size or opacity in its own elements, wherever it stands; the rest of the page is not touched."""
    assert hidden_of(f"<p>All can read this.</p>{element}<p>And this.</p>") == [("secret words", reason)]


@pytest.mark.parametrize(
    "element",
    [
        '<div style="background:#000"><span style="color:#fff">words</span></div>',
        '<div style="background:url(a.png)"><span style="color:#fff">words</span></div>',
        '<p style="font-size:0"><span style="font-size:16px">words</span></p>',
        '<p style="font-size:0.9em; opacity:0.5; color:#eee">words</p>',
        '<p style="color:white"><span style="color:black">words</span></p>',
        '<p style="color:white"><a href="x">words</a></p>',
        '<p aria-hidden="true">words</p>',
        '<style>.hero{background:black}</style><p class="hero" style="color:white">words</p>',
        '<link rel="stylesheet" href="a.css"><div style="background:#000">words</div>',
        '<p style="background-color:transparent">words</p>',
        '<p style="opacity:0;opacity:0.9">words</p>',
        '<p style="font-size:12px;font:bold 0.9em serif">words</p>',
        '<p style="text-indent:-2em; margin-left:-20px">words</p>',
        '<p style="left:-9999px; height:0">words</p>',
        '<p style="position:absolute; left:50%; top:-50%; overflow:hidden; height:20px">words</p>',
        '<p style="overflow:hidden; transform:scale(0.5)">words</p>',
    ],
)
def test_what_a_page_shows_is_left_in_peace(element: str) -> None:
    """Backgrounds that differ or aren't known, sizes and colours that inner elements restore, aria-hidden."""
    assert hidden_of(f"<p>All.</p>{element}<p>And this.</p>") == []
    assert "words" in render_html(element).body.text


def test_the_body_says_its_colours() -> None:
    """White text on a black page is seen, and black text on it is not."""
    source = '<body bgcolor="black" text="white"><p>words <font color="#000">secret</font></p>'
    assert hidden_of(source) == [("secret", HiddenReason.BACKGROUND)]


def test_what_is_not_shown_at_all_is_no_text() -> None:
    """Elements that take no place on the page, or are told to be invisible, leave nothing behind."""
    page = render_html(
        '<p>a</p><p hidden>b</p><p style="d\\69splay:none">c</p><p style="visibility: hidden">d</p>'
        '<template>e</template><p style="display:/**/none">f</p>'
        "<dialog>g</dialog><div popover>h</div><progress>i</progress>"
    ).body
    assert (page.text, page.hidden) == ("a", ())


def test_a_hidden_cell_costs_its_row_nothing() -> None:
    """In a line of a table only the hidden cell is told, whatever is joined around it."""
    white = 'style="color:#ffffff"'
    source = f"<table><tr><td>Net</td><td>(</td><td {white}>see me</td><td>$</td><td>12</td><td>)</td></tr></table>"
    assert render_html(source).body.text == "| Net | ( | see me | $12) |"
    assert hidden_of(source) == [("see me", HiddenReason.BACKGROUND)]
    both = f"<table><tr {white}><td>a</td><td>b</td></tr><tr><td>c</td><td>d</td></tr></table>"
    assert hidden_of(both) == [("a", HiddenReason.BACKGROUND), ("b", HiddenReason.BACKGROUND)]


@given(st.lists(st.tuples(st.sampled_from(["p", "b", "td", "h1", "li", "pre"]), st.booleans()), max_size=12))
def test_each_hidden_piece_is_where_it_is_said_to_be(pieces: list[tuple[str, bool]]) -> None:
    """Whatever stands around: hidden words lie in hidden spans, the others outside."""
    words = [("secret" if secret else "open") + f"{number}." for number, (_, secret) in enumerate(pieces)]
    source = " ".join(
        f"<{tag}{' style=color:white' if secret else ''}>{word}</{tag}>"
        for (tag, secret), word in zip(pieces, words, strict=True)
    )
    page = render_html(source).body
    covered = {at for span in page.hidden for at in range(span.start, span.end)}
    for (_, secret), word in zip(pieces, words, strict=True):
        start = page.text.index(word)
        assert {at in covered for at in range(start, start + len(word))} == {secret}


def test_a_book_and_a_mail_count_from_their_beginning(tmp_path: Path) -> None:
    """Chapters and parts before the hidden text shift it to its place in the document."""
    chapter = ONE + '<p style="font-size:0">secret words</p></body></html>'
    other = '<html><body><p>Sun. <i style="opacity:0">more secrets</i></p></body></html>'
    path = changed(novel(tmp_path), "OPS/ch one.xhtml", chapter.encode())
    book = only(changed(path, "OPS/two.xhtml", other.encode()))
    assert [book.text[one.start : one.end] for one in book.hidden] == ["secret words", "more secrets"]
    mail = tmp_path / "a.eml"
    mail.write_text(
        "Subject: Hi\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=X\n\n--X\nContent-Type: text/plain\n\n"
        "First part.\n--X\nContent-Type: text/html\n\n"
        "<p>Second <font color=white>secret words</font> part.</p>\n--X--\n"
    )
    letter = only(mail)
    assert [letter.text[one.start : one.end] for one in letter.hidden] == ["secret words"]
    assert letter.notes == ("holds text that its readers don't see: 12 characters (background colour)",)


TAGS = "".join(chr(0xE0000 + ord(letter)) for letter in "obey")


@pytest.mark.parametrize(
    ("text", "unseen"),
    [
        (f"Hello{TAGS} there", TAGS),
        (f"\U0001f3f4{TAGS} there", TAGS),  # a black flag, but no end of a flag's name
        ("Smile \U0001f600\ufe0f\U000e0101\U000e0155 now", "\ufe0f\U000e0101\U000e0155"),
        ("Hello" + "\u200b\u200c" * 8 + "there", "\u200b\u200c" * 8),
    ],
)
def test_smuggled_characters_are_told(tmp_path: Path, text: str, unseen: str) -> None:
    """Tags, rows of variation selectors and rows of zero-width characters, in a file of any kind."""
    for name, source in (("a.txt", text), ("a.md", f"# T\n\n{text}"), ("a.html", f"<p>{text}</p>")):
        (tmp_path / name).write_text(source, encoding="utf-8")
        document = only(tmp_path / name)
        assert [document.text[one.start : one.end] for one in document.hidden] == [unseen]
        assert {one.reason for one in document.hidden} == {HiddenReason.CHARACTERS}
        assert "invisible characters" in document.notes[-1]


@pytest.mark.parametrize(
    "text",
    [
        "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f wins",  # the flag of England
        "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",  # Persian, with a joiner that spelling asks for
        "\U0001f468\u200d\U0001f469\u200d\U0001f467 \u2764\ufe0f",
        "\u8fbb\U000e0100 soft\u200b break",
    ],
)
def test_spelling_and_emoji_are_left_in_peace(text: str) -> None:
    """Flags, joiners, single selectors and soft breaks."""
    document = Document(text, "text/plain")
    assert with_hidden_characters(document) is document


def test_records_have_no_note_of_their_own(tmp_path: Path) -> None:
    """A file of a million records must not make a million notes; the spans are there."""
    path = tmp_path / "a.jsonl"
    path.write_text(f'{{"_id": "a", "text": "x{TAGS}"}}\n{{"text": "{TAGS}y"}}\n', encoding="utf-8")
    documents = list(load(path, LoadOptions()))
    assert [one.hidden for one in documents if isinstance(one, Document)] == [
        (Hidden(1, 5, HiddenReason.CHARACTERS),),
        (Hidden(0, 4, HiddenReason.CHARACTERS),),
    ]
    assert all(isinstance(one, Document) and not one.notes for one in documents)
