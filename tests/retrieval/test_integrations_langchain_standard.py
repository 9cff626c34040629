"""LangChain's own tests of retrievers, which come with langchain-tests.

`make test` doesn't install that: it brings six plugins of pytest, which would take part in every run.
`make conformance` does, into a folder of its own, and runs this file.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from passagework import Collection
from passagework.retrieval.config import Settings
from tests.support.fakes import FakeTokenEncoder
from tests.support.framework_collections import make_collection

pytest.importorskip("langchain_core", reason='pip install "passagework[langchain]"')
pytest.importorskip("langchain_tests", reason="langchain-tests is not installed: make conformance runs these")

from langchain_tests.integration_tests import RetrieversIntegrationTests

from passagework.integrations.langchain import PassageworkRetriever

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    """LangChain's asynchronous tests run on asyncio."""
    return "asyncio"


@pytest.fixture(scope="module", autouse=True)
def _collection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    path = make_collection(tmp_path_factory.mktemp("standard"))
    with Collection.open(path, encoder=FakeTokenEncoder(), settings=Settings(offline=True)) as opened:
        TestStandard.collection = opened
        yield


class TestStandard(RetrieversIntegrationTests):
    """Every test of the suite, none of them overridden."""

    collection: Collection

    @property
    def retriever_constructor(self) -> type[PassageworkRetriever]:
        """Returns what is tested."""
        return PassageworkRetriever

    @property
    def retriever_constructor_params(self) -> dict[str, Any]:
        """Returns an open collection."""
        return {"collection": self.collection}

    @property
    def retriever_query_example(self) -> str:
        """Returns what more than three passages answer."""
        return "what is heard at night"
