"""Finds the numbers of payment cards, by issuer, length and Luhn's check digit, and IBANs, by country and ISO 7064."""

from __future__ import annotations

import re
from collections.abc import Iterator

from passagework.ingest.personal_data.findings import PersonalData, is_named

_DIGITS = re.compile(r"(?<![\w$€£])(?<!\w[.,/-])\d(?:[ -]?\d){11,}(?!\w)(?![.,/-]\d)")
_GROUP = re.compile(r"\d+")
SHORTEST, LONGEST, MOST_GROUPS = 12, 25, 6
"""Characters of a card's number with its separators, and groups of digits that it is written in."""

_CARD_NAMES = re.compile(
    r"\b(?:card|visa|master ?card|amex|american express|kreditkarte\w*|carte|tarjeta)\b", re.IGNORECASE
)
_IBAN = re.compile(r"(?<!\w)[A-Z]{2}\d{2}(?:[ ]?[A-Z0-9]){10,30}")
_ISSUERS = re.compile(
    r"4(?:\d{12}|\d{15}|\d{18})"  # Visa
    r"|(?:5[1-5]\d{2}|222[1-9]|22[3-9]\d|2[3-6]\d{2}|27[01]\d|2720)\d{12}"  # Mastercard
    r"|3[47]\d{13}"  # American Express
    r"|3(?:0[0-5]|[689]\d)\d{11,16}"  # Diners Club
    r"|(?:6011|65\d{2}|64[4-9]\d)\d{12,15}"  # Discover
    r"|35(?:2[89]|[3-8]\d)\d{12,15}"  # JCB
    r"|62\d{14,17}"  # UnionPay
)


def bank_numbers_in(text: str) -> Iterator[PersonalData]:
    """Yields card numbers and IBANs."""
    from stdnum import iban, luhn

    for run in _DIGITS.finditer(text):
        for start, end in _grouped(text, *run.span()):
            digits = re.sub(r"\D", "", text[start:end])
            if _ISSUERS.fullmatch(digits) and luhn.is_valid(digits):
                sure = len(digits) < end - start or is_named(text, start, end, _CARD_NAMES)
                yield PersonalData("card", start, end, 0.95 if sure else 0.75)
    for match in _IBAN.finditer(text):
        for end in range(match.end(), match.start() + 14, -1):  # words in capitals may follow it
            if text[end - 1] != " " and not text[end : end + 1].isalnum() and iban.is_valid(text[match.start() : end]):
                yield PersonalData("iban", match.start(), end, 0.99)
                break


def _grouped(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Yields the spans of whole groups of digits in a run that may be a card: other numbers may stand beside it."""
    groups = [match.span() for match in _GROUP.finditer(text, start, end)]
    for number, (first, _) in enumerate(groups):
        for _, last in groups[number : number + MOST_GROUPS]:
            if SHORTEST <= last - first <= LONGEST:
                yield first, last
