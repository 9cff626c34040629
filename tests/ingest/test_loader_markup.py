"""TeX, Org, AsciiDoc, XML, notebooks and subtitles: structure found, what readers don't see left out, places kept."""

from __future__ import annotations

import json
import time
from contextlib import suppress
from pathlib import Path

import pytest

from passagework.ingest.loaders import LoadOptions, load
from passagework.retrieval.errors import IngestError, NoTextError
from passagework.retrieval.types import PlaceUnit, SourcePlace
from tests.support.loaded_files import written


def test_tex_shows_what_its_readers_see(tmp_path: Path) -> None:
    """No comments, no preamble, no labels; sections, lists, tables, notes, accents; formulas as they are written."""
    source = r"""
\documentclass{article}\newcommand{\foo}[1]{secret #1}
\title{On \emph{Widgets}}\author{Ada}
\begin{document}
% a comment
\section{Intro}\label{s:i} Caf\'e, na\"{\i}ve, 50\% \textbf{bold}\footnote{A note.} see~\cite{k84}, $a_b$.

\begin{itemize}\item one \iffalse unseen \fi \item two\end{itemize}
\begin{enumerate}\item first \item second\end{enumerate}
\begin{tabular}{l|r} Item & Price \\ \hline Nut & 3 \\ Pear & \\ \end{tabular}
\begin{comment} nothing \end{comment}
\begin{equation}\label{e} E = mc^2 \end{equation}
\subsection*{More --- or less} \href{http://a}{a link} \phantom{ghost}
\begin{verbatim}
x = 1 % kept
\end{verbatim}
\end{document} after
"""
    document = written(tmp_path, "a.tex", source)
    assert document.text == (
        "## Intro\n\nCafé, naïve, 50% bold (A note.) see [k84], $a_b$.\n- one\n- two\n1. first\n2. second\n\n"
        "| Item | Price |\n| --- | --- |\n| Nut | 3 |\n| Pear |  |\n\nE = mc^2\n\n### More — or less\n\na link\n\n"
        "x = 1 % kept"
    )
    assert (document.title, document.metadata) == ("On Widgets", {"author": "Ada"})
    assert [(h.level, h.title) for h in document.headings] == [(2, "Intro"), (3, "More — or less")]
    assert document.tables[0].columns == "Item | Price"


def test_org(tmp_path: Path) -> None:
    """Headlines without their state, priority and tags; none in blocks, whose ends may be missing."""
    source = (
        "#+TITLE: My notes\n#+AUTHOR: Ada\n* TODO [#A] Buy milk  :shop:home:\n| a | b |\n|---+---|\n| 1 | 2 |\n"
        "#+BEGIN_SRC python\n* code\n#+END_SRC\n** Sub\n#+begin_quote\n* Last\n"
    )
    document = written(tmp_path, "a.org", source)
    assert document.text == source
    assert [(h.level, h.title) for h in document.headings] == [(1, "Buy milk"), (2, "Sub"), (1, "Last")]
    assert (document.title, document.metadata) == ("My notes", {"author": "Ada"})
    assert [table.columns for table in document.tables] == ["a | b"]


def test_asciidoc(tmp_path: Path) -> None:
    """Section titles, attributes and tables; none in listings."""
    source = (
        "= Manual\n:author: Ada\n\n== First\n\n----\n== code\n|===\n----\n\n|===\n|Name |Cost\n\n|Nut |3\n|===\n"
        '\n[options="header"]\n|===\n|A |B\n|1 |2\n|===\n\n....\n=== Not closed, so a title\n'
    )
    document = written(tmp_path, "a.adoc", source)
    assert [(h.level, h.title) for h in document.headings] == [
        (1, "Manual"), (2, "First"), (3, "Not closed, so a title"),
    ]  # fmt: skip
    assert [table.columns for table in document.tables] == ["Name | Cost", "A | B"]
    assert (document.title, document.metadata) == ("Manual", {"author": "Ada"})


