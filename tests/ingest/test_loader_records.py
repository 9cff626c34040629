"""JSON and JSON Lines: one document a record, and a named failure for each that can't be one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from passagework.ingest.loaders import LoadOptions, RecordFailure, load
from passagework.retrieval.errors import IngestError
from passagework.retrieval.types import Document
from tests.support.loaded_files import documents, outcomes, reasons


def test_a_beir_corpus_reads_as_beir_means_it(tmp_path: Path) -> None:
    """`_id`, `title` and `text` name, title and fill a document; `metadata` is merged flat, other fields beside it."""
    record = {
        "_id": "d1", "title": "A  title", "text": "Body\r\nline", "year": 2020,
        "metadata": {"url": "http://x", "year": 1}, "id": 7,
    }  # fmt: skip
    (document,) = documents(tmp_path, "corpus.jsonl", json.dumps(record) + "\n")
    assert document.name == "d1"
    assert document.title == "A title"
    assert document.text == "Body\nline"
    assert document.metadata == {"url": "http://x", "year": 2020, "id": 7}
    assert document.media_type == "application/jsonl"
    assert document.uri == ""


def test_ids_may_be_numbers_or_missing(tmp_path: Path) -> None:
    """`id` stands in for `_id`, numbers become strings, and a record without either is called by its line."""
    lines = '{"id": 42, "text": "a"}\n\n{"content": "b"}\n{"_id": "", "id": true, "body": "c"}\n'
    found = documents(tmp_path, "a.ndjson", lines)
    assert [(document.name or document.uri, document.text) for document in found] == [
        ("42", "a"),
        ("#line=3", "b"),
        ("#line=4", "c"),
    ]
    assert found[2].metadata == {"_id": "", "id": True}


def test_one_bad_line_is_named_and_the_rest_goes_on(tmp_path: Path) -> None:
    """Every kind of bad line says where it is and what is wrong; good ones around it are read."""
    deep = "[" * 100_000
    lines = [
        '{"_id": "a", "text": "first"}',
        '{"_id": "b" "text": "x"}',
        "[1, 2]",
        '{"_id": "c", "text": "  "}',
        '{"_id": "a", "text": "again"}',
        '"text"',
        deep,
        '{"_id": "z", "text": "last"}',
    ]
    assert reasons(outcomes(tmp_path, "a.jsonl", "\n".join(lines))) == [
        "a",
        "line 2: not valid JSON (Expecting ',' delimiter at column 13)",
        "line 3: a record is an object, and this is a list",
        "line 4: record 'c' has no text",
        "line 5: duplicate _id 'a', first seen on line 1",
        "line 6: a record is an object, and this is a string",
        "line 7: nested too deeply",
        "z",
    ]


def test_bad_lines_before_the_first_good_one_are_reported_too(tmp_path: Path) -> None:
    """Failures wait only until the file proves to be JSON Lines, and keep their order."""
    found = reasons(outcomes(tmp_path, "a.jsonl", 'oops\nnot\n{"text": "x"}\n'))
    assert found == [
        "line 1: not valid JSON (Expecting value at column 1)",
        "line 2: not valid JSON (Expecting value at column 1)",
        "#line=3",
    ]


def test_no_valid_line_at_all_is_the_file_s_failure(tmp_path: Path) -> None:
    """The reason names the first line, and how many are like it."""
    with pytest.raises(
        IngestError, match=r"no valid record: line 1: not valid JSON \(.*\) \(and 1 more lines like it\)"
    ):
        outcomes(tmp_path, "a.jsonl", "oops\nno\n")


def test_bytes_that_are_not_utf8_are_replaced_and_noted(tmp_path: Path) -> None:
    """A bad byte in one record of good UTF-8 costs a character, not the record; a note says where."""
    good = '{"text": "Größe, Höhe, äöü und noch mehr"}\n'.encode()
    found = documents(tmp_path, "a.jsonl", good * 3 + b'{"text": "caf\xff"}\n')
    assert [document.text for document in found][2:] == ["Größe, Höhe, äöü und noch mehr", "caf\ufffd"]
    assert [document.notes for document in found][2:] == [(), ("line 4: bytes that are not valid UTF-8 became U+FFFD",)]


def test_wide_and_older_encodings_of_records(tmp_path: Path) -> None:
    """UTF-16 with its mark and cp1252 without any are read, and the encoding is kept."""
    line = '{"text": "café très élégant"}\n'
    (wide,) = documents(tmp_path, "a.jsonl", line.encode("utf-16"))
    (older,) = documents(tmp_path, "b.jsonl", line.encode("cp1252"))
    assert (wide.text, wide.metadata) == ("café très élégant", {"encoding": "utf-16-le"})
    assert (older.text, older.metadata) == ("café très élégant", {"encoding": "cp1252"})


def test_line_separators_inside_strings_part_no_lines(tmp_path: Path) -> None:
    """U+2028 and U+0085 are characters of a JSON string, not line ends."""
    (document,) = documents(tmp_path, "a.jsonl", '{"text": "a\u2028b\u0085c"}\n')
    assert document.text == "a\u2028b\u0085c"


def test_records_without_text_are_rendered_by_field(tmp_path: Path) -> None:
    """No text field: `key: value` lines, nested fields by dotted keys; the same fields are the metadata."""
    record = {
        "sku": "A-1", "price": 12.5, "stock": False, "none": None, "tags": ["x", "y"],
        "size": {"w": 1, "h": {"cm": 2}}, "parts": [{"n": "bolt"}, {"n": "nut"}],
    }  # fmt: skip
    (document,) = documents(tmp_path, "a.json", json.dumps([record]))
    assert document.text == (
        "sku: A-1\nprice: 12.5\nstock: false\ntags: x, y\nsize.w: 1\nsize.h.cm: 2\nparts.1.n: bolt\nparts.2.n: nut"
    )
    assert document.metadata == record
    assert (document.name, document.uri, document.title) == (None, "#record=1", "")


def test_a_title_stands_in_for_missing_text(tmp_path: Path) -> None:
    """Empty text but a title: the title is the text, and stays the title. Neither: a failure."""
    found = outcomes(
        tmp_path, "a.jsonl", '{"title": "T", "text": ""}\n{"_id": "q", "text": null, "year": 1}\n{"title": "U"}'
    )
    assert isinstance(found[0], Document)
    assert (found[0].title, found[0].text) == ("T", "T")
    assert isinstance(found[1], RecordFailure)
    assert found[1].reason == "line 2: record 'q' has no text"
    assert isinstance(found[2], Document)
    assert (found[2].title, found[2].text) == ("U", "U")


def test_values_that_json_or_sqlite_cannot_hold_are_made_safe(tmp_path: Path) -> None:
    """NaN and the infinities become null, integers beyond 64 bits their digits, surrogates U+FFFD."""
    digits = "9" * 5000
    source = '{"text": "x\\ud800\\u0000", "a": NaN, "b": -Infinity, "c": 1e999, "d": %s, "e": -9223372036854775808}'
    (document,) = documents(tmp_path, "a.jsonl", source % digits)
    assert document.text == "x\ufffd\ufffd"
    assert document.metadata == {"a": None, "b": None, "c": None, "d": digits, "e": -9223372036854775808}
    json.dumps(document.metadata, allow_nan=False)


def test_of_keys_that_repeat_the_last_value_counts_with_a_note(tmp_path: Path) -> None:
    """In JSON Lines, in a list and in one object, at any depth: the record is read, and the report says of what."""
    source = '{"text": "x", "year": 2019, "year": 2021, "in": {"a": 1, "a": 2}}'
    said = "of 'a', 'year', there more than once, the last value counts"
    for name, text, place in (
        ("a.jsonl", f'{{"text": "y"}}\n{source}\n', "line 2"),
        ("a.json", f'[{{"text": "y"}}, {source}]', "record 2"),
        ("b.json", source, "record 1"),
    ):
        found = documents(tmp_path, name, text)
        assert found[-1].metadata == {"year": 2021, "in": {"a": 2}}
        assert [document.notes for document in found] == [()] * (len(found) - 1) + [(f"{place}: {said}",)]


def test_fields_too_large_for_metadata_are_noted(tmp_path: Path) -> None:
    """A field of a million values stays out of the metadata, with a note; so does one nested too deeply."""
    record = {"text": "x", "big": list(range(20_000)), "deep": json.loads("[" * 100 + "]" * 100), "ok": 1}
    (document,) = documents(tmp_path, "a.jsonl", json.dumps(record))
    assert document.metadata == {"ok": 1}
    assert document.notes == (
        "line 1: field 'big' is not in the metadata: it holds more than 10000 values",
        "line 1: field 'deep' is not in the metadata: it is nested more than 32 levels deep",
    )


def test_json_lists_objects_and_everything_else(tmp_path: Path) -> None:
    """A list of objects: one each. One object: the file's document. Other JSON: its source."""
    many = documents(tmp_path, "a.json", '[\n {"_id": "x", "text": "one"},\n {"text": "two"}\n]')
    assert [(document.name or document.uri, document.text) for document in many] == [("x", "one"), ("#record=2", "two")]
    assert many[0].media_type == "application/json"
    (single,) = documents(tmp_path, "b.json", '{"title": "T", "text": "one"}')
    assert (single.name, single.title, single.text) == (None, "T", "one")
    (named,) = documents(tmp_path, "c.json", '{"id": "n", "text": "one"}')
    assert named.name == "n"
    for source in ('["a", "b"]', '[{"text": "a"}, 3]', '"just a string"', "12"):
        (other,) = documents(tmp_path, "d.json", source)
        assert (other.name, other.text, other.metadata) == (None, source, {})


