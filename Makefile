# Veiviser. `make help` tells what each target does. Needs make and Python 3.11 or newer, nothing else.

# The first Python that is new enough.
PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
  $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$python; break; }; done)
VENV ?= .venv
BIN := $(VENV)/bin
SIZE ?=
ONLY ?=
# Test files are shared out to one process for each core.
PYTEST_ARGS ?= -n auto --dist loadfile
export SIZE ONLY

# pip's own progress on a terminal, and only what went wrong elsewhere.
PIP_INSTALL = if [ -t 1 ]; then quiet=; else quiet=-qq; fi; \
  $(BIN)/python -m pip install $$quiet --disable-pip-version-check

.DEFAULT_GOAL := help
.PHONY: help run test check audit bench lock install

help: ## Tell what each target does
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: $(VENV)/.installed ## Set up all that is needed and serve the directory on http://127.0.0.1:8000 (PORT=…); Ctrl-C ends it
	@exec $(BIN)/python -m directory.cli serve

test: $(VENV)/.installed-for-work ## Set up what the tests need (PostgreSQL with PostGIS, Chromium) and run all of them
	@sh tests/system-packages.sh
	@$(BIN)/python -m pytest $(PYTEST_ARGS)

check: $(VENV)/.installed-for-work ## Check format, lint, types, who imports whom, safety, and links in the documentation
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/bandit --quiet --recursive --configfile pyproject.toml directory
	@$(BIN)/python -m pytest tests/docs/test_links.py

audit: $(VENV)/.installed-for-work ## Ask for known holes in what is installed to serve (needs the network)
	@$(BIN)/pip-audit --requirement requirements.lock --require-hashes --disable-pip --strict --progress-spinner off

bench: $(VENV)/.installed-for-work ## Measure relevance and speed; SIZE=10000 and ONLY=relevance choose what runs
	@$(BIN)/python -m tests.bench

lock: $(VENV)/.installed-for-work ## Choose the newest versions that pyproject.toml allows and write both lock files
	@$(BIN)/uv pip compile $(LOCK_ARGS) --extra install pyproject.toml -o requirements.lock
	@$(BIN)/uv pip compile $(LOCK_ARGS) --extra install --extra dev -c requirements.lock pyproject.toml -o requirements-dev.lock

# The same files on every machine and Python; no address of an index in them, so that each machine uses its own.
LOCK_ARGS := --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --upgrade

install: $(VENV)/.installed ## Install what is needed to serve, without serving

$(VENV)/.installed: requirements.lock | $(VENV)/.made
	@echo "Installing what Veiviser needs (once)"
	@$(PIP_INSTALL) --require-hashes -r requirements.lock
	@$(PIP_INSTALL) --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.installed-for-work: requirements-dev.lock $(VENV)/.installed
	@echo "Installing what its tests and checks need (once)"
	@$(PIP_INSTALL) --require-hashes -r requirements-dev.lock
	@touch $@

$(VENV)/.made:
	@[ -n "$(PYTHON)" ] || { echo "Veiviser needs Python 3.11 or newer: apt-get install python3" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || sh system-packages.sh $(notdir $(PYTHON))-venv
	@$(PYTHON) -m venv $(VENV)
	@touch $@
