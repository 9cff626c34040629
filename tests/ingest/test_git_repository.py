"""Repositories: tracked files at a commit, of which only what changed is read, with commits as metadata."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from passagework import Collection
from passagework.ingest import Report, ingest
from passagework.ingest.scan import FoundFile
from passagework.ingest.sources.git_repository import GitRepository
from passagework.retrieval import ConfigError, IngestError
from tests.support.fakes import FakeEncoder

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git isn't installed")

BEES, WASPS = "Bees dance to tell of flowers.", "Wasps build paper nests."


def git(folder: Path, *words: str, date: str = "2024-05-01T10:00:00+02:00") -> str:
    """What git says, as an author whose clock stands still."""
    options = ["-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "init.defaultBranch=main"]
    dates = {"GIT_AUTHOR_DATE": date, "GIT_COMMITTER_DATE": date, "PATH": "/usr/bin:/bin", "HOME": str(folder)}
    done = subprocess.run(["git", *options, *words], cwd=folder, env=dates, capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Two commits; beside them a file that git doesn't know, one that it ignores, and a change nobody committed."""
    folder = tmp_path / "repository"
    (folder / "docs").mkdir(parents=True)
    git(folder, "init", "-q")
    (folder / "docs" / "bees.md").write_text(BEES)
    (folder / ".gitignore").write_text("build/\n")
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "bees")
    (folder / "wäsps.md").write_text(WASPS)
    (folder / "link.md").symlink_to("wäsps.md")
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "wasps", date="2024-06-01T10:00:00+02:00")
    (folder / "new.md").write_text("Nobody added this.")
    (folder / "docs" / "bees.md").write_text("Nobody committed this.")
    return folder


@pytest.fixture
def encoder() -> FakeEncoder:
    """Counts what it encodes."""
    return FakeEncoder()


def test_what_is_tracked_comes_in_with_its_commits(repository: Path, tmp_path: Path, encoder: FakeEncoder) -> None:
    """As it was committed; the newest commit that changed a file is told with its author's date."""
    report = ingest(f"git:{repository}", tmp_path / "c", encoder=encoder)
    assert (report.added, report.failed) == (2, [])
    assert [(problem.path, problem.reason) for problem in report.skipped] == [
        ("link.md", "symbolic link in a repository")
    ]
    with Collection.open(tmp_path / "c", encoder=encoder) as collection:
        rows = {row.path: row for row in collection.documents()}
        assert sorted(rows) == ["docs/bees.md", "wäsps.md"]
        assert rows["wäsps.md"].uri == f"git+{repository.as_uri()}/w%C3%A4sps.md"
        first, second = git(repository, "log", "--reverse", "--format=%H").split()
        assert rows["docs/bees.md"].metadata == {"commit": first, "date": "2024-05-01T10:00:00+02:00"}
        assert rows["wäsps.md"].metadata == {"commit": second, "date": "2024-06-01T10:00:00+02:00"}
        [hit] = collection.search("bees", where={"commit": first})
        assert (hit.text, hit.path) == (BEES, "docs/bees.md")
        assert [row.root for row in collection.roots()] == [f"git+{repository.as_uri()}"]


