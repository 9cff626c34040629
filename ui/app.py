"""The search page: a query in, ranked passages out, each with its place, its scores at every stage, and the plan."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import streamlit as st

from retrieval import Collection, Hits, PassageworkError, Stage
from retrieval.config import CANDIDATES
from ui.page_html import STYLE, hit_html, plan_html
from ui.present import warnings_of

STAGES = {
    "as far as there is a model": None,
    "dense": Stage.DENSE,
    "lexical": Stage.LEXICAL,
    "hybrid": Stage.HYBRID,
    "rerank": Stage.RERANK,
}


@st.cache_resource(show_spinner="Opening the collection")
def open_collection(path: str) -> Collection:
    """One collection, and one model in memory, for every session."""
    return Collection.open(path)


def collection_path() -> Path:
    """The folder named on the command line: streamlit run app.py -- --collection DIR."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--collection", default="collection")
    return Path(parser.parse_known_args(sys.argv[1:])[0].collection)


def sidebar(collection: Collection) -> dict[str, Any]:
    """The settings of a search, by the names that `Collection.search` has for them."""
    with st.sidebar:
        st.header("Settings")
        stage = st.selectbox("Stage", list(STAGES), key="stage")
        k = st.slider("k", 1, 50, 10, key="k", help="Hits shown.")
        candidates = st.slider("Candidates", 10, 1000, CANDIDATES, step=10, key="candidates")
        fusion = st.selectbox("Fusion", ["convex", "rrf"], key="fusion")
        path = st.text_input("Path", key="path", placeholder="policies/*", help="Only paths that match this glob.")
        per_document = st.number_input("Per document", 0, 50, 0, key="per_document", help="Most hits; 0: no limit.")
        status = collection.status()
        st.divider()
        st.caption(f"{status['documents']:,} documents, {status['passages']:,} passages")
        index = status["index"]
        if isinstance(index, Mapping):
            recall = index["recall@10"]
            proof = f", recall@10 {recall:.3f}" if isinstance(recall, float) else ""
            st.caption(f"{index['kind']} index{proof}")
    return {
        "stage": STAGES[str(stage)],
        "k": k,
        "candidates": candidates,
        "fusion": fusion,
        "where": {"path": {"$glob": path}} if path.strip() else None,
        "per_document": int(per_document) or None,
    }


def show(hits: Hits) -> None:
    """The plan, then the hits; all text of documents escaped."""
    for warning in warnings_of(hits):
        st.warning(warning)
    st.html(plan_html(hits))
    if not hits:
        st.info("No passage found. Try other words, a later stage, or a wider path.")
    for hit in hits:
        st.html(hit_html(hit))


def main() -> None:
    """Draws the page once."""
    st.set_page_config(page_title="passagework", page_icon="🔎", layout="wide")
    st.html(STYLE)
    st.title("passagework")
    try:
        collection = open_collection(str(collection_path()))
        settings = sidebar(collection)
    except PassageworkError as error:
        st.error(str(error))
        return
    query = st.text_input("Query", key="query", placeholder="Ask something that your documents answer")
    if not query.strip():
        st.caption("Type a question or a few words.")
        return
    try:
        with st.spinner("Searching"):
            hits = collection.search(query, **settings)
    except PassageworkError as error:
        st.error(str(error))
        return
    show(hits)


if __name__ == "__main__":
    main()
