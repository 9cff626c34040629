"""Tables of HTML: every value stands under its column, and what arranges a page is no table."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, strategies as st

from passagework.ingest.loaders.html.html_table import Spanning, grid
from passagework.ingest.loaders.html.html_text import render_html


def read(html: str) -> tuple[str, list[tuple[str, str]]]:
    """The text of a page, and its tables with the names of their columns."""
    body = render_html(html).body
    return body.text, [(body.text[table.start : table.end], table.columns) for table in body.tables]


def test_empty_cells_keep_their_place() -> None:
    """A value stands under its column, whatever is missing before it."""
    rows = "| Part | On hand | Price |\n| Gasket | 12 |  |\n| Rotor |  | 88 |"
    text, tables = read(
        "<table><caption>Stock</caption><tr><th>Part<th>On hand<th>Price<tr><td>Gasket<td>12<td></td>"
        "<tr><td>Rotor<td><td>88</table>after"
    )
    assert text == f"Stock\n\n{rows}\n\nafter"
    assert tables == [(rows, "Part | On hand | Price")]


def test_merged_cells_are_repeated_down_and_named_across() -> None:
    """Cells that span rows stand in each, names that span columns in all, values that span columns in the first."""
    text, tables = read(
        "<table><thead><tr><th rowspan=2>Site<th colspan=2>2023<tr><th>Q1<th>Q2</thead><tfoot><tr><td>Sum<td>9<td>8"
        "</tfoot><tr><td rowspan=2>South<td>5<td>6<tr><td colspan=2>none</table>"
    )
    rows = "| Site | 2023 | 2023 |\n| Site | Q1 | Q2 |\n| South | 5 | 6 |\n| South | none |  |\n| Sum | 9 | 8 |"
    assert (text, tables) == (rows, [(rows, "Site | 2023 Q1 | 2023 Q2")])


@pytest.mark.parametrize(
    ("first", "columns"),
    [
        ("<td><b>Model</b><td><b>Use</b>", "Model | Use"),
        ("<td>Model<td>Weight", "Model | Weight"),
        ("<td>Model<td>2023", ""),
        (
            "<td><p style='font-weight: bold'>Model</p><td><p style='font-weight:700'><span>Use</span></p>",
            "Model | Use",
        ),
        ("<th>Model<td>Weight 3", ""),
    ],
)
def test_names_without_headings(first: str, columns: str) -> None:
    """The first row names the columns where it is bold, or where amounts stand below words."""
    assert [names for _, names in read(f"<table><tr>{first}<tr><td>A<td>12</table>")[1]] == [columns]


@pytest.mark.parametrize(
    ("rows", "columns"),
    [
        ("<tr bgcolor=#C6E2FF><td>Part<td>Seller<tr bgcolor=#f0f0f0><td>Rotor<td>Ada", "Part | Seller"),
        ("<tr style='background:#eee'><td>Part<td>Seller<tr><td>Rotor<td>Ada<tr><td>Seal<td>Bo", "Part | Seller"),
        ("<tr bgcolor=#eee><td>Part<td>Seller<tr><td>Rotor<td>Ada<tr bgcolor=#eee><td>Seal<td>Bo", ""),
        ("<tr><td><b>C</b><td><b>Mn</b><tr><td><b>0.39 - 0.46</b><td><b>max 0.9</b>", "C | Mn"),
        ("<tr><td colspan=2>Group A<tr><td><td>Marks<tr><td>Threes<td>4<tr><td>Eights<td>13", " | Marks"),
        ("<tr><td colspan=2>2031<tr><td>North<td>Ada<tr><td>South<td>Bo", ""),
        ("<tr><td colspan=2>Nothing more", ""),
    ],
)
def test_names_by_shade_and_below_a_title(rows: str, columns: str) -> None:
    """Rows of a colour that no other row has name columns; so do words above figures, also below a title."""
    assert "".join(names for _, names in read(f"<table>{rows}</table>")[1]) == columns


@pytest.mark.parametrize(
    "html",
    [
        "<table role=presentation><tr><td>left<td>right</table>",
        "<table><tr><td><h2>News</h2><td>side</table>",
        "<table><tr><td>one<tr><td>two</table>",
        "<table><tr><td><ul><li>a<li>b</ul><td>text</table>",
        f"<table><tr><td>{'word ' * 200}<td>side</table>",
    ],
)
def test_what_arranges_a_page_is_no_table(html: str) -> None:
    """By its role, its headings and lists, one column, or running text."""
    assert read(html)[1] == []


def test_named_tables_may_hold_lists_and_tables() -> None:
    """Where headings tell that it is data, what its cells hold is in one line."""
    inner = "<table><tr><td>i<td>j</table>"
    _, tables = read(f"<table><tr><th>Name<th>Use<tr><td>Pin<td><ul><li>a<li>b</ul>{inner}</table>")
    assert tables == [("| Name | Use |\n| Pin | a b i j |", "Name | Use")]


CELLS = st.builds(
    lambda text, columns, rows, names: Spanning((text, ()), columns, rows, names),
    st.sampled_from(["", "a", "b", "$", "12", ")"]),
    st.integers(1, 4),
    st.integers(1, 3),
    st.booleans(),
)


@given(st.lists(st.lists(CELLS, max_size=5), max_size=6))
def test_no_text_of_a_table_is_lost(rows: list[list[Spanning]]) -> None:
    """However cells span: every text is there, and all rows have the same columns."""
    made = grid(rows)
    assert len({len(row) for row in made.rows}) <= 1
    written = "".join(text for row in made.rows for text, _ in row)
    for letter in "ab$2)":
        assert written.count(letter) >= sum(letter in spanning.cell[0] for row in rows for spanning in row)


@pytest.mark.parametrize(
    "html",
    [
        "<tr>" + "<td rowspan=65534>x" * 2000 + "<tr><td>y" * 2000,
        "".join(f"<tr><td colspan={n}><td>x" for n in range(1, 1000)) * 3,
        "<tr><td colspan=1000>x" * 20_000,
        "<tr><th>" + "<table><tr><th>" * 3000,
    ],
)
def test_spans_made_to_explode_take_linear_time(html: str) -> None:
    """Cells that reach over everything are written in seconds, and in no more than some times the page's size."""
    start = time.perf_counter()
    text = render_html(f"<table>{html}</table>").body.text
    assert time.perf_counter() - start < 10
    assert len(text) < 10 * len(html) + 100_000


