"""Markdown and reStructuredText: headings where they stand, front matter and field lists as metadata."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from passagework.ingest.loaders.text.front_matter import FrontMatter, front_matter
from passagework.ingest.loaders.text.markdown import markdown_headings
from passagework.ingest.loaders.text.rst import rst_headings
from passagework.retrieval.errors import IngestError
from passagework.retrieval.types import Heading
from tests.support.loaded_files import written


def titles(text: str, headings: list[Heading]) -> list[tuple[int, str, str]]:
    """Level, title, and the source that the range covers."""
    return [(heading.level, heading.title, text[heading.start : heading.end]) for heading in headings]


def test_markdown_headings_and_ranges() -> None:
    """ATX and setext headings at their places; none from fences, comments, indented code, lists or tables."""
    text = (
        "# One #\n\ntext\n\n## `Two` {#two}\n\nThree\n=====\n\nFour\n---\n\n"
        "```sh\n# not this\n```\n\n~~~\n# nor this\n```\n~~~\n\n    # code\n\n<!-- # hidden\n# too -->\n\n"
        "- item\n---\n\n> quote\n---\n\ntwo\nlines\n---\n\n| a |\n---\n\n#hashtag\n#\n### **Five**"
    )
    assert titles(text, markdown_headings(text)) == [
        (1, "One", "# One #"),
        (2, "`Two` {#two}"[1:4], "## `Two` {#two}"),
        (1, "Three", "Three\n====="),
        (2, "Four", "Four\n---"),
        (3, "Five", "### **Five**"),
    ]


def test_markdown_headings_on_the_first_and_last_line() -> None:
    """A heading needs no line before or after it; an unclosed fence runs to the end."""
    assert titles("## A", markdown_headings("## A")) == [(2, "A", "## A")]
    assert titles("A\n=", markdown_headings("A\n=")) == [(1, "A", "A\n=")]
    assert markdown_headings("```\n# a\n# b") == []
    assert markdown_headings("") == []


@given(st.text("# \n`~=-<!>a\t*[]{}", max_size=120))
def test_markdown_titles_are_slices_of_the_text(text: str) -> None:
    """Whatever the text: titles stand within their ranges, ranges are in order and end before a line end."""
    end = -1
    for heading in markdown_headings(text):
        assert heading.title in text[heading.start : heading.end]
        assert heading.title.strip()
        assert heading.start > end
        assert text[heading.end : heading.end + 1] in ("", "\n")
        end = heading.end


def test_hostile_markdown_takes_no_time() -> None:
    """Half a million comments that never close, or marks that never end, are read in a moment."""
    assert markdown_headings("\n<!--" * 500_000) == []
    assert markdown_headings("```\n" * 100_001) == []
    assert [heading.level for heading in markdown_headings("# " + "{#" * 300_000 + "a")] == [1]
    assert [heading.level for heading in markdown_headings("# a" + " " * 500_000 + "b")] == [1]


def test_front_matter_becomes_metadata_and_leaves_the_text(tmp_path: Path) -> None:
    """YAML between `---` lines: title to the title, dates to ISO strings, offsets counted in the text below."""
    document = written(
        tmp_path,
        "a.md",
        "---\ntitle: Travel  policy\ndate: 2024-03-01\ntags: [hr, travel]\nbig: 99999999999999999999\n---\n"
        "\n# Scope\nx\n",
    )
    assert document.title == "Travel policy"
    assert document.metadata == {"date": "2024-03-01", "tags": ["hr", "travel"], "big": "99999999999999999999"}
    assert document.text == "# Scope\nx\n"
    assert document.headings == [Heading(level=1, title="Scope", start=0, end=7)]
    assert document.media_type == "text/markdown"


def test_the_first_top_heading_is_the_title_where_none_is_given(tmp_path: Path) -> None:
    """Without front matter the first H1 names the document; without one, nothing does."""
    assert written(tmp_path, "a.md", "## Sub\n\n# Main\n\n# Other\n").title == "Main"
    assert written(tmp_path, "b.md", "just text\n").title == ""


BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{chr(98 + n)}: &{chr(98 + n)} [{','.join('*' + chr(97 + n) for _ in range(9))}]\n" for n in range(12)
)


@pytest.mark.parametrize(
    "block",
    [
        "tags: [a,\n  b\nx",
        "just words",
        "- a\n- list",
        "? [a]\n: b",
        "a: !!python/object/apply:os.system ['true']",
        "a: &a [*a]",
        BOMB,
        "a: " + "[" * 2000 + "\nb",
    ],
)
def test_malformed_front_matter_is_text(tmp_path: Path, block: str) -> None:
    """What isn't a plain mapping stays in the text, nothing is run, and nothing grows without bound."""
    source = f"---\n{block}\n---\n\nBody\n"
    document = written(tmp_path, "a.md", source)
    assert document.text == source
    assert document.metadata == {}


