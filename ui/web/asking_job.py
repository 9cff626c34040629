"""Has a question answered behind the page: what is written can be seen as it comes, and stopped at any time."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence

from passagework.retrieval import Answer, Collections, PassageworkError
from passagework.retrieval.collection.collection import Collection

logger = logging.getLogger(__name__)


class AskingStopped(Exception):  # noqa: N818 - no error: it was asked for
    """Is raised where the model writes on after it was stopped; the connection is closed, and it ends too."""


class AskingJob(threading.Thread):
    """Asks one question in a thread of its own; `text`, then `answer` or `problem`, can be read at any time.

    One that was stopped has ended, though its thread may still wait for a server that hasn't begun to answer.
    """

    def __init__(
        self, collection: Collection | Collections, question: str, *, llm: str, earlier: Sequence[Answer]
    ) -> None:
        super().__init__(name="asking", daemon=True)  # the server's end must not wait for a model
        self.question = question
        self.earlier = tuple(earlier)
        self.answer: Answer | None = None
        self.problem: str | None = None
        self.stopped = False
        self._collection, self._llm = collection, llm
        self._parts: list[str] = []

    @property
    def text(self) -> str:
        """Returns what the model has written so far."""
        return "".join(self._parts)

    @property
    def ended(self) -> bool:
        """Tells whether nothing more comes of it."""
        return self.stopped or not self.is_alive()

    def stop(self) -> None:
        """Ends it: what was written stays, and the model is told so at its next word."""
        self.stopped = True

    def run(self) -> None:
        """Asks the question, from beginning to end."""
        try:
            answer = self._collection.ask(self.question, llm=self._llm, earlier=self.earlier, on_text=self._note)
            self.answer = None if self.stopped else answer
        except PassageworkError as error:
            self.problem = str(error)
        except AskingStopped:
            pass
        except Exception as error:  # a thread has nobody else to tell
            logger.exception("the question failed")
            self.problem = f"unexpected {type(error).__name__}: {error}"

    def _note(self, part: str) -> None:
        if self.stopped:
            raise AskingStopped
        self._parts.append(part)