HALF = "<mfrac><mn>1</mn><mn>2</mn></mfrac>"


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("10<sup>6</sup> cells in 1998<sup>4</sup>.", "10^6 cells in 1998^4."),
        ("10<sup>-3</sup>m, m<sup>2</sup>s", "10^-3 m, m^2 s"),
        ("word<sup><a href='#n4'>4</a></sup> and <a href='#n5'><sup>[5]</sup></a>", "word[4] and [5]"),
        ("end<a epub:type='noteref' href='n.xhtml#n'>7</a>", "end[7]"),
        ("H<sub>2</sub>O, x<sub>max</sub>, log<sub>2</sub>8", "H2O, x_max, log2 8"),
        ("the 1<sup>st</sup> Foo<sup>*</sup>", "the 1st Foo*"),
        ("3<sup>1</sup>/<sub>2</sub> cups", "3 1/2 cups"),
        ("e<sup>-x/2</sup>", "e^(-x/2)"),
        (f"<math><mi>E</mi><mo>=</mo>{HALF}<mi>m</mi><msup><mi>v</mi><mn>2</mn></msup></math>", "E = 1/2 mv^2"),
        ("5<math><msqrt><mi>x</mi><mo>+</mo><mn>1</mn></msqrt></math>", "5√(x + 1)"),
        ("<math><mfrac><mrow><mi>a</mi><mo>+</mo><mi>b</mi></mrow><mn>2</mn></mfrac></math>x", "(a + b)/2 x"),
        ("<math><msubsup><mi>x</mi><mi>i</mi><mn>2</mn></msubsup><mo>&#x2062;</mo><mi>y</mi></math>", "x_i^2 y"),
        ("<math><mroot><mi>x</mi><mn>3</mn></mroot></math>", "x^(1/3)"),
        ("<math><mtable><mtr><mtd><mn>1</mn></mtd><mtd><mn>2</mn></mtd></mtr></mtable></math>", "[1, 2]"),
    ],
)  # fmt: skip
def test_numbers_do_not_run_together(html: str, text: str) -> None:
    """Exponents, indexes, notes, fractions and formulas are written as people type them."""
    assert render_html(f"<p>{html}</p>").body.text == text