def test_front_matter_alone_is_no_text(tmp_path: Path) -> None:
    """A file of nothing but front matter has nothing to search."""
    with pytest.raises(IngestError, match="no text below the front matter"):
        written(tmp_path, "a.md", "---\ntitle: x\n---\n\n")
    assert front_matter("---\nno end") == FrontMatter()


RST = """\
========
 Manual
========

:Author: Ada Lovelace
:Version: 2

Intro
=====

text
====

.. _here:

Details
-------
::

    Not a title
    -----------

Para one
goes on
--------

日本語
~~~~~~

Back
====
"""


def test_rst_sections_and_ranges(tmp_path: Path) -> None:
    """Levels follow the adornments' first use, ranges hold them; literal blocks and paragraphs give none."""
    document = written(tmp_path, "a.rst", RST)
    assert document.text == RST
    assert document.title == "Manual"
    assert document.metadata == {"author": "Ada Lovelace", "version": "2"}
    assert titles(RST, list(document.headings)) == [
        (1, "Manual", "========\n Manual\n========"),
        (2, "Intro", "Intro\n====="),
        (2, "text", "text\n===="),
        (3, "Details", "Details\n-------"),
        (4, "日本語", "日本語\n~~~~~~"),
        (2, "Back", "Back\n===="),
    ]


def test_rst_headings_agree_with_docutils(real_data: Path) -> None:
    """The section titles and levels of real files are those that docutils finds."""
    core = pytest.importorskip("docutils.core")
    nodes = pytest.importorskip("docutils.nodes")
    quiet = {"report_level": 5, "halt_level": 5, "file_insertion_enabled": False, "raw_enabled": False}
    quiet["doctitle_xform"] = False
    for path in sorted((real_data / "files" / "office-and-web").glob("*.rst")):
        text = path.read_text("utf-8")
        tree = core.publish_doctree(text, settings_overrides=quiet)
        expected = []
        for section in tree.findall(nodes.section):
            depth, parent = 1, section.parent
            while isinstance(parent, nodes.section):
                depth, parent = depth + 1, parent.parent
            expected.append((depth, section[0].astext()))
        assert [(heading.level, heading.title) for heading in rst_headings(text)] == expected


def test_rst_includes_nothing(tmp_path: Path) -> None:
    """`include` and `raw` are lines of text: no file is read, nothing is run."""
    (tmp_path / "secret.txt").write_text("SECRET")
    source = "T\n====\n\n.. include:: secret.txt\n\n.. raw:: html\n   :file: secret.txt\n"
    assert written(tmp_path, "a.rst", source).text == source


def test_toml_front_matter_becomes_metadata(tmp_path: Path) -> None:
    """Between lines of `+++`, with its dates as text; the title is the document's."""
    source = '+++\ntitle = "Field notes"\ndate = 2024-05-01\ntags = ["pumps"]\n[more]\nx = 1\n+++\n\n# Body\n'
    document = written(tmp_path, "a.md", source)
    assert (document.title, document.text) == ("Field notes", "# Body\n")
    assert document.metadata == {"date": "2024-05-01", "tags": ["pumps"], "more": {"x": 1}}


