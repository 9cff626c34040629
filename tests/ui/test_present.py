"""Results as text and as HTML: what a person reads, and that nothing of a document drives a terminal or a browser."""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from passagework.ingest.report import IngestStage, Problem, Progress, Report
from passagework.retrieval.also_in import AlsoIn
from passagework.retrieval.citations import Citation, Context
from passagework.retrieval.collection.status import IndexStatus, Status, TokenVectorsStatus
from passagework.retrieval.hits import Hit, Hits, Relevance, StageScore
from passagework.retrieval.models.weights import Fingerprint
from passagework.retrieval.plan import FilterUse, Plan, QueryCut
from passagework.retrieval.store import DocumentRow, SourceRow, SourceState
from passagework.retrieval.text import counted, page_list, visible
from passagework.retrieval.types import Fusion, Hidden, HiddenReason, Ocr, Stage
from passagework.ui.commands.progress import SuccessiveBars, progress_bar
from passagework.ui.present import (
    also_in_line,
    context_notes,
    documents_to_json,
    plan_line,
    show_context,
    show_deleted,
    show_documents,
    show_hits,
    show_report,
    show_status,
    warnings_of,
)
from passagework.ui.present.snippets import unwrapped
from passagework.ui.web.hit_details import evidence_line, stage_rows
from passagework.ui.web.hit_list import ListedHit, hit_html, hit_list_html
from passagework.ui.web.page_html import markdown_text, plan_html

HOSTILE = "[bold]loud[/bold] \x1b[31mred\x1b[0m \x07:smile: \u202eesrever\u202c <script>alert(1)</script> \x9b2J"
PLAN = Plan(requested=Stage.HYBRID, used=Stage.HYBRID, candidates=200, fusion=Fusion.CONVEX)


def hit(
    *, text: str = "Trips are approved.", title: str = "Travel", path: str = "policies/travel.md", rank: int = 1
) -> Hit:
    """A hit with a trace of two stages."""
    return Hit(
        rank=rank,
        score=0.9164,
        text=text,
        document="file:///d/" + path,
        path=path,
        title=title,
        pages=(3, 4, 7),
        start=0,
        end=len(text),
        headings=("Approval", title),
        metadata={},
        stages={Stage.DENSE: StageScore(2, 0.7131), Stage.RERANK: StageScore(1, 0.9164, 0.7143)},
        id=1,
        uri="file:///d/" + path,
    )


def hits(*found: Hit, plan: Plan = PLAN) -> Hits:
    """An answer with these hits."""
    return Hits("who?", found, plan, {"total": 12.4, "dense": 3.21, "filter": 0.001})


def row(*, path: str = "r.jsonl", name: str | None = "r1", title: str = "One", pages: int = 0) -> DocumentRow:
    """A document on record."""
    return DocumentRow(
        id=1,
        source_id=1,
        uri=f"file:///d/{path}" + (f"#{name}" if name else ""),
        name=name,
        path=path,
        position=0,
        sha256="0" * 64,
        media_type="application/jsonl",
        title=title,
        metadata={"year": 2020},
        length=18,
        passages=1,
        pages=pages,
        cut=0,
    )


class Screen:
    """A terminal of `width` columns that keeps what it shows; `colour` gives it escapes of its own."""

    def __init__(self, *, width: int = 100, colour: bool = False) -> None:
        self.console = Console(file=io.StringIO(), width=width, highlight=False, force_terminal=colour)

    @property
    def text(self) -> str:
        """All that was printed."""
        assert isinstance(self.console.file, io.StringIO)
        return self.console.file.getvalue()


@pytest.mark.parametrize(
    ("pages", "shown"),
    [((), ""), ((3,), "p. 3"), ((3, 4, 5, 7), "pp. 3-5, 7"), ((1, 3), "pp. 1, 3"), ((9, 10), "pp. 9-10")],
)
def test_page_list(pages: tuple[int, ...], shown: str) -> None:
    """Pages that follow each other are a range."""
    assert page_list(pages) == shown


def test_counted() -> None:
    """One is singular; thousands are grouped."""
    assert [counted(n, "page") for n in (0, 1, 2_000)] == ["0 pages", "1 page", "2,000 pages"]


