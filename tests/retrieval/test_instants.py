"""Dates compare as instants: whatever zone and form they are written in, the store and plain Python agree on them."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from pathlib import Path

import pytest
from hypothesis import assume, given, settings, strategies as st

from passagework import Collection
from passagework.ingest import ingest
from passagework.retrieval.filters.compiler import compile_filter
from passagework.retrieval.store.instants import instant
from passagework.retrieval.types import Json
from tests.support.fakes import FakeEncoder
from tests.support.stored_documents import new_store, put

EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
ZONES = st.integers(-23 * 60 - 59, 23 * 60 + 59).map(lambda minutes: timezone(timedelta(minutes=minutes)))
MOMENTS = st.datetimes(datetime(2, 1, 1), datetime(9998, 12, 31), timezones=ZONES)
CLOSE = st.datetimes(datetime(2024, 3, 1), datetime(2024, 3, 3), timezones=ZONES)
"""Moments near each other, so that zones decide which comes first."""

FORMS: Mapping[str, tuple[Callable[[datetime], str], timedelta]] = {
    "iso": (datetime.isoformat, timedelta(microseconds=1)),
    "blank": (str, timedelta(microseconds=1)),
    "UTC": (lambda at: f"{at.astimezone(timezone.utc):%Y-%m-%dT%H:%M:%S}Z".zfill(20), timedelta(seconds=1)),
    "minutes": (lambda at: at.isoformat(timespec="minutes"), timedelta(minutes=1)),
    "short zone": (lambda at: f"{at:%Y-%m-%d %H:%M:%S%z}".zfill(24), timedelta(seconds=1)),
    "mail": (format_datetime, timedelta(seconds=1)),
}
"""How a moment is written, and to what it is cut by that."""


HOLDS: Mapping[str, Callable[[datetime, datetime], bool]] = {
    "$lt": operator.lt,
    "$lte": operator.le,
    "$gt": operator.gt,
    "$gte": operator.ge,
    "$eq": operator.eq,
    "$in": operator.eq,
    "$ne": operator.ne,
    "$nin": operator.ne,
}


def microseconds(moment: datetime) -> int:
    """From 1970 on."""
    return (moment - EPOCH) // timedelta(microseconds=1)


def cut(moment: datetime, to: timedelta) -> datetime:
    """The moment, to whole minutes, seconds or microseconds of its own clock."""
    return moment - (moment.replace(tzinfo=timezone.utc) - EPOCH) % to


@given(MOMENTS, st.sampled_from(sorted(FORMS)))
@settings(deadline=None, max_examples=400)
def test_every_form_is_the_moment_that_it_says(moment: datetime, name: str) -> None:
    """To the microsecond, as far as the form has it, in any zone and any year."""
    assume(name != "mail" or moment.year > 999)  # in a mail, the year 99 is 1999
    write, to = FORMS[name]
    assert instant(write(moment)) == microseconds(cut(moment, to))


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("2024-03-02", "2024-03-02T00:00:00+00:00"),
        ("2024-3-2", "2024-03-02T00:00:00+00:00"),
        ("2024-03-02T09:00", "2024-03-02T09:00:00+00:00"),
        ("2024-03-02 9:00:00 -5", "2024-03-02T14:00:00+00:00"),
        ("2024-03-02t09:00:00z", "2024-03-02T09:00:00+00:00"),
        ("2024-03-02 09:00:00 UTC", "2024-03-02T09:00:00+00:00"),
        ("2024-03-02T09:00:00,5Z", "2024-03-02T09:00:00.500000+00:00"),
        ("2024-03-02T09:00:00.1234567890+01:00", "2024-03-02T08:00:00.123456+00:00"),
        ("Sat, 2 Mar 2024 09:00:00 +0900", "2024-03-02T00:00:00+00:00"),
        ("2 Mar 2024 09:00 GMT", "2024-03-02T09:00:00+00:00"),
        ("Fri, 1 Mar 2024 22:30:00 EST", "2024-03-02T03:30:00+00:00"),
        ("Fri, 01 Mar 2024 22:30:00 -0500 (EST)", "2024-03-02T03:30:00+00:00"),
        ("Fri, 01 Mar 2024 22:30:00 -0000", "2024-03-01T22:30:00+00:00"),
    ],
)
def test_forms_that_people_and_programs_write(text: str, same: str) -> None:
    """A date without a time is its first instant; without a zone it is UTC; what is finer than microseconds is cut."""
    assert instant(text) == microseconds(datetime.fromisoformat(same))


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00"])
def test_the_ends_of_the_calendar_overflow_nothing(text: str) -> None:
    """An instant before year 1, or after 9999, in UTC is a number like any other."""
    days = 719162 if text < "1" else 2932896
    expected = (-days * 24 - 14) * 3600 if text < "1" else days * 86400 + 86399 + 12 * 3600
    assert instant(text) == expected * 1_000_000


@pytest.mark.parametrize(
    "text",
    [
        *("", "2024", "2024-03", "20240302", "2024-02-30", "2024-13-01", "0000-01-01", "02.03.2024", "3/2/2024"),
        *("2024-03-02T25:00", "2024-03-02T09", "2024-03-02 soon", "2024-03-02T09:00:00+24:00", "2024-03-02+01:00"),
        *("２０２４-03-02", "2024-03-02\n", " 2024-03-02", "v2024-03-02", "2024-03-02T23:59:60Z", "10:00", "Mar 2024"),
        *("Sat, 2 Mar 2024 09:00:00", "2 Mar 2024 09:00 IST", "32 Mar 2024 09:00 GMT", "2 Xyz 2024 09:00 GMT"),
        "2024-03-02" + " " * 80 + "09:00",
    ],
)
def test_what_is_no_date_stays_a_text(text: str) -> None:
    """Years, months, days that no calendar has, orders that nobody can tell, and zones that stand for several."""
    assert instant(text) is None


@given(
    st.lists(st.tuples(CLOSE, st.sampled_from(sorted(FORMS))), min_size=1, max_size=6),
    st.tuples(CLOSE, st.sampled_from(sorted(FORMS))),
    st.sampled_from(sorted(HOLDS)),
)
@settings(deadline=None, max_examples=60)
@pytest.mark.slow
def test_filters_compare_moments(
    tmp_path_factory: pytest.TempPathFactory,
    written: list[tuple[datetime, str]],
    asked: tuple[datetime, str],
    name: str,
) -> None:
    """Whatever zones and forms stand on either side, the documents found are those that datetime compares so."""
    texts = [FORMS[form][0](moment) for moment, form in written]
    moments = [cut(moment, FORMS[form][1]) for moment, form in written]
    operand, bound = FORMS[asked[1]][0](asked[0]), cut(asked[0], FORMS[asked[1]][1])
    where = {"date": {name: [operand, "no date", 7] if name in ("$in", "$nin") else operand}}
    store = new_store(tmp_path_factory.mktemp("moments") / "store.db")
    with store.write() as writer:
        for number, text in enumerate(texts):
            put(writer, str(number), "tea", metadata={"date": text})
        put(writer, "undated", "tea", metadata={"date": ["no date", 2024]})
        found = {row.path: row.metadata["date"] for row in writer.documents(compile_filter(where, writer))}
    store.close()
    expected: dict[str, Json] = {
        str(number): texts[number] for number, moment in enumerate(moments) if HOLDS[name](moment, bound)
    }
    if name in ("$ne", "$in"):
        expected["undated"] = ["no date", 2024]
    assert found == expected


def test_a_date_compares_with_dates_alone(tmp_path: Path) -> None:
    """A number and another text are never before or after one; with other texts a date compares as the text it is."""
    store = new_store(tmp_path / "store.db")
    with store.write() as writer:
        values: dict[str, Json] = {
            "date": "2024-03-02T09:00:00+09:00",
            "month": "2024-03",
            "year": 2024,
            "word": "soon",
        }
        for path, value in values.items():
            put(writer, path, "tea", title="2024-03-02T00:00:00Z", metadata={"when": value})

        def found(where: object) -> list[str]:
            return [row.path for row in writer.documents(compile_filter({"when": where}, writer))]

        assert found({"$gt": "2000-01-01"}) == found({"$lt": "2100-01-01"}) == ["date"]
        assert found("2024-03-02") == found({"$in": ["2024-03-02T00:00Z", 7]}) == ["date"]
        assert found({"$gte": "2024-03"}) == ["date", "month", "word"]
        assert found({"$glob": "2024-03-02T09*"}) == ["date"]
        assert found({"$in": ["2024-03-02", "2024-03", 2024]}) == ["date", "month", "year"]
        titles = compile_filter({"title": "2024-03-02"}, writer)
        assert list(writer.documents(titles)) == []  # a title is a text, whatever it says
    store.close()


def test_dates_of_every_kind_of_file_are_found_by_instant_and_shown_as_written(tmp_path: Path) -> None:
    """Mail headers, front matter, JSON and CSV: one question finds what was before, in whatever zone it was."""
    docs = tmp_path / "docs"
    docs.mkdir()
    mail = "From: a@example.org\nSubject: Tea\nDate: {}\nContent-Type: text/plain\n\nTea.\n"
    (docs / "tokyo.eml").write_text(mail.format("Sat, 2 Mar 2024 09:00:00 +0900"))
    (docs / "ny.eml").write_text(mail.format("Fri, 1 Mar 2024 22:30:00 -0500"))
    (docs / "early.md").write_text("---\ndate: 2024-03-02 10:30:00 +09:00\n---\nTea.\n")
    (docs / "late.md").write_text("---\ndate: 2024-03-02T03:30:00Z\n---\nTea.\n")
    (docs / "day.md").write_text("---\ndate: 2024-3-2\n---\nTea.\n")
    (docs / "r.jsonl").write_text(
        '{"text": "Tea", "date": "Sat, 2 Mar 2024 01:59:59 GMT"}\n{"text": "Tea", "date": 2024}\n'
    )
    (docs / "t.csv").write_text("name,date\nTea,2024-03-02T02:59:59+01:00\nTea,2024-03-02T02:00Z\n")
    ingest(docs, collection=tmp_path / "c", encoder=FakeEncoder())
    with Collection.open(tmp_path / "c", encoder=FakeEncoder()) as collection:
        where = {"date": {"$lt": "2024-03-02T02:00:00+00:00"}}
        shown = {hit.path: hit.metadata["date"] for hit in collection.search("tea", where=where, copies="keep")}
    assert shown == {
        "tokyo.eml": "2024-03-02T09:00:00+09:00",
        "early.md": "2024-03-02 10:30:00 +09:00",
        "day.md": "2024-3-2",
        "r.jsonl": "Sat, 2 Mar 2024 01:59:59 GMT",
        "t.csv": "2024-03-02T02:59:59+01:00",
    }
