# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# One short target for each thing that a person does with this checkout. `make help` lists them.
# The environment is .venv; everything else that is generated is under .cache.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
MAKEFLAGS += --no-print-directory --no-builtin-rules

# The checkout under the collection's own path, for what imports it by name.
source := .cache/source/ansible_collections/huaweicloud/asm
# The oldest and the newest ansible-core, beside the default one in .venv; and those in between.
cores := 2.16 2.21
further_cores := 2.18 2.20
scripts := $(shell grep -lE '^\#!.*bash|shell=bash' tools/* .ci/* tests/integration/targets/*/*.sh)

# How a tool of an environment runs: $(call run,FOLDER) TOOL. What tools keep in their home stays in the checkout.
run = PATH="$(CURDIR)/$1/bin:$$PATH" HOME="$(CURDIR)/.cache/home" ANSIBLE_HOME="$(CURDIR)/.cache/ansible" \
	ANSIBLE_COLLECTIONS_PATH="$(CURDIR)/.cache/source" \
	HYPOTHESIS_STORAGE_DIRECTORY="$(CURDIR)/.cache/hypothesis"
in_venv := $(call run,.venv)
# The oldest target: a Python 3.9 with what a module needs there.
target := .cache/venv/target-3.9
# The environments of the default, the oldest and the newest ansible-core.
environments := .venv $(cores:%=.cache/venv/%)
# One check of many, named on the terminal before it runs.
check = echo "== $1" && $(in_venv) $1
pytest := python -m pytest -q -n auto --maxprocesses 4
# The tests of `make test`: all but those with the marker `slow`.
quick := -m "not slow"
# Where the tests are that run code of ansible-core.
on_core := tests/playbook $(addprefix tests/unit/plugins/,action lookup modules plugin_utils test)

.PHONY: help
help: ## list these targets
	@awk -F ':.*## ' '/^[a-z][a-z0-9.-]*:.*## / { printf "  make %-21s %s\n", $$1, $$2 }' Makefile

.PHONY: setup
setup: .venv/installed $(source) ## create the environment (.venv)
	@mkdir -p .cache/home

.venv/installed: tests/requirements/default.txt
	@tools/create-environment default .venv

.cache/venv/%/installed: tests/requirements/core-%.txt
	@tools/create-environment core-$* .cache/venv/$*

.cache/venv/%/installed: tests/requirements/%.txt
	@tools/create-environment $* .cache/venv/$*

$(source):
	@mkdir -p $(@D)
	@ln -sfn ../../../.. $@

.PHONY: build
build: setup ## build the collection's artifact and install it under .cache/installed
	@$(in_venv) tools/install-collection .cache/installed

.PHONY: demo
demo: build ## watch a gate open and a gate refuse, against a simulator on this machine
	@$(in_venv) tools/demo

.PHONY: test
test: unit integration ## run the tests that every change has to pass, in five minutes

.PHONY: unit
unit: setup ## run the unit tests, but for the slow ones
	@echo "== unit tests"
	@$(in_venv) $(pytest) $(quick) tests/unit

.PHONY: integration
integration: setup ## run real playbooks against the simulator, but for the slow ones
	@echo "== playbooks against the simulator"
	@$(in_venv) $(pytest) $(quick) tests/playbook

.PHONY: slow
slow: setup $(target)/installed ## run the slow tests, which `make test` leaves out
	@echo "== slow tests"
	@$(in_venv) $(pytest) -m slow

.PHONY: slow-unit
slow-unit: setup ## run the slow unit tests
	@echo "== slow unit tests"
	@$(in_venv) $(pytest) -m slow tests/unit

.PHONY: mutants
mutants: setup ## show which small changes of gate/ and models/ no unit test notices; only=models/deployment.py for one file
	@$(in_venv) tools/mutants $(only)

.PHONY: bench
bench: setup ## compare the cost of a read, a gate and an event source with alternatives, and write docs/benchmark.md
	@$(in_venv) python -m tests.benchmark

.PHONY: check
check: lint licences docs artifact execution-environment sanity units targets slow-unit test-2.16 test-2.21 ## run every check, the slow unit tests, and those of make test on the oldest and the newest ansible-core