def test_hit_shows_place_passage_and_every_stage() -> None:
    """Rank, title and score; path, pages and headings; the passage; rank and score of each stage; plan and time."""
    screen = Screen()
    show_hits(screen.console, hits(hit()))
    assert screen.text.splitlines() == [
        " 1  Travel  0.916",
        "    policies/travel.md  pp. 3-4, 7  Approval > Travel",
        "    Trips are approved.",
        "    dense #2 0.713  rerank #1 0.916 (0.71)",
        "",
        "plan  hybrid, convex fusion, 200 candidates per retriever",
        "time  12 ms (dense 3.2)",
    ]


def test_hits_print_as_a_ranking() -> None:
    """In Python: two lines a hit, cut, and nothing that drives a terminal."""
    found = hits(
        hit(text="Trips\n\nare  approved. " + "x" * 200), hit(text=HOSTILE, title=HOSTILE, path="a\nb", rank=2)
    )
    first, *lines = str(found).split("\n")
    assert first == "who?"
    assert lines[:2] == [
        " 1  0.916  policies/travel.md  pp. 3-4, 7  Approval  Travel",
        f"{' ' * 11}Trips are approved. {'x' * 80} ...",
    ]
    assert len(lines) == 4
    assert lines[2].startswith(" 2  0.916  a b  pp. 3-4, 7  Approval  [bold]loud[/bold]")
    assert not set("\x1b\x07\x9b\u202e\u202c") & set("".join(lines))


def test_hits_are_one_line_in_a_notebook() -> None:
    """Query, how many, which stage, and milliseconds; a long or hostile query is cut and harmless."""
    found = hits(hit(), hit(rank=2))
    assert repr(found) == "<Hits of 'who?': 2, hybrid, 12 ms>"
    assert repr(replace(found, query="x" * 100, timings_ms={})) == f"<Hits of '{'x' * 60} ...': 2, hybrid>"
    assert not set("\x1b\x07\x9b\u202e\u202c\n") & set(repr(replace(found, query=HOSTILE)))


def test_records_can_be_told_apart() -> None:
    """By `_id` or line behind the path, in a terminal and on the page; no absolute URI stands in for a title."""
    line = replace(hit(path="r.jsonl", title=""), uri="file:///d/r.jsonl#line=3", document="file:///d/r.jsonl#line=3")
    named = replace(line, uri="file:///d/r.jsonl#a%2Fb", document="a/b")
    for one, title, where in ((line, "r.jsonl#line=3", "r.jsonl#line=3"), (named, "a/b", "r.jsonl#a/b")):
        screen = Screen()
        show_hits(screen.console, hits(one))
        first, second = screen.text.splitlines()[:2]
        assert first == f" 1  {title}  0.916"
        assert second.startswith(f"    {where}  pp. 3-4, 7  ")
        html = hit_list_html(hits(one), [ListedHit(one, kind="JSON")])
        assert f'dir="auto">{title}</h2>' in html
        assert f'data-testid="place">{where} · JSON</div>' in html
        assert "file:" not in html + screen.text
    screen = Screen()
    show_documents(screen.console, [replace(row(name=None, title=""), uri="file:///d/r.jsonl#line=3")], [])
    assert screen.text.splitlines()[0] == "r.jsonl#line=3  (1 passage)"


def test_long_passage_is_wrapped_and_cut_on_screen() -> None:
    """Lines stay within the width, indented, without trailing space; of a long passage it says how much is left out."""
    screen = Screen(width=60)
    show_hits(screen.console, hits(hit(text="word " * 400)))
    lines = [line for line in screen.text.splitlines()[2:] if line.startswith("    ")][:-1]
    assert all(len(line) <= 60 and line == line.rstrip() for line in lines)
    shown = " ".join(" ".join(lines).split())
    assert shown.count("word") == 52  # 260 characters
    assert "word … (1,740 more characters; --json has all)" in shown


def test_a_terminal_of_no_width_still_shows_words() -> None:
    """However narrow, text is printed."""
    screen = Screen(width=3)
    show_hits(screen.console, hits(hit()))
    assert "Trips are approved." in screen.text


