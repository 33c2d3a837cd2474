# `make help` says what there is. Needs make and Python 3.11 or later; `make test` says what else, and gets it where it may.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-builtin-rules

PYTHON ?= python3
BIN := .venv/bin
UV := $(BIN)/uv
CHAOS_MINUTES ?= 60
FUZZ_MINUTES ?= 10
# Followed by the number of processes: two where they only compute, more where they wait for servers and time.
# Files in the order in which they are named: those with few tests may take longest.
PARALLEL := $(BIN)/pytest --dist loadfile --no-loadscope-reorder -n
# The slowest first, so that no process waits for the end of another.
WITH_SERVERS := $(addprefix tests/,engine chaos system/test_stalls.py endurance system pages deploy contract)
# Of what is installed to run: licences that ask for no more than to be mentioned, and MPL for files that are not changed here.
LICENCES ?= Apache;BSD;ISC;MIT;MPL 2.0;PSF-2.0
SITE := NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict
FETCH := $(BIN)/python -m tests.parts
# In CI everything runs from the wheel, as it will be installed; elsewhere from these files, so that a change counts at once.
DEV := .venv/.made-dev$(if $(CI),-wheel)
export UV_LINK_MODE := copy
# Byte code is kept even where the environment says otherwise: tests start hundreds of processes, and each would compile all
# that it imports, which takes longer than the rest of its start.
unexport PYTHONDONTWRITEBYTECODE
export VIRTUAL_ENV := $(CURDIR)/.venv

.PHONY: help
help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-12s %s\n", $$1, $$2}' Makefile

.PHONY: setup
setup: .venv/.made-run ## the service, into .venv: all that running it needs

.PHONY: dev
dev: $(DEV) ## the same with everything that development needs

.PHONY: parts
parts: dev ## what the tests fetch or build once, into .cache: Kafka, Helm, Prometheus, …
	scripts/system-parts
	$(FETCH)

.PHONY: demo
demo: .venv/.made-run ## the whole service on this machine, with nothing but Python
	$(BIN)/tiktok-consumer demo

.PHONY: test
test: parts ## every test, on a real Kafka that it starts itself
	$(PARALLEL) 2 tests/unit/core tests/golden --cov
	$(PARALLEL) 3 tests/hostile/test_fuzz.py tests/hostile tests/property tests/unit --ignore=tests/unit/core
	$(BIN)/python -m tests.mutation
	$(BIN)/python -m bench guard
	$(PARALLEL) 4 $(WITH_SERVERS)

.PHONY: test-quick
test-quick: dev ## the tests that need no server: seconds
	$(PARALLEL) 2 -m "not server" tests/unit tests/property tests/golden tests/contract tests/deploy

.PHONY: mutants
mutants: dev ## each mutant of settle, dedupe and deliver must fail a test: half an hour
	$(BIN)/python -m tests.mutation --all

.PHONY: check
check: dev ## style, types, and generated documents
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --cache-dir .cache/import-linter
	$(BIN)/vulture
	$(BIN)/codespell $$(git ls-files)
	$(BIN)/python -m consumer.config.reference --check
	$(BIN)/python scripts/metrics_page.py --check
	$(BIN)/python scripts/dashboard_page.py --check
	$(SITE)

.PHONY: docs
docs: dev ## the documents as a site, in dist/site; a link that leads nowhere is an error
	$(SITE)

.PHONY: rules-check
rules-check: dev ## the alert rules, by Prometheus's own tool
	$(FETCH) promtool
	$(BIN)/pytest tests/deploy/test_promtool.py tests/deploy/test_alert_rules.py

.PHONY: image-check
image-check: dev ## the image, docker-compose.yml and the systemd unit, in a real engine (as root)
	scripts/system-parts
	$(FETCH) kafka python-base systemd-base other-bases compose prometheus
	$(BIN)/pytest tests/engine

.PHONY: helm-check
helm-check: dev ## the Helm chart, compared and validated
	scripts/system-parts
	$(FETCH) helm helm-docs
	$(BIN)/pytest tests/deploy/test_chart*.py

.PHONY: cluster-check
cluster-check: dev ## the chart in a real Kubernetes of one node: as root on Debian, eight minutes, the first time half an hour
	scripts/system-parts cluster
	$(FETCH) kafka helm python-base cluster
	CLUSTER=1 $(BIN)/pytest tests/cluster

.PHONY: bench
bench: dev .cache/others/.made ## what an event costs, against the floor and against others; into docs/performance.md
	scripts/system-parts
	$(FETCH) kafka
	$(BIN)/python -m bench

