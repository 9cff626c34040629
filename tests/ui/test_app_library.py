"""The library without a browser: what is there, what failed, putting in and taking out, and where uploads land."""

from __future__ import annotations

import errno
import html
import os
import re
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import pytest

pytest.importorskip("streamlit", reason='pip install "passagework[ui]"')

from streamlit.testing.v1 import AppTest

from passagework import Collection
from passagework.ingest import Progress, WatchState, WatchStatus, ingest
from passagework.ingest.loaders.formats import SUFFIXES
from passagework.ingest.watching.watch_status import watch_file
from passagework.retrieval import ConfigError, IngestError
from passagework.retrieval.folder import UPLOADS
from passagework.ui.sources.uploads import LONGEST_NAME, UPLOAD_MEGABYTES, remove_upload, save_upload, upload_name
from passagework.ui.web.ingest_job import IngestJob, IngestJobs, stop_jobs
from passagework.ui.web.session import jobs_of
from tests.support.app_sessions import fake_models, html_of, open_page
from tests.support.fakes import FakeEncoder
from tests.support.pdf_files import typed

pytestmark = pytest.mark.usefixtures("empty_cache")

BROKEN = "&broken.pdf" if os.name == "nt" else "<b>broken<b>.pdf"
"""A name that is markup, as far as Windows takes one."""


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    """One document and one damaged file."""
    folder = tmp_path / "docs"
    folder.mkdir()
    (folder / "bees.txt").write_text("Bees dance to tell of flowers.")
    (folder / BROKEN).write_bytes(b"no PDF")
    return folder