def test_no_hits_says_so_and_how_it_was_searched() -> None:
    """The plan tells how many passages the filter let through."""
    plan = replace(PLAN, index="exact", filter=FilterUse("selector", matching=1200))
    screen = Screen(width=120)
    show_hits(screen.console, hits(plan=plan))
    assert screen.text.splitlines() == [
        "no passage found",
        "plan  hybrid, convex fusion, 200 candidates per retriever, exact index, filter selector (1,200 passages)",
        "time  12 ms (dense 3.2)",
    ]


def test_plan_names_the_stage_that_was_left_out() -> None:
    """A fallback is said with its reason."""
    plan = replace(PLAN, requested=Stage.RERANK, reason="no reranker was named")
    assert plan_line(hits(plan=plan)).startswith("hybrid (not rerank: no reranker was named), ")


def test_cut_query_is_a_warning() -> None:
    """What the encoder read, of how much; and the reranker's own cut."""
    plan = replace(PLAN, query_cut=QueryCut(tokens=20_000, used=254), rerank_query_cut=True)
    assert warnings_of(plan) == [
        "the query was cut: 20,000 tokens, of which the encoder read 254",
        "the query was cut for the reranker",
    ]
    screen = Screen()
    show_hits(screen.console, hits(hit(), plan=plan))
    assert screen.text.startswith("note: the query was cut: 20,000 tokens")


def test_what_a_filter_may_have_meant_is_a_warning() -> None:
    """Hits show it, and so does a context."""
    plan = replace(PLAN, hints=("'p' is a folder",))
    screen = Screen()
    show_hits(screen.console, hits(plan=plan))
    assert screen.text.startswith("note: 'p' is a folder\nno passage found\n")
    assert context_notes(Context("q", "", 0, 9, (), plan))[0] == "'p' is a folder"


def _everything_hostile(console: Console) -> None:
    evil = hit(text=HOSTILE, title=HOSTILE, path=HOSTILE)
    show_hits(console, hits(evil))
    citation = Citation(1, HOSTILE, HOSTILE, HOSTILE, HOSTILE, (), 0, 1, (HOSTILE,), 1.0, HOSTILE, {HOSTILE: HOSTILE})
    show_context(console, Context("q", HOSTILE, 1, 9, (citation,), PLAN))
    problem = Problem(HOSTILE, HOSTILE)
    show_report(console, Report(failed=[problem], skipped=[problem], notes=[problem]), Path(HOSTILE))
    rows = [row(path=HOSTILE, name=HOSTILE, title=HOSTILE)]
    source = SourceRow(1, HOSTILE, HOSTILE, "", "", SourceState.FAILED, HOSTILE, ())
    show_documents(console, rows, [source])
    show_deleted(console, rows, dry_run=False)
    show_status(console, replace(STATUS, collection=HOSTILE, fields=(HOSTILE,)))


def test_no_document_drives_the_terminal() -> None:
    """No control character, direction mark or markup of a document is obeyed, in no view; words stay readable."""
    screen = Screen(width=200)
    _everything_hostile(screen.console)
    shown = screen.text
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]", shown)
    assert shown.count("[bold]loud[/bold]") == 4 + 1 + 7 + 5 + 3 + 2
    assert shown.count(":smile:") == shown.count("[bold]loud[/bold]")


def test_a_colour_terminal_gets_only_our_own_escapes() -> None:
    """Even with styles on, a document's escape to red never comes through."""
    screen = Screen(width=200, colour=True)
    show_hits(screen.console, hits(hit(text="\x1b[41mpaint\x1b[0m", title="plain")))
    assert "\x1b[41m" not in screen.text
    assert "\x1b[1;36mplain" in screen.text


def test_clean_keeps_lines_and_spaces() -> None:
    """Indentation and line ends are part of the text; escapes, bells, direction marks and half characters are not."""
    assert visible("a\n  b\tc\x1b[0m\u202e\ud800\x85d") == "a\n  b\tc [0m\ufffd d"


