# Set up once, again when the lock changes; every target below works on a bare machine with Python 3.11 or newer.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
JOBS   ?= 4

MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help
.NOTPARALLEL:

.PHONY: help
help: ## Say what there is
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' Makefile

.PHONY: demo
demo: $(STAMP) ## Run the whole thing against simulated systems
	@$(BIN)/connector demo

.PHONY: test
test: $(STAMP) ## Run every test
	@$(BIN)/python -m pytest --numprocesses $(JOBS) --dist loadgroup

.PHONY: lint
lint: $(STAMP) ## Judge form, types and imports
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy --no-error-summary
	@$(BIN)/lint-imports --no-logo --no-cache

.PHONY: check
check: lint test ## Judge everything that CI judges

.PHONY: lock
lock: $(STAMP) ## Pin the newest allowed releases in requirements.lock
	@$(BIN)/pip install --quiet uv
	@$(BIN)/uv pip compile pyproject.toml --extra dev --generate-hashes --universal --no-header \
		--python-version 3.11 --upgrade --quiet --output-file requirements.lock

.PHONY: clean
clean: ## Remove what was installed and cached
	@rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis dist
	@find connector schemas tasks tests -name __pycache__ -type d -prune -exec rm -rf {} +

$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "This needs Python 3.11 or newer; $(PYTHON) is not. Name another: make PYTHON=python3.12 …" >&2; exit 1; }
	@echo "Setting up $(VENV) (once; a minute or two) …"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@