def test_only_what_changed_is_read(
    repository: Path, tmp_path: Path, encoder: FakeEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second run fetches nothing; after a commit, the file of that commit alone."""
    fetched: list[str] = []
    fetch = GitRepository.fetch

    def noted(self: GitRepository, file: FoundFile) -> None:
        fetched.append(file.relative)
        fetch(self, file)

    monkeypatch.setattr(GitRepository, "fetch", noted)

    def run(*, delete_missing: bool = False) -> Report:
        fetched.clear()
        return ingest(f"git:{repository}", tmp_path / "c", encoder=encoder, delete_missing=delete_missing)

    assert (run().added, sorted(fetched)) == (2, ["docs/bees.md", "wäsps.md"])
    assert (run().unchanged, fetched) == (2, [])
    git(repository, "commit", "-qam", "bees again", date="2024-07-01T10:00:00+02:00")
    report = run()
    assert (report.updated, report.unchanged, fetched) == (1, 1, ["docs/bees.md"])
    git(repository, "rm", "-q", "wäsps.md")
    git(repository, "commit", "-qm", "no wasps")
    report = run()
    assert (report.gone, dict(report.gone_from)) == (1, {f"git+{repository.as_uri()}": 1})
    assert run(delete_missing=True).deleted == 1
    with Collection.open(tmp_path / "c", encoder=encoder) as collection:
        [row] = collection.documents()
        assert row.metadata["date"] == "2024-07-01T10:00:00+02:00"
        assert collection.document(row.id).text == "Nobody committed this."


def test_a_revision_a_folder_and_a_bare_repository(repository: Path, tmp_path: Path, encoder: FakeEncoder) -> None:
    """An older commit has what it had; of a folder within, paths are its own; no working tree is needed."""
    report = ingest(f"git:{repository}@HEAD~1", tmp_path / "c", encoder=encoder)
    assert report.added == 1
    report = ingest(f"git:{repository / 'docs'}", tmp_path / "docs", encoder=encoder)
    with Collection.open(tmp_path / "docs", encoder=encoder) as collection:
        [row] = collection.documents()
        assert (row.path, row.metadata["date"]) == ("bees.md", "2024-05-01T10:00:00+02:00")
    git(repository, "clone", "-q", "--bare", str(repository), str(tmp_path / "bare@home"))
    report = ingest(f"git:{tmp_path / 'bare@home'}", tmp_path / "bare", encoder=encoder)
    assert report.added == 2


def test_names_that_no_file_can_have_here(repository: Path, tmp_path: Path, encoder: FakeEncoder) -> None:
    """They are read all the same, each its own text."""
    names = ["a:b.md", "a_b.md", 'a"b.md']
    for name in names:
        (repository / name).write_text(f"This is called {name} by somebody.")
    git(repository, "add", *names)
    git(repository, "commit", "-qm", "names")
    assert ingest(f"git:{repository}", tmp_path / "c", encoder=encoder).added == 5
    with Collection.open(tmp_path / "c", encoder=encoder) as collection:
        texts = {row.path: collection.document(row.id).text for row in collection.documents()}
    assert {name: texts[name] for name in names} == {name: f"This is called {name} by somebody." for name in names}


def test_folders_and_repositories_are_told_apart(repository: Path, tmp_path: Path, encoder: FakeEncoder) -> None:
    """The working tree may be in the same collection, and neither is taken for a move of the other, nor as gone."""
    ingest(f"git:{repository}", tmp_path / "c", encoder=encoder)
    report = ingest(repository, tmp_path / "c", encoder=encoder, delete_missing=True)
    assert (report.added, report.moved, report.deleted) == (3, 0, 0)
    report = ingest(f"git:{repository}", tmp_path / "c", encoder=encoder, delete_missing=True)
    assert (report.unchanged, report.moved, report.deleted) == (2, 0, 0)


def test_nothing_of_a_repository_is_executed(repository: Path, tmp_path: Path, encoder: FakeEncoder) -> None:
    """Neither its monitor, nor its filters, nor a program for its pager or its signatures."""
    witness = tmp_path / "executed"
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\ntouch {witness}\ncat\n")
    program.chmod(0o755)
    for name in (
        "core.fsmonitor",
        "core.pager",
        "gpg.program",
        "diff.x.textconv",
        "filter.x.smudge",
        "core.sshCommand",
    ):
        git(repository, "config", name, str(program))
    git(repository, "config", "log.showSignature", "true")
    (repository / ".git" / "info").mkdir(exist_ok=True)
    (repository / ".git" / "info" / "attributes").write_text("* diff=x filter=x\n")
    report = ingest(f"git:{repository}", tmp_path / "c", encoder=encoder)
    assert (report.added, witness.exists()) == (2, False)


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("git:{0}@nowhere", "there is no commit nowhere"),
        ("git:{0}@--help", "there is no commit --help"),
        ("git:{0}/none", "no folder, so no git repository"),
    ],
)
def test_mistakes_are_one_line(repository: Path, tmp_path: Path, address: str, said: str) -> None:
    """With what is wrong."""
    with pytest.raises(IngestError, match=said) as raised:
        ingest(address.format(repository), tmp_path / "c")
    assert "\n" not in str(raised.value)


def test_a_folder_that_is_no_repository_and_an_unknown_scheme(tmp_path: Path) -> None:
    """Neither makes a collection."""
    (tmp_path / "plain").mkdir()
    with pytest.raises(IngestError, match="not a git repository"):
        ingest(f"git:{tmp_path / 'plain'}", tmp_path / "c")
    with pytest.raises(ConfigError, match="gopher:// is no source that can be ingested: give a path, or git:DIR"):
        ingest("gopher://example.org/1", tmp_path / "c")
    assert not (tmp_path / "c").exists()


def test_a_file_that_lfs_keeps_is_told(repository: Path, tmp_path: Path, encoder: FakeEncoder) -> None:
    """What stands in its place is no text of anybody's; the other files come in."""
    (repository / "big.md").write_text("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n")
    git(repository, "add", "big.md")
    git(repository, "commit", "-qm", "big")
    report = ingest(f"git:{repository}", tmp_path / "c", encoder=encoder)
    assert report.added == 2
    assert [(problem.path, problem.reason) for problem in report.failed] == [
        ("big.md", "kept by Git LFS: ingest the folder of a checkout")
    ]
