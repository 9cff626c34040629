"""Measures what is written down of recordings: word errors over sentences that espeak-ng says, and seconds a minute.

    python -m benchmarks.speech MODEL... [--threads 2]

The speech is synthetic, flat and clean, and says nothing of accents, rooms and several speakers: it compares models,
and versions of this project. Each sentence is a recording of its own, and all of them one more, whose time is taken.
"""

from __future__ import annotations

import argparse
import re
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from passagework.ingest.loaders import LoadOptions, load
from passagework.ingest.loaders.speech import whisper
from passagework.retrieval.errors import NoTextError
from passagework.retrieval.types import Document
from tests.support.recordings import RATE, silence, spoken, wav

SENTENCES = (
    "The lighthouse keeper cleans the lamp every morning before he goes to sleep.",
    "Its lens weighs four tonnes and turns on a bath of mercury.",
    "Paraffin is kept in the cellar, away from the stove.",
    "The bell is rung when there is fog over the harbour.",
    "Ships from the north brought timber, and the carpenters of the village used it.",
    "The pier was built in the years after the great storm.",
    "Travel requests are approved by the head of the department.",
    "A receipt is needed for every meal that costs more than twenty dollars.",
    "Please switch off the lights when you leave the meeting room.",
    "The battery lasts for nine hours, and charges in less than two.",
    "Visitors sign the book at the front desk and wear a badge.",
    "The river rises in the hills and flows into the sea near the old town.",
    "She bought three loaves of bread and a bottle of milk at the market.",
    "The train to London leaves from platform seven at half past eight.",
    "Water the plants twice a week in summer and once a month in winter.",
    "The museum is closed on Mondays, but the garden is always open.",
    "He wrote a letter to his sister and sent it before the holiday.",
    "The engine must be cold before the oil is changed.",
    "Rain is expected in the west, with strong winds along the coast.",
    "The results of the survey will be published at the end of the year.",
    "Nobody remembers who planted the trees along the road.",
    "The doctor asked him to rest for a week and to drink plenty of water.",
    "All windows on the ground floor have to be locked at night.",
    "The company was founded by two brothers in a small workshop.",
)


def words(text: str) -> list[str]:
    """The words in lower case, without punctuation."""
    return re.findall(r"[a-z0-9']+", text.lower())


def errors(said: Sequence[str], written: Sequence[str]) -> int:
    """The words to change, add or leave out for one to become the other (Levenshtein's distance)."""
    row = list(range(len(written) + 1))
    for number, word in enumerate(said, 1):
        before, row[0] = row[0], number
        for at, other in enumerate(written, 1):
            before, row[at] = row[at], min(row[at] + 1, row[at - 1] + 1, before + (word != other))
    return row[-1]


def text_of(path: Path, model: str) -> str:
    """What is written down of a recording; "" where nothing is."""
    options = LoadOptions(speech_model=model, speech_name=Path(model).name)
    try:
        return " ".join(item.text for item in load(path, options) if isinstance(item, Document))
    except NoTextError:
        return ""


def measure(model: str, folder: Path) -> None:
    """Prints the figures of one model."""
    wrong = total = 0
    parts = []
    for number, sentence in enumerate(SENTENCES):
        parts += [spoken(sentence), silence(1)]
        written = text_of(wav(folder / f"{number}.wav", parts[-2]), model)
        wrong += errors(words(sentence), words(written))
        total += len(words(sentence))
        print(f"    {errors(words(sentence), words(written))}  {written}")
    whole = wav(folder / "all.wav", *parts)
    started, computed = time.monotonic(), time.process_time()
    written = text_of(whole, model)
    minutes = sum(map(len, parts)) / RATE / 60
    seconds, cpu = (time.monotonic() - started) / minutes, (time.process_time() - computed) / minutes
    together = errors(words(" ".join(SENTENCES)), words(written)) / total
    print(
        f"{Path(model).name}: {wrong / total:.1%} of {total} words wrong in {len(SENTENCES)} recordings of a sentence, "
        f"{together:.1%} in one of all; {seconds:.1f} s a minute, {cpu:.1f} s of a core"
    )


def main() -> None:
    """Measures each model that is named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("models", nargs="+")
    parser.add_argument("--threads", type=int, help="threads to listen with (default: as an ingest does)")
    options = parser.parse_args()
    if options.threads:
        threads = options.threads
        whisper.threads = lambda: threads
    with TemporaryDirectory() as folder:
        for model in options.models:
            measure(str(Path(model).absolute()), Path(folder))


if __name__ == "__main__":
    main()
