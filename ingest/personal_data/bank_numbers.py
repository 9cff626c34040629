"""Finds the numbers of payment cards, by issuer, length and Luhn's check digit, and IBANs, by country and ISO 7064."""

from __future__ import annotations

import re
from collections.abc import Iterator

from passagework.ingest.personal_data.findings import PersonalData, is_named

_CARD = re.compile(r"(?<![\w$€£])(?<!\w[.,/-])\d(?:[ -]?\d){11,18}(?!\w)(?![.,/-]\d)")
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

    for match in _CARD.finditer(text):
        digits = re.sub(r"\D", "", match[0])
        if _ISSUERS.fullmatch(digits) and luhn.is_valid(digits):
            sure = len(digits) < len(match[0]) or is_named(text, *match.span(), _CARD_NAMES)
            yield PersonalData("card", *match.span(), 0.95 if sure else 0.75)
    for match in _IBAN.finditer(text):
        for end in range(match.end(), match.start() + 14, -1):  # words in capitals may follow it
            if text[end - 1] != " " and not text[end : end + 1].isalnum() and iban.is_valid(text[match.start() : end]):
                yield PersonalData("iban", match.start(), end, 0.99)
                break
