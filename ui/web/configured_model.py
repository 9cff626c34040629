"""Says which language model the pages ask, where it is, and how to name one."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path

from passagework.retrieval.config import API_KEY, Settings
from passagework.retrieval.models.remote.address import CHAT, RemoteAddress
from passagework.ui.present.wording import gettext

LLM = "PASSAGEWORK_LLM"


def configured_model() -> RemoteAddress | None:
    """Returns the model that the environment names, None where it names none; raises ConfigError for another form."""
    named = Settings.from_environment().llm
    return None if named is None else RemoteAddress.parse(named, CHAT)


def what_goes_where(model: RemoteAddress) -> str:
    """Returns a line on what leaves this program, and to whom it goes."""
    place = gettext("on this machine") if model.is_here else gettext("on another machine")
    return gettext(
        "Each question goes to {model} at {host}, {place}, with the passages found for it and the conversation so far. "
        "Nothing is sent anywhere else.",
        model=model.model,
        host=model.host,
        place=place,
    )


def how_to_configure(collections: Mapping[str, Path]) -> str:
    """Returns the commands that start these pages with a language model, for a shell."""
    named = (f"{name}={folder}" if name else str(folder) for name, folder in collections.items())
    options = " ".join(f"--collection {shlex.quote(one)}" for one in named)
    return (
        f"# {gettext('a server on this machine, such as Ollama, llama.cpp or vLLM')}\n"
        f'export {LLM}="qwen3:4b@http://localhost:11434/v1"\n\n'
        f"# {gettext('or any OpenAI-compatible server; prices are per million tokens')}\n"
        f'export {LLM}="MODEL@https://host/v1?price=0.25&price_out=2"\n'
        f'export {API_KEY}="..."    # {gettext("sent to that host alone, and stored nowhere")}\n\n'
        f"passagework ui {options}\n"
    )
