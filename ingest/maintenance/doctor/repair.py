"""Mends what can be made again from the rest of a collection; what can't be is neither changed nor taken out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from passagework.ingest.chunker import encode_inputs
from passagework.ingest.maintenance.doctor.check_context import FIELDS, PASSAGES, UNREAD, VECTORS, CheckContext, Skipped
from passagework.ingest.maintenance.doctor.diagnosis import Diagnosis, Finding, Remedy, Repair
from passagework.ingest.maintenance.doctor.document_checks import corrected, is_slice
from passagework.ingest.maintenance.doctor.examination import examine
from passagework.ingest.maintenance.doctor.index_checks import index_problem
from passagework.ingest.maintenance.doctor.judgment_checks import set_judgments_aside
from passagework.ingest.maintenance.doctor.served_checks import repair_served
from passagework.ingest.maintenance.doctor.token_checks import mend_token_vectors
from passagework.ingest.maintenance.doctor.vector_checks import inputs_of, loaded_encoder
from passagework.ingest.writing.write_access import writable_version
from passagework.retrieval.config import Settings
from passagework.retrieval.dense.saved_indexes import chosen_kind, save_index
from passagework.retrieval.errors import LostVersionError, PassageworkError, StoreError
from passagework.retrieval.files import set_aside
from passagework.retrieval.folder import current_version
from passagework.retrieval.lexical.saved_postings import refresh_postings
from passagework.retrieval.models.encoder import Encoder
from passagework.retrieval.remote.remote_record import is_served
from passagework.retrieval.store import Store, integrity
from passagework.retrieval.store.seal import read_seal
from passagework.retrieval.text import one_line
from passagework.retrieval.words.file_names import searched_title

GROUP = 256
"""Passages encoded between two commits."""


def repair(collection: str | Path, *, encoder: Encoder | str | None = None, settings: Settings | None = None) -> Repair:
    """Examines a collection, mends what is derived, and examines it again.

    Only one writer may be at work: raises StoreError where there is another, where the folder can't be written, and
    where there is no collection.
    """
    collection = Path(collection)
    settings = settings or Settings.from_environment()
    lost = _lost(collection)
    if not lost and is_served(current_version(collection)):
        return repair_served(collection, current_version(collection))
    with writable_version(collection) as folder:  # which takes up a lost CURRENT
        before = examine(collection, encoder=encoder, settings=settings)
        done, failed = _mend(folder, before, encoder, settings)
        after = examine(collection, encoder=encoder, settings=settings) if done else before
        if {finding.check for finding in after.findings} <= {"seal"} and _seal(folder, anew=not after.well):
            done.append(Remedy.SEAL.value)
            after = examine(collection, encoder=encoder, settings=settings)
    before = replace(before, findings=(*lost, *before.findings))
    return Repair(before, (*(Remedy.CURRENT.value for _ in lost), *done), tuple(failed), after)


def _seal(folder: Path, *, anew: bool) -> bool:
    """Seals a database that was found sound, where it isn't or `anew`; returns whether it did."""
    database = folder / "store.db"
    seal = read_seal(database)
    if not anew and seal is not None and seal.blocks is not None:
        return False
    with Store.open(database) as store:
        store.accept()
    return True


def _lost(collection: Path) -> list[Finding]:
    try:
        current_version(collection)
    except LostVersionError as error:
        return [Finding("current", error.found, Remedy.CURRENT)]
    return []


def _mend(
    folder: Path, before: Diagnosis, encoder: Encoder | str | None, settings: Settings
) -> tuple[list[str], list[str]]:
    """Does what the findings ask for, but for the seal; returns what was done, and what went wrong."""
    done: list[str] = []
    failed: list[str] = []
    remedies = [remedy for remedy in before.remedies if remedy in REMEDIES]
    if not remedies:
        return done, failed
    with Store.open(folder / "store.db") as store:
        store.keeps_seal = any(finding.check == "seal" for finding in before.findings)
        context = CheckContext(folder, store, encoder, settings, findings=list(before.findings))
        for kind, values in before.bad.items():
            context.bad[kind].extend(values)
        for remedy in remedies:
            problem = _try_remedy(context, remedy)
            if problem:
                failed.append(problem)
            else:
                done.append(remedy.value)
        if not store.keeps_seal:
            store.checkpoint()
    return done, failed


