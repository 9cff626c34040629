# What one does here. Needs make and a Python from 3.10 to 3.13; everything else goes into .venv.
# `make setup PYTHON=python3.12` chooses the Python; `make test ARGS="-k chunker"` passes arguments on.

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input
LOG := $(VENV)/install.log
# What demo and pages need, and the file that says it is there: cpu or gpu, as found. Tests and checks need the rest.
EXTRAS := fast,offline,ui
STAMP := $(VENV)/.setup-done
REST := $(EXTRAS),audio,code,dev,export,fleet,haystack,labels,langchain,llamaindex,mteb,ocr,pii,postgres,privacy,qdrant,remote-files,serve,tiktoken,torch,train,watch,web
TOOLS := $(VENV)/.tools-done
DEMO := build/demo
MCP_INSPECTOR := @modelcontextprotocol/inspector@0.15.0
LANGCHAIN_TESTS := langchain-tests py-cpuinfo pytest-asyncio pytest-benchmark pytest-codspeed pytest-recording pytest-socket syrupy vcrpy
comma := ,
# Where the real data is: PASSAGEWORK_TEST_DATA, else ../shared/data if that is there, else nowhere.
WITH_DATA = PASSAGEWORK_TEST_DATA="$${PASSAGEWORK_TEST_DATA:-$$(cd ../shared/data 2>/dev/null && pwd)}"
# Processes that share the tests, a file each: one more than CPUs, for some tests wait, 5 at most.
JOBS := $(shell n=$$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2); [ $$n -gt 4 ] && n=4; echo $$((n + 1)))
SEARCH := $(BIN)/passagework search --collection $(DEMO) -k 1

.DEFAULT_GOAL := help
.PHONY: help setup demo test quick conformance faults mutate soak fuzz check fix bench figures ui clean

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-11s  %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

setup: $(STAMP)  ## create .venv and install what the demo and the pages need

demo: setup  ## ingest data/sample, ask it three questions, show how to open the UI
	@rm -rf $(DEMO)
	$(BIN)/passagework ingest data/sample --collection $(DEMO)
	@echo
	$(SEARCH) "Who approves a trip to another continent?"
	@echo
	$(SEARCH) "How long can the battery bank carry an observing night?"
	@echo
	$(SEARCH) "Which pump is safe for a cryostat?" --where '{"building": "Workshop", "price": {"$$lt": 20000}}'
	@echo
	@echo "Open the same collection in the browser: make ui   (or $(BIN)/passagework ui --collection $(DEMO))"

test: $(TOOLS)  ## run the tests; those on real data need PASSAGEWORK_TEST_DATA or ../shared/data
	@$(WITH_DATA) $(BIN)/python -m pytest -n $(JOBS) --dist loadfile --no-loadscope-reorder $(ARGS)

quick: $(TOOLS)  ## run the tests that need neither data nor a browser, and are neither slow nor faults: under 3 minutes on 2 cores
	@env -u PASSAGEWORK_TEST_DATA $(BIN)/python -m pytest -n $(JOBS) --dist loadfile --no-loadscope-reorder \
	    -m "not slow and not browser and not faults" $(ARGS)

conformance: $(TOOLS)  ## hold the service to its description and MCP (schemathesis, inspector), adapters to LangChain's tests, send 10,000 malformed requests
	@if command -v npm >/dev/null; then npm install --silent --no-save --prefix build/mcp $(MCP_INSPECTOR); \
	else echo "npm isn't here: the inspector of MCP is left out"; fi
	@PASSAGEWORK_CONFORMANCE=1 PASSAGEWORK_MALFORMED=10000 \
	    $(BIN)/python -m pytest tests/ui/test_service_conformance.py tests/ui/test_service_attacks.py \
	    tests/ui/test_service_mcp_inspector.py $(ARGS)
	@$(PIP) install --quiet --no-deps --upgrade --target build/langchain-tests $(LANGCHAIN_TESTS)
	@PYTHONPATH=build/langchain-tests $(BIN)/python -m pytest -p no:asyncio tests/retrieval/test_integrations_langchain_standard.py

faults: $(TOOLS)  ## kill, fill disks and flip bits many times over; takes an hour (the counts can be set, see docs/reliability.md)
	@PASSAGEWORK_KILLS=$${PASSAGEWORK_KILLS:-300} PASSAGEWORK_FLIPS=$${PASSAGEWORK_FLIPS:-200} \
	PASSAGEWORK_FULL_DISKS=$${PASSAGEWORK_FULL_DISKS:-60} \
	    $(BIN)/python -m pytest tests/reliability/test_kill.py tests/reliability/test_kill_migrations.py tests/reliability/test_faults.py \
	    tests/reliability/test_engine_killed.py tests/reliability/test_engine_faults.py tests/ingest/test_fleet_ingest.py \
	    tests/ingest/test_exchange.py $(ARGS)

mutate: $(TOOLS)  ## damage real files in 5,000 ways, and have them read; takes half an hour
	@$(WITH_DATA) $(BIN)/python -m benchmarks.mutate $(ARGS)

soak: $(TOOLS)  ## 20 readers and a writer for five minutes, each answer checked; then the memory of 100,000 searches
	@$(BIN)/python -m benchmarks.soak $(ARGS)

