"""Looks a collection over and mends it: `examine` finds, `repair` makes again what is derived.

diagnosis.py        what is found, and what is done
check_context.py    what the checks share
examination.py      the checks, in order
database_checks.py  bytes, pages, references, the text index
document_checks.py  digests, slices, filter fields
vector_checks.py    vectors that are missing, unused, or not what the encoder gives
token_checks.py     the same of token vectors, and their remedy
judgment_checks.py  judgments beside the versions
index_checks.py     saved indexes against their digests, the changes, and a scan
repair.py           the remedies
"""

from __future__ import annotations

from passagework.ingest.maintenance.doctor.diagnosis import Check, Diagnosis, Finding, Remedy, Repair
from passagework.ingest.maintenance.doctor.examination import examine
from passagework.ingest.maintenance.doctor.repair import repair

__all__ = ["Check", "Diagnosis", "Finding", "Remedy", "Repair", "examine", "repair"]