FRAME = (
    '<div class="cookie-banner">We use cookies</div><header><nav><a href="/">Home</a></nav></header>{}'
    "<aside>Related</aside><footer>Imprint</footer>"
)


@pytest.mark.parametrize(
    "content",
    [
        "<main><h1>Reset</h1><aside>Mind the gap.</aside><p>Hold the button.</p></main>",
        '<div role="main"><h1>Reset</h1><aside>Mind the gap.</aside><p>Hold the button.</p></div>',
        "<article><h1>Reset</h1><aside>Mind the gap.</aside><p>Hold the button.</p></article>",
    ],
)
def test_pages_are_told_from_what_stands_around_them(content: str) -> None:
    """Navigation, cookie notice, header and footer stand apart, a line each; what stands aside in the content stays."""
    page = render_html(FRAME.format(content), whole=False)
    assert page.body.text == "Reset\n\nMind the gap.\n\nHold the button."
    assert page.surroundings == "We use cookies\nHome\nRelated\nImprint"
    assert "Imprint" in render_html(FRAME.format(content)).body.text


def test_content_is_never_left_out() -> None:
    """Sections about cookies, headers with the title, and pages that are all navigation are content."""
    kept = (
        '<header><h1>Cookies</h1></header><section id="cookies"><p>How cookies work.</p></section>'
        '<dl><dt id="http.cookiejar.policy">policy()</dt></dl><article><footer>Signed: Ada</footer></article>'
    )
    page = render_html(f"<main>{kept}</main>", whole=False)
    assert (page.surroundings, page.body.text) == ("", render_html(kept).body.text)
    assert render_html("<nav>Only this</nav>", whole=False).body.text == "Only this"


def test_links_of_the_site_are_told_from_text() -> None:
    """What every page offers is left out where it stands alone, and kept in a sentence."""
    page = render_html(
        "<main><p>To <a>report a bug</a>, write.</p><p><a href='/b'>Report a bug</a></p></main>", whole=False
    )
    assert (page.body.text, page.surroundings) == ("To report a bug, write.", "Report a bug")


def test_marks_of_headings_and_remarks_are_no_headings() -> None:
    """A heading is its text without the mark of its link; "Note" above a remark is none."""
    body = render_html(
        '<main><h2>Setup<a class="headerlink" href="#setup">¶</a></h2>'
        '<div class="note"><h3>Note</h3><p>Mind.</p></div></main>',
        whole=False,
    ).body
    assert ([heading.title for heading in body.headings], body.text) == (["Setup"], "Setup\n\nNote\n\nMind.")


@pytest.mark.parametrize(
    "around",
    [
        '<div class="header"><p>Next: <a href="b" rel="next">Seals</a>, Up: <a href="i" rel="up">Top</a></p></div>',
        '<ul class="docnav"><li><a accesskey="p" href="a"><b>Prev</b>6.2. Rotors</a></li></ul>',
        '<table class="nav"><tr><th>The guide</th></tr></table>',
        '<p><a accesskey="N" href="b">Seals »</a></p>',
        '<div class="top-nav"><a href="/">Home</a> | <a href="/toc">Contents</a></div>',
        '<div id="mainmenu"><ul><li><a href="/">Home</a></li><li><a href="/buy">Buy</a></li></ul></div>',
        '<div id="footer"><p>Last updated 2031-03-04</p></div>',
        '<h1 id="header"><a href="https://example.org/">Pumps for all</a></h1>',
        '<h1><a href="../index.html">Pumps 3.2 documentation</a></h1>',
    ],
)
def test_ways_to_other_pages_and_the_name_of_the_site_are_no_content(around: str) -> None:
    """Links to the pages beside, menus, a footer, and the site's name in a link to its first page are left out."""
    text = "Hold the button, then wait until the lamp goes out: the pump has forgotten all that it knew."
    page = render_html(f"<body>{around}<h1>Reset</h1><p>{text}</p></body>", whole=False)
    assert page.body.text == f"Reset\n\n{text}"
    assert [heading.title for heading in page.body.headings] == ["Reset"]
    assert page.surroundings


