"""Finds instructions to language models by what they say: ignore your instructions, show your prompt, you are free now.

The rules want a verb of command and what only a language model has, close together, so that prose about rules and
instructions to people stays out. The span is the sentence.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

_TOLD = (
    r"(?:instructions?|prompts?|guidelines?|directives?|directions?|commands?|rules|training|programming|restrictions|"
    r"constraints|safeguards|safety|policies|protocols|filters?|context|messages?)"
)
_OWN = (
    r"(?:(?:system|hidden|initial|original|secret|internal|full|complete|entire|base|developer)\s+){0,3}"
    r"(?:prompts?|instructions|guidelines|configuration|system message|initiali[sz]ation(?: text)?|programming|"
    r"operational parameters|directives|restrictions)"
)
_ENDED = r"(?:ignore|ignoring|disregard|disregarding|forget|forgetting|override|overriding|bypass|bypassing|discard)"
_SHOWN = r"(?:reveal|share|show|print|display|output|repeat|disclose|leak|expose|recite|dump|divulge|reproduce|paste)"
_MODEL = r"(?:AI|A\.I\.|LLMs?|GPT|ChatGPT|Claude|Gemini|Copilot|large language models?|language models?|chat ?bots?)"
_READER = rf"(?:{_MODEL}|(?:{_MODEL}|virtual|digital) (?:assistants?|models?|agents?|reviewers?|systems?|screeners?))"
_FREED = (
    r"(?:unrestricted|unfiltered|uncensored|unlimited|jailbroken|DAN|do anything now|developer|debug|god|sudo|admin|"
    r"maintenance|root)"
)


@dataclass(frozen=True)
class InstructionRule:
    """Holds a rule's pattern, and texts in lower case of which a text has one wherever the pattern matches.

    They are looked for first: most texts have none, and a pattern is a thousand times as slow.
    """

    triggers: tuple[str, ...]
    form: str

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """Returns the pattern, for letters of either case."""
        return re.compile(self.form, re.IGNORECASE)


_ENDINGS = ("ignor", "disregard", "forget", "overrid", "bypass", "discard")
_SHOWINGS = ("reveal", "share", "show", "print", "display", "output", "repeat", "disclose", "leak", "expose")
_MODELS = (
    *(f"{before}ai{behind}" for before in (" ", "\n", "(") for behind in (" ", ",", ":", "-", "s ", ".", ";")),
    *("a.i.", "llm", "gpt", "claude", "gemini", "copilot", "language model", "chatbot", "chat bot"),
    *("virtual assistant", "digital assistant"),
)
_RULES = (
    InstructionRule(
        _ENDINGS,
        rf"\b{_ENDED}\s+(?:\w+\s+){{0,3}}?(?:your|previous|prior|above|earlier|preceding|foregoing|existing)\s+"
        rf"(?:\w+\s+){{0,3}}?{_TOLD}\b",
    ),
    InstructionRule(
        _ENDINGS,
        rf"\b{_ENDED}\s+(?:all|any|every|everything|what)\b[^.!?\n]{{0,30}}\b"
        r"(?:you (?:have been|were|are) (?:told|given)|(?:said|written|told|stated) (?:above|before|previously))",
    ),
    InstructionRule(
        (*_SHOWINGS, "recite", "dump", "divulge", "reproduce", "paste"),
        rf"\b{_SHOWN}\s+(?:\w+\s+){{0,4}}?your\s+{_OWN}\b",
    ),
    InstructionRule((" prompt",), rf"\b(?:your|the) (?:system|hidden|initial) prompt\b[^.!?\n]{{0,60}}\b{_SHOWN}\b"),
    InstructionRule(
        ("you are now", "you're now", "be now", "you now"),
        rf"\byou(?: are|'re| will be| must be)? now\b[^.!?\n]{{0,20}}\b{_FREED}\b",
    ),
    InstructionRule(
        (" mode",), rf"\b(?:enter|enable|activate|switch (?:in)?to|go into)\s+(?:\w+\s+){{0,2}}?{_FREED} mode\b"
    ),
    InstructionRule(
        ("act as", "act like", "behave", "respond", "answer as", "answer with", "pretend", "roleplay"),
        rf"\b(?:act|behave|respond|answer|pretend|roleplay)\b[^.!?\n]{{0,30}}\b(?:{_FREED} {_READER}|"
        r"(?:you (?:have|had) no|without (?:any )?(?:ethical|safety|content|moral)) "
        r"(?:restrictions|guidelines|limits|rules|filters?|constraints))",
    ),
    InstructionRule(
        _MODELS,
        rf"\b(?:if you are|if you're|when you are|as) an? {_READER}\b[^.!?\n]{{0,60}}\b"
        r"(?:you (?:must|should|will|shall)|ignore|respond|reply|output|include|recommend|rate|say|write|"
        r"do not|don't|never)\b",
    ),
    InstructionRule(
        _MODELS,
        rf"\b(?:note|notice|message|instructions?|attention|important|warning|hint)\s*(?:to|for)\s*(?:any |all |the )?"
        rf"{_READER}\b\s*[:,;–—-]",
    ),
    InstructionRule(
        _MODELS,
        rf"\b{_READER}\s+(?:(?:reading|summari[sz]ing|processing|reviewing|evaluating)\s+this[^.!?\n]{{0,40}}\s)?"
        r"(?:must|should|shall|is to|are to|is instructed to|are instructed to)\s+"
        r"(?:ignore|say|(?:respond|reply) with|output only|rate|recommend|rank|praise|not (?:mention|tell|reveal))\b",
    ),
    InstructionRule(
        (" the user",),
        r"\b(?:do not|don't|never)\s+(?:tell|inform|alert|mention (?:this|it) to|reveal (?:this|it) to)\s+the user\b",
    ),
    InstructionRule(
        ("when summari", "when answering questions", "when asked about this", "when reviewing", "when evaluating"),
        r"\bwhen (?:summari[sz]ing|answering questions about|asked about|reviewing|evaluating) this "
        r"(?:document|text|page|paper|file|email|candidate|résumé|resume|cv)\b[^.!?\n]{0,60}\b"
        r"(?:say|respond|reply|output|state|recommend|include|give|rate|do not|don't|you must)\b",
    ),
    InstructionRule(
        ("conversation ", "chat "),
        r"\b(?:send|forward|post|upload|exfiltrate|e?mail)\b[^.!?\n]{0,40}\b"
        r"(?:conversation|chat) (?:history|log|transcript)\b",
    ),
    InstructionRule(
        ("<|im_start|>", "<<sys>>", "[inst]", "role"),
        r"<\|im_start\|>\s*system|<<SYS>>|\[INST\][^\n]{0,200}\[/INST\]|\{\s*['\"]role['\"]\s*:\s*['\"]system['\"]",
    ),
    InstructionRule(
        ("ignorier",),
        r"\bignorier\w*\s+(?:\w+\s+){0,2}(?:vorherigen|bisherigen|obigen|vorigen)\s+(?:anweisungen|instruktionen|regeln)\b",
    ),
    InstructionRule(
        ("instructions", "consignes"),
        r"\b(?:ignore[zr]?|oublie[zr]?)\s+(?:toutes\s+)?(?:les\s+|vos\s+|tes\s+)?(?:instructions|consignes)\s+"
        r"(?:précédentes|antérieures|ci-dessus)",
    ),
    InstructionRule(
        ("instrucciones", "instruções", "indicaciones"),
        r"\b(?:ignora|ignore|olvida|olvide)\s+(?:todas\s+)?(?:las\s+|tus\s+|sus\s+|as\s+|suas\s+)?(?:instrucciones|"
        r"instruções|indicaciones)\s+(?:anteriores|previas|prévias|de arriba)\b",
    ),
    InstructionRule(("istruzioni",), r"\bignora\s+(?:tutte\s+)?le\s+istruzioni\s+(?:precedenti|sopra)\b"),
    InstructionRule(("инструкции",), r"\bигнорируй\w*\s+(?:все\s+)?предыдущие\s+инструкции"),
    InstructionRule(("忽略",), r"忽略(?:所有|之前|以上|先前)[^。\n]{0,8}(?:指令|指示|说明|提示)"),
)

_SENTENCE_END = re.compile(r"[.!?…]+[\"'”’)\]]*(?=\s)|\n|[。！？]")
LONGEST = 400
"""Characters of a sentence before and behind what a rule found, where no end is nearer."""


def instructions_by_rules(text: str) -> Iterator[tuple[int, int]]:
    """Yields the spans of sentences that instruct a language model, rule by rule; they may overlap."""
    lowered = text.lower()
    for rule in _RULES:
        if any(trigger in lowered for trigger in rule.triggers):
            for match in rule.pattern.finditer(text):
                yield _sentence(text, *match.span())


def _sentence(text: str, start: int, end: int) -> tuple[int, int]:
    first = max(0, start - LONGEST)
    before = [match.end() for match in _SENTENCE_END.finditer(text, first, start)]
    behind = _SENTENCE_END.search(text, end, end + LONGEST)
    first = before[-1] if before else first
    last = min(len(text), end + LONGEST) if behind is None else behind.end()
    return first + len(text[first:start]) - len(text[first:start].lstrip()), max(end, len(text[:last].rstrip()))
