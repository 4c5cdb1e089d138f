# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# One short target for each thing that a person does with this checkout. `make help` lists them.
# The environment is .venv; everything else that is generated is under .cache.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory --no-builtin-rules

# The checkout under the collection's own path, for what imports it by name.
source := .cache/source/ansible_collections/huaweicloud/asm
# The oldest and the newest ansible-core, beside the default one in .venv.
cores := 2.16 2.21
scripts := $(shell grep -lE '^\#!.*bash|shell=bash' tools/* .ci/*)

# How a tool of an environment runs: $(call run,FOLDER) TOOL. What tools keep in their home stays in the checkout.
run = PATH="$(CURDIR)/$1/bin:$$PATH" HOME="$(CURDIR)/.cache/home" ANSIBLE_HOME="$(CURDIR)/.cache/ansible" \
	ANSIBLE_COLLECTIONS_PATH="$(CURDIR)/.cache/source" \
	HYPOTHESIS_STORAGE_DIRECTORY="$(CURDIR)/.cache/hypothesis"
in_venv := $(call run,.venv)
# One check of many, named on the terminal before it runs.
check = echo "== $1" && $(in_venv) $1
pytest := python -m pytest -n auto --maxprocesses 4

.PHONY: help
help: ## list these targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

.PHONY: setup
setup: .venv/installed $(source) ## create the environment (.venv)
	@mkdir -p .cache/home

.venv/installed: tests/requirements/default.txt
	@tools/create-environment default .venv

.cache/venv/%/installed: tests/requirements/core-%.txt
	@tools/create-environment core-$* .cache/venv/$*

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
test: unit integration ## run all tests on the default ansible-core

.PHONY: unit
unit: setup ## run the unit tests
	@$(in_venv) $(pytest) tests/unit

.PHONY: integration
integration: setup ## run real playbooks against the simulator
	@$(in_venv) $(pytest) tests/playbook

.PHONY: bench
bench: setup ## measure speed and memory beside other ways to do the same, and write docs/benchmark.md
	@$(in_venv) python -m tests.benchmark

.PHONY: check
check: lint sanity units $(cores:%=core-%) ## run every other check, and all tests on the oldest and the newest ansible-core

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

.PHONY: format
format: setup ## lay out the Python code and mend what ruff can mend
	@$(in_venv) ruff check --fix-only
	@$(in_venv) ruff format

.PHONY: sanity
sanity: setup $(cores:%=.cache/venv/%/installed) ## run ansible-test sanity on the default, the oldest and the newest ansible-core
	@for environment in .venv $(cores:%=.cache/venv/%); do tools/ansible-test $$environment sanity; done
	@TARGET_PYTHON=3.9 tools/ansible-test .venv sanity --test import --test compile

.PHONY: units
units: setup ## run the unit tests as ansible-test runs them
	@tools/ansible-test .venv units

.PHONY: $(cores:%=core-%)
$(cores:%=core-%): core-%: .cache/venv/%/installed setup
	@echo "== all tests on ansible-core $*"
	@$(call run,.cache/venv/$*) $(pytest)

.PHONY: lock
lock: ## choose the newest versions of all requirements anew
	@tools/lock

.PHONY: clean
clean: ## remove all that is generated
	rm -rf .cache .venv .ansible
