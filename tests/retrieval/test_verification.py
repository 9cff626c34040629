"""Rules of verifying an answer: verdicts, the characters that say so, and faults of citations."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from passagework import BiEncoder, Citation, Collection, ConfigError, Settings, ingest
from passagework.retrieval.collection.restricted import RestrictedCollection
from passagework.retrieval.types import Hidden, HiddenReason
from passagework.retrieval.verification.claims import claims_of
from passagework.retrieval.verification.encoded_text import encoded_texts
from passagework.retrieval.verification.evidence import evidence_of_citation
from passagework.retrieval.verification.support import PassageSupport
from passagework.retrieval.verification.verification import CitationFault, Verdict
from passagework.retrieval.verification.verifier import verify_by_citations

SUPPORTED, CONTRADICTED, NOT_FOUND = Verdict.SUPPORTED, Verdict.CONTRADICTED, Verdict.NOT_FOUND
TRAVEL = (
    "# Travel\n\nTrips abroad are approved by the head of department within 5 days. 😀 Hotels are paid up to 120 euros "
    "a night. The office pays receipts back within ten days. Contractors are not reimbursed for meals.\n"
)
GULLS = "# Gulls\n\nIn 2019 the colony had 4,200 pairs. Elena Marsh founded the station in 1954. Owls hunt at night.\n"


@pytest.fixture(scope="module")
def collection(tmp_path_factory: pytest.TempPathFactory) -> Collection:
    """Two notes, encoded by the default encoder."""
    folder = tmp_path_factory.mktemp("verified")
    (folder / "docs").mkdir()
    (folder / "docs" / "travel.md").write_text(TRAVEL)
    (folder / "docs" / "gulls.md").write_text(GULLS)
    ingest([folder / "docs"], folder / "c", settings=Settings(workers=1, offline=True))
    return Collection.open(folder / "c", settings=Settings(offline=True))


class SharedWords:
    """An engine that a test can predict: support is the share of the claim's words that the passage has."""

    name = "shared words"
    threshold = 0.6

    def judge(self, claim: str, passages: Sequence[str]) -> list[PassageSupport]:
        """The whole passage decides."""
        words = set(claim.lower().strip(" .").split())
        shares = [len(words & set(text.lower().replace(".", "").split())) / len(words) for text in passages]
        return [PassageSupport(share, 0.0, 0, len(text)) for share, text in zip(shares, passages, strict=True)]


def a_citation(number: int, text: str, *, start: int = 100, hidden: tuple[Hidden, ...] = ()) -> Citation:
    """What a context cites."""
    return Citation(number, "a", "a", "a.md", "", (), start, start + len(text), (), 1.0, text, {}, hidden)


CITED = [a_citation(1, "Trips need approval by the head"), a_citation(2, "Hotels cost 120 euros a night")]


@pytest.mark.parametrize(
    ("answer", "verdict", "words"),
    [
        ("Hotels are paid up to 120 euros a night.", SUPPORTED, "Hotels are paid up to 120 euros a night."),
        ("Trips abroad are approved within 7 days.", CONTRADICTED, "within 5 days"),
        ("Contractors are reimbursed for meals.", CONTRADICTED, "not reimbursed"),
        ("John Smith founded the station in 1954.", CONTRADICTED, "Elena Marsh"),
        ("In 2018 the colony had 4,200 pairs.", CONTRADICTED, "2019"),
        ("The moon is made of green cheese.", NOT_FOUND, None),
    ],
)
def test_a_claim_has_a_verdict_and_the_characters_that_say_so(
    collection: Collection, answer: str, verdict: Verdict, words: str | None
) -> None:
    """The citation is a slice of a document, found by searching the collection."""
    (claim,) = collection.verify(answer).claims
    assert claim.verdict is verdict
    if words is None:
        assert claim.citation is None
        return
    assert claim.citation is not None
    assert words in claim.citation.text
    document = collection.document(claim.citation)
    assert document.text[claim.citation.start : claim.citation.end] == claim.citation.text
    for fact in claim.comparisons:
        assert document.text[fact.found_start : fact.found_end] == fact.found
        assert answer[fact.start : fact.end] == fact.text


