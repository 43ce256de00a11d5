# make build: the sample's marts. make test: everything that must hold. make help: all targets.
PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
DBT := $(VENV)/bin/dbt
# The database of `make build`, plain dbt commands and the docs: one and the same.
DATABASE := support_analytics.duckdb
# What tests build, away from the user's own outputs.
SCRATCH := target/test
SCRATCH_DBT := SUPPORT_ANALYTICS_DB=$(SCRATCH)/support_analytics.duckdb DBT_PROFILES_DIR=$(SCRATCH) \
	DBT_TARGET_PATH=$(SCRATCH)/dbt DBT_LOG_PATH=$(SCRATCH)/logs $(DBT) --quiet
# By file, as files share what they build. The order stays: files of few tests are not the short ones.
IN_PARALLEL := --numprocesses auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder

MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help
.PHONY: help build test test-slow mutants bench parity lint dbt-test house-rules docs site pr-check clean packages scratch \
	test-sample

help: ## Show this list.
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 12

build: $(VENV)/runtime profiles.yml packages ## Build and test the sample's marts; write exports, dashboard and report to reports/.
	@$(PY) scripts/build_metrics.py --tickets seeds/tickets_raw.csv --users seeds/users_raw.csv \
		--out reports/exports --db $(DATABASE)
	@$(PY) scripts/build_dashboard.py --db $(DATABASE) --out reports/support_health.html
	@$(PY) scripts/build_report.py --db $(DATABASE) --out reports

test: $(VENV)/dev ## Lint, parse with warnings as errors, dbt's unit and data tests, then pytest.
	@$(MAKE) --jobs=2 lint dbt-test test-sample house-rules
	@echo "pytest"
	@SUPPORT_ANALYTICS_TEST_BUILD=$(CURDIR)/$(SCRATCH)/sample $(PY) -m pytest $(IN_PARALLEL)

test-sample: $(VENV)/dev packages scratch
	@echo "the sample's marts, for the tests that read them"
	@$(PY) scripts/build_metrics.py --quiet --tickets seeds/tickets_raw.csv --users seeds/users_raw.csv \
		--out $(SCRATCH)/sample >/dev/null

test-slow: $(VENV)/dev packages ## Run the tests that take a minute and more: builds that are killed on their way.
	@$(PY) -m pytest -m slow

mutants: $(VENV)/dev packages ## Change the models one small thing at a time; every change must fail a test (half an hour).
	@$(PY) scripts/mutate.py --report reports/mutants.md

lint: $(VENV)/dev packages ## Lint Python and SQL.
	@echo "ruff"
	@$(VENV)/bin/ruff check --quiet scripts tests
	@$(VENV)/bin/ruff format --quiet --check scripts tests
	@echo "sqlfluff"
	@mkdir -p target/lint && cp profiles.example.yml target/lint/profiles.yml
	@PATH="$(CURDIR)/$(VENV)/bin:$$PATH" DBT_LOG_PATH=target/lint \
		sqlfluff lint --nocolor --disable-progress-bar models tests

dbt-test: $(VENV)/dev packages scratch ## Run dbt's unit and data tests on the sample in a scratch database.
	@echo "dbt parse, warnings as errors"
	@$(SCRATCH_DBT) --warn-error parse
	@echo "dbt build: seeds, models, unit tests, data tests"
	@$(SCRATCH_DBT) build

house-rules: $(VENV)/dev packages scratch ## Check what dbt-score and the project's own rules ask of every model and mart.
	@echo "dbt-score"
	@$(SCRATCH_DBT) parse --target-path $(SCRATCH)/house_rules --vars '{keep_status_history: true}'
	@$(VENV)/bin/dbt-score lint --show failing-items --manifest $(SCRATCH)/house_rules/manifest.json

docs: $(VENV)/runtime profiles.yml packages ## Make the documentation site of models and columns, and serve it.
	@test -f $(DATABASE) || $(MAKE) build
	@$(DBT) docs generate
	@$(DBT) docs serve

site: build ## Put docs, guides, dashboard and report into one static folder, site/.
	@$(PY) scripts/build_site.py --db $(DATABASE) --reports reports --out site

bench: $(VENV)/bench packages ## Time builds of SIZES=10k,100k,1M tickets beside a hand-written script and pandas; reports/benchmarks/.
	@$(PY) scripts/bench.py --sizes $(or $(SIZES),10k,100k,1M) $(BENCH_OPTIONS)

pr-check: $(VENV)/runtime packages ## Say which cells of the sample's marts this branch changes, against main.
	@$(PY) scripts/pr_check.py $(if $(BASE),--base $(BASE))

parity: $(VENV)/spark packages ## Build sample and edge fixtures on DuckDB and Spark (needs Java 17) and compare every cell.
	@$(PY) scripts/parity.py --out reports/parity.md

clean: ## Remove environment, packages, database, exports, page, site and logs; profiles.yml and what git tracks stay.
	@rm -rf $(VENV) target logs site dbt_packages package-lock.yml $(DATABASE) $(DATABASE).wal
	@rm -rf reports/exports reports/support_health.html
	@rm -rf .pytest_cache .ruff_cache
	@find scripts tests -name __pycache__ -type d -prune -exec rm -rf {} +

packages: $(VENV)/runtime
	@$(PY) scripts/install_packages.py

scratch:
	@rm -rf $(SCRATCH)
	@mkdir -p $(SCRATCH)
	@cp profiles.example.yml $(SCRATCH)/profiles.yml

profiles.yml:
	@cp profiles.example.yml $@
	@echo "profiles.yml made from profiles.example.yml"

$(PY):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or later is needed; name it with make PYTHON=...")'
	@echo "making $(VENV)"
	@$(PYTHON) -m venv $(VENV)

# Stamps: requirements are installed again only when their files change.
$(VENV)/runtime: requirements.txt | $(PY)
	@echo "installing requirements.txt"
	@$(PY) -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

$(VENV)/dev: requirements.txt requirements-dev.txt $(VENV)/runtime
	@echo "installing requirements-dev.txt"
	@$(PY) -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@

$(VENV)/bench: requirements.txt requirements-bench.txt $(VENV)/runtime
	@echo "installing requirements-bench.txt"
	@$(PY) -m pip install --quiet --disable-pip-version-check -r requirements-bench.txt
	@touch $@

$(VENV)/spark: requirements.txt requirements-spark.txt $(VENV)/runtime
	@echo "installing requirements-spark.txt"
	@$(PY) -m pip install --quiet --disable-pip-version-check -r requirements-spark.txt
	@touch $@
