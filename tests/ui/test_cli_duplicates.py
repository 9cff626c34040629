"""`duplicates`, `similar` and `paraphrases` at the command line: their JSON, their lines, and what they refuse."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from passagework.ingest import ingest
from passagework.ui.cli import app
from passagework.ui.commands.output import run

RULE = "Trips of more than 500 euro are approved by the head of the department before anything is booked."
PARAPHRASE = "Before booking, the department's head has to approve any trip that costs over 500 euro."


@pytest.fixture(scope="module")
def collection(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A rule, its copy, its older version and a paraphrase, and something else, by the default encoder."""
    base = tmp_path_factory.mktemp("cli-duplicates")
    texts = {"rule": RULE, "copy": RULE, "older": RULE.replace("500", "800"), "other": PARAPHRASE, "owls": "Owls hoot."}
    records = [{"_id": name, "text": text} for name, text in texts.items()]
    (base / "r.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records))
    ingest([base / "r.jsonl"], base / "c")
    return base / "c"


def output(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """The exit code, and what was printed."""
    code = run(app, arguments)
    printed = capsys.readouterr()
    return code, printed.out, printed.err


def test_json(collection: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Clusters with kinds, and members with places and similarities; the explanation tells the threshold."""
    code, out, _ = output(capsys, "duplicates", "--collection", str(collection), "--threshold", "0.75", "--json")
    found = json.loads(out)
    [cluster] = found["clusters"]
    members = {member["document"]: member for member in cluster["members"]}
    assert code == 0
    assert cluster["kind"] == "semantic"
    assert {name: member["kind"] for name, member in members.items()} == {
        "copy": "exact",
        "rule": "exact",
        "older": "near",
        "other": "semantic",
    }
    assert members["older"]["differences"] == [{"was": "500", "now": "800"}]
    assert (members["rule"]["path"], members["rule"]["start"], members["rule"]["end"]) == ("r.jsonl", 0, len(RULE))
    assert members["rule"]["similarity"] == 1.0 > members["older"]["similarity"] > members["other"]["similarity"] > 0.75
    assert found["explanation"] == "0.75, as asked for"


def test_lines(collection: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A person sees what differs, word by word, and why this threshold."""
    _, out, _ = output(capsys, "duplicates", "--collection", str(collection), "--of", "documents")
    assert "[-500-] {+800+} euro" in " ".join(out.split())
    assert "1 cluster of duplicates" in out
    assert "85% of the way from what is usual to 1" in " ".join(out.split())


def test_similar(collection: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The nearest documents come first, with their similarity."""
    _, out, _ = output(capsys, "similar", "rule", "--collection", str(collection), "-k", "3", "--json")
    similar = json.loads(out)["similar"]
    assert [row["document"] for row in similar] == ["copy", "older", "other"]
    assert similar[0]["similarity"] == 1.0


def test_paraphrases(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Lines that say the same, by their numbers; a file that is no text is refused in one line."""
    (tmp_path / "lines.txt").write_text(f"{RULE}\nOwls hoot at night.\n{PARAPHRASE}\n")
    code, out, _ = output(capsys, "paraphrases", str(tmp_path / "lines.txt"), "--threshold", "0.75", "--json")
    [cluster] = json.loads(out)["clusters"]
    assert code == 0
    assert sorted(member["line"] for member in cluster["members"]) == [1, 3]
    (tmp_path / "lines.txt").write_bytes(b"\xff\xfe\x00no")
    code, _, message = output(capsys, "paraphrases", str(tmp_path / "lines.txt"))
    assert (code, message.count("\n")) == (2, 1)
    assert "it is no text in UTF-8" in message


@pytest.mark.parametrize("options", [["--threshold", "1.5"], ["--of", "words"]])
def test_refused(collection: Path, options: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """A value out of range is one line and a usage error."""
    code, out, message = output(capsys, "duplicates", "--collection", str(collection), *options)
    assert (code, out, message.count("\n")) == (2, "", 1)
