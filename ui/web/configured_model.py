"""Says which language model the pages ask, where it is, and how to name one."""

from __future__ import annotations

import shlex
from pathlib import Path

from passagework.retrieval.config import API_KEY, Settings
from passagework.retrieval.models.remote.address import CHAT, RemoteAddress

LLM = "PASSAGEWORK_LLM"


def configured_model() -> RemoteAddress | None:
    """Returns the model that the environment names, None where it names none; raises ConfigError for another form."""
    named = Settings.from_environment().llm
    return None if named is None else RemoteAddress.parse(named, CHAT)


def what_goes_where(model: RemoteAddress) -> str:
    """Returns a line on what leaves this program, and to whom it goes."""
    place = "on this machine" if model.is_here else "on another machine"
    return (
        f"Each question goes to {model.model} at {model.host}, {place}, with the passages found for it and what was "
        "said before. Nothing is sent anywhere else."
    )


def how_to_configure(collection: Path) -> str:
    """Returns the commands that start these pages with a language model, for a shell."""
    return (
        f"# a server on this machine, such as Ollama, llama.cpp or vLLM\n"
        f'export {LLM}="qwen3:4b@http://localhost:11434/v1"\n\n'
        f"# or anything else that answers as OpenAI's does; prices are for a million tokens\n"
        f'export {LLM}="MODEL@https://host/v1?price=0.25&price_out=2"\n'
        f'export {API_KEY}="..."    # is read from the environment, sent to that host alone, and stored nowhere\n\n'
        f"passagework ui --collection {shlex.quote(str(collection))}\n"
    )
