"""Proposes where a query's answers may stand: the documents of the label that a classifier gives it."""

from __future__ import annotations

from dataclasses import replace

from passagework.retrieval.hits import Hits
from passagework.retrieval.labels.label_head import OTHER
from passagework.retrieval.labels.text_classifier import TextClassifier
from passagework.retrieval.plan import ProposedRoute


def routed(hits: Hits, classifier: TextClassifier) -> Hits:
    """Returns the same hits, with the route that a classifier proposes for their query in the plan."""
    [found] = classifier.classify([hits.query])
    fits = found.label == found.nearest or found.nearest == OTHER
    where = {classifier.field: found.label} if fits else None
    return replace(hits, plan=replace(hits.plan, route=ProposedRoute(found.label, found.probability, where)))
