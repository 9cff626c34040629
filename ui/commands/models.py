"""Defines the command `models`: what is known of models that people name, and which lie on this machine."""

from __future__ import annotations

from passagework.ui.commands import options as opt
from passagework.ui.commands.output import print_result


def models(as_json: opt.JsonOption = False) -> None:
    """List models that are known by name: size, languages, licence, prompts, and whether they are on this machine."""
    from passagework.retrieval.models.local_models import known_models
    from passagework.ui.present import show_models

    found = known_models()
    out = {"models": [model.to_json() for model in found]}
    print_result(out, as_json, lambda console: show_models(console, found))
