"""A real language model of 135 million parameters answers from a collection: no script foresees what it says."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path

import pytest

from passagework import AnswerState, Collection, Settings, ingest

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

DOCUMENT = "# Travel\n\nEvery trip abroad is approved by the head of department, Elena Marsh.\n"


@pytest.fixture(scope="module")
def model_file() -> Path:
    """The weights in the folder that PASSAGEWORK_TEST_MODELS names."""
    for module in ("torch", "transformers", "gguf"):
        if importlib.util.find_spec(module) is None:
            pytest.skip(f"{module}, which runs the model, isn't installed")
    named = os.environ.get("PASSAGEWORK_TEST_MODELS")
    found = sorted(Path(named).glob("smollm2-135m-instruct/*.gguf")) if named else []
    if not found:
        pytest.skip("PASSAGEWORK_TEST_MODELS names no folder with smollm2-135m-instruct")
    return found[0]


@pytest.mark.filterwarnings("ignore")  # libraries that read the file have things to say of it
def test_what_a_small_model_writes_is_verified(model_file: Path, tmp_path: Path) -> None:
    """Its text comes whole, is cut into claims, and each has a verdict by what it read."""
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(model_file.parent, gguf_file=model_file.name)
    model = AutoModelForCausalLM.from_pretrained(model_file.parent, gguf_file=model_file.name)

    def answers(messages: list[dict[str, str]]) -> str:
        prompt = "".join(f"<|im_start|>{one['role']}\n{one['content']}<|im_end|>\n" for one in messages)
        ids = tokenizer(f"{prompt}<|im_start|>assistant\n", return_tensors="pt")
        out = model.generate(**ids, max_new_tokens=24, do_sample=False)
        return str(tokenizer.decode(out[0][ids["input_ids"].shape[1] :], skip_special_tokens=True))

    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "travel.md").write_text(DOCUMENT)
    ingest([tmp_path / "docs"], tmp_path / "c", settings=Settings(workers=1, offline=True))
    with Collection.open(tmp_path / "c", settings=Settings(offline=True)) as collection:
        answer = collection.ask("Who approves trips abroad?", llm=answers)
    assert answer.state is AnswerState.ANSWERED
    assert "head of department" in str(answer)
    assert answer.claims
    assert all(str(answer)[one.start : one.end] == one.text for one in answer.claims)
    assert answer.usage is not None
    assert answer.usage.prompt_tokens > 100
    assert answer.timings_ms["generate"] > answer.timings_ms["retrieve"] / 100
