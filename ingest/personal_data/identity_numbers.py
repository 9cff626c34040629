"""Finds tax, social-security and identity numbers of persons, by their form and their check digits.

python-stdnum has each country's rules. Many numbers pass by chance where there is one check digit: such a number counts
where it is written in its usual form, or where a word beside it says what it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module

from passagework.ingest.personal_data.findings import PersonalData, is_named

NAMED = 0.95
"""The confidence of a number that passes its check and that a word beside it names."""

AROUND = 24
"""Characters before and behind six digits that may belong to the same number."""

_LEFT, _RIGHT = r"(?<![\w$€£])(?<!\w[.,/-])", r"(?!\w)(?![.,/-]\d)"
_SEPARATORS = re.compile(r"[ ./-]")
_DIGITS = re.compile(r"\d(?:\D{0,2}\d){5}")
_NINO = re.compile(r"(?!BG|GB|KN|NK|NT|TN|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z]\d{6}[A-D]")


@dataclass(frozen=True)
class Identifier:
    """Describes a kind of number: its form, and how sure it is without a word beside it.

    `module` is its place in stdnum, "" for a rule of our own. `words` name it; `bare` and `formatted` are the
    confidences of a valid number that nothing names, written without separators and with them.
    """

    kind: str
    module: str
    form: str
    words: str
    bare: float
    formatted: float

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """Returns the form, not within a longer number or word."""
        return re.compile(f"{_LEFT}{self.form}{_RIGHT}")

    @cached_property
    def names(self) -> re.Pattern[str]:
        """Returns what finds its name in a text."""
        return re.compile(rf"(?<![^\W\d_])(?:{self.words})(?![^\W\d_])", re.IGNORECASE)

    def is_valid(self, number: str) -> bool:
        """Tells whether a number passes the check of its kind."""
        if not self.module:
            return _NINO.fullmatch(_SEPARATORS.sub("", number)) is not None
        return bool(import_module(f"stdnum.{self.module}").is_valid(number))


IDENTIFIERS = (
    Identifier("us_ssn", "us.ssn", r"\d{3}([- ]?)\d{2}\1\d{4}", "ssn|social security", 0.2, 0.8),
    Identifier("us_itin", "us.itin", r"9\d{2}([- ]?)\d{2}\1\d{4}", "itin|taxpayer", 0.2, 0.7),
    Identifier(
        "uk_nino", "", r"[A-Z]{2} ?\d{2} ?\d{2} ?\d{2} ?[A-D]", "nino|national insurance|ni number|ni no", 0.8, 0.9
    ),
    Identifier("uk_nhs_number", "gb.nhs", r"\d{3}([- ]?)\d{3}\1\d{4}", "nhs", 0.2, 0.4),
    Identifier(
        "de_steuer_id",
        "de.idnr",
        r"\d{2} ?\d{3} ?\d{3} ?\d{3}",
        "steuer-?id\\w*|steuerliche identifikationsnummer|idnr|identifikationsnummer|steuernummer",
        0.5,
        0.8,
    ),
    Identifier(
        "fr_nir",
        "fr.nir",
        r"[1-478] ?\d{2} ?\d{2} ?(?:\d{2}|2[AB]) ?\d{3} ?\d{3} ?\d{2}",
        "nir|insee|sécurité sociale|securite sociale",
        0.85,
        0.95,
    ),
    Identifier("es_dni", "es.dni", r"\d{8}[- ]?[A-Z]", "dni|nif|identidad", 0.7, 0.7),
    Identifier("es_nie", "es.nie", r"[XYZ][- ]?\d{7}[- ]?[A-Z]", "nie|extranjero", 0.8, 0.85),
    Identifier(
        "it_codice_fiscale",
        "it.codicefiscale",
        r"[A-Z]{6}\d[\dLMNP-V][A-Z][\dLMNP-V]{2}[A-Z][\dLMNP-V]{3}[A-Z]",
        "codice fiscale|cod\\. ?fisc",
        0.95,
        0.95,
    ),
    Identifier("pl_pesel", "pl.pesel", r"\d{11}", "pesel", 0.5, 0.5),
    Identifier("nl_bsn", "nl.bsn", r"\d{4}[. ]?\d{2}[. ]?\d{3}", "bsn|burgerservicenummer|sofi-?nummer", 0.2, 0.4),
    Identifier("in_aadhaar", "in_.aadhaar", r"[2-9]\d{3}([- ]?)\d{4}\1\d{4}", "aadhaa?r|uidai|आधार", 0.3, 0.75),
    Identifier("br_cpf", "br.cpf", r"\d{3}\.?\d{3}\.?\d{3}-?\d{2}", "cpf", 0.5, 0.95),
    Identifier("br_cnpj", "br.cnpj", r"\d{2}\.?\d{3}\.?\d{3}/?\d{4}-?\d{2}", "cnpj", 0.6, 0.95),
    Identifier("cn_resident_id", "cn.ric", r"\d{17}[\dXx]", "身份证|resident id|identity card", 0.9, 0.9),
    Identifier("ca_sin", "ca.sin", r"\d{3}([- ]?)\d{3}\1\d{3}", "sin|social insurance|nas", 0.2, 0.4),
    Identifier("au_tfn", "au.tfn", r"\d{3} ?\d{3} ?\d{2,3}", "tfn|tax file", 0.2, 0.3),
    Identifier("se_personnummer", "se.personnummer", r"(?:\d{2})?\d{6}[-+]?\d{4}", "personn?nummer|pnr", 0.3, 0.75),
    Identifier(
        "be_national_number",
        "be.nn",
        r"\d{2}\.?\d{2}\.?\d{2}[- ]?\d{3}[. ]?\d{2}",
        "rijksregister\\w*|registre national|national number|insz|niss",
        0.6,
        0.95,
    ),
    Identifier("ch_ahv", "ch.ssn", r"756\.?\d{4}\.?\d{4}\.?\d{2}", "ahv\\w*|avs|sozialversicherung\\w*", 0.8, 0.95),
    Identifier("at_svnr", "at.vnr", r"\d{4} ?\d{6}", "svnr|sozialversicherungsnummer|versicherungsnummer", 0.2, 0.3),
    Identifier("pt_nif", "pt.nif", r"\d{3}([ .]?)\d{3}\1\d{3}", "nif|contribuinte", 0.2, 0.3),
    Identifier("dk_cpr", "dk.cpr", r"\d{6}-?\d{4}", "cpr\\w*|personnummer", 0.2, 0.5),
    Identifier("fi_hetu", "fi.hetu", r"\d{6}[-+A-FU-Y]\d{3}[0-9A-Y]", "hetu|henkilötunnus", 0.9, 0.9),
    Identifier("no_fodselsnummer", "no.fodselsnummer", r"\d{6} ?\d{5}", "fødselsnummer|fodselsnummer|fnr", 0.6, 0.7),
    Identifier("tr_tckimlik", "tr.tckimlik", r"[1-9]\d{10}", "t\\.?c\\.? ?kimlik|tckn|kimlik no", 0.5, 0.5),
    Identifier("za_id", "za.idnr", r"\d{6} ?\d{4} ?\d{3}", "id number|identity number|said", 0.6, 0.6),
    Identifier("mx_curp", "mx.curp", r"[A-Z]{4}\d{6}[HM][A-Z]{5}[A-Z0-9]\d", "curp", 0.95, 0.95),
    Identifier("ar_cuit", "ar.cuit", r"\d{2}-?\d{8}-?\d", "cui[tl]", 0.4, 0.85),
    Identifier("ro_cnp", "ro.cnp", r"[1-8]\d{12}", "cnp|cod numeric", 0.6, 0.6),
    Identifier("kr_rrn", "kr.rrn", r"\d{6}-?\d{7}", "주민등록번호|rrn|resident registration", 0.5, 0.85),
    Identifier("jp_my_number", "jp.in_", r"\d{4}([- ]?)\d{4}\1\d{4}", "マイナンバー|個人番号|my number", 0.2, 0.4),
    Identifier("ie_pps", "ie.pps", r"\d{7}[A-W][A-IW]?", "pps\\w*|personal public service", 0.6, 0.6),
)


def identifiers_in(text: str) -> Iterator[PersonalData]:
    """Yields the identity numbers of persons in a text, those that nothing makes sure with their low confidence."""
    for first, last in _places_of_digits(text):
        for identifier in IDENTIFIERS:
            for match in identifier.pattern.finditer(text, first, last):
                if identifier.is_valid(match[0]):
                    start, end = match.span()
                    alone = identifier.formatted if _SEPARATORS.search(match[0]) else identifier.bare
                    confidence = NAMED if is_named(text, start, end, identifier.names) else alone
                    yield PersonalData(identifier.kind, start, end, confidence)


def _places_of_digits(text: str) -> Iterator[tuple[int, int]]:
    """Yields where digits stand close together, and what is around them: elsewhere no form is worth looking for."""
    start = end = 0
    for match in _DIGITS.finditer(text):
        if match.start() - AROUND > end:
            if end:
                yield start, end
            start = max(0, match.start() - AROUND)
        end = match.end() + AROUND
    if end:
        yield start, end