def test_json_lines_named_json_are_read_as_lines(tmp_path: Path) -> None:
    """Objects on lines of their own are JSON Lines, even where the first line is bad."""
    found = documents(tmp_path, "a.json", '{"text": "one"}\n{"text": "two"}\n')
    assert [(document.text, document.media_type) for document in found] == [
        ("one", "application/jsonl"),
        ("two", "application/jsonl"),
    ]
    broken = outcomes(tmp_path, "b.json", '{"text": oops\n{"text": "two"}\n{"text": "three"}\n')
    assert reasons(broken) == ["line 1: not valid JSON (Expecting value at column 10)", "#line=2", "#line=3"]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ('[{"text": "a"},\n {"text": "b"', r"not valid JSON \(Expecting ',' delimiter at line 2, column 14\)"),
        ('{"a": 1} x', r"not valid JSON \(Extra data at line 1, column 10\)"),
        ('[{"a": 1}] []', r"not valid JSON \(Extra data"),
        ('[{"a": 1} {"b": 2}]', r"not valid JSON \(Expecting ',' delimiter at line 1, column 11\)"),
        ("[" * 200_000, "nested too deeply"),
        ('{"a": ' * 200_000, "nested too deeply"),
        ("[]", "no text"),
        ("{}", "no text"),
        ('{"text": ""}', "record 1: no text"),
    ],
)
def test_bad_json_says_where(tmp_path: Path, source: str, expected: str) -> None:
    """A truncated or malformed file is one failure, with the line and column where it stops being JSON."""
    with pytest.raises(IngestError, match=expected):
        outcomes(tmp_path, "a.json", source)


