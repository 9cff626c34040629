"""Proposes where a query's answers may stand: the documents of the label that a classifier gives it."""

from __future__ import annotations

from collections.abc import Callable

from passagework.retrieval.labels.label_head import OTHER
from passagework.retrieval.labels.text_classifier import TextClassifier
from passagework.retrieval.plan import ProposedRoute


def proposed_by(classifier: TextClassifier) -> Callable[[str], ProposedRoute]:
    """Returns what proposes a route for a query: the classifier's label, and the filter that it stands for."""

    def proposed(query: str) -> ProposedRoute:
        [found] = classifier.classify([query])
        fits = found.label == found.nearest or found.nearest == OTHER
        where = {classifier.field: found.label} if fits else None
        return ProposedRoute(found.label, found.probability, where)

    return proposed