@pytest.fixture
def page(docs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    """The library of their collection."""
    ingest([docs], tmp_path / "c", encoder=FakeEncoder(window=256))
    fake_models(monkeypatch, None)
    return open_page(tmp_path / "c", monkeypatch, "library")


def _finished(page: AppTest, collection: Path) -> AppTest:
    job = jobs_of(str(collection.resolve())).last
    assert job is not None
    job.join(60)
    assert not job.is_alive()
    page.run()
    assert not page.exception
    return page


def _acted(page: AppTest, collection: Path, what: str, file: Path) -> AppTest:
    """The page after a button of the file's row was pressed; AppTest has no browser that would tell of it."""
    with Collection.open(collection) as opened:
        [source] = [source for source in opened.sources() if source.uri == file.as_uri()]
    page.session_state["library-act"] = f"{what}:{source.id}"
    page.run()
    assert not page.exception
    return page


def test_what_a_watch_does_is_shown(page: AppTest, tmp_path: Path) -> None:
    """A line, where there is or was one."""
    assert html_of(page, "watch") == []
    with watch_file(tmp_path / "c") as file:
        file.write(WatchStatus(WatchState.INGESTING, 77, ("/docs",), "2026-11-30T10:00:00+00:00"))
        [line] = html_of(page.run(), "watch")
    assert "ingesting (process 77): /docs" in line


def test_what_is_there_and_what_failed(page: AppTest) -> None:
    """Sizes, encoder, index with its measured recall; every document with its state; failures with their reasons."""
    [status] = html_of(page, "status")
    for said in (
        "1 document from 2 files (1 file failed)",
        "fake, 32 dimensions, window 256",
        "exact; 0 changes",
        "1.000, measured",
    ):
        assert said in status
    [rows] = html_of(page, "documents")
    assert ">bees.txt</a></td>" in rows
    assert ">done</td>" in rows
    [problems] = html_of(page, "failed")
    assert "&lt;b&gt;broken&lt;b&gt;.pdf</td>" in problems
    assert ">named .pdf but isn&#x27;t one: it has no %PDF- header</td>" in problems


def test_notes_and_failures_are_told_apart(docs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file of which nothing was read failed, also one of records; notes are told under a plain name."""
    (docs / "none.json").write_text("[{}, {}]")
    (docs / "some.json").write_text('[{}, {"text": "wasps"}]')
    ingest([docs], tmp_path / "c", encoder=FakeEncoder(window=256))
    fake_models(monkeypatch, None)
    page = open_page(tmp_path / "c", monkeypatch, "library")
    labels = [one.label for one in page.expander]
    assert "Failed files (2)" in labels
    assert "Notes on what could not be read or is hidden (3)" in labels
    [failed] = html_of(page, "failed")
    assert ("none.json" in failed, "some.json" in failed) == (True, False)


def test_a_folder_is_brought_in(page: AppTest, docs: Path, tmp_path: Path) -> None:
    """In a thread of its own, with the encoder in memory; then what it did is told, and what is new is listed."""
    (docs / "wasps.txt").write_text("Wasps build paper nests.")
    page.text_input(key="folder_path").set_value(str(docs))
    next(one for one in page.button if one.label == "Add").click().run()
    _finished(page, tmp_path / "c")
    [report] = html_of(page, "report")
    assert "Last run: 1 added, 1 unchanged, 1 failed; 1 passage in" in report
    assert (len(html_of(page, "failed")), html_of(page, "problems")) == (1, [])  # told once
    assert ">wasps.txt</a></td>" in html_of(page, "documents")[0]


def test_what_is_not_read_is_told_by_type(page: AppTest, tmp_path: Path) -> None:
    """With how many files there are of it, and the way to have them read."""
    more = tmp_path / "more"
    more.mkdir()
    for name in ("a.doc", "b.doc", "c.amr", "d.txt"):
        (more / name).write_text("Hornets hunt.")
    page.text_input(key="folder_path").set_value(str(more))
    next(one for one in page.button if one.label == "Add").click().run()
    _finished(page, tmp_path / "c")
    [unread] = html_of(page, "unread")
    assert ">.doc</td>" in unread
    assert ">2</td>" in unread
    assert "soffice --headless --convert-to docx FILE" in unread
    assert ">.amr</td>" in unread


def test_a_folder_that_is_not_there(page: AppTest) -> None:
    """Is said not to be; nothing is started."""
    for named in ("/no/such/folder", "~nobody-here/x", "\0"):
        page.text_input(key="folder_path").set_value(named)
        next(one for one in page.button if one.label == "Add").click().run()
        assert not page.exception
        assert len(page.error) == 1


def test_folders_are_not_offered_to_other_machines(docs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the server listens to others, nobody reads this machine's files through it."""
    ingest([docs], tmp_path / "c", encoder=FakeEncoder(window=256))
    fake_models(monkeypatch, None)
    monkeypatch.setattr("passagework.ui.web.session.host", lambda: "0.0.0.0")
    page = open_page(tmp_path / "c", monkeypatch, "library")
    assert [one.key for one in page.text_input] == ["find"]
    assert any("can be added only while the server listens" in str(one.proto.body) for one in page.get("html"))


def test_an_upload_is_found_and_deleted(page: AppTest, tmp_path: Path) -> None:
    """It lies in the collection's own folder and is a document like any other; deleted, its file is gone too."""
    collection = tmp_path / "c"
    save_upload(collection, "wasps.txt", b"Wasps build paper nests.")
    jobs = jobs_of(str(collection.resolve()))
    with Collection.open(collection) as opened:
        jobs.start(opened, [collection / UPLOADS]).join(60)
        assert [hit.path for hit in opened.search("wasps", stage="lexical")] == ["wasps.txt"]
    page.run()
    uri = (collection / UPLOADS / "wasps.txt").as_uri()
    page.multiselect(key="chosen").set_value([uri]).run()
    page.checkbox(key="sure").check().run()
    next(one for one in page.button if one.label == "Delete").click().run()
    assert not page.exception
    assert [one.value for one in page.success] == [r"1 document deleted\."]
    assert "wasps.txt" not in html_of(page, "documents")[0]
    assert list((collection / UPLOADS).iterdir()) == []


def test_files_that_can_be_read_are_offered_and_no_others(page: AppTest) -> None:
    """By their endings: a kind of file, such as all text, would let the browser offer what no loader reads."""
    [uploader] = page.get("file_uploader")
    assert set(uploader.proto.type) == set(SUFFIXES)


def test_a_file_elsewhere_stays_when_its_document_goes(page: AppTest, docs: Path, tmp_path: Path) -> None:
    """The library deletes no file but those that came through it."""
    page.multiselect(key="chosen").set_value([(docs / "bees.txt").as_uri()]).run()
    page.checkbox(key="sure").check().run()
    next(one for one in page.button if one.label == "Delete").click().run()
    assert (docs / "bees.txt").exists()
    assert [one.value for one in page.info] == [
        "This collection is empty. Upload files, or name a folder on this machine."
    ]
    assert not remove_upload(tmp_path / "c", docs / "bees.txt")


def _uploaded(page: AppTest, monkeypatch: pytest.MonkeyPatch, *files: tuple[str, bytes]) -> AppTest:
    """The page after these files were put into the form and sent; AppTest has no uploads of its own."""
    sent = [SimpleNamespace(name=name, getvalue=lambda data=data: data) for name, data in files]
    with monkeypatch.context() as patch:
        patch.setattr("streamlit.file_uploader", lambda *args, **options: sent)
        next(one for one in page.button if one.label == "Add to the collection").click().run()
    assert not page.exception
    return page


def test_deleted_records_of_an_upload_stay_away(page: AppTest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another upload brings in what was uploaded, and nothing of the files that lie there already; nor does a file
    that lies there unseen, because the server ended before, stay out."""
    collection = tmp_path / "c"
    _finished(_uploaded(page, monkeypatch, ("list.csv", b"text\nAnts dig.\nMoths fly.\n")), collection)
    folder = collection / UPLOADS
    page.multiselect(key="chosen").set_value([f"{(folder / 'list.csv').as_uri()}#row=2"]).run()
    page.checkbox(key="sure").check().run()
    next(one for one in page.button if one.label == "Delete").click().run()
    (folder / "left.txt").write_text("Left behind.")
    _finished(_uploaded(page, monkeypatch, ("wasps.txt", b"Wasps build.")), collection)
    [rows] = html_of(page, "documents")
    for name in ("list.csv#row=3", "left.txt", "wasps.txt"):
        assert f">{name}</a></td>" in rows
    assert "list.csv#row=2" not in rows
    _finished(_uploaded(page, monkeypatch, ("list.csv", b"text\nAnts dig.\nMoths fly.\n")), collection)
    assert ">list.csv#row=2</a></td>" in html_of(page, "documents")[0]  # for it was asked for


def test_a_failed_upload_can_be_removed(page: AppTest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It goes from the list and from the disk; a file of a folder that failed goes from the list alone."""
    collection = tmp_path / "c"
    _finished(_uploaded(page, monkeypatch, ("broken.pdf", b"no PDF either")), collection)
    upload, other = collection / UPLOADS / "broken.pdf", tmp_path / "docs" / BROKEN
    assert ">broken.pdf</td>" in html_of(page, "failed")[0]
    _acted(page, collection, "remove", upload)
    assert [one.value for one in page.success] == [r"broken\.pdf\: removed from the list"]
    _acted(page, collection, "remove", other)
    assert html_of(page, "failed") == []
    assert (upload.exists(), other.exists()) == (False, True)


def test_failed_files_of_one_name_are_told_apart(page: AppTest, docs: Path, tmp_path: Path) -> None:
    """By their folders, where two have a file of that path; one alone is told by its path."""
    other = tmp_path / "other"
    other.mkdir()
    (other / BROKEN).write_bytes(b"no PDF")
    (other / "alone.pdf").write_bytes(b"no PDF")
    ingest([other], tmp_path / "c", encoder=FakeEncoder(window=256))
    [failed] = html_of(page.run(), "failed")
    assert all(f">{html.escape(str(folder / BROKEN))}</td>" in failed for folder in (docs, other))
    assert ">alone.pdf</td>" in failed


def test_a_failed_file_is_tried_again_or_ignored_until_it_changes(page: AppTest, docs: Path, tmp_path: Path) -> None:
    """What was mended is a document after that; an ignored one stands aside, and comes back with another text."""
    collection, broken = tmp_path / "c", docs / BROKEN
    _acted(page, collection, "ignore", broken)
    assert (html_of(page, "failed"), len(html_of(page, "ignored"))) == ([], 1)
    _acted(page, collection, "heed", broken)
    assert (len(html_of(page, "failed")), html_of(page, "ignored")) == (1, [])
    _acted(page, collection, "ignore", broken)
    broken.write_bytes(b"no PDF either")
    ingest([docs], collection, encoder=FakeEncoder(window=256))
    assert (len(html_of(page.run(), "failed")), html_of(page, "ignored")) == (1, [])
    broken.write_bytes(typed([["Moths fly at night."]]))
    _finished(_acted(page, collection, "again", broken), collection)
    assert html_of(page, "failed") == []
    with Collection.open(collection) as opened:
        assert [(row.path, row.passages) for row in opened.documents()] == [(BROKEN, 1), ("bees.txt", 1)]


def test_a_document_opens_with_its_passages_and_notes(
    docs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What an ingest noted of its file, and each passage as it reads; nothing of it is markup."""
    (docs / "some.json").write_text('[{}, {"text": "wasps & bees", "maker": "<i>"}]')
    ingest([docs], tmp_path / "c", encoder=FakeEncoder(window=256))
    fake_models(monkeypatch, None)
    page = open_page(tmp_path / "c", monkeypatch, "library")
    with Collection.open(tmp_path / "c") as opened:
        [row] = [row for row in opened.documents() if row.path == "some.json"]
    page.session_state["library-act"] = f"open:{row.id}"
    page.run()
    assert "wasps &amp; bees" in html_of(page, "passage-of")[0]
    assert "some.json" in html_of(page, "document-facts")[0]
    assert "&lt;i&gt;" in html_of(page, "document-facts")[0]
    assert html_of(page, "document-notes")
    assert "library-act" not in page.session_state


def test_the_grid_is_sorted_and_narrowed(page: AppTest, docs: Path, tmp_path: Path) -> None:
    """By a column's name, the other way round by a second click; by a part of the title, by type; the rest is gone."""
    (docs / "ants.md").write_text("# Ants\n\nAnts dig.")
    ingest([docs], tmp_path / "c", encoder=FakeEncoder(window=256))

    def listed() -> list[str]:
        return re.findall(r'dir="auto">([^<]*)</a>', html_of(page, "documents")[0])

    assert (page.run() and listed()) == ["ants.md", "bees.txt"]
    page.session_state["library-act"] = "sort:Document descending"
    assert (page.run() and listed()) == ["bees.txt", "ants.md"]
    assert (
        'aria-sort="descending"><button type="button" class="pw-sort" data-act="sort:Document ascending"'
        in (html_of(page, "documents")[0])
    )
    page.multiselect(key="library-types").set_value(["Markdown"]).run()
    assert listed() == ["ants.md"]
    page.text_input(key="find").set_value("bees").run()
    assert listed() == []


def test_a_record_that_calls_itself_like_another_document(
    page: AppTest, docs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was chosen is deleted, and not the record whose `_id` is that document's URI."""
    uri = (docs / "bees.txt").as_uri()
    _finished(
        _uploaded(page, monkeypatch, ("list.jsonl", f'{{"_id": "{uri}", "text": "Liar."}}'.encode())), tmp_path / "c"
    )
    page.multiselect(key="chosen").set_value([uri]).run()
    page.checkbox(key="sure").check().run()
    next(one for one in page.button if one.label == "Delete").click().run()
    assert [one.value for one in page.success] == [r"1 document deleted\."]
    with Collection.open(tmp_path / "c") as opened:
        assert [row.path for row in opened.documents()] == ["list.jsonl"]


def test_an_ingest_ends_between_two_steps(page: AppTest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the server ends: what was committed stays, the job says so, and the same ingest goes on from there."""
    many = tmp_path / "many"
    many.mkdir()
    for number in range(40):
        (many / f"{number:02}.txt").write_text(f"Bee number {number}.")
    begun, noted = threading.Event(), IngestJob._note

    def note(job: IngestJob, progress: Progress) -> None:
        noted(job, progress)
        if progress.files >= 5:
            begun.set()
            while not job._stopping:
                time.sleep(0.01)

    with monkeypatch.context() as patch, Collection.open(tmp_path / "c") as opened:
        patch.setattr(IngestJob, "_note", note)
        job = IngestJobs().start(opened, [many])
        assert begun.wait(60)
        assert stop_jobs(60) == (1, 0)
        assert job.problem == "stopped; what was committed is safe, and the same ingest goes on from there"
        assert stop_jobs(0) == (0, 0)
    with Collection.open(tmp_path / "c") as opened:
        job = IngestJobs().start(opened, [many])
        job.join(60)
        assert job.report is not None
        assert job.report.added + job.report.unchanged == 40
        assert opened.status().documents == 41


def test_one_ingest_at_a_time(page: AppTest, docs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second one is refused as long as the first runs; what goes wrong in one is told, not lost."""
    go_on = threading.Event()

    def slow(*args: object, **options: object) -> None:
        go_on.wait(60)
        raise ValueError("broken")

    monkeypatch.setattr("passagework.ui.web.ingest_job.ingest", slow)
    jobs = IngestJobs()
    with Collection.open(tmp_path / "c") as opened:
        job = jobs.start(opened, [docs])
        with pytest.raises(IngestError, match="under way"):
            jobs.start(opened, [docs])
        go_on.set()
        job.join(60)
    assert (job.is_alive(), job.problem) == (False, "unexpected ValueError: broken")


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("notes.txt", "notes.txt"),
        ("../../etc/passwd.txt", "passwd.txt"),
        (r"C:\Users\x\notes.txt", "notes.txt"),
        ("/abs/notes.md", "notes.md"),
        (".hidden.md", "hidden.md"),
        ("a\x1b[31mb\u202e\x00.txt", "a [31mb.txt"),
        ('<img src=x onerror="1">.html', "_img src=x onerror=_1__.html"),
        ("x" * 300 + ".pdf", "x" * (LONGEST_NAME - 4) + ".pdf"),
        ("é" * 200 + ".pdf", "é" * 58 + ".pdf"),
        ("nul.txt", "_nul.txt"),  # devices, to Windows
        ("COM1.2025.md", "_COM1.2025.md"),
        ("console.txt", "console.txt"),
    ],
)
def test_names_of_uploads(name: str, written: str) -> None:
    """A name is the last part of a path, without what could lead elsewhere or drive a terminal, and not too long."""
    assert upload_name(name) == written


@pytest.mark.parametrize("name", ["", ".txt", "..", "../", "run.exe", "a.txt.exe", "\0"])
def test_names_that_are_refused(name: str) -> None:
    """What is no document, or no name."""
    with pytest.raises(ConfigError, match="supported types are"):
        upload_name(name)


def test_where_uploads_land(tmp_path: Path) -> None:
    """Beneath the collection; never over another file, nor through a link; too large ones are refused."""
    first = save_upload(tmp_path, "a.txt", b"one")
    assert first == tmp_path / UPLOADS / "a.txt"
    assert save_upload(tmp_path, "a.txt", b"one") == first
    assert save_upload(tmp_path, "b/../a.txt", b"two") == tmp_path / UPLOADS / "a (2).txt"
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "c.txt").write_text("mine")
    (tmp_path / UPLOADS / "c.txt").symlink_to(tmp_path / "outside" / "c.txt")
    assert save_upload(tmp_path, "c.txt", b"mine").name == "c (2).txt"
    assert first.read_bytes() == b"one"
    with pytest.raises(ConfigError, match=f"larger than {UPLOAD_MEGABYTES} MB"):
        save_upload(tmp_path, "big.txt", bytes((UPLOAD_MEGABYTES << 20) + 1))
    assert sorted(one.name for one in (tmp_path / UPLOADS).iterdir()) == ["a (2).txt", "a.txt", "c (2).txt", "c.txt"]
    other = tmp_path / "other"
    other.mkdir()
    (other / UPLOADS).symlink_to(tmp_path / "outside")
    with pytest.raises(ConfigError, match="leads out of the collection"):
        save_upload(other, "d.txt", b"x")


@pytest.mark.parametrize("links", [True, False])
def test_uploads_of_one_name_at_once_are_all_kept(links: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whichever comes first, the others get a number, and nothing half-written stays; also where no hard links are."""

    def refuse(*_: Path) -> None:
        raise OSError(errno.ENOTSUP, os.strerror(errno.ENOTSUP))

    if not links:
        monkeypatch.setattr(os, "link", refuse)
    (tmp_path / "c").mkdir()
    texts = [f"{number}" * 1000 for number in range(8)]
    with ThreadPoolExecutor(8) as pool:
        for _ in range(10):
            list(pool.map(lambda text: save_upload(tmp_path / "c", "a.txt", text.encode()), texts))
    assert sorted(path.read_text() for path in (tmp_path / "c" / "uploads").iterdir()) == texts


def test_a_group_of_the_map_narrows_the_grid(page: AppTest, docs: Path, tmp_path: Path) -> None:
    """The picture is one for screen readers too; a group's button shows its documents alone, another all again."""
    for number in range(4):
        (docs / f"bees{number}.txt").write_text(f"Bees dance to flowers, as bees do. {number}")
        (docs / f"rock{number}.txt").write_text(f"Granite breaks in winter frost. <b>{number}</b>")
    ingest([docs], tmp_path / "c", encoder=FakeEncoder(window=256))
    page.run()
    next(button for button in page.button if button.label == "Draw the map").click().run()
    assert 'alt="9 documents in 2 groups; similar documents lie close together"' in html_of(page, "map")[0]
    groups = html_of(page, "groups")[0].split("<li>")[1:]
    number = next(at for at, group in enumerate(groups, start=1) if "rock" in group)
    page.session_state["library-act"] = f"group:{number}"
    page.run()
    assert not page.exception
    listed = re.findall(r'dir="auto">([^<]*)</a>', html_of(page, "documents")[0])
    assert listed == [f"rock{at}.txt" for at in range(4)]
    next(button for button in page.button if button.label.startswith(f"Group {number}")).click().run()
    assert len(re.findall(r'dir="auto">([^<]*)</a>', html_of(page, "documents")[0])) == 9