def test_xml_of_books_and_articles(tmp_path: Path) -> None:
    """Titles are headings by how deep their sections lie; tables keep their columns; comments say nothing."""
    source = (
        '<?xml version="1.0" encoding="ISO-8859-1"?><book xmlns="http://docbook.org/ns/docbook"><title>Führer</title>'
        "<!-- secret --><chapter><title>Install</title><para>Use <command>make</command> now.</para><section>"
        "<title>Deep</title><table><title>Prices</title><tgroup><tbody><row><entry>Item</entry><entry>Cost</entry></row>"
        "<row><entry>Nut</entry><entry>3</entry></row></tbody></tgroup></table></section></chapter></book>"
    )
    document = written(tmp_path, "a.xml", source.encode("latin-1"))
    assert document.text == (
        "# Führer\n\n## Install\n\nUse make now.\n\n### Deep\n\nPrices\n\n| Item | Cost |\n| --- | --- |\n| Nut | 3 |"
    )
    assert [(h.level, h.title) for h in document.headings] == [(1, "Führer"), (2, "Install"), (3, "Deep")]
    assert document.tables[0].columns == "Item | Cost"
    assert document.title == "Führer"


def test_xml_of_data(tmp_path: Path) -> None:
    """Short values behind the names of their elements, attributes that say something, HTML in values as it is read."""
    source = (
        '<items><item sku="ABC-1" id="x9"><name>Blue lamp</name><price>12.50</price></item><item sku="ABC-2">'
        "<name>Chair</name><text>&lt;p&gt;A &lt;b&gt;fine&lt;/b&gt; one&lt;/p&gt;</text></item></items>"
    )
    assert written(tmp_path, "a.xml", source).text == (
        "item: sku=ABC-1\nname: Blue lamp\nprice: 12.50\n\nitem: sku=ABC-2\n\nname: Chair\n\nA fine one"
    )
    assert written(tmp_path, "b.xml", "<html><body><h1>Page</h1></body></html>").media_type == "text/html"
    damaged = written(tmp_path, "c.xml", "<a><p>Some text</p><p>more")
    assert damaged.text == "Some text\n\nmore"
    assert damaged.notes[0].startswith("it is damaged, and read as far as it goes")
    odd = written(tmp_path, "d.xml", "<a><p>Some text</p><p>more\x00</p></a>").notes[0]
    assert odd.startswith("it is damaged, and read as far as it goes: line 1")
    assert odd == " ".join(odd.split())
    surrogate = written(tmp_path, "e.xml", "<a><p>Some text</p><p>&#xD800;more</p><p>end</p></a>")
    assert surrogate.text.startswith("Some text")
    assert surrogate.text.endswith("end")


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("", "empty file"),
        ("just words", "isn't XML"),
        ("<a/>", "no text"),
        ('<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "declares entities"),
    ],
)
def test_xml_that_cannot_be_read(tmp_path: Path, source: str, reason: str) -> None:
    """Each with its reason in a line."""
    with pytest.raises(IngestError, match=reason):
        written(tmp_path, "a.xml", source)


