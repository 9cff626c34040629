"""This project and what people use instead, on the same documents, encoder and machine, in turns: `make bench`.

    python -m benchmarks.against_peers [--documents 1000] [--rounds 3] [--systems passagework chroma ...] [--docs]

Writes build/bench.json, and a page of plots in build/bench. Every peer gets an environment of its own below
build/peers, made at the first run; one that can't be installed is left out, with the reason in the result. A run that
was interrupted goes on where it was when it is started again with the same options. --docs puts the result and its page
among the documentation.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import signal
import sys
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from benchmarks.corpus_files import write_texts
from benchmarks.datasets import data_folder
from benchmarks.environments import ROOT, NotInstalledError, base_environment, environment, model_folder
from benchmarks.figures import medians, round_figures
from benchmarks.machine import machine, product_digest
from benchmarks.page import write_page
from benchmarks.peers.systems import OURS, SYSTEMS, Measured
from benchmarks.rounds import Sizes, Step, Workshop, steps
from benchmarks.time_spent import measured_profile

BUILD = ROOT / "build"


def main() -> int:
    """Measures what isn't measured yet, and writes the result; exits 1 where a step failed."""
    asked = _arguments()
    systems = [one for one in SYSTEMS if one.name in asked.systems or one.name == OURS]
    settings = {
        "dataset": asked.dataset,
        "documents": asked.documents,
        "encode": asked.encode,
        "timed": asked.timed,
        "product": product_digest(),
    }
    folder = BUILD / "bench" / hashlib.sha256(json.dumps(settings).encode()).hexdigest()[:12]
    texts = write_texts(folder / "texts", data_folder() / "beir" / asked.dataset, documents=asked.documents)
    print(
        f"{texts.documents:,} records, {texts.passages:,} passages, {texts.queries:,} queries in {folder}", flush=True
    )
    shared, pythons, skipped = _environments(systems)
    sizes = Sizes(asked.encode, asked.timed, asked.limit)
    workshop = Workshop(folder, folder / "texts", model_folder(shared), pythons, sizes)
    found = _measure(workshop, list(steps(asked.rounds, list(pythons))), skipped)
    rounds = [{name: round_figures(phases, texts) for name, phases in one.items()} for one in found.values()]
    result = {
        "made": datetime.now(timezone.utc).isoformat(timespec="minutes"),
        "machine": machine(),
        "settings": {**settings, "rounds": asked.rounds},
        "texts": {key: value for key, value in asdict(texts).items() if key not in ("tokens", "qrels")},
        "tokens": {"passages": sum(texts.tokens), "encoded": sum(texts.tokens[: asked.encode])},
        "systems": _described(systems, found),
        "skipped": skipped,
        "figures": medians(rounds),
        "rounds": rounds,
        "profile": measured_profile(workshop),
    }
    BUILD.joinpath("bench.json").write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    write_page(result, BUILD / "bench")
    print(f"written: {BUILD / 'bench.json'} and {BUILD / 'bench' / 'benchmarks.md'}")
    if asked.docs:
        (ROOT / "docs" / "benchmarks.json").write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
        write_page(result, ROOT / "docs")
        print("and docs/benchmarks.json, docs/benchmarks.md, docs/benchmarks/")
    for name, reason in skipped.items():
        print(f"left out: {name}: {reason}")
    return 1 if any(reason.startswith("failed") for reason in skipped.values()) else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dataset", default="scifact", help="a folder in BEIR layout below PASSAGEWORK_TEST_DATA/beir")
    parser.add_argument("--documents", type=int, help="only so many of its records (default: all)")
    parser.add_argument("--rounds", type=int, default=3, help="how often each system takes its turn (default 3)")
    parser.add_argument("--encode", type=int, default=2000, help="passages of the encoding phase (default 2000)")
    parser.add_argument("--timed", type=int, default=100, help="queries timed at every stage (default 100)")
    parser.add_argument("--limit", type=float, default=3600, help="seconds that one step may take (default 3600)")
    parser.add_argument("--docs", action="store_true", help="also write docs/benchmarks.json and its page")
    names = [one.name for one in SYSTEMS]
    parser.add_argument("--systems", nargs="+", default=names, choices=names, help="which systems (ours always)")
    return parser.parse_args()


def _environments(systems: Sequence[Measured]) -> tuple[Path, dict[str, Path], dict[str, str]]:
    """The Python that has the weights, that of each system, and why a peer has none."""
    pythons: dict[str, Path] = {}
    skipped: dict[str, str] = {}
    try:
        shared = base_environment(BUILD / "peers")
    except NotInstalledError as error:
        sys.exit(f"the environment of torch and sentence-transformers can't be made: {error}")
    for system in systems:
        print(f"environment of {system.label}", flush=True)
        try:
            pythons[system.name] = environment(BUILD / "peers", system)
        except NotInstalledError as error:
            skipped[system.name] = f"not installed: {error}"
    return shared, pythons, skipped


def _measure(
    workshop: Workshop, wanted: list[Step], skipped: dict[str, str]
) -> dict[int, dict[str, dict[str, Mapping[str, Any]]]]:
    """What each step found, by round, system and phase; a system whose step fails takes no further part."""
    found: dict[int, dict[str, dict[str, Mapping[str, Any]]]] = defaultdict(lambda: defaultdict(dict))
    began, done = time.monotonic(), 0
    for number, step in enumerate(wanted, start=1):
        if step.system in skipped:
            continue
        kept = workshop.found(step)
        answer = workshop.do(step) if kept is None else kept
        if "failed" in answer:
            skipped[step.system] = f"failed at {step.phase} in round {step.round}: {answer['failed']}"
        else:
            found[step.round][step.system][step.phase] = answer
        done += kept is None
        said = answer.get("failed") or f"{answer['process_seconds']:.1f} s{', kept' if kept else ''}"
        left = (time.monotonic() - began) / done * (len(wanted) - number) / 60 if done else None
        ahead = "" if left is None else f"; about {left:.0f} min left"
        print(f"[{number}/{len(wanted)}] {step.name}: {said}{ahead}", flush=True)
    return found


def _described(
    systems: Sequence[Measured], found: Mapping[int, Mapping[str, Mapping[str, Mapping[str, Any]]]]
) -> dict[str, dict[str, Any]]:
    first = found.get(1, {})
    versions = {name: next(iter(phases.values()))["versions"] for name, phases in first.items() if phases}
    return {
        one.name: {"label": one.label, "how": one.how, "versions": versions[one.name]}
        for one in systems
        if one.name in versions
    }


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ends the program under way as Ctrl-C does
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit("interrupted: the same command goes on from here")