def test_context_is_printed_as_it_is() -> None:
    """No wrapping, no indentation, no note: what is piped is the text."""
    text = "[1] Travel — a.md\n" + "long " * 60 + "\n\n    code"
    context = Context("q", text, 70, 2000, (), replace(PLAN, query_cut=QueryCut(tokens=300, used=254)))
    screen = Screen(width=40)
    show_context(screen.console, context)
    assert screen.text == text + "\n"
    assert context_notes(context) == [
        "the query was cut: 300 tokens, of which the encoder read 254",
        "70 of 2,000 tokens, 0 citations",
    ]


def test_report_names_every_failure() -> None:
    """Counts that are not zero, a line a problem with its reason beneath itself, and what else a person must know."""
    report = Report(
        added=2,
        failed=[Problem("a.pdf", "encrypted: give its password with --pdf-password " + "x" * 60)],
        skipped=[Problem("b.dat", ".dat files are not supported")],
        notes=[Problem("c.pdf", "page 2 has no text")],
        cut=1,
        gone=2,
        passages=30,
        seconds=2.0,
    )
    screen = Screen(width=80)
    show_report(screen.console, report, Path("handbook"))
    assert screen.text.splitlines() == [
        "2 added, 1 failed, 1 skipped",
        "failed  a.pdf: encrypted: give its password with --pdf-password",
        "        " + "x" * 60,
        "note  c.pdf: page 2 has no text",
        "skipped  b.dat: .dat files are not supported",
        "1 passage cut to fit the encoder's window",
        "2 documents gone from disk, still searchable: --delete-missing takes out what is",
        "gone",
        "30 passages in 2.0 s (15/s) into handbook",
    ]


def test_report_of_many_failures_and_of_none() -> None:
    """On screen the first 20 and how many more; a dry run says that it is one; nothing at all is said, too."""
    screen = Screen()
    show_report(screen.console, Report(failed=[Problem(f"{n}.md", "bad") for n in range(25)], dry_run=True), Path("c"))
    lines = screen.text.splitlines()
    assert lines[0] == "would be: 25 failed"
    assert lines[1:] == [f"failed  {n}.md: bad" for n in range(20)] + ["failed  and 5 more; --json lists all"]
    empty = Screen()
    show_report(empty.console, Report(seconds=1.0), Path("c"))
    assert empty.text.splitlines() == ["nothing to do", "no new passages; 1.0 s for c"]
    none = Screen()
    show_report(none.console, Report(skipped=[Problem("x.dat", "unsupported")], no_collection=True), Path("c"))
    assert none.text.splitlines()[-1] == "no file of a supported type was found: no collection was made"
    gone = Screen()
    show_report(gone.console, Report(deleted=2, seconds=0.84), Path("c"))
    assert gone.text.splitlines() == ["2 deleted", "no new passages; 0.8 s for c"]


def test_report_of_many_failures_in_one_file() -> None:
    """The records of one file leave room for the others: three of them are told, and how many more there are."""
    records = [Problem("a.json", f"record {n}: no text") for n in range(1, 31)]
    screen = Screen()
    show_report(screen.console, Report(failed=[*records, Problem("b.pdf", "encrypted")], dry_run=True), Path("c"))
    assert screen.text.splitlines() == [
        "would be: 31 failed",
        "failed  a.json: record 1: no text",
        "failed  a.json: record 2: no text",
        "failed  a.json: record 3: no text",
        "failed  a.json: and 27 more; --json lists all",
        "failed  b.pdf: encrypted",
    ]
    few = Screen()
    show_report(few.console, Report(failed=records[:4], dry_run=True), Path("c"))
    assert few.text.splitlines()[-1] == "failed  a.json: record 4: no text"


STATUS = Status(
    collection="handbook",
    version="v0001",
    created="2026-01-02T03:04:05+00:00",
    documents=1200,
    files=1,
    failed=0,
    passages=2400,
    cut=1,
    vectors=2300,
    encoder=Fingerprint("all-MiniLM-L6-v2", None, "0" * 64, "mean", "", "", 384),
    backend="fake",
    window=256,
    chunking={"passage_tokens": 200, "whole": False},
    index=IndexStatus(
        kind="hnsw", passages=2400, since_build=1, saved=None, recall_at_10=0.987, set_aside=("g000001.index",)
    ),
    token_vectors=None,
    languages={"en": 1100, "und": 100},
    fields=("year",),
    bytes=1_250_000,
)


