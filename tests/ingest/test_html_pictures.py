"""What pictures of a page say in words."""

from __future__ import annotations

import pytest

from passagework.ingest.loaders.html.html_text import render_html


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ('<p>See <img alt="Flow of ingest and query"> here</p>', "See Flow of ingest and query here"),
        ('<p>Good <img class="emoji" alt="🎉"> day</p>', "Good 🎉 day"),
        (
            '<figure><img alt="Sales by year"><figcaption>Sales by year, in euros</figcaption></figure>',
            "Sales by year, in euros",
        ),
        ('<p>a <img alt="Company logo"> b</p>', "a b"),
        ('<p>a <img alt="IMG_2034.JPG"> b</p>', "a b"),
        ('<p>a <img alt="a warning sign" width="16px"> b</p>', "a b"),
        ('<p>a <img alt="build has passed" src="https://x.org/badge.svg"> b</p>', "a b"),
        ('<p>a <img alt="Flow of ingest" role="presentation"> b</p>', "a b"),
        ('<p>a <img alt=""> b <img> c</p>', "a b c"),
    ],
)
def test_pictures_say_what_their_authors_wrote_for_them(source: str, text: str) -> None:
    """As a screen reader does; not signs and names of files, nor what stands beside the picture again."""
    assert render_html(source).body.text == text
