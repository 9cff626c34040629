from tests.hostile_texts import deep, long, mail
from tests.hostile_run import run
from tests.stored_texts import stored_texts
import pytest, time
@pytest.fixture(scope="module", params=[deep, long, mail])
def outcome(request, tmp_path_factory):
    make = request.param
    base = tmp_path_factory.mktemp(make.__name__)
    (base / "docs").mkdir()
    for n, d in make():
        (base / "docs" / n).write_bytes(d)
    return make.__name__, base, run(base)


def test_it(outcome):
    name, base, out = outcome
    print(name, out.seconds, out.own_mb, out.parser_mb)
    texts = stored_texts(base / "c")
    notes = {n["path"]: n["reason"] for n in out.report["notes"]}
    for p in sorted((base / "docs").iterdir()):
        t = texts.get(p.name)
        r = out.reasons.get(p.name)
        print(f"{p.name:30} {p.stat().st_size:>10} {(len(r), r[0], r[-1]) if r else None} {len(t) if t is not None else '-'} {notes.get(p.name)}")
