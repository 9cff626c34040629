"""Personal data in texts: which numbers count, which don't, and where they are said to stand."""

from __future__ import annotations

import os
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from passagework import PERSONAL_DATA_KINDS, ConfigError, ModelUnavailableError, PersonalData, find_personal_data
from passagework.ingest.personal_data import detector, proper_names
from passagework.ingest.personal_data.findings import preview_of
from passagework.retrieval import extras

NAMES = Path(os.environ.get("PASSAGEWORK_TEST_MODELS", "")) / "en_core_web_sm"

KEY = "-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA\n-----END RSA PRIVATE KEY-----"


def found(text: str) -> list[tuple[str, str]]:
    """What is found in a text: kind, and the characters that are said to be it."""
    return [(finding.kind, text[finding.start : finding.end]) for finding in find_personal_data(text)]


@pytest.mark.parametrize(
    ("kind", "value", "around"),
    [
        ("email", "jane.doe+x@mail.example.org", "write to {}."),
        ("phone", "+49 30 901820", "{} is ours"),
        ("phone", "020 7946 0958", "Tel. {}"),
        ("phone", "(212) 555-0143", "{}"),
        ("ip_address", "203.0.113.9", "seen from {}, twice"),
        ("ip_address", "2001:db8::8a2e:370:7334", "seen from {}, twice"),
        ("card", "4111 1111 1111 1111", "paid with {}"),
        ("card", "378282246310005", "amex {}"),
        ("iban", "DE89 3704 0044 0532 0130 00", "to {} AND NO OTHER"),
        ("iban", "GB82WEST12345698765432", "({})"),
        ("us_ssn", "536-22-1234", "{}"),
        ("us_ssn", "536221234", "SSN {}"),
        ("uk_nino", "AB 12 34 56 C", "{}"),
        ("de_steuer_id", "86 095 742 719", "{}"),
        ("de_steuer_id", "86095742719", "Steuer-ID: {}"),
        ("fr_nir", "1 84 12 76 451 089 46", "NIR {}"),
        ("es_dni", "12345678Z", "{}"),
        ("es_nie", "X1234567L", "{}"),
        ("it_codice_fiscale", "RSSMRA85T10A562S", "{}"),
        ("pl_pesel", "44051401359", "PESEL {}"),
        ("nl_bsn", "111222333", "BSN {}"),
        ("in_aadhaar", "2341 2341 2346", "{}"),
        ("br_cpf", "529.982.247-25", "{}"),
        ("br_cnpj", "11.222.333/0001-81", "{}"),
        ("cn_resident_id", "11010519491231002X", "{}"),
        ("ca_sin", "123-456-782", "SIN {}"),
        ("au_tfn", "123 456 782", "TFN {}"),
        ("ch_ahv", "756.9217.0769.85", "{}"),
        ("fi_hetu", "131052-308T", "{}"),
        ("aws_key", "AKIAIOSFODNN7EXAMPLE", "id={}"),
        ("aws_key", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "aws_secret_access_key = {}"),
        ("github_token", "ghp_0123456789abcdefghijklmnopqrstuvwxyz", "{}"),
        ("slack_token", "xoxb-123456789012-abcdefGHIJ", "{}"),
        ("jwt", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dozjgNryP4J3jVmNHl0w5N", "Bearer {}"),
        ("private_key", KEY, "{}"),
        ("password", "hunter22", "postgres://user:{}@db/x"),
        ("password", "Tr0ub4dor&3", "password: {}"),
    ],
)
def test_what_is_personal_is_found_where_it_stands(kind: str, value: str, around: str) -> None:
    """Each kind in the form that people write it: exactly its characters, and no more."""
    assert found(around.format(value)) == [(kind, value)]
    assert kind in PERSONAL_DATA_KINDS


@pytest.mark.parametrize(
    "text",
    [
        "card 4111 1111 1111 1112",  # Luhn's digit is wrong
        "card 1111 1111 1111 1117",  # no issuer begins so
        "DE89 3704 0044 0532 0130 01",
        "SSN 000-12-3456, 666-12-3456",  # never given out
        "536221234",  # nine digits that nothing names
        "NINO BG 12 34 56 C",
        "Steuer-ID 86095742718",
        "PESEL 44051401358",
        "BSN 111222334",
        "529.982.247-26",
        "11010519491231002Y",
        "version 1.2.3.4, 127.0.0.1 and 0.0.0.0",
        "on 2020-10-12 at 12:30:45, 1,234,567,890 of 2 345 678",
        "user@localhost and @handle and a@b",
        "std::string a::b 10:20:30",
        "ISBN 978-3-16-148410-0",
        "password: changeme",  # a word: a form, or an example
        "DNI 12345678A",
    ],
)
def test_what_only_looks_personal_is_not(text: str) -> None:
    """A wrong check digit, a number that nothing names, a date, a version."""
    assert found(text) == []


def test_a_number_is_the_kind_that_its_words_say() -> None:
    """Eleven digits may be of several countries; a word beside them decides, and no two findings overlap."""
    assert found("Phone 536-22-1234? No, that is my SSN.")[0][0] == "us_ssn"
    assert found("CPF 52998224725") == [("br_cpf", "52998224725")]


@given(before=st.text(max_size=30), behind=st.text(max_size=30))
def test_offsets_are_code_points_whatever_stands_around(before: str, behind: str) -> None:
    """A finding is a slice of the text; findings are in order, and don't overlap."""
    text = f"{before} jane@example.org {behind}"
    findings = find_personal_data(text)
    assert ("email", "jane@example.org") in [(one.kind, text[one.start : one.end]) for one in findings]
    assert all(one.end <= other.start for one, other in pairwise(findings))


def test_a_book_is_looked_at_piece_by_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a piece ends, no value is cut, and offsets count from the beginning of the text."""
    monkeypatch.setattr(detector, "PIECE", 100)
    text = "".join(f"Line {number} of many. Write to a{number}@example.org.\n" for number in range(50))
    assert [value for _, value in found(text)] == [f"a{number}@example.org" for number in range(50)]


@given(st.text(min_size=1))
def test_a_preview_gives_nothing_away(value: str) -> None:
    """Of letters and digits at most the last two are shown, and of short values none."""
    shown = [character for character in preview_of(value) if character.isalnum()]
    assert len(shown) <= (2 if len(value) >= 8 else 0)


def test_kinds_limit_what_is_looked_for() -> None:
    """A kind that isn't there, or that needs a model, is refused in one line."""
    text = "jane@example.org from 203.0.113.9"
    assert [finding.kind for finding in find_personal_data(text, kinds=["ip_address"])] == ["ip_address"]
    with pytest.raises(ConfigError, match="'shoe_size' is no kind of personal data"):
        find_personal_data(text, kinds=["shoe_size"])
    with pytest.raises(ConfigError, match="'name' is found by a model"):
        find_personal_data(text, kinds=["name"])


@pytest.mark.skipif(not NAMES.is_dir(), reason="PASSAGEWORK_TEST_MODELS names no folder with en_core_web_sm")
@pytest.mark.slow
def test_names_are_found_by_a_model_that_is_named(tmp_path: Path) -> None:
    """People, places and organisations, as sure as the model's own files say; what introduces a number is no name."""
    text = "Angela Merkel visited Google in Paris. IBAN DE89 3704 0044 0532 0130 00"
    assert [(one.kind, text[one.start : one.end]) for one in find_personal_data(text, names=str(NAMES))] == [
        ("name", "Angela Merkel"),
        ("organisation", "Google"),
        ("place", "Paris"),
        ("iban", "DE89 3704 0044 0532 0130 00"),
    ]
    [name] = find_personal_data("Angela Merkel slept.", names=str(NAMES), kinds=["name"])
    assert name == PersonalData("name", 0, 13, name.confidence)
    assert name.confidence == pytest.approx(0.857, abs=0.001)
    with pytest.raises(ModelUnavailableError, match="is no spaCy model"):
        find_personal_data(text, names=str(tmp_path))


def test_numbers_need_no_model_for_names(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without spaCy a scan does all but names, and who asks for those is told what to install."""
    monkeypatch.setattr(extras, "_is_installed", lambda module: module != "spacy")
    assert found("write to anna@example.org") == [("email", "anna@example.org")]
    proper_names.ProperNames.load.cache_clear()
    with pytest.raises(ConfigError, match=r'spacy, for names .*: pip install "passagework\[privacy\]"'):
        find_personal_data("Anna", names="en_core_web_sm")
    monkeypatch.setattr(extras, "_is_installed", lambda module: module != "stdnum")
    with pytest.raises(ConfigError, match=r'stdnum, for personal data, .*"passagework\[pii\]"'):
        find_personal_data("Anna")