@pytest.mark.parametrize(
    "kept",
    [
        '<h1><a href="/posts/pumps">Why pumps fail</a></h1><h2>Seals</h2>',
        '<h1><a href="/">Pumps for all</a></h1><p>The only heading.</p>',
        '<div class="menu"><p>Soup of the day with <a href="/bread">bread</a>, four crowns</p></div>',
        '<p>The <a rel="next" href="b">next chapter</a> tells how seals are changed, which needs a clean table.</p>',
        '<div class="header"><p>Pump P-100</p></div>',
    ],
)
def test_headings_and_sentences_with_links_are_content(kept: str) -> None:
    """A heading that leads to its own page, a lone one, a menu of dishes and a sentence with a way are read."""
    page = render_html(
        f"<body>{kept}<p>More text that the page has for its readers, and a little more of it.</p></body>", whole=False
    )
    assert page.surroundings == ""


def test_marks_in_cells_are_no_text_either() -> None:
    """What is left out is left out in the cells of tables and in captions too."""
    page = render_html(
        '<main><table><tr><th>Variable<th>Meaning<tr><td>colour<a class="headerlink" href="#v">¶</a><td>of the lamp'
        "</table></main>",
        whole=False,
    )
    assert page.body.text == "| Variable | Meaning |\n| colour | of the lamp |"


def test_authors_and_subtitles_are_no_headings() -> None:
    """What the title page of a manual sets as headings is text, each in a paragraph of its own."""
    title = '<h2>Pumps</h2><h3 class="subtitle">Version 2</h3><h3 class="author">Ada B.</h3><p>Begin.</p>'
    body = render_html(title).body
    assert [heading.title for heading in body.headings] == ["Pumps"]
    assert body.text == "Pumps\n\nVersion 2\n\nAda B.\n\nBegin."


def test_tables_and_headings_by_their_roles_alone_are_some() -> None:
    """Rows of elements that say so are a table, whatever wraps them; texts beside the cells make it none."""
    grid_of = (
        "<div role=table><div><div role=row><span role=columnheader>Part</span><span role=columnheader>Qty</span></div>"
        "</div><div role=rowgroup><div role=row><div><span role=cell>Seal</span></div><span role=cell></span></div>"
        "<div role=row><span role=cell>Rotor</span><span role=cell>3</span></div></div>{}</div>"
    )
    text, tables = read(grid_of.format(""))
    rows = "| Part | Qty |\n| Seal |  |\n| Rotor | 3 |"
    assert (text, tables) == (rows, [(rows, "Part | Qty")])
    assert "beside" in read(grid_of.format("beside"))[0]
    headings = render_html("<div role=heading aria-level=3>Bearings</div><p role=heading>Seals</p>").body.headings
    assert [(heading.level, heading.title) for heading in headings] == [(3, "Bearings"), (2, "Seals")]


def test_code_keeps_its_indentation_without_the_numbers_of_its_lines() -> None:
    """In blanks that don't collapse, by its style or its sheet, and in a table beside its numbers."""
    assert read("<p>if a:<br>&nbsp;&nbsp;&nbsp; b()<br>&nbsp;c")[0] == "if a:\n    b()\nc"
    assert read("<div>if a:</div><div><span>&#160; </span><b>&#160; b()</b></div>")[0] == "if a:\n\n    b()"
    assert read("<p style='white-space: pre-wrap'>if a:\n    b()</p>")[0] == "if a:\n    b()"
    assert read("<style>p.c1 {white-space: pre}</style><p class=c1>if a:\n    b()</p>")[0] == "if a:\n    b()"
    assert (
        read("<pre><span class=linenos>1</span>if a:\n<span class=linenos>2</span>    b()</pre>")[0] == "if a:\n    b()"
    )
    table = "<table class=highlighttable><tr><td class=linenos><pre>1\n2</pre><td><pre>if a:\n    b()</pre></table>"
    assert read(table) == ("if a:\n    b()", [])
    row = "<tr><td class=blob-num>1<td class=blob-code>"
    lines = f"<table>{row}if a:{row}    b()</table>"
    assert read(lines)[0] == "if a:\n    b()"