def test_notebooks(tmp_path: Path) -> None:
    """Texts with headings, code in fences, outputs as text and tables; no pictures' data, no colours of terminals."""
    cells = [
        {"cell_type": "markdown", "source": ["# Title\n", f"![x](data:image/png;base64,{'A' * 200})"]},
        {
            "cell_type": "code",
            "source": "# no heading\nprint('hi')",
            "outputs": [
                {"output_type": "stream", "text": ["hi\n"]},
                {"output_type": "display_data", "data": {"image/png": "iVBORw0KGgo", "text/plain": ["<Figure>"]}},
                {"output_type": "execute_result",
                 "data": {"text/html": "<table><tr><th>a</th><th>b</th></tr><tr><td>1</td><td>2</td></tr></table>"}},
                {"output_type": "error", "ename": "ValueError", "evalue": "bad", "traceback": ["\x1b[31mlong"]},
            ],
        },
        {"cell_type": "raw", "source": "raw text"},
    ]  # fmt: skip
    notebook = {"cells": cells, "metadata": {"language_info": {"name": "python"}}, "nbformat": 4}
    document = written(tmp_path, "a.ipynb", json.dumps(notebook))
    assert document.text == (
        "# Title\n![x](data:image/png;base64,…)\n\n```python\n# no heading\nprint('hi')\n```\n\nhi\n\n<Figure>\n\n"
        "| a | b |\n| 1 | 2 |\n\nValueError: bad\n\nraw text"
    )
    assert [h.title for h in document.headings] == ["Title"]
    assert document.tables[0].columns == "a | b"
    assert (document.title, document.metadata) == ("Title", {"language": "python"})
    older = {"worksheets": [{"cells": [{"cell_type": "heading", "level": 2, "source": "Old"},
                                       {"cell_type": "code", "input": "1", "outputs": []}]}]}  # fmt: skip
    assert written(tmp_path, "b.ipynb", json.dumps(older)).text == "Old\n\n```\n1\n```"


@pytest.mark.parametrize(
    ("source", "reason"),
    [("", "empty file"), ('{"cells": [', "not valid JSON"), ("[1]", "no cells"), ('{"cells": [{}]}', "no text")],
)
def test_notebooks_that_cannot_be_read(tmp_path: Path, source: str, reason: str) -> None:
    """Each with its reason in a line."""
    with pytest.raises(IngestError, match=reason):
        written(tmp_path, "a.ipynb", source)


def test_subtitles_are_paragraphs_with_their_seconds(tmp_path: Path) -> None:
    """Cues run together up to a pause or another speaker; marks of style go."""
    source = (
        "\ufeff1\r\n00:00:01,000 --> 00:00:03,000\r\n<i>Hello there.</i>\r\n\r\n2\r\n00:00:03,500 --> 00:00:06,000\r\n"
        "General\r\nKenobi!\r\n\r\n3\r\n01:00:10,000 --> 01:00:12,500\r\n{\\an8}After a pause.\r\n"
    )
    document = written(tmp_path, "a.srt", source.encode("utf-8"))
    assert document.text == "Hello there. General Kenobi!\n\nAfter a pause."
    assert document.places == [
        SourcePlace(PlaceUnit.SECOND, 1.0, 3.0, 0, 12),
        SourcePlace(PlaceUnit.SECOND, 3.5, 6.0, 13, 28),
        SourcePlace(PlaceUnit.SECOND, 3610.0, 3612.5, 30, 44),
    ]
    assert document.metadata == {"duration": 3612.5}


def test_webvtt(tmp_path: Path) -> None:
    """Who speaks stands before what is said; remarks and styles are not shown; lines that roll on come once."""
    source = (
        "WEBVTT\n\nNOTE secret\n\nSTYLE\n::cue { color: red }\n\n00:01.000 --> 00:02.000 align:left\n"
        "<v Ann>Tea &amp; cake\n\n00:02.000 --> 00:03.000\n<v Ann>Tea &amp; cake\nnext <00:00:02.5><c>words</c>\n\n"
        "00:03.000 --> 00:04.000\n<v Bo>Yes.\n"
    )
    document = written(tmp_path, "a.vtt", source)
    assert document.text == "Ann: Tea & cake next words\n\nBo: Yes."
    assert document.media_type == "text/vtt"
    with pytest.raises(NoTextError, match="nothing is said"):
        written(tmp_path, "b.vtt", "WEBVTT\n\n00:01.000 --> 00:02.000\n\n")


