"""Classifiers as users have them: files of labels, saved folders, other encoders, a collection's field, and routes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("sklearn", reason='pip install "passagework[labels]"')

from passagework import Collection
from passagework.ingest import ingest
from passagework.ingest.workflows import labelling
from passagework.ingest.workflows.labelling import label_documents
from passagework.retrieval import ConfigError, IndexMismatchError, ModelUnavailableError, TrainingError
from passagework.retrieval.config import Settings
from passagework.retrieval.labels.label_files import LabelledText, read_labels
from passagework.retrieval.labels.text_classifier import TextClassifier
from passagework.retrieval.store import DocumentRow, Store
from passagework.retrieval.training.classifier_training import (
    LabelsOf,
    train_classifier,
    train_classifier_on_field,
)
from tests.support.fakes import FakeEncoder

WORDS = {"birds": "owl hawk nest feather wing beak egg", "ships": "deck mast sail anchor hull keel rudder"}
SETTINGS = Settings(workers=1, offline=True)
EXAMPLES = [
    LabelledText(" ".join(words.split()[at : at + 4]), label)
    for label, words in WORDS.items()
    for at in (0, 1, 2, 3, 0, 2)
]


@pytest.fixture(scope="module")
def classifier() -> TextClassifier:
    """Tells birds from ships."""
    return train_classifier(EXAMPLES, FakeEncoder())


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Records of both subjects, of which one says what it is, and one has a label of its own."""
    records = [
        {"_id": "owl", "text": "owl and hawk feather the nest", "subject": "birds"},
        {"_id": "egg", "text": "beak wing egg", "subject": "birds"},
        {"_id": "mast", "text": "mast sail deck anchor hull", "subject": "ships"},
        {"_id": "keel", "text": "hull keel rudder", "subject": "ships", "label": "mine"},
        {"_id": "tax", "text": "levy invoice ledger audit"},
    ]
    (tmp_path / "r.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records))
    ingest([tmp_path / "r.jsonl"], tmp_path / "c", encoder=FakeEncoder(), settings=SETTINGS)
    return tmp_path / "c"


@pytest.fixture
def collection(path: Path) -> Iterator[Collection]:
    """Their collection, open."""
    with Collection.open(path, encoder=FakeEncoder(), settings=SETTINGS) as opened:
        yield opened


def test_saved_and_loaded_it_says_the_same(classifier: TextClassifier, tmp_path: Path) -> None:
    """The folder holds JSON and safetensors, with the encoder's fingerprint and the figures; it isn't written over."""
    classifier.save(tmp_path / "m")
    loaded = TextClassifier.load(tmp_path / "m", encoder=FakeEncoder())
    texts = ["hawk nest wing", "anchor hull sail"]
    assert loaded.classify(texts) == classifier.classify(texts)
    assert [found.nearest for found in loaded.classify(texts)] == ["birds", "ships"]
    assert sorted(file.name for file in (tmp_path / "m").iterdir()) == ["classifier.json", "classifier.safetensors"]
    record = json.loads((tmp_path / "m" / "classifier.json").read_text())
    assert record["encoder"] == FakeEncoder().fingerprint.to_json()
    assert record["report"]["accuracy"] == classifier.report["accuracy"] > 0.9
    with pytest.raises(ConfigError, match="not empty"):
        classifier.save(tmp_path / "m")


def test_another_encoder_is_refused(classifier: TextClassifier, tmp_path: Path) -> None:
    """Its vectors mean something else: both are named."""
    classifier.save(tmp_path / "m")
    with pytest.raises(IndexMismatchError, match=r"reads vectors of fake .*, not of fakeelse"):
        TextClassifier.load(tmp_path / "m", encoder=FakeEncoder(seed="else"))


@pytest.mark.parametrize("damage", ["gone", "json", "labels", "weights"])
def test_a_damaged_folder_is_told(classifier: TextClassifier, tmp_path: Path, damage: str) -> None:
    """Whatever is wrong with it is one line that names the folder."""
    classifier.save(tmp_path / "m")
    record = tmp_path / "m" / "classifier.json"
    if damage == "gone":
        record.unlink()
    elif damage == "json":
        record.write_text("{")
    elif damage == "labels":
        record.write_text(json.dumps({**json.loads(record.read_text()), "labels": ["birds"]}))
    else:
        (tmp_path / "m" / "classifier.safetensors").write_bytes(b"no")
    with pytest.raises(ModelUnavailableError, match="holds no classifier"):
        TextClassifier.read(tmp_path / "m")


def test_a_kill_while_it_is_saved_leaves_none(
    classifier: TextClassifier, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half a folder is none, and doesn't stand in the way of the next."""

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(TextClassifier, "_record", killed)
        with pytest.raises(KeyboardInterrupt):
            classifier.save(tmp_path / "made")
    assert not (tmp_path / "made").exists()
    classifier.save(tmp_path / "made")
    assert [path.name for path in tmp_path.iterdir()] == ["made"]


def test_texts_must_be_texts(classifier: TextClassifier) -> None:
    """Nothing to classify is an empty answer; an empty text, or none, is told by its place."""
    assert classifier.classify([]) == []
    with pytest.raises(ConfigError, match="text 2 is empty"):
        classifier.classify(["owl", "  "])
    with pytest.raises(ConfigError, match="text 1 is int"):
        classifier.classify([7])  # type: ignore[list-item]


def test_files_of_labels(tmp_path: Path) -> None:
    """JSONL, CSV and TSV, by the names that are usual; what can't be used is named with its line."""
    (tmp_path / "a.jsonl").write_text('{"text": "owl", "label": "birds"}\n\n{"text": "mast", "label": 3}\n')
    (tmp_path / "b.csv").write_text('text,category\n"a, b",birds\n')
    (tmp_path / "c.tsv").write_text("query\tintent\nowl\tbirds\n")
    assert read_labels(tmp_path / "a.jsonl") == [LabelledText("owl", "birds"), LabelledText("mast", "3")]
    assert read_labels(tmp_path / "b.csv") == [LabelledText("a, b", "birds")]
    assert read_labels(tmp_path / "c.tsv") == [LabelledText("owl", "birds")]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "there is no labelled text"),
        ("{", "line 1: not JSON"),
        ('{"text": "owl"}', "line 1: there is no field label or"),
        ('{"text": 7, "label": "a"}', "line 1: the text is no text"),
        ('{"text": " ", "label": "a"}', "line 1: the text is empty"),
        ('{"text": "owl", "label": ["a"]}', "line 1: the label is no text or number"),
        ("[1]", "line 1: no JSON object"),
        ("\xff\x00", "it is no text in UTF-8"),
    ],
)
def test_bad_files_of_labels(tmp_path: Path, content: str, message: str) -> None:
    """One line, with the file and the line in it."""
    (tmp_path / "a.jsonl").write_bytes(content.encode("latin-1"))
    with pytest.raises(TrainingError, match=message):
        read_labels(tmp_path / "a.jsonl")