fuzz: $(TOOLS)  ## run the property tests on examples that no run has seen
	@$(WITH_DATA) PASSAGEWORK_FUZZ=1 $(BIN)/python -m pytest $$(grep -rl hypothesis --include='test_*.py' tests) $(ARGS)

check: $(TOOLS)  ## lint, formatting and types, as CI does first
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

fix: $(TOOLS)  ## correct what ruff can correct, and format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(TOOLS)  ## measure this project beside others, in turns: build/bench.json and a page of plots; takes hours
	@$(WITH_DATA) $(BIN)/python -m benchmarks.against_peers $(ARGS)

figures: $(TOOLS)  ## measure the figures of the README, on the same data; takes long
	@$(WITH_DATA) $(BIN)/python -m benchmarks.reference $(ARGS)
	@$(WITH_DATA) $(BIN)/python -m benchmarks.financebench
	@$(WITH_DATA) $(BIN)/python -m benchmarks.real_files

ui: $(DEMO)/CURRENT  ## open the demo collection in the browser
	$(BIN)/passagework ui --collection $(DEMO)

clean:  ## remove .venv, build and all caches
	rm -rf $(VENV) build dist retrieval/models/default_encoder .mypy_cache .pytest_cache .ruff_cache .hypothesis *.egg-info

$(DEMO)/CURRENT: | $(STAMP)
	$(BIN)/passagework ingest data/sample --collection $(DEMO)

# The first Python in range that can make a virtual environment; python3 goes before the numbered ones.
$(BIN)/python:
	@in_range='import sys; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 13))'; chosen=; bare=; \
	for python in $(or $(PYTHON),python3 python3.13 python3.12 python3.11 python3.10); do \
	    "$$python" -c "$$in_range" 2>/dev/null || continue; \
	    if "$$python" -c 'import ensurepip, venv' 2>/dev/null; then chosen=$$python; break; fi; \
	    bare=$${bare:-$$python}; \
	done; \
	if [ -n "$$chosen" ]; then \
	    "$$chosen" -m venv $(VENV); \
	elif [ -n "$$bare" ]; then \
	    echo "$$bare has no venv module. Install it (Debian, Ubuntu: apt install python3-venv), run make again." >&2; \
	    exit 1; \
	else \
	    echo "No Python from 3.10 to 3.13$(if $(PYTHON), named $(PYTHON)). Name one: make setup PYTHON=python3.12" >&2; \
	    exit 1; \
	fi

# pip's many lines go to a log, of which the last are shown where it fails.
# $(call install,extras) installs this checkout with them, and says how long that took.
install = start=$$(date +%s); $(PIP) install -c constraints.txt -e ".[$(1)]" >>$(LOG) 2>&1 || \
    { tail -n 15 $(LOG) >&2; echo "pip failed; all that it said is in $(LOG)" >&2; exit 1; }; \
    echo "Installed in $$(( $$(date +%s) - start )) s: $$(du -sm $(VENV) | cut -f 1) MB in $(VENV)"

# faiss-cpu and faiss-gpu provide the same package, so one goes before the other comes. faiss-gpu stays only where a
# search runs on the GPU beside this torch. Where there is a GPU, torch comes in any case.
$(STAMP): pyproject.toml setup.py constraints.txt | $(BIN)/python
	@: >$(LOG); kind=cpu; \
	if [ "$$(uname -sm)" = "Linux x86_64" ] && timeout 30 nvidia-smi >/dev/null 2>&1; then kind=gpu; fi; \
	echo "Installing into $(VENV) for $$kind; the first time this takes a minute or more"; \
	if [ $$kind = gpu ]; then \
	    $(PIP) uninstall -q -y faiss-cpu >>$(LOG) 2>&1; \
	    $(PIP) install -c constraints.txt -e ".[gpu,$(EXTRAS)]" >>$(LOG) 2>&1 && \
	        $(BIN)/python -c "$$GPU_WORKS" >>$(LOG) 2>&1 || \
	        { echo "faiss-gpu doesn't work here beside this torch: faiss-cpu takes its place"; kind=cpu,torch; }; \
	fi; \
	if [ $$kind != gpu ]; then $(PIP) uninstall -q -y faiss-gpu >>$(LOG) 2>&1; fi; \
	$(call install,$$kind$(comma)$(EXTRAS)); \
	echo $$kind >$@

# The rest is installed for the same kind.
$(TOOLS): $(STAMP)
	@echo "Installing the developer tools and the other extras into $(VENV)"; \
	$(call install,$$(cat $(STAMP))$(comma)$(REST))
	@touch $@

define GPU_WORKS
import sys, faiss, numpy, torch
if not (torch.cuda.is_available() and faiss.get_num_gpus() > 0):
    sys.exit(1)
torch.ones(1, device="cuda").item()
index = faiss.GpuIndexFlatIP(faiss.StandardGpuResources(), 8)
rows = numpy.eye(8, dtype="float32")
index.add(rows)
sys.exit(int(index.search(rows, 1)[1].ravel().tolist() != list(range(8))))
endef
export GPU_WORKS
