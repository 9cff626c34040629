"""Numbers as Excel shows them: golden values by its documentation, and properties of plain formats."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given, strategies as st

from passagework.ingest.loaders.office.number_dates import day_number, moment_of
from passagework.ingest.loaders.office.number_formats import BUILT_IN, general, shown, text_shown


@pytest.mark.parametrize(
    ("number", "code", "text"),
    [
        (0.075, "0.0%", "7.5%"), (1234.5, '"$"#,##0.00', "$1,234.50"), (1234.5, "$#,##0.00", "$1,234.50"),
        (501.0, "00000", "00501"), (-1234.5, "#,##0.00;(#,##0.00)", "(1,234.50)"), (0.0, '0;-0;"-"', "-"),
        (1234567.0, "#,##0,", "1,235"), (12345678.0, '0.0,,"M"', "12.3M"), (123456789.0, "000-00-0000", "123-45-6789"),
        (5551234567.0, "(###) ###-####", "(555) 123-4567"), (12345.678, "0.00E+00", "1.23E+04"),
        (12345.0, "##0.0E+0", "12.3E+3"), (0.00012, "0.0E-0", "1.2E-4"),
        (0.25, "# ?/?", "1/4"), (2.5, "# ?/?", "2 1/2"), (2.125, "# ?/8", "2 1/8"), (3.0, "# ?/?", "3"),
        (5.0, 'General" kg"', "5 kg"), (1234.5, "[$€-407] #,##0.00", "€ 1,234.50"), (-3.0, "[Red]0.0", "-3.0"),
        (150.0, '[>100]"high";"low"', "high"), (50.0, '[>100]"high";"low"', "low"), (0.5, "#.##", ".5"),
        (-1234.0, "_-* #,##0.00\\ _€_-;-* #,##0.00\\ _€_-", "-1,234.00"), (0.005, "0.00", "0.01"), (2.5, "0", "3"),
        (-0.001, "0.0", "0.0"), (3.0, ";;;", "3"), (7.0, '0"st"', "7st"), (1e300, "0", "1e+300"),
        (1234.567, '[<1000]0.0;[<1000000]0.0,"K";0.0,,"M"', "1.2K"), (0.1 + 0.2, "", "0.3"), (1.5e-7, "", "1.5e-07"),
        (3.0, "General", "3"), (12.0, '0;0;0;"text"', "12"), (-5.0, "General;General", "5"),
    ],
)  # fmt: skip
def test_numbers_by_their_codes(number: float, code: str, text: str) -> None:
    """What shows nothing, or is beyond writing out, is said as it is."""
    assert shown(number, code) == text


@pytest.mark.parametrize(
    ("number", "code", "text"),
    [
        (43832.0, "yyyy-mm-dd h:mm:ss", "2020-01-02"), (43832.5, "yyyy-mm-dd h:mm:ss", "2020-01-02 12:00:00"),
        (43832.5, "m/d/yyyy h:mm AM/PM", "1/2/2020 12:00 PM"), (43832.0, "d mmmm yyyy", "2 January 2020"),
        (43832.0, "dddd, d. mmm yy", "Thursday, 2. Jan 20"), (1.5, "[h]:mm", "36:00"), (0.25, "h:mm", "6:00"),
        (0.25, "h AM/PM", "6 AM"), (0.000717592592592593, "mm:ss", "01:02"), (43832.75, "hh:mm:ss.000", "18:00:00.000"),
        (44000.0, "[$-F800]dddd, mmmm dd, yyyy", "Thursday, June 18, 2020"), (1.0, "d/m/yyyy", "1/1/1900"),
        (43832.0, BUILT_IN[14], "2020-01-02"), (43832.0, "mmmmm", "J"), (-1.0, "d/m/yyyy", "-1"),
        (0.999999, "h:mm:ss", "0:00:00"), (43832.0, 'd"."m"."yyyy', "2.1.2020"),
    ],
)  # fmt: skip
def test_dates_by_their_codes(number: float, code: str, text: str) -> None:
    """An `m` is a month or minutes by what stands beside it; midnight behind a date isn't said."""
    assert shown(number, code) == text


def test_days_that_are_counted_from_1904() -> None:
    """As workbooks of old Macs do."""
    assert shown(0.0, "yyyy-mm-dd", from_1904=True) == "1904-01-01"


@given(st.datetimes(datetime(1900, 3, 1), datetime(9999, 12, 30)), st.booleans())
def test_a_moment_comes_back_from_its_number(moment: datetime, from_1904: bool) -> None:
    """To the millisecond."""
    if from_1904 and moment.year < 1905:
        return
    back = moment_of(day_number(moment, from_1904=from_1904), from_1904=from_1904)
    assert abs((back - moment).total_seconds()) <= 0.002


@given(st.floats(-1e6, 1e6), st.integers(0, 8))
def test_places_are_pythons(number: float, places: int) -> None:
    """Thousands and places as Python writes them, to half a place: Excel rounds halves away from zero."""
    text = shown(number, "#,##0." + "0" * places if places else "#,##0")
    written = float(text.replace(",", ""))
    assert abs(written - number) <= 0.5000001 * 10**-places + abs(number) * 1e-14
    assert text.lstrip("-") == f"{abs(written):,.{places}f}"


@given(st.floats(allow_nan=False, allow_infinity=False, width=64), st.text(max_size=40))
def test_no_code_breaks_the_reader(number: float, code: str) -> None:
    """Whatever a code says, something is shown: at worst the number as it is."""
    assert shown(number, code)


@given(st.text('0#?.,%/@ ymdhs[]E+-;"\\_*:AMP/$<>=1', max_size=30), st.floats(-1e9, 1e9))
def test_no_code_of_the_language_breaks_the_reader(code: str, number: float) -> None:
    """Nor do codes of the right characters in the wrong order."""
    assert shown(number, code) == shown(number, code)


def test_texts_by_their_codes() -> None:
    """Words around a text are shown; a code for numbers alone leaves it as it is."""
    assert text_shown("abc", '"ID-"@') == "ID-abc"
    assert text_shown("abc", '0;-0;0;@" (new)"') == "abc (new)"
    assert [text_shown("abc", code) for code in ("@", "0.00", ";;;", "")] == ["abc"] * 4


def test_numbers_without_a_code() -> None:
    """To 15 digits, whole ones without a point."""
    numbers = (3.0, 0.1 + 0.2, 1e12, 12345.6789012, 1e20, 1.5e-7)
    assert [general(number) for number in numbers] == [
        "3", "0.3", "1000000000000", "12345.6789012", "100000000000000000000", "1.5e-07"
    ]  # fmt: skip