def _try_remedy(context: CheckContext, remedy: Remedy) -> str:
    """Does one thing; returns what went wrong, in a line, "" where nothing did."""
    try:
        REMEDIES[remedy](context)
    except (PassageworkError, Skipped) as error:
        return one_line(f"not {remedy.value}: {error}")
    return ""


def _mend_passages(context: CheckContext) -> None:
    with context.store.write() as writer:
        for document_id in context.bad[PASSAGES]:
            document = writer.document(_number(document_id))
            for passage in integrity.stored_passages(writer, _number(document_id)):
                if not is_slice(document, passage):
                    start, end, text = corrected(document, passage)
                    integrity.correct_passage(
                        writer, passage.id, start=start, end=end, text=text, title=searched_title(document)
                    )


def _mend_fields(context: CheckContext) -> None:
    with context.store.write() as writer:
        for document_id in context.bad[FIELDS]:
            document = writer.document(_number(document_id))
            integrity.correct_fields(writer, _number(document_id), document.metadata)


def _mend_text_index(context: CheckContext) -> None:
    with context.store.write() as writer:
        integrity.rebuild_text_index(writer)
        writer.drop_generations(
            [generation.id for generation in writer.postings_generations()]
        )  # they were counted in it


def _mend_table_indexes(context: CheckContext) -> None:
    with context.store.write() as writer:
        integrity.rebuild_table_indexes(writer)


def _mend_vectors(context: CheckContext) -> None:
    """Encodes again what has no vector or a wrong one: the damaged goes in the transaction that brings the good."""
    encoder = loaded_encoder(context)
    bad = {key for key in context.bad[VECTORS] if isinstance(key, bytes)}
    unread = set(context.bad[UNREAD])
    with context.store.read() as snapshot:
        missing = integrity.documents_without_vectors(snapshot)
        owners = integrity.documents_of_hashes(snapshot, list(bad))
    for document_id in sorted(({*missing} | owners) - unread):
        with context.store.read() as snapshot:
            inputs = inputs_of(snapshot, encoder, document_id)
            known = snapshot.known_hashes(list(inputs))
        keys = [key for key in inputs if key in bad or key not in known]
        for start in range(0, len(keys), GROUP):
            batch = keys[start : start + GROUP]
            vectors = encode_inputs(encoder, [inputs[key] for key in batch])
            with context.store.write() as writer:
                integrity.drop_vectors(writer, batch)
                writer.put_vectors(batch, vectors)
                writer.expect_unused()
    with context.store.write() as writer:
        writer.sweep_vectors()


def _mend_orphans(context: CheckContext) -> None:
    with context.store.write() as writer:
        writer.expect_unused()
        writer.sweep_vectors()


def _mend_generation(context: CheckContext) -> None:
    """Saves a new index of the stored vectors, and sets aside what is not good, as a search would."""
    if any(finding.remedy is Remedy.VECTORS for finding in context.findings):
        with context.store.read() as snapshot:
            if integrity.documents_without_vectors(snapshot):
                raise StoreError("passages without vectors would be missing from it")
    with context.store.read() as snapshot:
        kind = chosen_kind(snapshot)
        last = snapshot.last_change()
        bad = [
            generation
            for generation in snapshot.generations()
            if generation.change > last or index_problem(context, snapshot, generation)
        ]
    for generation in bad:
        path = context.folder / "index" / generation.file
        try:
            if path.is_file():
                set_aside(path)
        except OSError as error:
            raise StoreError(f"{path} can't be set aside: {error.strerror or error}") from error
    save_index(context.store, context.folder / "index", kind=kind)
    refresh_postings(context.store, context.folder / "index")


def _number(document_id: int | bytes) -> int:
    assert isinstance(document_id, int)
    return document_id


REMEDIES: dict[Remedy, Callable[[CheckContext], None]] = {
    Remedy.INDEXES: _mend_table_indexes,
    Remedy.PASSAGES: _mend_passages,
    Remedy.FIELDS: _mend_fields,
    Remedy.TEXT_INDEX: _mend_text_index,
    Remedy.VECTORS: _mend_vectors,
    Remedy.TOKENS: mend_token_vectors,
    Remedy.ORPHANS: _mend_orphans,
    Remedy.GENERATION: _mend_generation,
    Remedy.JUDGMENTS: set_judgments_aside,
}
