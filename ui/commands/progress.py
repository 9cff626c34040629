"""Draws how far a run is on stderr, where a person looks at it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from types import TracebackType
from typing import TYPE_CHECKING, ParamSpec

from passagework.ingest.report import Progress
from passagework.ui.commands.output import print_message
from passagework.ui.present.progress_lines import progress_lines

if TYPE_CHECKING:
    from passagework.retrieval.training import TrainingProgress

Args = ParamSpec("Args")


class SuccessiveBars:
    """Draws the bars of one run's parts in turn, each from its part's first progress to the next part's."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._shown: object = None

    def callback(self, bar: Callable[[], AbstractContextManager[Callable[Args, None] | None]]) -> Callable[Args, None]:
        """Returns a callback that has `bar` drawn."""
        draw: Callable[Args, None] | None = None

        def update(*values: Args.args, **named: Args.kwargs) -> None:
            nonlocal draw
            if self._shown is not bar:
                self.clear()
                draw, self._shown = self._stack.enter_context(bar()), bar
            if draw is not None:
                draw(*values, **named)

        return update

    def clear(self) -> None:
        """Takes the bar that is drawn away."""
        self._stack.close()
        self._shown = None

    def __enter__(self) -> SuccessiveBars:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.clear()


@contextmanager
def progress_bar() -> Iterator[Callable[[Progress], None] | None]:
    """Yields a callback that draws a line for each stage of an ingest; None where stderr is no terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress as Bars, TaskID, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn("{task.description:<13}"),
        BarColumn(bar_width=24),
        TimeElapsedColumn(),
        TextColumn("{task.fields[details]}", markup=False),
    )
    with Bars(*columns, console=Console(stderr=True), transient=True) as bars:
        tasks: dict[str, TaskID] = {}

        def draw(progress: Progress) -> None:
            for line in progress_lines(progress):
                if line.name not in tasks:
                    tasks[line.name] = bars.add_task(line.name, total=None, details="")
                bars.update(tasks[line.name], completed=line.done, total=line.total, details=line.details)

        yield draw


def telling_cost(draw: Callable[[Progress], None] | None) -> Callable[[Progress], None]:
    """Returns a callback that draws, and says in a line what a server is to encode, before any of it is sent."""
    told = False

    def tell(progress: Progress) -> None:
        nonlocal told
        if progress.cost is not None and not told:
            told = True
            print_message(progress.cost.describe())
        if draw is not None:
            draw(progress)

    return tell


def query_bar() -> AbstractContextManager[Callable[[int, int], None] | None]:
    """Yields a callback that draws how many queries of all were searched; None where stderr is no terminal."""
    return counting_bar("queries")


@contextmanager
def counting_bar(unit: str) -> Iterator[Callable[[int, int], None] | None]:
    """Yields a callback that draws how many of all are done; None where stderr is no terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress as Bar,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = BarColumn(bar_width=24), MofNCompleteColumn(), TextColumn(unit), TimeElapsedColumn()
    with Bar(*columns, TimeRemainingColumn(), console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(unit, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


@contextmanager
def training_bar() -> Iterator[Callable[[TrainingProgress], None] | None]:
    """Yields a callback that draws steps, loss and the held-out measure; None where stderr is no terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress as Bar,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        TextColumn("steps  {task.fields[details]}"),
        TimeElapsedColumn(),
    )
    with Bar(*columns, TimeRemainingColumn(), console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("train", total=None, details="")

        def draw(progress: TrainingProgress) -> None:
            parts = [f"loss {progress.loss:.3f}"] if progress.loss is not None else []
            parts += [f"nDCG@10 {progress.measure:.3f}"] if progress.measure is not None else []
            bar.update(task, total=progress.steps, completed=progress.step, details=", ".join(parts))

        yield draw