def test_jsonl_streams(tmp_path: Path) -> None:
    """The first record comes before the last is read, and memory doesn't grow with the file."""
    import tracemalloc

    path = tmp_path / "big.jsonl"
    line = json.dumps({"text": "word " * 200}) + "\n"
    path.write_text(line * 20_000)
    tracemalloc.start()
    try:
        count = sum(isinstance(outcome, Document) for outcome in load(path, LoadOptions()))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert count == 20_000
    assert peak < 10_000_000 < path.stat().st_size


def test_the_scifact_corpus_reads_whole(real_data: Path) -> None:
    """All 5183 records of a BEIR corpus, in order, each under its own id, with title and text as published."""
    path = real_data / "beir" / "scifact" / "corpus.jsonl"
    with path.open(encoding="utf-8") as lines:
        expected = [json.loads(line) for line in lines]
    found = [outcome for outcome in load(path, LoadOptions()) if isinstance(outcome, Document)]
    assert [document.name for document in found] == [record["_id"] for record in expected]
    assert [document.text for document in found] == [record["text"] for record in expected]


def test_a_record_of_a_title_alone_has_no_empty_field(tmp_path: Path) -> None:
    """BEIR corpora hold records without text: the title is the text, and `text` is no field for filters to offer."""
    (document,) = documents(tmp_path, "corpus.jsonl", '{"_id": "1", "title": "waves", "text": "", "year": 1960}\n')
    assert (document.text, document.title, document.metadata) == ("waves", "waves", {"year": 1960})


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("<p>Hold the <b>red</b> button &amp; wait.</p><script>var x=1;</script>", "Hold the red button & wait."),
        ("One<br>two", "One\ntwo"),
        ("a < b and c > d, <b> is bold", "a < b and c > d, <b> is bold"),
        ("Write `<b>x</b>` for bold", "Write `<b>x</b>` for bold"),
        ("x <y> z </y>", "x <y> z </y>"),
    ],
)
def test_html_in_a_value_is_read_as_html(tmp_path: Path, value: str, text: str) -> None:
    """In texts, in other fields and in rows; a stray `<` and code of Markdown are text."""
    (document,) = documents(tmp_path, "a.json", json.dumps([{"id": "7", "body": value}]))
    assert document.text == text
    (document,) = documents(tmp_path, "a.json", json.dumps([{"id": "7", "notes": value, "n": 1}]))
    assert document.text == f"notes: {text}\nn: 1"