def test_the_answer_has_a_score_and_claims_by_code_points(collection: Collection) -> None:
    """Supported claims score above, others below: the answer has their mean; JSON says the same."""
    answer = "😀 Hotels are paid up to 120 euros a night. Émile eats only cheese from the moon."
    verification = collection.verify(answer)
    told = verification.to_json()
    assert [answer[claim.start : claim.end] for claim in verification.claims] == [one.text for one in claims_of(answer)]
    scores = [claim.score for claim in verification.claims]
    assert scores[0] > 0.5 > scores[1]
    assert verification.score == pytest.approx(sum(scores) / 2)
    claims = told["claims"]
    assert isinstance(claims, list)
    assert [one["verdict"] for one in claims if isinstance(one, dict)] == ["supported", "not_found"]
    assert told["score"] == pytest.approx(verification.score, abs=1e-4)


def test_who_may_not_see_a_document_is_not_told_of_it(collection: Collection) -> None:
    """A restricted collection verifies by what it may show."""
    restricted = RestrictedCollection(collection, {"path": "gulls.md"})
    (claim,) = restricted.verify("Hotels are paid up to 120 euros a night.").claims
    assert claim.verdict is NOT_FOUND
    (claim,) = collection.verify("Owls hunt at night.", where={"path": "travel.md"}).claims
    assert claim.verdict is NOT_FOUND


def test_what_claims_nothing_has_no_score(collection: Collection) -> None:
    """A question is none; an empty answer is a mistake."""
    verification = collection.verify("Is it so?")
    assert (verification.claims, verification.score, verification.to_json()["score"]) == ((), None, None)
    with pytest.raises(ConfigError, match="the answer is empty"):
        collection.verify("  ")


def test_the_context_of_a_collection_is_evidence(collection: Collection) -> None:
    """Its numbers are those that the answer names, and nothing else is looked at."""
    context = collection.context("who approves trips?", where={"path": "travel.md"})
    told = collection.verify(
        "Trips abroad are approved by the head of department [1]. Owls hunt at night [1].", context
    )
    assert [(claim.verdict, claim.cited, claim.fault) for claim in told.claims] == [
        (SUPPORTED, (1,), None),
        (NOT_FOUND, (1,), CitationFault.WRONG),
    ]


@pytest.mark.parametrize(
    ("answer", "verdicts", "faults"),
    [
        ("Hotels cost 120 euros a night [2].", [SUPPORTED], [None]),
        ("Hotels cost 120 euros a night [1].", [SUPPORTED], [CitationFault.WRONG]),
        ("Hotels cost 120 euros a night [7].", [SUPPORTED], [CitationFault.UNKNOWN]),
        ("Hotels cost 120 euros a night. Trips need approval [1].", [SUPPORTED] * 2, [CitationFault.MISSING, None]),
        ("Hotels cost 120 euros a night.", [SUPPORTED], [CitationFault.MISSING]),
        ("Hotels cost 90 euros a night [2].", [CONTRADICTED], [CitationFault.WRONG]),
    ],
)
def test_faults_of_citations(answer: str, verdicts: list[Verdict], faults: list[CitationFault | None]) -> None:
    """Missing where none is named, wrong where another supports it, unknown where there is none of that number."""
    claims = verify_by_citations(answer, SharedWords(), CITED).claims
    assert [claim.verdict for claim in claims] == verdicts
    assert [claim.fault for claim in claims] == faults


def test_a_number_that_stands_nowhere_is_not_supported() -> None:
    """Whatever the engine says: the source doesn't name it."""
    (claim,) = verify_by_citations("Trips need approval by the head in 3 weeks.", SharedWords(), CITED).claims
    assert claim.verdict is NOT_FOUND
    assert claim.score <= SharedWords.threshold


def test_a_name_that_the_sentence_replaces_is_not_supported(collection: Collection) -> None:
    """It stands in the passage, but elsewhere."""
    text = "Elena Marsh founded the station in 1954. The house was sold by Otto Berg."
    (claim,) = collection.verify("In 1954 Otto Berg founded the station [1].", [a_citation(1, text)]).claims
    assert claim.verdict is NOT_FOUND


def test_hidden_text_supports_nothing() -> None:
    """Blanks stand for it, so that every other character keeps its place."""
    hidden = (Hidden(106, 116, HiddenReason.BACKGROUND),)
    cited = a_citation(1, "Trips [hidden text left out] need approval", hidden=hidden)
    cited = Citation.from_json({**cited.to_json(), "end": 100 + len("Trips  need approval") + 10})
    evidence = evidence_of_citation(cited)
    assert evidence.text == "Trips " + " " * 10 + " need approval"
    assert evidence.part(17, 21).start == 117
    assert evidence.part(17, 21).text == "need"


