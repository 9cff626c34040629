"""What pictures of a page say in words."""

from __future__ import annotations

import time

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
        ('<p>a <img alt="Screenshot 2024-05-06 at 10.11.12 AM"> b</p>', "a b"),
        ('<p>a <img alt="Image of a pump in section"> b</p>', "a Image of a pump in section b"),
        ('<p>a <img alt="系统架构图"> b</p>', "a 系统架构图 b"),
        ('<p>a <img alt="a warning sign" width="16px"> b</p>', "a b"),
        ('<p>a <img alt="build has passed" src="https://x.org/badge.svg"> b</p>', "a b"),
        ('<p>a <img alt="Flow of ingest" role="presentation"> b</p>', "a b"),
        ('<p>a <img alt=""> b <img> c</p>', "a b c"),
    ],
)
def test_pictures_say_what_their_authors_wrote_for_them(source: str, text: str) -> None:
    """As a screen reader does; not signs and names of files, nor what stands beside the picture again."""
    assert render_html(source).body.text == text


def test_a_page_of_pictures_alone_takes_time_by_their_number() -> None:
    """Twice as many take twice as long, not four times."""
    took = []
    for count in (2_000, 8_000):
        started = time.process_time()
        render_html("<p>" + '<img alt="a pump in section">' * count + "</p>")
        took.append(time.process_time() - started)
    assert took[1] < 10 * took[0]