def test_html_in_a_value_keeps_its_structure(tmp_path: Path) -> None:
    """Headings, tables and what nobody sees are where they are in the record's text."""
    body = "<h2>Stock</h2><p style='opacity:0'>unseen</p><table><tr><th>A<th>B<tr><td>1<td>2</table>"
    (document,) = documents(tmp_path, "a.json", json.dumps([{"k": "v", "html": body}]))
    (heading,), (hidden,), (table,) = document.headings, document.hidden, document.tables
    assert [document.text[span.start : span.end] for span in (heading, hidden, table)] == [
        "Stock",
        "unseen",
        "| A | B |\n| 1 | 2 |",
    ]


BESIDE = "beside its records the file has "
FEATURE = {"type": "Feature", "properties": {"a": 1}, "geometry": None}


@pytest.mark.parametrize(
    ("source", "texts", "notes"),
    [
        ({"results": [{"a": 1}, {"a": 2}], "next": None}, ["a: 1", "a: 2"], []),
        ({"count": 1, "data": [{"a": 1}]}, ["a: 1"], ["beside its records the file has count: not read"]),
        ({"response": {"docs": [{"a": 1}]}}, ["a: 1"], []),
        ({"title": "T", "text": "x", "items": [{"a": 1}]}, ["x"], []),
        ({"items": [{"a": 1}], "people": [{"b": 1}]}, ["items.1.a: 1\npeople.1.b: 1"], []),
        ({"items": ["a", "b"]}, ["items: a, b"], []),
        ({"data": {"products": {"edges": [{"node": {"a": 1}, "cursor": "c"}]}}}, ["a: 1"], []),
        ({"_embedded": {"orders": [{"a": 1}]}, "_links": {}}, ["a: 1"], []),
        (
            {"status": "ok", "totalResults": 1, "articles": [{"a": 1}]},
            ["a: 1"],
            [BESIDE + "status, totalResults: not read"],
        ),
        (
            {"type": "FeatureCollection", "features": [{"type": "Feature", "properties": {"a": 1}, "geometry": None}]},
            ["a: 1"],
            [BESIDE + "type: not read"],
        ),
        ({"ingredients": [{"a": 1}]}, ["ingredients.1.a: 1"], []),
        ({"name": "Soup", "ingredients": [{"a": 1}]}, ["name: Soup\ningredients.1.a: 1"], []),
        (
            {"hits": {"total": 1, "hits": [{"_id": "7", "_score": 1.0, "_source": {"text": "x"}}]}},
            ["x"],
            [BESIDE + "total: not read"],
        ),
    ],
)
def test_an_object_around_records_is_its_records(
    tmp_path: Path, source: dict[str, object], texts: list[str], notes: list[str]
) -> None:
    """Answers of web services hold a list under a usual name; what stands beside it is noted."""
    found = documents(tmp_path, "a.json", json.dumps(source))
    assert [document.text for document in found] == texts
    assert [note for document in found for note in document.notes] == notes


@pytest.mark.parametrize("name", ["a.json", "a.jsonl"])
@pytest.mark.parametrize(
    ("record", "uri", "text", "metadata"),
    [
        ({"_index": "i", "_id": "7", "_source": {"title": "T", "text": "x", "n": 1}}, "7", "x", {"n": 1}),
        ({"type": "posts", "id": "7", "attributes": {"title": "T", "body": "x"}}, "7", "x", {"type": "posts"}),
        ({"model": "app.post", "pk": 7, "fields": {"title": "T", "content": "x"}}, "7", "x", {"model": "app.post"}),
        (
            {"id": "rec7", "createdTime": "2024", "fields": {"id": "A-1", "text": "x"}},
            "A-1",
            "x",
            {"createdTime": "2024"},
        ),
        (
            {"id": "7", "name": "Shirt", "attributes": {"colour": "red"}},
            "7",
            "name: Shirt\nattributes.colour: red",
            None,
        ),
        ({"id": "7", "type": "Hat", "properties": {"colour": "red"}}, "7", "type: Hat\nproperties.colour: red", None),
    ],
)
def test_a_record_within_a_record_is_the_one_that_is_read(
    tmp_path: Path, name: str, record: dict[str, object], uri: str, text: str, metadata: dict[str, object] | None
) -> None:
    """Exports of Elasticsearch, Airtable and Django, and JSON:API, wrap records; one with fields of its own is none."""
    source = json.dumps([record] if name.endswith(".json") else record)
    (document,) = documents(tmp_path, name, source)
    assert (document.name, document.text) == (uri, text)
    assert metadata is None or dict(document.metadata) == metadata
