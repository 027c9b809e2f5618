# Slipway. `make` alone lists the targets. Every target sets up what it needs by itself, and costs little when that is there.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.NOTPARALLEL:

export PATH := $(CURDIR)/.tools/bin:$(CURDIR)/.venv/bin:$(PATH)
PYTHON ?= python3
export PYTHON

# What deploy, rollback and the other commands about a release are about.
RELEASE ?= w7d1-cancer-classifier
NAMESPACE ?= demo
VERSION ?=
TO ?=
REASON ?=
OUT ?= artifacts

# else_say ADVICE: what to do when the step before it failed.
else_say = || { printf '  -> %s\n' $(1) >&2; exit 1; }
about = "$(RELEASE)" --namespace "$(NAMESPACE)"
rollback_to = $(if $(TO),--to "$(TO)") $(if $(VERSION),--version "$(VERSION)") $(if $(REASON),--reason "$(REASON)")

include cluster/cluster.mk

.PHONY: help venv generate check lint types layers generated unit rules figures agreement test shared alone test_long faults
.PHONY: install uninstall monitor_up smoke_prod docs demo deploy dry_rollback rollback status timeline report

help: ## This list
	@echo "Usage: make TARGET [RELEASE=$(RELEASE)] [NAMESPACE=$(NAMESPACE)]"
	@awk -F':.*## ' '/^[a-z][a-z_-]*:.*## / { printf "  %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

## Development

venv: ## The virtual environment .venv, exactly as locked
	@scripts/venv

generate: venv ## Write what is made from code: crds/, docs/reference/, the schema of the figures, and in the chart rules and boards
	@python -m slipway.api.schema crds
	@python -m slipway.api.reasons docs/reference/reasons.md docs/runbooks/ModelReleaseStalled.md
	@cp crds/*.yaml charts/slipway/crds/
	@python -c 'from slipway.report import files; print(files.snapshot_schema(), end="")' >docs/metrics_snapshot.schema.json
	@python -m slipway.render.monitoring.rule_file charts/slipway/files/operator-rules.yaml
	@python -m dashboards charts/slipway/files/dashboards
	@python -m scripts.api_reference docs/reference

check: lint types layers generated unit ## Lint, types, layers, generated files, fast tests

lint: venv # Part of check
	@ruff check --quiet . $(call else_say,"try: .venv/bin/ruff check --fix .")
	@ruff format --quiet --check . $(call else_say,"run: .venv/bin/ruff format .")
	@! command -v shellcheck >/dev/null || shellcheck -x $$(git ls-files | xargs grep -lE '^#!.*\b(ba)?sh$$')

types: venv # Part of check
	@mypy --no-error-summary

layers: venv # Part of check
	@lint-imports --no-logo >.tools/layers.log 2>&1 \
		|| { cat .tools/layers.log; echo "  -> .importlinter has the layers; a new module of slipway needs its place there" >&2; exit 1; }

generated: venv # Part of check
	@python -m slipway.api.schema --check crds
	@python -m slipway.api.reasons --check docs/reference/reasons.md docs/runbooks/ModelReleaseStalled.md
	@diff -r crds charts/slipway/crds $(call else_say,"run: make generate")
	@python -m slipway.render.monitoring.rule_file --check charts/slipway/files/operator-rules.yaml
	@python -m dashboards --check charts/slipway/files/dashboards
	@python -m scripts.api_reference --check docs/reference

# The chart is rendered by helm and the rules are tried by promtool, which may have to be fetched: `make test` sees to that.
fast_tests = tests/unit tests/server tests/deploy --ignore=tests/deploy/chart --ignore=tests/deploy/rules
unit: venv # Part of check
	@python -m pytest -q -n 2 --dist worksteal -m "not long" $(fast_tests)

rules: venv # Part of test
	@cluster/promtool.sh
	@python -m pytest -q -n 2 tests/deploy/chart tests/deploy/rules

figures: venv # Part of test: logged figures as real MLflow servers give them back
	@scripts/mlflow >/dev/null
	@python -m pytest -q tests/registry

test: ## The tests, the real cluster included, but for those of test_long; and where the time went
	@scripts/test

shared: # Part of test: what shares the cluster
	@E2E_SKIP_SETUP=1 python -m pytest -n 3 --dist loadfile --no-loadscope-reorder --durations 6 -m "not alone and not long" tests/e2e

alone: # Part of test: what takes parts of the cluster away, or looks at it at rest
	@E2E_SKIP_SETUP=1 python -m pytest --durations 20 -m "alone and not long" tests/e2e

agreement: venv ## 10,000 requests to each model of the server's tests, alone and beside others (about half an hour)
	@python -m pytest -q -n 0 -m long tests/server

test_long: agreement mlflow gateway install ## The server's agreement and fuzz, Prometheus and its faults, the operator struck at its writes, edits by hand (two hours)
	@python -m tests.server.fuzz
	@E2E_SKIP_SETUP=1 python -m pytest -m long tests/e2e

faults: mlflow gateway install ## The operator killed at each single write of a release, a canary and a rollback, one at a time (a night)
	@E2E_SKIP_SETUP=1 python -m pytest -s tests/e2e/faults/every_write.py

docs: venv ## The documentation as a site, in build/site
	@python -m scripts.api_reference docs/reference
	@scripts/docs

## The operator

install: ## Install or upgrade the operator in the current cluster, with the images of `make images`
	@scripts/install

monitor_up: mlflow ## Prometheus and Alertmanager in the cluster, and the operator's rules, monitors and boards
	@cluster/monitoring.sh
	@scripts/install --reset-then-reuse-values --values manifests/monitoring/slipway-values.yaml

uninstall: ## Remove the operator; releases go on serving
	@helm uninstall slipway --namespace slipway-system --ignore-not-found --wait

## Releases

demo: venv mlflow ## From nothing to releases, rejections and a rollback
	@scripts/install --values examples/cancer/operator-values.yaml
	@python examples/cancer/demo.py

deploy: venv ## Release the newest model version (or VERSION=3) and follow it to its end
	@slipway deploy $(about) $(if $(VERSION),--version "$(VERSION)")

dry_rollback: venv ## What a rollback would change (TO=previous, VERSION=1), changing nothing
	@slipway rollback $(about) $(rollback_to) --dry-run

rollback: venv ## Take production back (TO=previous, VERSION=1, REASON="…")
	@slipway rollback $(about) $(rollback_to)

status: venv ## Where the release stands
	@slipway status $(about)

smoke_prod: venv ## Bounded load on production with p95, errors and alerts live (SLOW=20% ERRORS=5% RATE=10 DURATION=90)
	@python examples/cancer/smoke_prod.py --release "$(RELEASE)" --namespace "$(NAMESPACE)" $(if $(SLOW),--slow "$(SLOW)") \
		$(if $(ERRORS),--errors "$(ERRORS)") $(if $(RATE),--rate "$(RATE)") $(if $(DURATION),--seconds "$(DURATION)")

timeline: venv ## The seconds of each phase of each revision
	@slipway timeline $(about)

report: venv ## The release's history and evidence as files (OUT=artifacts, PROMETHEUS=URL): lineage, figures, audit log, card, page
	@slipway report $(about) --out "$(OUT)" $(if $(PROMETHEUS),--prometheus "$(PROMETHEUS)")