def test_a_citation_survives_its_json() -> None:
    """But for copies and OCR, which say nothing of where it stands."""
    cited = a_citation(3, "Trips", hidden=(Hidden(101, 102, HiddenReason.BACKGROUND),))
    assert Citation.from_json(cited.to_json()) == cited


def test_a_text_longer_than_the_window_is_read_to_its_end() -> None:
    """Every token of its content has a vector, and an empty text has none."""
    encoder = BiEncoder.load(settings=Settings(offline=True))
    long = "Gulls count. " * 200 + "Owls hunt."
    read, empty = encoded_texts(encoder, [long, ""])
    assert read.ends.max() == len(long)
    assert set(range(0, 13 * 200, 13)) <= set(read.starts.tolist())
    assert len(empty.vectors) == 0


POLICIES = {
    "policy-2021.md": "# Travel 2021\n\nTravel to another continent needs no approval by the Director.\n",
    "policy-2024.md": (
        "# Travel 2024\n\nTravel to another continent is approved by the Director, whatever it costs.\n\n"
        "## Limits\n\n| Cost of the trip | Approved by |\n| --- | --- |\n| up to EUR 2,500 | your group leader |\n"
        "| EUR 2,501 to EUR 7,500 | the Head of Administration, Priya Nambiar |\n"
    ),
}


@pytest.fixture(scope="module")
def policies(tmp_path_factory: pytest.TempPathFactory) -> Collection:
    """An old policy that a newer one contradicts, and a table."""
    folder = tmp_path_factory.mktemp("policies")
    (folder / "docs").mkdir()
    for name, text in POLICIES.items():
        (folder / "docs" / name).write_text(text)
    ingest([folder / "docs"], folder / "c", settings=Settings(workers=1, offline=True))
    return Collection.open(folder / "c", settings=Settings(offline=True))


def test_where_documents_disagree_both_are_named(policies: Collection) -> None:
    """The nearer one tells the verdict, and the other stands beside it, whichever of them is claimed."""
    for answer, verdict in (
        ("Travel to another continent needs no approval by the Director.", "policy-2021.md"),
        ("Travel to another continent is approved by the Director.", "policy-2024.md"),
    ):
        (claim,) = policies.verify(answer).claims
        assert (claim.verdict, claim.citation and claim.citation.path) == (SUPPORTED, verdict)
        assert claim.disagreeing is not None
        assert {claim.disagreeing.path, verdict} == set(POLICIES)
        document = policies.document(claim.disagreeing)
        assert document.text[claim.disagreeing.start : claim.disagreeing.end] == claim.disagreeing.text
        assert policies.verify(answer).to_json()["claims"][0]["disagreeing"]["path"] == claim.disagreeing.path  # type: ignore[index, call-overload]
    (claim,) = policies.verify("No travel to another continent is approved by the Director.").claims
    assert claim.verdict is CONTRADICTED or claim.disagreeing is not None


@pytest.mark.parametrize(
    ("answer", "verdict", "row"),
    [
        ("Priya Nambiar approves trips from EUR 2,501 to EUR 7,500.", SUPPORTED, "Priya"),
        ("Priya Nambiar approves a trip that costs EUR 5,000.", SUPPORTED, "Priya"),
        ("Trips up to EUR 2,500 are approved by your group leader.", SUPPORTED, "leader"),
        ("Priya Nambiar approves trips up to EUR 2,500.", CONTRADICTED, "Priya"),
        ("Priya Nambiar approves trips that cost EUR 9,000.", CONTRADICTED, "Priya"),
    ],
)
def test_a_row_of_a_table_tells(policies: Collection, answer: str, verdict: Verdict, row: str) -> None:
    """By its cells under the names of their columns; what stands in different rows is no statement."""
    (claim,) = policies.verify(answer).claims
    assert claim.verdict is verdict
    assert claim.citation is not None
    assert claim.citation.text.startswith("| ")
    assert row in claim.citation.text
    document = policies.document(claim.citation)
    for fact in claim.comparisons:
        assert document.text[fact.found_start : fact.found_end] == fact.found


def test_a_language_that_the_encoder_does_not_know_is_said(collection: Collection) -> None:
    """In one line, beside verdicts that mean little; nothing is said of English."""
    found = collection.verify("Поездки за границу утверждает директор. Hotels are paid up to 120 euros a night.")
    (note,) = found.notes
    assert "knows little of the language of 1 of 2 texts" in note
    assert found.to_json()["notes"] == [note]
    assert collection.verify("Hotels are paid up to 120 euros a night.").notes == ()
