"""Checks the database file: as its last writer left it, sound for SQLite, and its full-text index true."""

from __future__ import annotations

import re

from passagework.ingest.maintenance.doctor.check_context import CheckContext, Skipped
from passagework.ingest.maintenance.doctor.diagnosis import FINDINGS, Remedy
from passagework.retrieval.errors import StoreError
from passagework.retrieval.store import integrity
from passagework.retrieval.store.seal import read_seal
from passagework.retrieval.text import counted

INDEX_PROBLEM = re.compile(
    r"missing from index|wrong # of entries in index|non-unique entry in index|out of order in index"
)
UNPROVED = re.compile(r"sqlite_autoindex_(documents|sources)_1|documents_name")
"""Indexes over URIs and names: nothing else tells whether the index is wrong, or the row."""
TREE = re.compile(r"^(?:On tree|Tree) (\d+)", re.IGNORECASE)


def check_seal(context: CheckContext) -> str:
    """Checks that no commit is lost, and that every byte is what was written."""
    seal = read_seal(context.store.path)
    try:
        context.store.verify()
    except StoreError as error:
        if error.__cause__ is not None:  # SQLite's own complaint: the next check tells more
            raise
        context.find("seal", str(error).partition("; ")[0], Remedy.SEAL)
    if seal is None:
        return "there is none: made by an older version, or taken away"
    if seal.blocks is None:
        return f"{counted(seal.commits, 'commit')}; bytes unchecked, for a writer is at work or was ended early"
    return f"{counted(seal.commits, 'commit')}, {seal.size:,} bytes"


def check_structure(context: CheckContext) -> str:
    """Runs SQLite's integrity check."""
    with context.store.read() as snapshot:
        lines = integrity.structure_problems(snapshot, FINDINGS)
        names = integrity.tree_names(snapshot)
    for line in lines:
        tree = TREE.match(line)
        name = names.get(int(tree[1])) if tree else None
        remedy = Remedy.INDEXES if INDEX_PROBLEM.search(line) and not UNPROVED.search(line) else None
        context.find("structure", f"{context.store.path}: {line}" + (f" (of {name})" if name else ""), remedy)
    return "every page"


def check_references(context: CheckContext) -> str:
    """Checks that no row names a row that isn't there."""
    with context.store.read() as snapshot:
        broken = integrity.broken_references(snapshot)
        reused = integrity.reused_ids(snapshot)
    for (table, parent), number in broken.items():
        context.find("references", f"{counted(number, 'row')} of {table} name rows of {parent} that are not there")
    for table in reused:
        context.find("references", f"{table} would give ids again that are taken")
    return "every foreign key"


def check_text_index(context: CheckContext) -> str:
    """Checks that the full-text index holds what the passages say."""
    try:
        problem = context.store.text_index_problem()
    except StoreError as error:
        if "attempt to write a readonly database" in str(error):
            raise Skipped("the check needs the right to write, and the folder is read-only") from error
        if "database is locked" in str(error):
            raise Skipped("another process is writing; look again when it is done") from error
        raise
    if problem:
        context.find("text index", f"it does not hold what the passages say ({problem})", Remedy.TEXT_INDEX)
    return "against every passage"
