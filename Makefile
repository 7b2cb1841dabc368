# Two commands matter: `make demo` shows it, `make test` proves it. Everything lands in .venv and nothing else is touched,
# but for Debian packages that the tests need.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/pip --disable-pip-version-check --quiet
DATA ?= benchmarks/data

.DEFAULT_GOAL := help
.PHONY: help demo serve test soak check format bench docs sample lock sbom release clean

help:
	@echo "make demo   show it: a sample workspace, synced and asked"
	@echo "make serve  the same, with pages"
	@echo "make test   prove it"
	@echo "also: soak check format bench docs sample lock sbom release clean"

$(VENV)/.installed: locks/base.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("Python %s is too old: install Python 3.11 or newer, or name one with PYTHON=" % sys.version.split()[0] if sys.version_info < (3, 11) else 0)'
	@echo "installing into $(VENV) (hashes checked)"
	@$(PYTHON) -m venv $(VENV)
	@$(PIP) install --require-hashes --no-deps -r locks/base.lock
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.tools: $(VENV)/.installed locks/dev.lock
	@$(PIP) install --require-hashes --no-deps -r locks/dev.lock
	@touch $@

demo: $(VENV)/.installed
	@$(BIN)/firmground demo --dir firmground-demo

serve: $(VENV)/.installed
	@$(BIN)/firmground demo --dir firmground-demo --serve

test: $(VENV)/.tools
	@tools/install-test-packages
	@$(BIN)/python tools/run_tests.py

# Longer than anybody wants to wait for each change: fifty kills instead of eight, and properties tried on random cases.
soak: $(VENV)/.tools
	@tools/install-test-packages
	@FIRMGROUND_KILLS=50 $(BIN)/python -m pytest tests/acceptance/test_sync_processes.py --timeout 3000
	@FIRMGROUND_EXAMPLES=3000 $(BIN)/python -m pytest -n 2 tests/unit tests/contract --timeout 3000
	@FIRMGROUND_EXAMPLES=1000 $(BIN)/python -m pytest -n 2 tests/doors/test_described_api.py tests/doors/test_openai_nonsense.py --timeout 3000

check: $(VENV)/.tools
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/basedpyright
	$(BIN)/lint-imports --no-cache
	$(BIN)/python tools/check_licences.py
	$(BIN)/python tools/build_sbom.py --check

format: $(VENV)/.tools
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(VENV)/.tools
	$(BIN)/python -m benchmarks --data $(DATA) $(if $(PEER),--peer-python $(PEER))
	$(BIN)/python tools/build_owasp.py

docs: $(VENV)/.tools
	$(BIN)/python tools/build_reference.py
	$(BIN)/python tools/build_standards.py
	$(BIN)/python tools/build_owasp.py
	$(BIN)/python -m pytest tests/docs -q

# The bill of materials of the base install: build/firmground.cdx.json
sbom: $(VENV)/.tools
	@$(BIN)/python tools/build_sbom.py

# Of the commit that is checked out, into build/release, signed with KEY: docs/how-to/make-a-release.md
release: $(VENV)/.tools
	@$(BIN)/python tools/release.py $(if $(KEY),--key $(KEY))

sample: $(VENV)/.tools
	$(BIN)/python tools/build_sample.py

# Needs uv. Locks hold hashes and no address.
lock:
	cd locks && uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
	  ../pyproject.toml --group ../pyproject.toml:build -o base.lock
	cd locks && uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
	  ../pyproject.toml --group ../pyproject.toml:build --group ../pyproject.toml:test --group ../pyproject.toml:sample \
	  -c base.lock -o dev.lock

clean:
	rm -rf $(VENV) build firmground-demo .pytest_cache .ruff_cache .hypothesis
