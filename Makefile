# What a person runs. Every target sets up what it needs in .venv first.

PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin

TASKS      ?= tasks/skyways
RUN        ?= $(notdir $(patsubst %/,%,$(TASKS)))
JUDGE      ?=
PROPOSER   ?=
ITERATIONS ?=
CANDIDATES ?=
SEED       ?=
CONFIG     ?=

# What `make bench` runs; benchmarks/seeds.py takes twelve minutes and is run by itself.
BENCHMARKS = commits evaluate sandbox judging cheap_features worlds ablation copied gate_null gate_power coverage

SEARCH_FLAGS = --run "$(RUN)" \
	$(if $(JUDGE),--judge "$(JUDGE)") $(if $(PROPOSER),--proposer "$(PROPOSER)") \
	$(if $(ITERATIONS),--iterations $(ITERATIONS)) $(if $(CANDIDATES),--candidates $(CANDIDATES)) \
	$(if $(SEED),--seed $(SEED)) $(if $(CONFIG),--config "$(CONFIG)")

.PHONY: help install search test lint types bench

help:            ## list the targets
	@grep -E '^[a-z]+: .*##' Makefile | sed -E 's/:[^#]*## /\t/' | expand -t 12

install: $(VENV)/.installed  ## set up .venv with everything the project needs

search: $(VENV)/.installed  ## search over harnesses, then open the test split (TASKS RUN JUDGE PROPOSER ITERATIONS CANDIDATES SEED CONFIG)
	$(BIN)/meta-reward search "$(TASKS)" $(SEARCH_FLAGS)
	$(BIN)/meta-reward test "$(RUN)"

test: $(VENV)/.installed  ## run all tests, in parallel
	$(BIN)/pytest -n auto --dist worksteal

lint: $(VENV)/.installed  ## ruff: rules and formatting
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.installed  ## mypy, strict
	$(BIN)/mypy

bench: $(VENV)/.installed  ## print the measurements of benchmarks/
	@for name in $(BENCHMARKS); do echo "== $$name"; $(BIN)/python benchmarks/$$name.py || exit 1; done

$(VENV)/.installed: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@
