# `make` lists the commands.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3
BIN := .venv/bin
SOURCES := benchmarks clients enrollment faceverify_site ml scripts tests verification manage.py gunicorn.conf.py
export PATH := $(CURDIR)/$(BIN):$(PATH)
export TF_CPP_MIN_LOG_LEVEL ?= 3

.PHONY: help run setup superuser bench faults test check static lint types imports migrations deploy-check openapi fuzz format lock model

help: ## List the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-13s %s\n", $$1, $$2}'

run: setup ## Start the site: broker, web, workers, schedule
	@$(BIN)/honcho start

setup: .venv/.installed node_modules/.installed .env ## Install, build assets, create secrets and database
	@$(BIN)/python manage.py prepare_site

.venv/.installed: requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make run PYTHON=python3.12")'
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "Installing Python packages; the first time takes a few minutes."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

.venv/.installed-dev: .venv/.installed requirements-dev.txt
	@echo "Installing what the tests need."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@

node_modules/.installed: package-lock.json package.json | .venv/.installed
	@echo "Fetching front-end packages."
	@$(BIN)/npm ci --silent --ignore-scripts
	@touch $@

.env:
	@$(BIN)/python scripts/create_env.py

superuser: setup ## Create an account that may use the admin
	@$(BIN)/python manage.py createsuperuser

test: setup .venv/.installed-dev ## Run the tests; add ARGS="-k name" to choose
	@$(BIN)/pytest $(ARGS)

bench: setup .venv/.installed-dev ## Time the site: all that are quick, ALL=1 every one, or BENCH=verify; JSON=1, OUT=folder, ARGS="--help"
	@$(BIN)/python -m benchmarks $(BENCH) $(if $(ALL),--all) $(if $(JSON),--json) $(if $(OUT),--out $(OUT)) $(ARGS)

faults: setup .venv/.installed-dev ## Break the running site in every way on the list, and count what was lost
	@$(BIN)/python -m tests.faults $(ARGS)

check: static test ## All that a change must pass

static: setup .venv/.installed-dev lint types imports migrations deploy-check ## All that reads the code without running it

lint: .venv/.installed-dev
	@$(BIN)/ruff check $(SOURCES)
	@$(BIN)/ruff format --check $(SOURCES)

types: .venv/.installed-dev
	@$(BIN)/mypy $(SOURCES)

imports: .venv/.installed-dev
	@$(BIN)/lint-imports

migrations: .venv/.installed
	@$(BIN)/python manage.py makemigrations --check --dry-run

deploy-check: .venv/.installed
	@SITE_URL=https://faces.example.org EMAIL_URL=smtp+tls://mail.example.org:587 \
	  $(BIN)/python manage.py check --deploy --fail-level WARNING

openapi: .venv/.installed .env ## Write the API's document anew: docs/openapi.yaml
	@$(BIN)/python manage.py spectacular --validate --fail-on-warn --file docs/openapi.yaml

fuzz: setup .venv/.installed-dev ## Try 200 made-up requests on every operation of the API
	@SCHEMATHESIS_EXAMPLES=200 $(BIN)/pytest tests/api/test_schema.py --timeout 3600

format: .venv/.installed-dev ## Bring the code into shape
	@$(BIN)/ruff check --fix $(SOURCES)
	@$(BIN)/ruff format $(SOURCES)

LOCK := uv pip compile --quiet --universal --python-version 3.11 --no-header --no-annotate --no-emit-index-url --no-emit-find-links
lock: .venv/.installed-dev ## Compile the requirement files anew
	@$(BIN)/$(LOCK) --upgrade requirements.in -o requirements.txt
	@$(BIN)/$(LOCK) -c requirements.txt --override requirements-serving.override requirements-serving.in -o requirements-serving.txt
	@$(BIN)/$(LOCK) --upgrade requirements-dev.in -o requirements-dev.txt

model: setup ## Build the recognition model from its base weights (about 20 minutes)
	@$(BIN)/python -m scripts.build_model