def test_evaluated_on_labelled_texts(classifier: TextClassifier) -> None:
    """Accuracy on texts that it never saw; a label that it doesn't know is refused."""
    report = classifier.evaluate([LabelledText("hawk egg", "birds"), LabelledText("sail keel", "birds")])
    assert report.accuracy == 0.5
    assert [confusion.to_json() for confusion in report.confusion] == [
        {"label": "birds", "predicted": "ships", "texts": 1}
    ]
    with pytest.raises(ConfigError, match="1 labels are not the classifier's, such as 'fish'"):
        classifier.evaluate([LabelledText("carp", "fish")])


def test_a_field_of_a_collection_is_learned(collection: Collection) -> None:
    """From the vectors that are stored, of documents or their passages; those without the field are passed over."""
    trained = train_classifier_on_field(collection, "subject")
    assert (trained.labels, trained.field, trained.learned_passages) == (("birds", "ships"), "subject", True)
    assert [found.nearest for found in trained.classify(["wing feather nest", "rudder keel hull"])] == [
        "birds",
        "ships",
    ]
    assert train_classifier_on_field(collection, "subject", of=LabelsOf.PASSAGES).report["texts"] == 4
    with pytest.raises(TrainingError, match="no document has one value of the field 'nothing'"):
        train_classifier_on_field(collection, "nothing")


def test_labels_become_metadata(classifier: TextClassifier, collection: Collection, path: Path) -> None:
    """Filters find them; a label of one's own stays; a second run changes nothing, another classifier all it wrote."""
    done = label_documents(path, classifier)
    assert (done.labelled, done.unchanged, done.own_label) == (4, 0, 1)
    assert [row.name for row in collection.documents(where={"label": "birds"})] == ["owl", "egg"]
    assert [row.name for row in collection.documents(where={"label": "mine"})] == ["keel"]
    [mast] = collection.documents(where={"label": "ships", "label_probability": {"$gte": 0.5}})
    assert mast.metadata["label_model"] == classifier.head.digest
    again = label_documents(path, classifier)
    assert (again.labelled, again.unchanged) == (0, 4)
    other = train_classifier(
        [*EXAMPLES, *[LabelledText("levy audit", "tax"), LabelledText("audit ledger", "tax")]], FakeEncoder()
    )
    assert label_documents(path, other).labelled == 4
    report = ingest([path.parent / "r.jsonl"], path, encoder=FakeEncoder(), settings=SETTINGS)
    assert (report.unchanged, report.updated) == (5, 0)
    with pytest.raises(IndexMismatchError):
        label_documents(path, train_classifier(EXAMPLES, FakeEncoder(seed="else")))


def test_a_kill_loses_no_label(
    classifier: TextClassifier, collection: Collection, path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was labelled before stays, and the next run labels the rest; a folder half written is written anew."""
    monkeypatch.setattr(labelling, "AT_ONCE", 2)
    label, done = labelling._label, list[object]()

    def killed(store: Store, rows: Sequence[DocumentRow], by: TextClassifier) -> list[str]:
        if done:
            raise KeyboardInterrupt
        done.append(rows)
        return label(store, rows, by)

    monkeypatch.setattr(labelling, "_label", killed)
    with pytest.raises(KeyboardInterrupt):
        label_documents(path, classifier)
    assert len(collection.documents(where={"label_model": {"$exists": True}})) == 2
    monkeypatch.setattr(labelling, "_label", label)
    again = label_documents(path, classifier)
    assert (again.labelled, again.unchanged) == (2, 2)
    (tmp_path / "m.partial").mkdir()
    (tmp_path / "m.partial" / "classifier.json").write_text("{")
    classifier.save(tmp_path / "m")
    assert TextClassifier.read(tmp_path / "m").labels == classifier.labels


def test_a_route_is_proposed_and_narrows_nothing(classifier: TextClassifier, collection: Collection) -> None:
    """The plan has the filter; hits are those of the same search without it."""
    plain = collection.search("which mast has a sail", k=5)
    hits = collection.search("which mast has a sail", k=5, route=classifier)
    assert [hit.id for hit in hits] == [hit.id for hit in plain]
    assert hits.plan.route is not None
    assert hits.plan.route.label in ("ships", "other")
    shown: Any = collection.search("deck mast sail anchor", route=classifier).to_json()
    assert (shown["plan"]["route"]["label"], shown["plan"]["route"]["where"]) == ("ships", {"label": "ships"})
    assert plain.plan.route is None
