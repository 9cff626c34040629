"""Defines `passagework watch`: it ingests whenever files come to rest after a change."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from passagework.ui.commands import options as opt
from passagework.ui.commands.output import INTERRUPTED, print_message, print_result

if TYPE_CHECKING:
    from passagework.ingest import Report, WatchStatus
    from passagework.ui.commands.progress import SuccessiveBars

SweepOption = Annotated[
    float, typer.Option("--sweep", help="Seconds after which all is looked at again.", metavar="SECONDS", min=1.0)
]
DebounceOption = Annotated[
    float,
    typer.Option(
        "--debounce", help="Seconds without a change before changes are brought in.", metavar="SECONDS", min=0.0
    ),
]
PollOption = Annotated[
    bool, typer.Option("--poll", help="Look at all files every second, for drives that tell of no changes.")
]


def watch(
    paths: opt.PathsArgument,
    collection: opt.CollectionOption,
    include: opt.IncludeOption = None,
    exclude: opt.ExcludeOption = None,
    delete_missing: opt.DeleteMissingOption = False,
    no_ignore: opt.NoIgnoreOption = False,
    sweep: SweepOption = 300.0,
    debounce: DebounceOption = 1.0,
    poll: PollOption = False,
    encoder: opt.EncoderOption = None,
    pdf_password: opt.PasswordOption = None,
    ocr: opt.OcrOption = "auto",
    speech_model: opt.SpeechModelOption = None,
    allow_host: opt.AllowHostOption = None,
    allow_private: opt.AllowPrivateOption = False,
    as_json: opt.JsonLinesOption = False,
) -> None:
    """Ingest files and folders now, and again whenever they change, until it is stopped."""
    from passagework.ingest import watch as watch_for
    from passagework.ingest.sources.addresses import with_web_options
    from passagework.ui.commands.progress import SuccessiveBars, progress_bar, telling_cost
    from passagework.ui.present import show_report

    with stopped_by_signals() as signals, SuccessiveBars() as bars:
        lines = StatusLines(bars)
        for report in watch_for(
            with_web_options(paths, allow_hosts=allow_host or (), allow_private=allow_private),
            collection,
            include=include or (),
            exclude=exclude or (),
            delete_missing=delete_missing,
            no_ignore=no_ignore,
            sweep=sweep,
            debounce=debounce,
            poll=poll,
            encoder=encoder,
            pdf_password=pdf_password,
            ocr=ocr,
            speech_model=speech_model,
            stop=signals.stop,
            progress=telling_cost(bars.callback(progress_bar)),
            on_status=lines.tell,
        ):
            bars.clear()
            if as_json or lines.is_first or did_something(report):
                shown = partial(show_report, report=report, collection=collection)
                print_result(report.to_json(), as_json, shown)
            lines.is_first = False
        if signals.interrupted:
            print_message("stopped; what was committed is safe, and the same command goes on from there")
            raise typer.Exit(INTERRUPTED)


def did_something(report: Report) -> bool:
    """Tells whether an ingest changed anything, or has something new to say."""
    return bool(report.added or report.updated or report.moved or report.deleted or report.failed)


class StatusLines:
    """Says in a line what keeps a watch from its work, once for each thing."""

    def __init__(self, bars: SuccessiveBars) -> None:
        self.is_first = True
        self._bars = bars
        self._told: tuple[object, ...] = ((), None, True)

    def tell(self, status: WatchStatus) -> None:
        """Prints what is new."""
        new = (status.absent, status.problem, status.events)
        if new == self._told:
            return
        absent, problem, events = self._told
        self._bars.clear()
        if status.absent and status.absent != absent:
            print_message(f"waiting for {', '.join(status.absent)}: not there, or empty")
        if status.problem and status.problem != problem:
            print_message(status.problem)
        if events and not status.events:
            print_message("the system tells of no changes: they are found by sweeps alone, or with --poll")
        self._told = new


class Signals:
    """Holds what a process was asked by signals: `stop` is set by either, `interrupted` tells of Ctrl-C."""

    def __init__(self) -> None:
        self.stop = threading.Event()
        self.interrupted = False

    def take(self, number: int, _: object) -> None:
        """Is the handler; a second signal does what it does to any process."""
        self.interrupted = number == signal.SIGINT
        self.stop.set()
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


@contextmanager
def stopped_by_signals() -> Iterator[Signals]:
    """Has SIGTERM and Ctrl-C set an event in place of ending the process at once."""
    signals = Signals()
    before = {number: signal.signal(number, signals.take) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield signals
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
