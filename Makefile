# Every check and every way to run Kith; CI calls these targets and nothing else.

SHELL := /bin/sh
PYTHON ?= python3
BIN := .venv/bin
PACKAGES := services gateway migrations deploy
# Tests with targets of their own.
APART := tests/faults tests/contract tests/fuzz
# What is decided where nothing is read or written: these tests alone must go through every branch of it.
RULES := $(shell find tests -name test_rules.py) tests/scoring/test_worked_example.py
# Every operation of the API document against what it must refuse: part of test-api.
MATRIX := $(wildcard tests/system/test_contract_*.py)

.DEFAULT_GOAL := help
.PHONY: help run demo test test-api fuzz test-faults bench lint format types imports migrations openapi openapi-check openapi-release lint-api settings lock \
	clean venv venv-dev

help:  ## show this screen
	@echo "Kith: who matters and why, whom to care for next, and whether it helped."
	@echo
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo
	@echo "  KITH_PORT (8080), KITH_HOME (.kith) and KITH_DATABASE_URL change where it runs: make settings lists all."

run: venv  ## start everything on http://127.0.0.1:8080
	@exec $(BIN)/kith up

demo: venv  ## fill the running system with a lively sample shop
	@exec $(BIN)/kith demo

test: venv-dev lint types imports migrations openapi-check  ## all checks but test-api and test-faults
	$(BIN)/pytest $(RULES) -n 2 --dist loadfile --cov --cov-report=
	$(BIN)/coverage report --include='*/rules.py' --fail-under=100
	$(BIN)/pytest tests $(RULES:%=--ignore=%) $(APART:%=--ignore=%) $(MATRIX:%=--ignore=%) -n 2 --dist loadfile

test-api: venv-dev lint-api  ## the API as its clients see it: rules, generated clients, refusals, made-up requests
	$(BIN)/pytest tests/contract tests/fuzz $(MATRIX) -n 2 --dist loadfile

fuzz: venv-dev .venv-contract  ## many more made-up requests, with several seeds
	KITH_FUZZ_SEEDS=$${KITH_FUZZ_SEEDS:-1,2,3} KITH_FUZZ_EXAMPLES=$${KITH_FUZZ_EXAMPLES:-100} $(BIN)/pytest tests/fuzz

test-faults: venv-dev  ## kill processes under load: nothing acknowledged is lost
	$(BIN)/pytest tests/faults

bench: venv-dev  ## print every performance figure as a JSON line
	@exec $(BIN)/python -m benchmarks

lint: venv-dev  ## style: ruff
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: venv-dev  ## rewrite the code in the house style
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

types: venv-dev  ## types: mypy, strict
	$(BIN)/mypy

imports: venv-dev  ## who may import whom: import-linter
	$(BIN)/lint-imports

migrations: venv-dev  ## the migrations make exactly the tables of the models
	$(BIN)/python -m deploy.local.drift

openapi: venv-dev  ## write docs/api/openapi.json anew
	$(BIN)/python -m gateway.openapi docs/api/openapi.json

openapi-check: venv-dev  ## docs/api/openapi.json is what the code says, and breaks no client of the last release
	$(BIN)/python -m gateway.openapi --check docs/api/openapi.json

openapi-release: openapi-check  ## at a release: from now on nothing of the present document may break
	cp docs/api/openapi.json docs/api/released/v1.json

lint-api: .venv-contract  ## the API document follows its rules and gives clients that compile
	@.venv-contract/bin/python tests/contract/check.py

.venv-contract: tests/contract/requirements.lock
	$(PYTHON) -m venv $@
	$@/bin/pip install --quiet --require-hashes --requirement $<
	@touch $@

settings: venv  ## list every KITH_ setting
	@exec $(BIN)/kith settings

lock:  ## resolve the dependencies anew (needs uv)
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
		pyproject.toml -o requirements.lock
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
		-c requirements.lock --group dev pyproject.toml -o requirements-dev.lock

clean:  ## remove the virtual environment and caches; keeps the data in $KITH_HOME
	rm -rf .venv .venv-contract tests/contract/node_modules .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage htmlcov
	find $(PACKAGES) tests -name __pycache__ -type d -exec rm -rf {} +

venv:
	@$(PYTHON) deploy/local/install.py

venv-dev:
	@$(PYTHON) deploy/local/install.py dev
