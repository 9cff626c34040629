"""Defines `passagework classify`, and what `train classifier` and `ingest --label` do."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from passagework.retrieval.errors import ConfigError
from passagework.retrieval.text import one_line
from passagework.ui.commands import options as opt
from passagework.ui.commands.output import print_message, print_result
from passagework.ui.commands.searching import open_collection

if TYPE_CHECKING:
    from rich.console import Console

    from passagework.retrieval.labels.text_classifier import TextClassifier

TextsArgument = Annotated[
    list[str] | None, typer.Argument(help="Texts; - or nothing reads one a line from stdin.", metavar="TEXT")
]
ClassifierOption = Annotated[Path, typer.Option("--model", help="Folder of the classifier.", metavar="FOLDER")]
EvaluatedOption = Annotated[
    Path | None,
    typer.Option("--evaluate", help="Measure it on labelled texts (JSONL, CSV, TSV) instead.", metavar="FILE"),
]
LabelOption = Annotated[
    Path | None,
    typer.Option("--label", help="Classifier whose labels become metadata: label, label_probability.", metavar="MODEL"),
]
LabelsOption = Annotated[
    str | None,
    typer.Option(
        "--labels",
        help="Of a classifier or an encoder: labelled texts (JSONL, CSV, TSV); with --collection a metadata field.",
        metavar="FILE|FIELD",
    ),
]
LabelsOfOption = Annotated[
    str, typer.Option("--of", help="Of a field: what has the label.", metavar="documents|passages")
]

STREAMED = 64
"""Lines that are read from stdin before their labels are printed."""


def classify(
    model: ClassifierOption,
    texts: TextsArgument = None,
    evaluate: EvaluatedOption = None,
    as_json: opt.JsonOption = False,
) -> None:
    """Give texts the labels of a classifier, one line a text."""
    from passagework.retrieval.labels.label_files import read_labels
    from passagework.retrieval.labels.text_classifier import TextClassifier
    from passagework.ui.present.label_lines import show_report

    examples = None if evaluate is None else read_labels(evaluate)
    classifier = TextClassifier.load(model)
    if examples is not None:
        report = classifier.evaluate(examples).to_json()
        print_result(report, as_json, lambda console: show_report(console, report))
        return
    given = [] if texts in (None, ["-"]) else texts or []
    if given and not all(text.strip() for text in given):
        raise ConfigError("there is no text to classify: one that is given is blank")
    lines = iter(given) if given else (line.rstrip("\r\n") for line in sys.stdin)
    _print_labels(classifier, lines, as_json)


def _print_labels(classifier: TextClassifier, lines: Iterator[str], as_json: bool) -> None:
    """Prints a line for each text as soon as it is known, also for a blank one; nothing at all is a mistake."""
    from passagework.retrieval.labels.label_head import OTHER, Labelled
    from passagework.retrieval.models.known_languages import knows_little_of, language_notes

    blank = Labelled(OTHER, 1.0, OTHER)  # no label fits, and the lines of a stream stay in step
    count = 0
    strange = 0
    while batch := list(islice(lines, STREAMED if count else 1)):
        read = [text for text in batch if text.strip()]
        labels = iter(classifier.classify(read))
        for text in batch:
            found = next(labels) if text.strip() else blank
            line = f"{found.probability:.3f}  {one_line(found.label)}"
            print_result(found.to_json(), as_json, partial(_show_line, line))
        if classifier.encoder is not None:
            strange += sum(knows_little_of(classifier.encoder, text) for text in read)
        count += len(batch)
    if not count:
        raise ConfigError("there is no text to classify: give one, or one a line on stdin")
    for note in language_notes(classifier.encoder_record.model, strange, count):
        print_message(f"note: {note}")


def _show_line(line: str, console: Console) -> None:
    console.print(line, markup=False, soft_wrap=True)


def train_classifier(
    labels: str | None, collection: Path | None, base: str | None, out: Path, of: str, as_json: bool
) -> None:
    """Trains a classifier as `train classifier` was asked to, saves it and prints its figures."""
    from passagework import BiEncoder
    from passagework.retrieval.choices import choose
    from passagework.retrieval.extras import require
    from passagework.retrieval.labels.label_files import read_labels
    from passagework.retrieval.training.classifier_training import (
        LabelsOf,
        train_classifier as learn,
        train_classifier_on_field,
    )
    from passagework.retrieval.training.folders import check_output_folder
    from passagework.ui.present.label_lines import show_report

    require("labels")
    check_output_folder(out)
    if labels is None:
        raise ConfigError("a classifier learns from --labels: a file, or with --collection a metadata field")
    if collection is not None and not Path(labels).is_file():
        with open_collection(collection) as opened:
            trained = train_classifier_on_field(opened, labels, of=choose(LabelsOf, of, "of"))
    else:
        examples = read_labels(labels)
        if collection is None:
            trained = learn(examples, BiEncoder.load(base))
        else:
            with open_collection(collection, encoder=base) as opened:
                trained = learn(examples, opened.encoder())
    trained.save(out)
    result = {"kind": "classifier", "out": str(out), "field": trained.field, **trained.report}
    print_result(result, as_json, lambda console: show_report(console, trained.report, out))


def checked_classifier(folder: Path, collection: Path) -> TextClassifier:
    """Returns a classifier, once it is found to read the vectors of the collection, where there is one already."""
    from passagework.ingest.workflows.labelling import check_labels
    from passagework.ingest.writing.opening import collection_exists
    from passagework.retrieval.labels.text_classifier import TextClassifier

    classifier = TextClassifier.read(folder)
    if collection_exists(collection):
        with open_collection(collection) as opened:
            check_labels(classifier, opened.status().encoder)
    return classifier


def labelled(collection: Path, classifier: TextClassifier) -> dict[str, object]:
    """Labels the documents of a collection, says on stderr what is good to know, and returns the JSON of it."""
    from passagework.ingest.workflows.labelling import label_documents

    done = label_documents(collection, classifier)
    if done.own_label:
        print_message(f"note: {done.own_label:,} documents have a field label of their own, and keep it")
    return {"labels": done.to_json()}