def test_status_in_lines() -> None:
    """What is in it, what it was made with, how good the index is, and what was damaged."""
    screen = Screen()
    show_status(screen.console, STATUS)
    assert screen.text.splitlines() == [
        "collection     handbook (v0001, made 2026-01-02T03:04:05+00:00)",
        "documents      1,200 from 1 file; 0 failed",
        "passages       2,400, 1 cut; 2,300 vectors",
        "encoder        all-MiniLM-L6-v2 (384 dimensions, window 256), fake",
        "chunking       passage_tokens 200, whole False",
        "index          hnsw, recall@10 0.987; 1 change since it was built",
        "token vectors  none: reranking encodes the passages that it reads",
        "languages      en 1,100, und 100",
        "fields         year",
        "size           1.2 MB",
        "index file g000001.index is missing or damaged; searches are complete, the next ingest mends it",
    ]
    screen = Screen()
    show_status(
        screen.console, replace(STATUS, token_vectors=TokenVectorsStatus(bits=4, passages=2_400, bytes=84_000_000))
    )
    assert "index          hnsw" in screen.text
    assert "token vectors  of 2,400 passages, 4 bits a coordinate, 84.0 MB" in screen.text


def test_documents_in_lines_and_json() -> None:
    """A record goes by its `_id`, a file by its URI; failures follow with their reasons."""
    failed = [SourceRow(1, "file:///d/x.pdf", "x.pdf", "", "", SourceState.FAILED, "empty file", ())]
    screen = Screen()
    show_documents(screen.console, [row(), row(name=None, path="a.pdf", title="A", pages=2)], failed)
    assert screen.text.splitlines() == [
        "r.jsonl#r1  One  (1 passage)",
        "a.pdf  A  (1 passage, 2 pages)",
        "failed  x.pdf: empty file",
        "2 documents",
    ]
    found: dict[str, Any] = documents_to_json([row(), row(name=None)], failed)
    assert [one["document"] for one in found["documents"]] == ["r1", "file:///d/r.jsonl"]
    assert found["failed"] == [{"path": "x.pdf", "reason": "empty file"}]


@pytest.mark.parametrize(("tokens", "overlap", "derived"), [(64, 16, True), (200, 32, False), (64, 10, False)])
def test_status_says_where_a_short_overlap_comes_from(tokens: int, overlap: int, derived: bool) -> None:
    """One that was lowered with the passages, without having been asked for."""
    screen = Screen()
    show_status(screen.console, replace(STATUS, chunking={"passage_tokens": tokens, "overlap_tokens": overlap}))
    assert ("(the overlap is a quarter of passage_tokens)" in screen.text) == derived


def test_deleted_lists_the_first_and_counts_all() -> None:
    """Of many, 20 and how many more; a dry run says that nothing went."""
    screen = Screen()
    show_deleted(screen.console, [row()] * 22, dry_run=True)
    assert screen.text.splitlines() == ["r.jsonl#r1  One"] * 20 + ["and 2 more", "22 documents would be deleted"]


def test_html_escapes_every_text_of_a_document() -> None:
    """Title, path, headings and passage come out as text: no tag of theirs is in the markup."""
    evil = '<script>alert(1)</script><img src=x onerror=alert(2)>" onload="x'
    one = hit(text=evil, title=evil, path=evil)
    html = hit_list_html(hits(one), [ListedHit(one, href=evil)])
    assert html.count("&lt;script&gt;alert(1)&lt;/script&gt;&lt;img src=x onerror=alert(2)&gt;&quot;") == 5
    tags = set(re.findall(r"<(\w+)", html))
    assert tags == {"section", "article", "h2", "p", "div", "ol", "li", "span", "a", "button"}
    assert re.search(r"<[^>]*on\w+=", re.sub(r'"[^"]*"', "", html)) is None


