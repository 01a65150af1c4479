# One runner for everything. It needs python3 (3.11 or newer) and make; all else comes from the package index.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV := $(BIN)/uv
# HOME may not exist; the cache then stays inside the tree.
UV_CACHE_DIR ?= $(shell test -n "$$HOME" && test -w "$$HOME" && echo "$$HOME/.cache/uv" || echo "$(CURDIR)/.cache/uv")
export UV_CACHE_DIR
# Compiled at once: a server, its worker and the process of each job would do it anew where nothing may write bytecode.
INSTALL := $(UV) pip install --quiet --compile-bytecode --python $(BIN)/python --require-hashes --no-deps

.PHONY: help setup demo serve test fmt lint types arch golden bench docs check lock clean

help:  ## list the targets
	@grep -E '^[a-z]+:.*##' Makefile | sed 's/:.*##/ -/'

$(VENV)/.uv: requirements/uv.txt
	$(PYTHON) -c 'import sys; sys.exit("penstock needs Python 3.11 or newer, this is %d.%d" % sys.version_info[:2] if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements/uv.txt
	@touch $@

$(VENV)/.base: $(VENV)/.uv requirements/base.txt pyproject.toml
	$(INSTALL) -r requirements/base.txt
	$(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.compiled: $(VENV)/.base $(shell find src -name '*.py')
	$(BIN)/python -m compileall -q src/penstock
	@touch $@

$(VENV)/.demo: $(VENV)/.base requirements/demo.txt
	$(INSTALL) --no-build-isolation -r requirements/demo.txt
	@touch $@

$(VENV)/.dev: $(VENV)/.demo requirements/dev.txt
	$(INSTALL) --no-build-isolation -r requirements/dev.txt
	@touch $@

# Apart, since only what runs on Spark needs it: it is larger than all else together.
$(VENV)/.spark: $(VENV)/.dev requirements/spark.txt
	$(INSTALL) --no-build-isolation -r requirements/spark.txt
	@touch $@

# What Spark loads, written down once: each of its many starts in the tests then takes half the time.
$(VENV)/.classes: $(VENV)/.spark
	$(BIN)/python -m penstock.cli.spark_classes
	@touch $@

# The tap that the tests run, in an environment of its own, as an operator installs one.
$(VENV)/.tap: $(VENV)/.uv requirements/tap.txt
	$(UV) venv --quiet --clear --python $(BIN)/python $(VENV)/taps/jsonl
	$(UV) pip install --quiet --python $(VENV)/taps/jsonl/bin/python --require-hashes --no-deps -r requirements/tap.txt
	@touch $@

setup: $(VENV)/.dev $(VENV)/.classes $(VENV)/.tap  ## install everything, the tests' needs included

demo: $(VENV)/.demo $(VENV)/.compiled  ## run real packages over real data through the HTTP API
	$(BIN)/python -m penstock.cli.demo .demo examples

serve: $(VENV)/.demo $(VENV)/.compiled  ## a server with a demo account, to click and curl
	$(BIN)/python -m penstock.cli.demo_data .penstock/files/demo
	PENSTOCK_ACCOUNT=demo PENSTOCK_API_KEY=$${PENSTOCK_API_KEY:-demo-key-for-this-machine} $(BIN)/penstock serve --data-dir .penstock

# Two processes share the tests, a file going to one of them: much of their time is waiting for servers. In the order of the
# folders, so that the many small ones come last.
test: $(VENV)/.dev $(VENV)/.classes $(VENV)/.tap $(VENV)/.compiled  ## start the servers the tests need and run all tests
	$(BIN)/python -m pytest -q --numprocesses 2 --dist loadfile --no-loadscope-reorder

fmt: $(VENV)/.dev  ## format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix --quiet .

lint: $(VENV)/.dev  ## check style
	$(BIN)/ruff check --output-format concise .
	$(BIN)/ruff format --check --quiet .

types: $(VENV)/.dev $(VENV)/.spark  ## check types
	$(BIN)/mypy

arch: $(VENV)/.dev $(VENV)/.spark  ## check the import contract
	$(BIN)/lint-imports

bench: $(VENV)/.dev $(VENV)/.classes $(VENV)/.compiled  ## measure, and rewrite the table in docs/benchmarks.md
	$(BIN)/python -m benchmarks

golden: $(VENV)/.dev $(VENV)/.spark  ## write golden files anew; review their diff
	GOLDEN=write $(BIN)/python -m pytest -q tests/golden

docs: $(VENV)/.base  ## write docs/reference from the code
	$(BIN)/python docs/generate.py

check: lint types arch test  ## everything a change must pass

lock: $(VENV)/.uv  ## renew the locks: versions and hashes, no addresses
	$(BIN)/python requirements/lock.py

clean:  ## remove what this file made
	rm -rf $(VENV) .cache .demo