@pytest.mark.parametrize(
    ("block", "note"),
    [
        ("---\ntags: [a,\n  b\n---\n", "its front matter is not valid YAML, and is kept as text: "),
        ("+++\ntitle = 'a'\nunquoted\n+++\n", "its front matter is not valid TOML, and is kept as text: "),
        ("---\njust words\n---\n", ""),
    ],
)
def test_broken_front_matter_is_noted(tmp_path: Path, block: str, note: str) -> None:
    """What was meant as fields, and can't be read, is text, and the report says so."""
    document = written(tmp_path, "a.md", f"{block}\nBody\n")
    assert document.text == f"{block}\nBody\n"
    assert [line[: len(note)] for line in document.notes] == [note] * bool(note)


@pytest.mark.parametrize(
    ("block", "title", "metadata"),
    [
        ("---\ntitle: Pumps: care and feeding\ntags: [a, b]\n---\n", "Pumps: care and feeding", {"tags": ["a", "b"]}),
        ("---\ntitle: [Draft] Pumps\nday: 2024-13-45\n---\n", "[Draft] Pumps", {"day": "2024-13-45"}),
        ('---\ntitle: @home\nby: "Ann" Bo\nn: 3\n---\n', "@home", {"by": '"Ann" Bo', "n": 3}),
        ("---\ntitle: x\nlist:\n  - name: a: b\n---\n", "x", {"list": [{"name": "a: b"}]}),
        ("+++\ntitle = Field notes\nn = 3\n+++\n", "Field notes", {"n": 3}),
    ],
)
def test_damaged_lines_of_front_matter_are_taken_as_they_stand(
    tmp_path: Path, block: str, title: str, metadata: dict[str, object]
) -> None:
    """One line that is no YAML or TOML costs neither the title nor the other fields, and the report says so."""
    document = written(tmp_path, "a.md", f"{block}\nBody\n")
    assert (document.title, document.metadata, document.text) == (title, metadata, "Body\n")
    assert ["what can't be read of a line is taken as it stands" in note for note in document.notes] == [True]


DATA = "iVBORw0KGgo" * 400


@pytest.mark.parametrize(
    ("source", "text"),
    [
        (f"![Plan](data:image/png;base64,{DATA}) End", "![Plan](data:image/png;base64,…) End"),
        (f"[a]: data:font/woff2;x=utf-8;base64,{DATA}==\nEnd", "[a]: data:font/woff2;x=utf-8;base64,…\nEnd"),
        (f"<img src='data:image/gif;base64,{DATA[:80]}\n{DATA[:80]}'>", "<img src='data:image/gif;base64,…'>"),
        ("url(data:image/svg+xml;utf8,<svg a='1'><g/></svg>) End", "url(data:image/svg+xml;utf8,…) End"),
        (f"url(data:image/svg+xml,%3Csvg{'%20x=1' * 20}) End", "url(data:image/svg+xml,…) End"),
        ("see data:text/plain,hello and metadata: x/y, more", "see data:text/plain,hello and metadata: x/y, more"),
    ],
)  # fmt: skip
def test_data_in_addresses_is_no_text(tmp_path: Path, source: str, text: str) -> None:
    """Pictures and fonts that stand in a text leave their kind and an ellipsis; what can be read stays."""
    for name in ("a.md", "a.txt", "a.rst"):
        assert written(tmp_path, name, source).text == text


def test_a_json_object_above_the_text_is_its_fields(tmp_path: Path) -> None:
    """As Hugo has it; one that is damaged, or is all there is, is text."""
    document = written(tmp_path, "a.md", '{\n  "title": "Field notes",\n  "tags": ["a"]\n}\n\nBody\n')
    assert (document.title, document.text, document.metadata) == ("Field notes", "Body\n", {"tags": ["a"]})
    for source in ('{\n "title": \n\nBody\n', '{\n "title": "T"\n}\n'):
        assert written(tmp_path, "a.md", source).text == source
