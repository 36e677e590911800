# `make` alone lists the targets. Everything runs in .venv, made from requirements.lock; nothing else is needed.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory
SHELL := /bin/bash

VENV := .venv
BIN := $(VENV)/bin
LOCK := requirements.lock
STAMP := $(VENV)/.installed
TOOLS := build/tools
# All but torch, which is as large as everything else together.
EXTRAS := airflow alibi demo dev embedded s3 ui
QUICK := $(addprefix tests/,config deploy docs local oracle property schedule unit)
# The first Python that the lock file has wheels for.
SUPPORTED := import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 12))
PYTHON ?= $(firstword $(foreach name,python3 python3.12 python3.11,\
  $(shell $(name) -c '$(SUPPORTED)' >/dev/null 2>&1 && echo $(name))))

# Also without the editable install, and for the packages it leaves out (demo, local).
export PYTHONPATH := include
export PATH := $(CURDIR)/$(BIN):$(PATH)

# Spark's tests run where there is Java.
SPARK := $(if $(shell command -v java),build/spark/.installed)

PEERS := evidently nannyml alibi_detect whylogs scipy

.PHONY: help install demo up down test check lint fmt bench lock clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

install: $(STAMP) ## install everything into .venv, once per lock file

$(STAMP): $(LOCK)
	@test -n "$(PYTHON)" || { echo "no usable Python: install Python 3.11 or 3.12 with its venv module" \
	  "(Debian: apt install python3 python3-venv), or name one: make PYTHON=/path/to/python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	@echo "installing $(LOCK) into $(VENV) with $$($(PYTHON) --version): some minutes the first time"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --disable-pip-version-check --quiet -r $(LOCK)
	@$(BIN)/python -m pip install --disable-pip-version-check --quiet --no-deps --no-build-isolation -e .
	@touch $@

demo: install ## the whole story in a few minutes: backfill, alert, the Slack message; then stop everything
	@python -m local.main demo

up: install ## leave Airflow running at localhost:8080 with the demo's monitor (MODELWATCH_PORT chooses another port)
	@python -m local.main up

down: ## stop what `make up` started
	@if test -x $(BIN)/python; then python -m local.main down; else echo "nothing is running"; fi

check: lint ## style, types, layers, and the tests that need no server: under a minute
	python -m pytest -q -n 2 $(wildcard $(QUICK))

test: lint $(SPARK) ## everything: style, types, layers, and every test, the real scheduler's and Spark's included
	python -m pytest -n 2 --dist loadgroup
	@if test -e "$(SPARK)"; then build/spark/bin/python -m pytest tests/spark; \
	  else echo "Spark was not tested: it needs Java 17 (Debian: apt-get install openjdk-17-jre-headless)"; fi

lint: install ## style, types and layers alone
	ruff check
	ruff format --check
	mypy
	lint-imports

fmt: install ## format, and mend what can be mended mechanically
	ruff check --fix
	ruff format

bench: install $(PEERS:%=build/peers/%/.installed) ## measure speed and memory beside other tools (BENCH=--quick: minutes) into benchmarks/RESULTS.md
	@python benchmarks/run.py $(BENCH)

build/peers/%/.installed: benchmarks/peers/%.txt
	@echo "installing $* and what it needs into build/peers/$*: a minute"
	@$(PYTHON) -m venv --clear build/peers/$*
	@build/peers/$*/bin/python -m pip install --disable-pip-version-check --quiet -r $<
	@touch $@

# Spark is larger than all else together: in an environment of its own, on top of .venv.
build/spark/.installed: tests/spark/requirements.txt | $(STAMP)
	@echo "installing Spark into build/spark: a minute or two"
	@$(BIN)/python -m venv --clear build/spark
	@build/spark/bin/python -m pip install --disable-pip-version-check --quiet --no-deps -r $<
	@$(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))' > \
	  "$$(build/spark/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/of_venv.pth"
	@touch $@

lock: ## resolve pyproject.toml afresh into requirements.lock
	@test -x $(TOOLS)/bin/uv || { $(PYTHON) -m venv $(TOOLS) && $(TOOLS)/bin/pip install --quiet uv; }
	$(TOOLS)/bin/uv pip compile pyproject.toml --quiet $(addprefix --extra ,$(EXTRAS)) --python-version 3.11 --upgrade \
	  --no-header --no-annotate --output-file $(LOCK)

clean: down ## stop everything and delete what was built, the demo's databases included
	rm -rf build