HOSTILE = {
    "a.tex": ["\\begin{verbatim}" * 20_000, "{" * 200_000, "$" * 200_000, "\\iffalse" * 40_000, "\\section{" * 40_000],
    "a.md": ["* " + " " * 300_000, " " * 300_000 + "x", "-" * 200_000 + "x", "| " * 100_000],
    "a.org": ["#+begin_x\n" * 40_000, "* " + " " * 300_000, "* a :" * 60_000],
    "a.adoc": ["----\n=\n" * 60_000, "|===\n" * 60_000, "".join(f"{'-' * (4 + n % 500)}\n" for n in range(2_000))],
    "a.srt": ["00:00:01,000 --> 00:00:02,000\n" * 10_000, " --> " * 60_000, "<v " * 100_000],
    "a.ics": ["BEGIN:VEVENT\n" * 30_000, "A;B=" * 70_000 + ":x", "BEGIN:VEVENT\n" + ";A=" * 90_000],
    "a.vcf": ["BEGIN:VCARD\n" * 30_000, "A" + ";" * 300_000, 'TEL;"' * 60_000],
    "a.xml": ["<a>" * 100_000, "<a b='" * 50_000, f"<a>{'<p>x</p>' * 40_000}</a>"],
    "a.ipynb": ['{"cells": ' + "[" * 100_000, json.dumps({"cells": [{"cell_type": "code", "source": "`" * 200_000}]})],
    "a.rtf": ["{\\rtf1 " + "{\\b " * 9_000, "{\\rtf1 " + "\\cell" * 60_000, "{\\rtf1 " + "{\\footnote " * 9_000],
    "a.mbox": ["From a@b Mon Jan  1 10:00:00 2024\nA: b\n\n" * 5_000],
    "a.py": ["(" * 100_000, "def f(:\n" * 40_000, "class A:\n" * 30_000],
    "a.cpp": ["namespace a {" * 30_000, "/*" * 100_000, "int f(" * 40_000],
    "a.sql": ["CREATE TABLE " * 20_000, "(" * 100_000],
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_texts_take_no_long_time(tmp_path: Path, name: str) -> None:
    """Nothing that is repeated or left open costs more than its length."""
    for number, source in enumerate(HOSTILE[name]):
        path = tmp_path / f"{number}{name}"
        path.write_text(source)
        started = time.monotonic()
        with suppress(IngestError):
            list(load(path, LoadOptions()))
        assert time.monotonic() - started < 20, (name, number)


def test_tex_shows_what_its_commands_stand_for(tmp_path: Path) -> None:
    """Words of the document's own commands, units, raised text; cells that reach over columns; code as it is set."""
    source = (
        "\\newcommand{\\pump}{P-100}\\begin{document}"
        "Every \\pump{} moves \\SI{5}{\\metre} in 10\\textsuperscript{6} s.\n\n"
        "\\begin{tabular}{lrr} Part & Min & Max \\\\ \\multicolumn{2}{l}{Rotor} & 5 \\\\ \\end{tabular}\n"
        "\\begin{lstlisting}[language=Python]\nif x:\n    y\n\\end{lstlisting}\\end{document}"
    )
    text = written(tmp_path, "a.tex", source).text
    assert text == (
        "Every P-100 moves 5 metre in 10^6 s.\n\n"
        "| Part | Min | Max |\n| --- | --- | --- |\n| Rotor |  | 5 |\n\nif x:\n    y"
    )


def test_xml_keeps_notes_and_raised_text_apart_and_code_as_it_is(tmp_path: Path) -> None:
    """A note of the text is in brackets; the title of a remark is no heading."""
    source = (
        "<article><title>Pumps</title><para>Inspected<footnote><para>By law.</para></footnote> "
        "10<superscript>6</superscript> times.</para><note><title>Note</title><para>Wear gloves.</para></note>"
        "<programlisting>if x:\n    y</programlisting></article>"
    )
    document = written(tmp_path, "a.xml", source)
    assert document.text == "# Pumps\n\nInspected (By law.) 10^6 times.\n\nNote\n\nWear gloves.\n\nif x:\n    y"
    assert [heading.title for heading in document.headings] == ["Pumps"]