def test_lines_that_were_broken_to_a_width_go_on() -> None:
    """On a page of another width; what is a line of its own stays one: of a list, a table, a heading, a poem. Every
    character keeps its place."""
    long = "A line that somebody's editor has broken after sixty characters or"
    kept = f"# {long}\nText\n{long}\n- item\n{long}\n| cell |\n{long}\n1. one\n\nshort\nlines\n{long}\n\nEnd"
    assert unwrapped(kept) == kept
    assert unwrapped(f"{long}\nso, and\n{long}\n{long}\nmore.") == f"{long} so, and\n{long} {long} more."


def test_a_hit_says_where_it_stands_and_why() -> None:
    """Rank, headings and pages in the list; each stage with rank, score and probability in the dialog."""
    html = hit_html(ListedHit(hit(), href="read?document=a&start=1"))
    assert '<span class="pw-rank">1</span>' in html
    assert '<a class="pw-open" href="read?document=a&amp;start=1" dir="auto">Approval › Travel</a>' in html
    assert '<span class="pw-page-number">pp. 3-4, 7</span>' in html
    assert stage_rows(hit()) == [("dense", 2, "0.713", ""), ("rerank", 1, "0.916", "probability 0.71")]
    assert evidence_line(hit()) == "Its relevance was not estimated."


def test_hits_are_grouped_and_many_are_folded() -> None:
    """By document, the best first; three of one at once where there are five; those that don't answer below a line."""
    likely, unlikely = Relevance(0.5, 0.5, 0.5), Relevance(0.001, 0.0, 0.0)
    uris = ["file:///a"] * 2 + ["file:///b"] + ["file:///a"] * 3 + ["file:///c"]
    found = [
        replace(hit(rank=rank), uri=uri, estimate=likely if rank < 7 else unlikely) for rank, uri in enumerate(uris, 1)
    ]
    html = hit_list_html(hits(*found), [ListedHit(one) for one in found])
    assert re.findall(r'data-hit="(\d)"|<summary>([^<]*)|data-testid="less-relevant"><span>([^<]*)', html) == [
        ("1", "", ""),
        ("2", "", ""),
        ("4", "", ""),
        ("", "2 more passages from this document", ""),
        ("5", "", ""),
        ("6", "", ""),
        ("3", "", ""),
        ("", "", "Less likely to answer"),
        ("7", "", ""),
    ]
    assert ">7 passages in 3 documents</p>" in html
    assert html.count("pw-weak") == 1
    none = [replace(one, estimate=unlikely) for one in found[:2]]
    html = hit_list_html(hits(*none), [ListedHit(one) for one in none])
    assert "Nothing in this collection seems to answer that." in html
    assert html.index("less-relevant") < html.index('data-hit="1"')


def test_hidden_text_is_a_warning_everywhere() -> None:
    """In a terminal and on a page a hit says how much of it can't be seen in its document, and why; others don't."""
    spans = (Hidden(0, 5, HiddenReason.TINY), Hidden(3, 9, HiddenReason.CHARACTERS))
    one = replace(hit(), hidden=spans)
    warning = "9 of 19 characters can't be seen in the document (tiny, invisible characters)"
    assert one.to_json()["hidden"] == [
        {"start": 0, "end": 5, "reason": "tiny"},
        {"start": 3, "end": 9, "reason": "invisible characters"},
    ]
    assert (
        unescape(re.findall(r'data-testid="hidden">([^<]*)<', hit_html(ListedHit(one)))[0]) == f"Hidden text: {warning}"
    )
    assert "pw-hidden" not in hit_html(ListedHit(hit()))
    screen = Screen()
    show_hits(screen.console, hits(one, hit()))
    assert screen.text.count("hidden text:") == 1
    assert warning in " ".join(screen.text.split())


def test_html_of_a_plan() -> None:
    """How many hits, how they were found, how long it took; escaped like the rest."""
    plan = replace(PLAN, requested=Stage.RERANK, reason="<b>none</b>")
    assert plan_html(hits(hit(), plan=plan)) == (
        '<div class="pw-plan" data-testid="plan">1 hit · hybrid (not rerank: &lt;b&gt;none&lt;/b&gt;), convex fusion, '
        "200 candidates per retriever · 12 ms (dense 3.2)</div>"
    )


