# What a person runs. Every target sets up what it needs in .venv first.

PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin

TASKS      ?= tasks/skyways
RUN        ?=
JUDGE      ?=
PROPOSER   ?=
ITERATIONS ?=
CANDIDATES ?=
SEED       ?=
CONFIG     ?=
MAX_USD    ?=
MAX_CALLS  ?=
MAX_TOKENS ?=
MAX_HOURS  ?=
FILES      ?=
POLICY     ?=

# A variable on the command line that the target does not know is refused, not ignored.
SEARCH_VARIABLES = TASKS RUN JUDGE PROPOSER ITERATIONS CANDIDATES SEED CONFIG MAX_USD MAX_CALLS MAX_TOKENS MAX_HOURS
KNOWN := PYTHON VENV $(if $(filter search,$(MAKECMDGOALS)),$(SEARCH_VARIABLES)) \
	$(if $(filter reproduce,$(MAKECMDGOALS)),FILES POLICY $(filter-out TASKS,$(SEARCH_VARIABLES))) \
	$(if $(filter bench,$(MAKECMDGOALS)),BENCHMARKS)
GIVEN := $(foreach name,$(.VARIABLES),$(if $(filter command,$(firstword $(origin $(name)))),$(name)))
UNKNOWN := $(filter-out $(KNOWN),$(GIVEN))
ifneq ($(UNKNOWN),)
$(error $(strip make $(MAKECMDGOALS)) knows no variable $(sort $(UNKNOWN)); known: $(strip $(KNOWN)))
endif

# What `make bench` runs; benchmarks/seeds.py takes twelve minutes and is run by itself.
BENCHMARKS = commits disk status pages importing retrieval duplicates evaluate predictions sandbox judging scoring labelling cheap_features worlds ablation copied hostile gate_null gate_power coverage

RUN_NAME = $(or $(strip $(RUN)),$(notdir $(patsubst %/,%,$(TASKS))))
SEARCH_FLAGS = --run "$(RUN_NAME)" \
	$(if $(JUDGE),--judge "$(JUDGE)") $(if $(PROPOSER),--proposer "$(PROPOSER)") \
	$(if $(ITERATIONS),--iterations $(ITERATIONS)) $(if $(CANDIDATES),--candidates $(CANDIDATES)) \
	$(if $(SEED),--seed $(SEED)) $(if $(CONFIG),--config "$(CONFIG)") \
	$(if $(MAX_USD),--max-usd $(MAX_USD)) $(if $(MAX_CALLS),--max-calls $(MAX_CALLS)) \
	$(if $(MAX_TOKENS),--max-tokens $(MAX_TOKENS)) $(if $(MAX_HOURS),--max-hours $(MAX_HOURS))
SEALED = "the search stopped before it was finished, so the test split stays sealed; raise the limit and make it again"
IMPORTED = "$(TASKS) is there already, and FILES are not read again; to take others, move it and runs/$(RUN_NAME) away"

.PHONY: help install search reproduce test slow lint types bench

help:            ## list the targets
	@grep -E '^[a-z]+: .*##' Makefile | sed -E 's/:[^#]*## /\t/' | expand -t 12

install: $(VENV)/.installed  ## set up .venv with everything the project needs

search: $(VENV)/.installed  ## search over harnesses; when that has finished, open the test split (TASKS RUN JUDGE PROPOSER ITERATIONS CANDIDATES SEED CONFIG MAX_USD MAX_CALLS MAX_TOKENS MAX_HOURS)
	@$(BIN)/meta-reward search "$(TASKS)" $(SEARCH_FLAGS) || { code=$$?; [ $$code != 4 ] || echo $(SEALED) >&2; exit $$code; }
	@$(BIN)/meta-reward test "$(RUN_NAME)"

reproduce: ITERATIONS := 20
reproduce: TASKS := tasks/reproduce
reproduce: $(VENV)/.installed  ## the airline study on result files of tau2-bench: import, search, test, clusters (FILES POLICY JUDGE PROPOSER ITERATIONS MAX_USD and those of search)
	@$(if $(strip $(FILES)),:,echo "say which result files: make reproduce FILES='results/*.json'" >&2; exit 1)
	@if [ -d "$(TASKS)" ]; then echo $(IMPORTED) >&2; \
	else $(BIN)/meta-reward import $(FILES) --name reproduce --format tau2-bench $(if $(POLICY),--policy "$(POLICY)"); fi
	@$(BIN)/meta-reward search "$(TASKS)" $(SEARCH_FLAGS) || { code=$$?; [ $$code != 4 ] || echo $(SEALED) >&2; exit $$code; }
	@$(BIN)/meta-reward test "$(RUN_NAME)"
	@$(BIN)/meta-reward study clusters "$(RUN_NAME)"

test: $(VENV)/.installed  ## run the tests, in parallel, but for the slow ones
	$(BIN)/pytest -n auto --dist worksteal -m "not slow"

slow: $(VENV)/.installed  ## run the slow tests: sessions of real agents, kills, benchmarks, the wheel
	$(BIN)/pytest -n auto --dist worksteal -m slow

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
