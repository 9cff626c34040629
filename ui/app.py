"""The search page: a query in, ranked passages out, each with its place, its scores at every stage, and the plan."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import streamlit as st

from retrieval import Collection, Hits, PassageworkError, Stage, StoreError
from retrieval.config import CANDIDATES
from retrieval.wording import counted
from ui.page_html import STYLE, hit_html, markdown_text, note_html, plan_html
from ui.present import warnings_of

STAGES = {
    "automatic": None,
    "dense": Stage.DENSE,
    "lexical": Stage.LEXICAL,
    "hybrid": Stage.HYBRID,
    "rerank": Stage.RERANK,
}
STAGE_HELP = "automatic: `rerank`, by the encoder's own token vectors or by what `PASSAGEWORK_RERANKER` names."


@st.cache_resource(show_spinner="Opening the collection")
def open_collection(path: str) -> Collection:
    """One collection, and one model in memory, for every session."""
    return Collection.open(path)


def collection_path() -> Path:
    """The folder named on the command line: streamlit run app.py -- --collection DIR."""
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("--collection", default="collection")
    return Path(parser.parse_known_args(sys.argv[1:])[0].collection)


def sidebar() -> dict[str, Any]:
    """The settings of a search, by the names that `Collection.search` has for them."""
    with st.sidebar:
        st.header("Settings")
        path = st.text_input("Path", key="path", placeholder="policies/*", help="Only paths that match this glob.")
        stage = st.selectbox("Stage", list(STAGES), key="stage", help=STAGE_HELP)
        k = st.slider("k", 1, 50, 10, key="k", help="Hits shown.")
        candidates = st.slider("Candidates", 10, 1000, CANDIDATES, step=10, key="candidates", help="Per retriever.")
        fusion = st.selectbox("Fusion", ["convex", "rrf"], key="fusion", help="How both rankings join.")
        per_document = st.number_input("Per document", 0, 50, 0, key="per_document", help="Most hits; 0: no limit.")
        st.divider()
    glob = path.strip()
    return {
        "stage": STAGES[str(stage)],
        "k": k,
        "candidates": candidates,
        "fusion": fusion,
        "where": {"path": {"$glob": glob}} if glob else None,
        "per_document": int(per_document) or None,
    }


def contents(status: Mapping[str, Any]) -> list[str]:
    """Which collection is open, what is in it, and how well the index is known to find it."""
    index = status["index"]
    recall = index["recall@10"]
    proof = f", recall@10 {recall:.3f}" if isinstance(recall, float) else ""
    documents, passages = counted(status["documents"], "document"), counted(status["passages"], "passage")
    return [f"Collection {status['collection']}", f"{documents}, {passages}", f"{index['kind']} index{proof}"]


def show(hits: Hits, glob: str) -> None:
    """The plan, then the hits, or what to try where `glob` let none through; all text of documents escaped."""
    for warning in warnings_of(hits.plan):
        st.warning(markdown_text(warning))
    st.html(plan_html(hits))
    if not hits:
        where = f" in paths that match {markdown_text(glob)}" if glob else ""
        st.info(f"No passage found{where}. Try {'another path, ' if glob else ''}other words or another stage.")
    for hit in hits:
        st.html(hit_html(hit))


def tell(error: PassageworkError) -> None:
    """What is wrong and what to do. A collection that can't be read is opened anew the next time."""
    st.error(markdown_text(str(error)))
    if isinstance(error, StoreError):
        open_collection.clear()
        st.button("Try again", help="When the collection is there.")


def main() -> None:
    """Draws the page once."""
    st.set_page_config(page_title="passagework", layout="wide")
    st.html(STYLE)
    st.title("passagework")
    settings = sidebar()  # drawn whatever happens below, or what was typed would be lost
    query = st.text_input("Query", key="query", placeholder="Ask something that your documents answer")
    try:
        collection = open_collection(str(collection_path()))
        for line in contents(collection.status()):
            st.sidebar.html(note_html(line))
        if not query.strip():
            st.html(note_html("Type a question or a few words."))
            return
        with st.spinner("Searching"):
            hits = collection.search(query, **settings)
    except PassageworkError as error:
        tell(error)
        return
    show(hits, str(st.session_state["path"]).strip())


if __name__ == "__main__":
    main()
