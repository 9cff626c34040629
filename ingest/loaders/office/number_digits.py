"""Digits as a section of a format's code places them."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal, localcontext
from fractions import Fraction

_PRECISION = 80
_MOST_PLACES = 30
"""Digits behind the point that Excel's formats have."""


def digits_shown(number: float, tokens: Sequence[tuple[str, str]], *, signed: bool) -> str:
    """The number by a section's tokens; a sign before it where it is below zero and `signed`."""
    digits = [at for at, (kind, text) in enumerate(tokens) if kind == "mark" and text in "0#?"]
    sign = "-" if number < 0 and signed else ""
    if not digits:
        return sign + "".join(_literal(token) for token in tokens)
    with localcontext() as context:
        context.prec = _PRECISION
        value = abs(Decimal(f"{number:.15g}")) * 100 ** sum(token == ("mark", "%") for token in tokens)
        slash = next((at for at, token in enumerate(tokens) if token == ("mark", "/")), None)
        if slash is not None and digits[0] < slash:
            text = _fraction(value, tokens, slash)
        elif any(kind == "exponent" for kind, _ in tokens):
            text = _scientific(value, tokens)
        else:
            text = _placed(value, tokens, digits)
    return (sign if any(map(str.isdigit, text.replace("0", ""))) else "") + text


def _literal(token: tuple[str, str]) -> str:
    kind, text = token
    return text if kind == "literal" or text in "%/" else ""


def _placed(value: Decimal, tokens: Sequence[tuple[str, str]], digits: Sequence[int]) -> str:
    """Digits in their places, from the point on; the foremost place takes all that are left."""
    point = next((at for at, token in enumerate(tokens) if token == ("mark", ".")), len(tokens))
    before = [at for at in digits if at < point]
    behind = [at for at in digits if at > point][:_MOST_PLACES]
    commas = [at for at, token in enumerate(tokens) if token == ("mark", ",")]
    last = before[-1] if before else -1
    grouped = any(before and before[0] < at < last for at in commas)
    value /= 1000 ** sum(last < at < point or at > max(digits) for at in commas)
    whole, _, places = f"{value.quantize(Decimal(1).scaleb(-len(behind)), ROUND_HALF_UP):f}".partition(".")
    least = sum(tokens[at][1] == "0" for at in before)
    whole = whole.lstrip("0").rjust(least, "0")
    shown = {at: places[place] for place, at in enumerate(behind)}
    for at in reversed(behind):
        if tokens[at][1] == "0" or shown[at] != "0":
            break
        shown[at] = ""
    apart = any(kind == "literal" for kind, _ in tokens[before[0] : last]) if before else False
    if before and not apart:
        shown |= dict.fromkeys(before, "")
        shown[before[0]] = f"{int(whole):,}".rjust(least, "0") if grouped and whole else whole
        if grouped and whole and least > len(str(int(whole))):
            shown[before[0]] = whole
    else:
        for at in reversed(before):
            shown[at], whole = (whole[-1:], whole[:-1]) if at != before[0] else (whole, "")
    return "".join(_mark(at, token, shown) for at, token in enumerate(tokens))


def _mark(at: int, token: tuple[str, str], shown: dict[int, str]) -> str:
    if at in shown:
        return shown[at]
    return "." if token == ("mark", ".") else _literal(token)


def _fraction(value: Decimal, tokens: Sequence[tuple[str, str]], slash: int) -> str:
    """A mixed number with the denominator that the code asks for."""
    fixed = "".join(text for _, text in tokens[slash + 1 :]).strip()
    places = sum(text in "0#?" for kind, text in tokens[slash + 1 :] if kind == "mark")
    exact = Fraction(value)
    if fixed.isdigit() and fixed.strip("0"):
        part = Fraction(round(exact * int(fixed)), int(fixed))
        below = int(fixed)
    else:
        part = exact.limit_denominator(10 ** min(max(places, 1), 6) - 1)
        below = part.denominator
    mixed = any(kind == "literal" and text == " " for kind, text in tokens[:slash])
    whole, rest = divmod(part, 1) if mixed else (0, part)
    above = int(rest * below)
    if mixed and not above:
        return str(whole)
    return f"{whole} {above}/{below}" if whole else f"{above}/{below}"


def _scientific(value: Decimal, tokens: Sequence[tuple[str, str]]) -> str:
    at = next(place for place, (kind, _) in enumerate(tokens) if kind == "exponent")
    point = next((place for place, token in enumerate(tokens[:at]) if token == ("mark", ".")), at)
    ahead = sum(kind == "mark" and text in "0#?" for kind, text in tokens[:point]) or 1
    places = sum(kind == "mark" and text in "0#?" for kind, text in tokens[point:at])
    width = sum(kind == "mark" and text == "0" for kind, text in tokens[at:])
    power = value.adjusted() if value else 0
    power -= power % ahead
    mantissa = (value.scaleb(-power)).quantize(Decimal(1).scaleb(-min(places, _MOST_PLACES)), ROUND_HALF_UP)
    if mantissa.adjusted() >= ahead:
        power += ahead
        mantissa = (value.scaleb(-power)).quantize(Decimal(1).scaleb(-min(places, _MOST_PLACES)), ROUND_HALF_UP)
    sign = "-" if power < 0 else "+" if tokens[at][1].endswith("+") else ""
    return f"{mantissa:f}E{sign}{str(abs(power)).rjust(width, '0')}"
