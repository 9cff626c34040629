"""Support of answers: how well `verify` tells what a source says from what it doesn't, beside untrained measures.

    python -m benchmarks.support [--data begin-cmu ...] [--nli M] [--every N]

AUROC of the score, and balanced accuracy at its threshold (of the untrained: at the threshold that is best on the set,
which flatters them), with the difference to the best untrained measure and its 95 % interval by paired bootstrap; then
by kind of statement. The set `made` is of claims made of SQuAD, MedQuAD and PubMedQA, wrong in known ways.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from benchmarks.support_sets import SETS, Statement
from passagework.retrieval import BiEncoder, Citation, Settings
from passagework.retrieval.verification.engines import load_engine
from passagework.retrieval.verification.support import PassageSupport, SupportEngine
from passagework.retrieval.verification.token_evidence import TokenEvidence
from passagework.retrieval.verification.verification import Verdict
from passagework.retrieval.verification.verifier import verify_by_citations

UNTRAINED = ("cosine", "words", "worst_quarter")
"""What one would try first: the best cosine with a sentence, the share of words, the worst quarter of tokens."""

RESAMPLED = 1000


@dataclass(frozen=True, slots=True)
class Scored:
    """Holds for each statement of a set the score of `verify`, whether all its claims are supported, and the untrained
    measures, the mean of its claims: (n,), (n,), and (n, len(UNTRAINED))."""

    scores: NDArray[np.float64]
    accepted: NDArray[np.bool_]
    untrained: NDArray[np.float64]
    verdicts: tuple[tuple[Verdict, ...], ...]


class Measuring:
    """An engine beside which the untrained measures are taken of every claim."""

    def __init__(self, engine: SupportEngine, measure: TokenEvidence) -> None:
        self.name, self.threshold = engine.name, engine.threshold
        self._engine, self._measure = engine, measure
        self.taken: list[NDArray[np.float64]] = []

    def judge(self, claim: str, passages: Sequence[str]) -> list[PassageSupport]:
        """As the engine does."""
        measures = self._measure.measured(claim, passages)  # a source with a table is read in several ways
        self.taken.append(np.max([[getattr(one, name) for name in UNTRAINED] for one in measures], axis=0))
        return self._engine.judge(claim, passages)


def scored(statements: Sequence[Statement], engine: SupportEngine, measure: TokenEvidence) -> Scored:
    """Every statement verified by its source alone."""
    scores, accepted, untrained, verdicts = [], [], [], []
    for one in statements:
        measuring = Measuring(engine, measure)
        cited = Citation(1, "", "", "", "", (), 0, len(one.source), (), 0.0, one.source, {})
        verification = verify_by_citations(one.text, measuring, [cited])
        scores.append(0.0 if verification.score is None else verification.score)
        accepted.append(verification.count(Verdict.SUPPORTED) == len(verification.claims) > 0)
        untrained.append(np.mean(measuring.taken, axis=0) if measuring.taken else np.zeros(len(UNTRAINED)))
        verdicts.append(tuple(claim.verdict for claim in verification.claims))
    return Scored(np.array(scores), np.array(accepted), np.array(untrained), tuple(verdicts))


def balanced_accuracy(supported: NDArray[np.bool_], accepted: NDArray[np.bool_]) -> float:
    """The mean of the shares of supported ones that are accepted and of others that aren't."""
    return float((accepted[supported].mean() + (~accepted[~supported]).mean()) / 2)


def best_accuracy(supported: NDArray[np.bool_], scores: NDArray[np.float64]) -> float:
    """Balanced accuracy at the threshold that is best on the set itself."""
    return max(balanced_accuracy(supported, scores >= least) for least in np.unique(scores))


def interval(supported: NDArray[np.bool_], one: NDArray[np.float64], other: NDArray[np.float64]) -> tuple[float, float]:
    """The 95 % interval of the difference in AUROC, by paired bootstrap."""
    chance = np.random.default_rng(7)
    differences = []
    for _ in range(RESAMPLED):
        rows = chance.integers(0, len(supported), len(supported))
        if 0 < supported[rows].sum() < len(rows):
            drawn = supported[rows]
            differences.append(roc_auc_score(drawn, one[rows]) - roc_auc_score(drawn, other[rows]))
    low, high = np.quantile(differences, (0.025, 0.975))
    return float(low), float(high)


def line(name: str, statements: Sequence[Statement], found: Scored) -> str:
    """A set's figures as a row of a table."""
    supported = np.array([one.supported for one in statements])
    untrained = [roc_auc_score(supported, column) for column in found.untrained.T]
    best = int(np.argmax(untrained))
    score = roc_auc_score(supported, found.scores)
    low, high = interval(supported, found.scores, found.untrained[:, best])
    accuracy = balanced_accuracy(supported, found.accepted)
    others = " | ".join(f"{one:.3f}" for one in untrained)
    size = f"{len(statements)} ({supported.mean():.0%})"
    gain = f"{score - untrained[best]:+.3f} ({low:+.3f} to {high:+.3f})"
    flattered = best_accuracy(supported, found.untrained[:, best])
    return f"| {name} | {size} | {others} | {score:.3f} | {gain} | {flattered:.3f} | {accuracy:.3f} |"


def by_kind(name: str, statements: Sequence[Statement], found: Scored) -> list[str]:
    """For each kind how many statements there are, and how many of their claims have which verdict."""
    rows = []
    for kind in dict.fromkeys(one.kind for one in statements):
        places = [place for place, one in enumerate(statements) if one.kind == kind]
        verdicts = [verdict for place in places for verdict in found.verdicts[place]]
        shares = " | ".join(f"{verdicts.count(one) / max(1, len(verdicts)):.0%}" for one in Verdict)
        right = np.mean([statements[place].supported for place in places])
        rows.append(f"| {name} | {kind} | {len(places)} | {right:.0%} | {shares} |")
    return rows


HEADER = (
    "| set | statements (supported) | cosine | words | worst quarter | verify | over the best untrained (95 %) "
    "| balanced accuracy, untrained | verify |\n" + "| --- " * 9 + "|"
)
KINDS = (
    "\n| set | kind | statements | supported | claims told supported | contradicted | not found |\n"
    + "| --- " * 7
    + "|"
)


def main() -> int:
    """Prints a line a set, then a line a kind; or fits the weights."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", action="append", choices=SETS)
    parser.add_argument("--nli", metavar="M", help="folder or hub name of an NLI model in place of the default engine")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="of each set every so many statements")
    arguments = parser.parse_args()
    encoder = BiEncoder.load()
    measure = TokenEvidence(encoder)
    engine: SupportEngine = (
        load_engine(arguments.nli, encoder, Settings.from_environment()) if arguments.nli else measure
    )
    kinds = []
    print(HEADER)
    for name in arguments.data or SETS:
        statements = SETS[name]()[:: arguments.every]
        found = scored(statements, engine, measure)
        print(line(name, statements, found), flush=True)
        kinds += by_kind(name, statements, found)
    print("\n".join([KINDS, *kinds]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
