"""What is left out on purpose: `.gitignore` as git reads it, installed packages, what programs built."""

from __future__ import annotations

import json
import logging
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st

from passagework import Collection
from passagework.ingest import Ignored, ingest
from passagework.ingest.scan import scan
from tests.support.fakes import FakeEncoder

TAG = "Signature: 8a477f597d28d172789f06886806bc55\n# a cache\n"


def write(folder: Path, *names: str, **contents: str) -> None:
    """Files that hold their own names; `contents` of those whose names are words."""
    for name in names:
        name, _, text = name.partition(": ")
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text.replace("|", "\n") or f"Of {name}.", encoding="utf-8")


def walked(*roots: Path, no_ignore: bool = False) -> tuple[list[str], dict[str, str]]:
    """The relative paths of the files, and of what is left out with the reasons."""
    result = scan(roots, supported=lambda _: True, no_ignore=no_ignore)
    assert (result.skipped, result.failed) == ((), ())
    return [file.relative for file in result.files], {place.relative: place.reason for place in result.ignored}


class TestPatterns:
    """The files named by `.gitignore`."""

    def test_nested_files_negations_and_anchors(self, tmp_path: Path) -> None:
        """The last pattern that fits decides, an inner file's behind an outer one's; a slash ties it to its folder."""
        write(tmp_path, ".gitignore: *.log|/top.md|drafts/|!keep.log", "a.log", "keep.log", "top.md", "sub/top.md")
        write(tmp_path, "drafts/x.md", "sub/drafts/y.md", "sub/.gitignore: !b.log|/own.md", "sub/b.log", "sub/own.md")
        write(tmp_path, "sub/deep/own.md", "sub/deep/c.log")
        files, left_out = walked(tmp_path)
        assert files == ["keep.log", "sub/b.log", "sub/deep/own.md", "sub/top.md"]
        assert sorted(left_out) == ["a.log", "drafts", "sub/deep/c.log", "sub/drafts", "sub/own.md", "top.md"]
        assert set(left_out.values()) == {".gitignore"}

    def test_nothing_in_an_ignored_folder_is_taken_back(self, tmp_path: Path) -> None:
        """As git has it; with `out/*` the folder itself is looked into."""
        write(
            tmp_path, ".gitignore: out/|!out/kept.md|logs/*|!logs/kept.md", "out/kept.md", "logs/a.md", "logs/kept.md"
        )
        assert walked(tmp_path) == (["logs/kept.md"], {"logs/a.md": ".gitignore", "out": ".gitignore"})

    def test_patterns_and_names_compare_composed(self, tmp_path: Path) -> None:
        """A composed pattern names a decomposed folder."""
        write(tmp_path, ".gitignore: Gehälter/", "Geha\u0308lter/list.md", "a.md")
        assert walked(tmp_path)[0] == ["a.md"]

    def test_the_files_above_the_path_count_up_to_the_repository(self, tmp_path: Path) -> None:
        """Those of the repository's own folders do; what lies above it, and another repository's, does not."""
        write(tmp_path, ".gitignore: *.md", "repo/.git/config", "repo/.gitignore: secret.md", "repo/docs/secret.md")
        write(tmp_path, "repo/docs/a.md", "repo/docs/other/.git/config", "repo/docs/other/secret.md")
        assert walked(tmp_path / "repo" / "docs") == (["a.md", "other/secret.md"], {"secret.md": ".gitignore"})

    def test_a_given_path_is_taken(self, tmp_path: Path) -> None:
        """A file, a folder in an ignored folder, and one whose own `.gitignore` says `*`, as tools write it."""
        write(tmp_path, ".git/config", ".gitignore: build/|x.md", "x.md", "build/docs/x.md", "build/docs/y.md")
        write(tmp_path, "cache/.gitignore: *", "cache/z.md", "a.md")
        assert walked(tmp_path)[1] == {"build": ".gitignore", "cache": ".gitignore", "x.md": ".gitignore"}
        assert walked(tmp_path / "x.md") == (["x.md"], {})
        assert walked(tmp_path / "build" / "docs") == (["x.md", "y.md"], {})
        assert walked(tmp_path / "cache") == (["z.md"], {})
        assert walked(tmp_path, tmp_path / "build", tmp_path / "x.md") == (
            ["a.md", "docs/x.md", "docs/y.md", "x.md"],
            {"cache": ".gitignore"},
        )

    @pytest.mark.parametrize("line", ["!", "a\\", "*a*a*a*a*a*b"])
    def test_a_line_that_is_no_pattern_costs_only_itself(
        self, line: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        """It is logged; one that would take minutes for a long name counts as none."""
        write(tmp_path, f".gitignore: {line}|b.md", "b.md", f"{'a' * 200}.md")
        with caplog.at_level(logging.WARNING):
            assert walked(tmp_path)[1] == {"b.md": ".gitignore"}
        assert ".gitignore" in caplog.text

    @pytest.mark.skipif(shutil.which("git") is None, reason="git is what it is compared with")
    @settings(max_examples=25, deadline=None)
    @given(
        files=st.sets(st.sampled_from(["a.md", "b.md", "a/a.md", "a/b/c.md", "b/a/b.md", "b/c.txt", "c/x y.md"])),
        ignores=st.dictionaries(
            st.sampled_from(["", "a/", "b/"]),
            st.lists(
                st.sampled_from(["*.md", "!a.md", "a/", "/b", "a/*", "!a/b/", "**/b", "/*", "!/c", "c/**", "x y.md"]),
                min_size=1,
                max_size=3,
            ),
            max_size=2,
        ),
    )
    def test_git_lists_the_same_files(self, files: set[str], ignores: dict[str, Sequence[str]]) -> None:
        """Whatever the patterns, what is taken is what `git ls-files` calls untracked and not ignored."""
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            write(folder, "0.keep", *files)
            for place, lines in ignores.items():
                (folder / place).mkdir(exist_ok=True)
                (folder / place / ".gitignore").write_text("\n".join([*lines, "# end"]))
            subprocess.run(["git", "init", "-q", name], check=True)
            command = ["git", "-C", name, "ls-files", "-z", "--others", "--exclude-standard"]
            listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split("\0")
            visible = sorted(path for path in listed if path and not path.endswith(".gitignore"))
            assert walked(folder)[0] == visible


class TestGenerated:
    """Folders that programs made."""

    def test_packages_environments_caches_and_builds(self, tmp_path: Path) -> None:
        """Each is one line with its reason, and nothing in it is looked at."""
        write(tmp_path, "web/package.json", "web/node_modules/x/README.md", "web/dist/index.html", "web/a.md")
        write(tmp_path, "py/pyproject.toml", "py/build/lib/a.md", "py/p/__pycache__/a.txt", "py/p.egg-info/PKG-INFO")
        write(tmp_path, "env/pyvenv.cfg", "env/lib/LICENSE.txt", f"cache/CACHEDIR.TAG: {TAG}", "cache/a.md")
        write(tmp_path, "rust/Cargo.toml", "rust/target/doc/a.html", "docs/conf.py", "docs/_build/a.html")
        files, left_out = walked(tmp_path)
        assert files == ["docs/conf.py", "py/pyproject.toml", "rust/Cargo.toml", "web/a.md", "web/package.json"]
        assert left_out == {
            "cache": "a cache, by its CACHEDIR.TAG",
            "docs/_build": "built, beside conf.py",
            "env": "a virtual environment",
            "py/build": "built, beside pyproject.toml",
            "py/p/__pycache__": "compiled Python",
            "py/p.egg-info": "built by setuptools",
            "rust/target": "built, beside Cargo.toml",
            "web/dist": "built, beside package.json",
            "web/node_modules": "installed packages",
        }

    def test_a_name_alone_is_no_evidence(self, tmp_path: Path) -> None:
        """Folders called `build`, `target` or `site` are anybody's; a tag without its signature says nothing."""
        names = ["build/a.md", "dist/a.md", "target/a.md", "site/plan.md", "cache/CACHEDIR.TAG", "pyvenv.cfg"]
        write(tmp_path, *names)
        assert walked(tmp_path) == (sorted(names), {})

    def test_no_ignore_takes_everything_but_hidden_files(self, tmp_path: Path) -> None:
        """Hidden files stay hidden: nobody names those."""
        write(tmp_path, ".gitignore: *.md", "a.md", "node_modules/b.md", "env/pyvenv.cfg", ".hidden/c.md")
        assert walked(tmp_path, no_ignore=True) == (["a.md", "env/pyvenv.cfg", "node_modules/b.md"], {})


class TestReport:
    """What an ingest says and does."""

    def test_a_folder_is_one_line_and_files_of_a_folder_share_one(self, tmp_path: Path) -> None:
        """Thousands of files make no thousands of lines."""
        write(tmp_path / "d", ".gitignore: *.tmp.md|/one.md", *(f"s/{number}.tmp.md" for number in range(7)))
        write(tmp_path / "d", "one.md", "a.md", "node_modules/x/README.md")
        report = ingest(tmp_path / "d", tmp_path / "c", encoder=FakeEncoder())
        assert (report.added, report.failed, report.skipped) == (1, [], [])
        assert report.ignored == [
            Ignored("node_modules", "installed packages"),
            Ignored("one.md", ".gitignore"),
            Ignored("s/*", ".gitignore", entries=7),
        ]
        assert json.loads(json.dumps(report.to_json()))["ignored"][2] == {
            "path": "s/*",
            "reason": ".gitignore",
            "entries": 7,
            "documents": 0,
        }
        assert ingest(tmp_path / "d", tmp_path / "c", encoder=FakeEncoder(), no_ignore=True).added == 9

    def test_documents_of_what_is_ignored_now_are_told_and_go_with_delete_missing(self, tmp_path: Path) -> None:
        """They are kept like those whose file is gone, and a dry run deletes none."""
        encoder, docs = FakeEncoder(), tmp_path / "d"
        write(docs, "a.md", "old/b.md", "old/c.md", "d.md")
        assert ingest(docs, tmp_path / "c", encoder=encoder).added == 4
        write(docs, ".gitignore: old/|d.md")
        (docs / "old" / "c.md").unlink()
        report = ingest(docs, tmp_path / "c", encoder=encoder)
        assert (report.unchanged, report.gone, report.deleted) == (1, 1, 0)
        told = [Ignored("d.md", ".gitignore", documents=1), Ignored("old", ".gitignore", documents=1)]
        assert report.ignored == told
        assert "1 document of it still searchable" in told[0].describe().reason
        assert ingest(docs, tmp_path / "c", encoder=encoder, delete_missing=True, dry_run=True).deleted == 3
        report = ingest(docs, tmp_path / "c", encoder=encoder, delete_missing=True)
        assert (report.unchanged, report.gone, report.deleted) == (1, 0, 3)
        assert report.ignored == [Ignored("d.md", ".gitignore"), Ignored("old", ".gitignore")]
        with Collection.open(tmp_path / "c", encoder=encoder) as collection:
            assert [row.path for row in collection.documents()] == ["a.md"]

    def test_a_file_that_is_given_beside_its_folder_is_kept(self, tmp_path: Path) -> None:
        """`delete_missing` takes out nothing that the same run takes in."""
        encoder, docs = FakeEncoder(), tmp_path / "d"
        write(docs, ".gitignore: x.md", "x.md", "a.md")
        for _ in range(2):
            report = ingest([docs, docs / "x.md"], tmp_path / "c", encoder=encoder, delete_missing=True)
            assert (report.deleted, report.ignored) == (0, [])
        assert report.unchanged == 2