def test_text_is_raised_by_its_style_too() -> None:
    """In the element, or in a sheet of the page, as exported documents have it."""
    style = (
        "<style>@import 'x'; .c5{vertical-align:super;font-size:8pt} span.c6 , h1{color:red;vertical-align:sub}</style>"
    )
    assert read(f"{style}<p>10<span class=c5>6</span> x<span class='c1 c6'>12a</span>")[0] == "10^6 x_12a"
    assert read("<p>1998<span style='vertical-align: super'><a href='#f4'>4</a></span>")[0] == "1998[4]"
    assert read("<p>10<span style='vertical-align: middle'>6</span>")[0] == "106"


def test_a_formula_is_said_once() -> None:
    """KaTeX and MathJax set it beside its MathML, MediaWiki hides the MathML behind a picture."""
    mathml = "<math><msup><mi>x</mi><mn>2</mn></msup></math>"
    assert read(f"a <span class=katex>{mathml}<span class=katex-html aria-hidden=true>x2</span></span>")[0] == "a x^2"
    assert read(f"a <span class=mwe-math-mathml-inline style='display:none'>{mathml}</span>")[0] == "a x^2"
    assert read(f"a <span class=MathJax><nobr aria-hidden=true>x2</nobr>{mathml}</span>")[0] == "a x^2"
    assert read("a <script type='math/tex'>x^2</script> b")[0] == "a x^2 b"
    assert read("a <span class=MathJax_Preview>x^2</span><script type='math/tex'>x^2</script>")[0] == "a x^2"


def test_what_programs_that_make_sites_put_around_content_is_left_out() -> None:
    """By the names that they give it; with a main element that has a title, all else, also where it has titles."""
    read_page = "<main><h1>Reset{}</h1><p>Hold the red button for nine seconds.</p>{}</main>{}"
    mark = "<a class=hash-link href='#r'>\u200b</a>"
    inside = (
        "<h2>Care<span class=mw-editsection>[<a>edit</a>]</span></h2><p>Gloves.<button>Copy</button></p>"
        "<div class=sharedaddy><h3>Share this:</h3></div><div class=newsletter><h3>Sign up</h3></div>"
        "<ol><li>By law. <a href='#r1' class=footnote-backref>\u21a9</a></li></ol>"
    )
    outside = "<div><h2>Recent posts</h2><input type=checkbox></div><div class=modal><h4>Search</h4><p>Terms</p></div>"
    page = render_html(read_page.format(mark, inside, outside), whole=False)
    assert page.body.text == "Reset\n\nHold the red button for nine seconds.\n\nCare\n\nGloves.\n\n1. By law."
    assert [heading.title for heading in page.body.headings] == ["Reset", "Care"]
    assert "Recent posts" in page.surroundings
    assert "Search Terms" in page.surroundings
    named = "<div>Home</div><div id=Content><h1>Reset</h1><p>Hold it.</p></div><div><h4>Newsletter</h4></div>"
    assert render_html(named, whole=False).body.text == "Reset\n\nHold it."
    titled = "<div><h1>Reset</h1><p>By Ines</p></div><main><p>Hold it.</p></main>"
    assert render_html(titled, whole=False).body.text == "Reset\n\nBy Ines\n\nHold it."
    small = "<main><h1>Reset</h1></main>" + "<p>A page whose text stands elsewhere.</p>" * 9
    assert render_html(small, whole=False).body.text.count("elsewhere") == 9