.PHONY: chaos
chaos: dev ## seeded faults for CHAOS_MINUTES (60)
	scripts/system-parts
	$(FETCH) kafka
	CHAOS_MINUTES=$(CHAOS_MINUTES) $(BIN)/pytest -s --timeout=0 tests/chaos

.PHONY: fuzz
fuzz: dev ## schemas, records and rules made up by chance, for FUZZ_MINUTES (10)
	FUZZ_MINUTES=$(FUZZ_MINUTES) $(BIN)/pytest -s tests/hostile/test_fuzz.py

.PHONY: endurance
endurance: dev ## outages, storms and load for long: an hour and a half, and its figures
	scripts/system-parts
	$(FETCH) kafka
	ENDURANCE=1 $(BIN)/pytest -s --timeout=0 tests/endurance

.PHONY: pictures
pictures: dev ## docs/pictures: the dashboard's layout, and both pages as the demo shows them
	$(BIN)/python scripts/dashboard_page.py
	scripts/system-parts
	$(FETCH) kafka
	$(BIN)/python -m tests.pages.pictures

.PHONY: up
up: ## Kafka, registry, sandbox, consumers, Prometheus and Grafana in containers
	docker compose build
	docker compose up --wait

.PHONY: down
down: ## end what `make up` began, and forget its data
	docker compose down --volumes --remove-orphans

.PHONY: wheel
wheel: dist/.made ## the package, in dist/

.PHONY: dist
dist: .venv/.made ## the package as a release has it: wheel and sdist
	rm -rf dist
	$(UV) build --quiet --no-build-isolation --out-dir dist

.PHONY: licenses
licenses: dev ## what runs, each with its licence: dist/licenses.md; fails for one that is not in LICENCES
	@mkdir -p dist
	$(BIN)/pip-licenses --from=mixed --format=markdown --partial-match --allow-only="$(LICENCES)" \
		--output-file=dist/licenses.md --packages $$(sed -n 's/==.*//p' requirements.lock)

.PHONY: sbom
sbom: dev ## what the image holds, as CycloneDX: dist/sbom.json
	@mkdir -p dist
	$(BIN)/cyclonedx-py requirements --pyproject pyproject.toml --mc-type application --output-reproducible \
		--output-file dist/sbom.json requirements.lock

.PHONY: lock
lock: .venv/.made ## the newest dependencies that pyproject.toml allows, with their hashes
	$(LOCK) --upgrade --all-extras --group dev --group build pyproject.toml -o requirements-dev.lock
	$(LOCK) -c requirements-dev.lock --extra redis pyproject.toml -o requirements.lock
	$(LOCK) -c requirements-dev.lock --group build -o requirements-build.lock
	$(LOCK) --upgrade bench/others.in -o bench/others.lock

.PHONY: clean
clean: ## forget everything made here, the virtual environment too
	rm -rf .venv .cache mutants .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage .coverage.* htmlcov dist build
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

LOCK := $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate
INSTALL := $(UV) pip install --quiet
# The project itself, with the build tools that the lock pinned.
SOURCES := pyproject.toml README.md LICENSE $(shell find consumer schemas -type f ! -name '*.pyc')
SELF := $(if $(CI),dist/.made)
INSTALL_SELF := $(INSTALL) --no-deps $(if $(CI),--reinstall dist/*.whl,--no-build-isolation --editable .)

.venv/.made: requirements-build.lock
	@$(PYTHON) scripts/check_python.py
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-build.lock
	@touch $@

dist/.made: .venv/.made $(SOURCES)
	rm -f dist/*.whl
	$(UV) build --quiet --wheel --no-build-isolation --out-dir dist
	@touch $@

.venv/.made-run: .venv/.made requirements.lock pyproject.toml $(SELF)
	$(INSTALL) --require-hashes -r requirements.lock
	$(INSTALL_SELF)
	@touch $@

$(DEV): .venv/.made requirements-dev.lock pyproject.toml $(SELF)
	$(INSTALL) --require-hashes -r requirements-dev.lock
	$(INSTALL_SELF)
	@rm -f .venv/.made-dev* && touch $@ .venv/.made-run

# What `make bench` compares with, apart from ours: it wants another Kafka client.
.cache/others/.made: .venv/.made bench/others.lock
	$(UV) venv --quiet --clear --python $(BIN)/python .cache/others
	VIRTUAL_ENV=$(CURDIR)/.cache/others $(INSTALL) --require-hashes -r bench/others.lock
	@touch $@
