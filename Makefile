# Two commands do all the set-up: `make consolidate` and `make test`.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
LOCKED := --python-version 3.11 --universal --generate-hashes --no-emit-index-url --no-header --no-strip-extras --quiet

CORE_TESTS := tests/rules tests/triangulation tests/unit tests/sources

.PHONY: consolidate test lint types unit docs docs-check rehearse sample bench bench-deps lock clean

consolidate: $(READY)  ## Consolidate the sample month into the embedded store
	@echo "2019-11, the month before (illustrative)…"
	@$(BIN)/cmp-idp consolidate 2019-11 > /dev/null
	@$(BIN)/cmp-idp consolidate 2019-12

test: $(READY) lint types unit docs-check  ## All that .ci/run checks

$(READY): requirements.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --no-compile --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	$(BIN)/python -m compileall -q -j 0 $(VENV)/lib pipelines schemas || true
	touch $(READY)

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports --no-cache
	$(BIN)/deptry pipelines schemas

types: $(READY)
	$(BIN)/mypy

# tracing costs as much as the tests of files, databases and commands do: only the tests of the core are traced
unit: $(READY)
	$(BIN)/pytest $(CORE_TESTS) --cov --cov-report=term:skip-covered
	$(BIN)/pytest $(CORE_TESTS:%=--ignore=%)

docs: $(READY)  ## Write the data dictionary and the rule catalogue anew
	$(BIN)/python -m pipelines.io.documents

docs-check: $(READY)
	$(BIN)/python -m pipelines.io.documents --check

bench: $(READY)  ## Print what is measured: name, measured, target, whether it holds, spread
	@for bench in tests/benchmarks/bench_*.py; do $(BIN)/python -m tests.benchmarks.$$(basename $$bench .py) || exit 1; done

rehearse: $(READY)  ## Play a whole month, from the returns to a revised publication, on a copy in data/processed/rehearsal
	@$(BIN)/python -m data.rehearsal

sample: $(READY)  ## Write data/raw anew from the facts in data/sample_facts
	$(BIN)/python -m data.make_sample

bench-deps: $(READY)  ## Install what the matching of places is measured against
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-bench.lock

lock:  ## Resolve the exact versions anew (needs uv); extras stay, or pip before 23.3 takes the newest of them past its pin
	uv pip compile pyproject.toml --group dev $(LOCKED) $(UPGRADE) -o requirements.lock
	uv pip compile pyproject.toml --group bench -c requirements.lock $(LOCKED) $(UPGRADE) -o requirements-bench.lock

clean:
	rm -rf $(VENV) build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
