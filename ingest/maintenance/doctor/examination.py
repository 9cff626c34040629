"""Looks a collection over, check by check: each goes as far as it can, and a damaged page ends no more than one."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

from sqlalchemy.exc import OperationalError

from passagework.ingest.maintenance.doctor import (
    database_checks,
    document_checks,
    index_checks,
    judgment_checks,
    token_checks,
    vector_checks,
)
from passagework.ingest.maintenance.doctor.check_context import CheckContext, Skipped
from passagework.ingest.maintenance.doctor.diagnosis import FINDINGS, Check, Diagnosis, Finding, Remedy
from passagework.ingest.maintenance.doctor.served_checks import examine_served
from passagework.ingest.writing.write_access import live_version
from passagework.retrieval.config import Settings
from passagework.retrieval.errors import LostVersionError, PassageworkError, StoreError
from passagework.retrieval.folder import current_version
from passagework.retrieval.models.encoder import Encoder
from passagework.retrieval.models.identity import recorded_encoder
from passagework.retrieval.remote.remote_record import is_served
from passagework.retrieval.store import Store
from passagework.retrieval.text import one_line

CHECKS: tuple[tuple[str, Callable[[CheckContext], str]], ...] = (
    ("seal", database_checks.check_seal),
    ("structure", database_checks.check_structure),
    ("references", database_checks.check_references),
    ("order", index_checks.check_changes),
    ("documents", document_checks.check_documents),
    ("text index", database_checks.check_text_index),
    ("vectors", vector_checks.check_vectors),
    ("token vectors", token_checks.check_token_vectors),
    ("index", index_checks.check_index),
    ("encoder", vector_checks.check_encoding),
    ("token encoder", token_checks.check_token_encoding),
    ("judgments", judgment_checks.check_judgments),
)

LINE_CHARACTERS = 400


def examine(
    collection: str | Path, *, encoder: Encoder | str | None = None, settings: Settings | None = None
) -> Diagnosis:
    """Looks a collection over and changes nothing; raises StoreError where there is none."""
    collection = Path(collection)
    findings: list[Finding] = []
    try:
        folder = current_version(collection)
    except LostVersionError as error:
        newest = live_version(collection)  # raises where no version is whole
        if newest is None:
            raise
        folder = newest
        findings.append(Finding("current", error.found, Remedy.CURRENT))
    if is_served(folder):
        return examine_served(collection, folder)
    checks = [Check("current", "found" if findings else "ok", folder.name)]
    try:
        store = Store.open(folder / "store.db")
    except StoreError as error:
        findings.append(Finding("database", str(error)))
        checks.append(Check("database", "found", "it doesn't open"))
        return Diagnosis(str(collection), folder.name, {}, tuple(checks), tuple(findings))
    with store:
        context = CheckContext(folder, store, encoder, settings or Settings.from_environment())
        counts: dict[str, int] = {}
        try:
            with store.read() as snapshot:
                counts = snapshot.counts()
                recorded_encoder(snapshot)
        except PassageworkError as error:
            findings.append(Finding("database", str(error)))
        for name, check in CHECKS:
            checks.append(_run(context, name, check))
        findings.extend(context.findings)
        bad = {kind: tuple(values) for kind, values in context.bad.items()}
    return Diagnosis(str(collection), folder.name, counts, tuple(checks), _shortened(findings), bad)


def _run(context: CheckContext, name: str, check: Callable[[CheckContext], str]) -> Check:
    before = len(context.findings)
    try:
        detail = check(context)
    except Skipped as skipped:
        return Check(name, "skipped", one_line(str(skipped)))
    except PassageworkError as error:
        if _is_refusal(error):
            return Check(name, "skipped", one_line(str(error)))
        context.find(name, str(error))
        detail = "it could not be finished"
    except (ValueError, TypeError, KeyError, OverflowError) as error:  # a row that holds what no writer puts there
        context.find(name, f"the database holds what no writer puts there ({type(error).__name__}: {error})")
        detail = "it could not be finished"
    return Check(name, "found" if len(context.findings) > before else "ok", detail)


def _is_refusal(error: PassageworkError) -> bool:
    """Tells whether the database was sound enough, but another was writing, or it may not be written."""
    cause = error.__cause__
    reason = str(cause.orig if isinstance(cause, OperationalError) else cause)
    return isinstance(cause, OperationalError | sqlite3.OperationalError) and (
        "locked" in reason or "readonly" in reason
    )


def _shortened(findings: list[Finding]) -> tuple[Finding, ...]:
    """Returns the findings in short lines, only the first of many by one check; every remedy stays named."""
    named: list[Finding] = []
    unnamed: dict[tuple[str, Remedy | None], int] = defaultdict(int)
    shown: dict[str, int] = defaultdict(int)
    for finding in findings:
        shown[finding.check] += 1
        if shown[finding.check] <= FINDINGS:
            named.append(Finding(finding.check, one_line(finding.text, limit=LINE_CHARACTERS), finding.remedy))
        else:
            unnamed[finding.check, finding.remedy] += 1
    named.extend(Finding(check, f"and {number:,} more", remedy) for (check, remedy), number in unnamed.items())
    return tuple(named)
