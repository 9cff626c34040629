"""Finds keys, tokens and passwords that open something, by the shapes that their makers give them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from passagework.ingest.personal_data.findings import PersonalData


@dataclass(frozen=True)
class KeyShape:
    """Describes a kind of key: `begins` are texts one of which it holds, `form` its shape, whose group 1 is the key.

    Without a group all of it is.
    """

    kind: str
    begins: tuple[str, ...]
    form: str
    confidence: float = 0.95

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """Returns the shape, not within a longer word."""
        return re.compile(rf"(?<![\w-])(?:{self.form})", re.DOTALL)


SHAPES = (
    KeyShape(
        "private_key",
        ("PRIVATE KEY",),
        r"-----BEGIN [A-Z0-9 ]{0,30}PRIVATE KEY(?: BLOCK)?-----.{0,20000}?"
        r"-----END [A-Z0-9 ]{0,30}PRIVATE KEY(?: BLOCK)?-----",
    ),
    KeyShape("jwt", ("eyJ",), r"eyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]{8,}"),
    KeyShape("aws_key", ("AKIA", "ASIA"), r"(?:AKIA|ASIA)[A-Z2-7]{16}(?!\w)"),
    KeyShape(
        "aws_key",
        ("aws", "AWS"),
        r"(?i:aws_?(?:secret)?_?(?:access)?_?key\w*)[\"']?\s{0,3}[:=]\s{0,3}[\"']?([\w/+]{40})(?![\w/+=])",
    ),
    KeyShape("github_token", ("gh",), r"gh[pousr]_[A-Za-z0-9]{36,255}|github_pat_\w{22,255}"),
    KeyShape("gitlab_token", ("glpat-",), r"glpat-[\w-]{20,}"),
    KeyShape("slack_token", ("xox", "xapp-"), r"xox[abeoprs]-[A-Za-z0-9-]{10,}|xapp-\d-[A-Za-z0-9-]{10,}"),
    KeyShape("slack_token", ("hooks.slack.com",), r"https://hooks\.slack\.com/services/[\w/]{20,}"),
    KeyShape("google_key", ("AIza",), r"AIza[\w-]{35}(?![\w-])"),
    KeyShape("google_key", ("GOCSPX-",), r"GOCSPX-[\w-]{28}"),
    KeyShape("anthropic_key", ("sk-ant-",), r"sk-ant-[\w-]{20,}"),
    KeyShape("openai_key", ("sk-",), r"sk-(?!ant-)(?:proj-|svcacct-|admin-)?[\w-]{20,}"),
    KeyShape("stripe_key", ("k_live_", "k_test_"), r"[srp]k_(?:live|test)_[0-9A-Za-z]{16,}"),
    KeyShape("sendgrid_key", ("SG.",), r"SG\.[\w-]{22}\.[\w-]{43}"),
    KeyShape("twilio_key", ("SK", "AC"), r"(?:SK|AC)[0-9a-f]{32}(?!\w)", 0.8),
    KeyShape("npm_token", ("npm_",), r"npm_[A-Za-z0-9]{36}"),
    KeyShape("pypi_token", ("pypi-",), r"pypi-AgEIcHlwaS5vcmc[\w-]{50,}"),
    KeyShape("huggingface_token", ("hf_",), r"hf_[A-Za-z0-9]{30,}"),
    KeyShape("azure_key", ("AccountKey=",), r"AccountKey=([A-Za-z0-9+/]{80,}={0,2})"),
    KeyShape("password", ("://",), r"[a-z][a-z0-9+.-]{1,20}://[^\s/:@]{1,100}:([^\s/@]{3,100})@", 0.8),
    KeyShape(
        "password",
        ("assword", "asswort", "ASSWORD", "pwd", "ecret", "ECRET", "oken", "OKEN", "api", "API"),
        r"(?i:\w{0,30}(?:password|passwort|passwd|pwd|secret|token|api_?key))[\"']?\s{0,3}[:=]\s{0,3}[\"']?"
        r"((?=[^\s\"']*\d)(?=[^\s\"']*[A-Za-z])[^\s\"'<>,;]{8,100})",
        0.6,
    ),
)


def access_keys_in(text: str) -> Iterator[PersonalData]:
    """Yields keys and tokens, and passwords that an address or an assignment gives away."""
    for shape in SHAPES:
        if any(begin in text for begin in shape.begins):
            for match in shape.pattern.finditer(text):
                yield PersonalData(shape.kind, *match.span(match.lastindex or 0), shape.confidence)