.PHONY: lint
lint: setup ## run the linters and the type checker
	@$(call check,ruff check)
	@$(call check,ruff format --check)
	@$(call check,mypy)
	@$(call check,shellcheck --external-sources $(scripts))
	@$(call check,yamllint --strict .)
	@$(call check,ansible-lint)
	@$(call check,antsibull-changelog lint)
	@$(call check,antsibull-docs lint-collection-docs --plugin-docs .)
	@$(call check,check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml)
	@$(call check,check-jsonschema --builtin-schema vendor.github-issue-forms .github/ISSUE_TEMPLATE/[!c]*.yml)
	@$(call check,check-jsonschema --builtin-schema vendor.github-issue-config .github/ISSUE_TEMPLATE/config.yml)
	@$(call check,check-jsonschema --builtin-schema vendor.dependabot .github/dependabot.yml)

.PHONY: licences
licences: setup ## check that every file has a copyright and a licence
	@$(call check,reuse lint)

.PHONY: docs
docs: setup ## build the documentation as HTML under .cache/docs
	@$(call check,tools/build-docs)

.PHONY: artifact
artifact: .cache/venv/galaxy-importer/installed setup ## check the built artifact as Galaxy does
	@echo "== tools/check-artifact" && $(call run,.cache/venv/galaxy-importer) tools/check-artifact

.PHONY: execution-environment
execution-environment: setup ## check what an execution environment with this collection would hold
	@$(call check,tools/check-execution-environment)

.PHONY: format
format: setup ## format the Python code and fix what ruff can fix
	@$(in_venv) ruff check --fix-only
	@$(in_venv) ruff format

.PHONY: sanity
sanity: setup $(environments:%=%/installed) ## run ansible-test sanity on the default, the oldest and the newest ansible-core
	@# Two at a time, because most of its tests use one core. Each line begins with its environment.
	@printf '%s\n' $(environments) | xargs -P 2 -I{} \
		bash -o pipefail -c 'tools/ansible-test {} sanity 2>&1 | sed --unbuffered "s|^|{}: |"'
	@TARGET_PYTHON=3.9 tools/ansible-test .venv sanity --test import --test compile

.PHONY: units
units: setup ## run the unit tests of the module on its oldest Python, as ansible-test runs them
	@TARGET_PYTHON=3.9 tools/ansible-test .venv units --venv

.PHONY: targets
targets: setup ## run ansible-test integration on the default ansible-core; `make matrix` does so on every one
	@tools/ansible-test .venv integration --venv

.PHONY: $(cores:%=test-%)
test-2.16: ## run what make test runs of ansible-core on the oldest one
test-2.21: ## run what make test runs of ansible-core on the newest one
$(cores:%=test-%): test-%: .cache/venv/%/installed setup
	@echo "== the tests of make test on ansible-core $*, $$(.cache/venv/$*/bin/python --version)"
	@$(call run,.cache/venv/$*) $(pytest) $(quick) $(on_core)

.PHONY: matrix
matrix: setup ## run all tests on every ansible-core, each on a Python that it wants, pytest's way and ansible-test's
	@tools/matrix $(sort 2.19 $(cores) $(further_cores))

.PHONY: core-2.16 core-2.18 core-2.19 core-2.20 core-2.21
core-2.16: ## run all tests on the oldest ansible-core
core-2.18: ## run all tests on ansible-core 2.18
core-2.19: test slow ## run all tests on the default ansible-core
core-2.20: ## run all tests on ansible-core 2.20
core-2.21: ## run all tests on the newest ansible-core
$(cores:%=core-%) $(further_cores:%=core-%): core-%: .cache/venv/%/installed $(target)/installed setup
	@echo "== all tests on ansible-core $*, $$(.cache/venv/$*/bin/python --version)"
	@$(call run,.cache/venv/$*) $(pytest)

.PHONY: lock
lock: ## update all requirements to the newest versions
	@tools/lock

.PHONY: clean
clean: ## remove all that is generated
	rm -rf .cache .venv .ansible