def test_markdown_shows_text_as_it_is() -> None:
    """Every character that Markdown could read is escaped; line ends become spaces."""
    assert markdown_text("no `x` at [a](b)\n# <b>") == r"no \`x\` at \[a\]\(b\) \# \<b\>"


class Terminal(io.StringIO):
    """A stderr that a person looks at."""

    def isatty(self) -> bool:
        """It is one."""
        return True


def test_progress_is_drawn_where_a_person_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    """A line for each stage; nothing in a file's name drives the terminal or is markup."""
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "160")
    now = Progress(files=3, total_files=12, documents=1_200, passages=20, encoded=50, seconds=2.0)
    with progress_bar() as draw:
        assert draw is not None
        draw(replace(now, stage=IngestStage.SCANNING, found=12))
        draw(replace(now, to_encode=100, bytes_read=500_000, total_bytes=2_000_000, current="[red]a\x1b[2J.md"))
    shown = re.sub(r"\x1b\[[0-9;?]*\w", "", terminal.getvalue())
    assert "12 files found" in shown
    assert "3 of 12 files, 1,200 documents stored, 0.5 of 2.0 MB  [red]a" in shown
    assert "\x1b[2J" not in terminal.getvalue()
    assert "50 of 100 passages known so far, 25/s" in shown


def test_progress_is_not_drawn_into_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    """stderr of a script or a log stays empty."""
    log = io.StringIO()
    monkeypatch.setattr(sys, "stderr", log)
    with progress_bar() as draw:
        assert draw is None
    assert log.getvalue() == ""


def test_bars_take_turns() -> None:
    """One bar is drawn at a time, from its part's first word to the next part's; without a terminal there is none."""
    seen: list[str] = []

    @contextmanager
    def bar(name: str) -> Iterator[Callable[[int], None] | None]:
        seen.append(f"{name} opens")
        yield None if name == "none" else lambda done: seen.append(f"{name} {done}")
        seen.append(f"{name} closes")

    with SuccessiveBars() as drawn:
        first, second, none = (drawn.callback(partial(bar, name)) for name in ("a", "b", "none"))
        first(1)
        first(2)
        second(1)
        drawn.clear()
        seen.append("a note")
        none(1)
    assert seen == [
        "a opens",
        "a 1",
        "a 2",
        "a closes",
        "b opens",
        "b 1",
        "b closes",
        "a note",
        "none opens",
        "none closes",
    ]


def test_a_hit_that_ocr_read_says_so() -> None:
    """In a line and in a badge, rounded down: nothing is surer than it is. Other hits say nothing of it."""
    one = replace(hit(), ocr=Ocr(0.9379))
    screen = Screen()
    show_hits(screen.console, hits(one))
    assert "\n    read by OCR, 93% sure\n" in screen.text
    assert re.findall(r'data-testid="ocr">([^<]*)<', hit_html(ListedHit(one))) == ["read by OCR, 93% sure"]
    screen = Screen()
    show_hits(screen.console, hits(hit()))
    assert "OCR" not in screen.text + hit_html(ListedHit(hit()))


def test_where_else_a_text_stands_is_a_line_on_the_terminal_and_the_page() -> None:
    """The first place with its pages, and how many more; a document's name is no markup, and no copy is no line."""
    places = (
        AlsoIn("file:///d/<b>a.pdf", "<b>a.pdf", "", 5, 20, (3,), 1.0),
        AlsoIn("r7", "r.jsonl", "2024/docs", 0, 15, (), 0.95),
    )
    screen = Screen()
    show_hits(screen.console, hits(replace(hit(), also_in=places)))
    assert "also in <b>a.pdf p. 3 and 1 more" in screen.text
    line = re.findall(r'data-testid="also-in">([^<]*)<', hit_html(ListedHit(replace(hit(), also_in=places))))
    assert [unescape(one) for one in line] == ["also in <b>a.pdf p. 3 and 1 more"]
    assert also_in_line(places[1:]) == "also in r.jsonl#r7 (in 2024/docs)"
    assert "also in" not in screen_of(hit()) + hit_html(ListedHit(hit()))


def screen_of(one: Hit) -> str:
    """What a terminal shows of a hit."""
    screen = Screen()
    show_hits(screen.console, hits(one))
    return screen.text
