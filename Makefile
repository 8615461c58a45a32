# Outpost's commands; bare `make` lists them. Needs make and Python 3.11 or newer, nothing else prepared.
.DEFAULT_GOAL := help
.PHONY: help run demo reset-owner test check bench lock screenshots packages

VENV := .venv
PYTHON := $(VENV)/bin/python
PIP := $(PYTHON) -m pip install --quiet --disable-pip-version-check --no-input --require-hashes
UV ?= uv
LOCK := $(UV) pip compile --quiet --universal --generate-hashes --no-annotate --no-header --no-emit-index-url

# Where Python may not keep its bytecode, every process that a test starts compiles a second or more of code anew.
unexport PYTHONDONTWRITEBYTECODE

help: ## list these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: $(VENV)/run.stamp ## start the panel and its worker; Ctrl-C stops both
	@exec $(PYTHON) app.py

demo: $(VENV)/run.stamp ## open the practice workspace (FRESH=1 begins anew)
	@exec $(PYTHON) -m practice.demo $(if $(FRESH),--fresh)

reset-owner: $(VENV)/run.stamp ## a one-time link for an owner whose password is lost (EMAIL=owner@example.com)
	@exec $(PYTHON) -m engine.owner_resets $(EMAIL)

test: check packages ## run everything; installs what the tests need, says what it had to skip
	$(PYTHON) -m pytest -q -n 2 --dist loadfile --no-loadscope-reorder -m "not slow and not bed and not browser"
	$(PYTHON) -m pytest -q -n 3 --dist loadfile --no-loadscope-reorder -m "slow or bed or browser"

check: $(VENV)/dev.stamp ## ruff, format and mypy
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy

bench: $(VENV)/dev.stamp ## measure, each figure beside its limit or its peer
	@$(PYTHON) -m benchmarks $(ONLY)

lock: ## write the requirements files again from pyproject.toml (needs uv)
	$(LOCK) pyproject.toml --output-file requirements.txt
	$(LOCK) --extra dev --extra bench --extra postgres --extra redis pyproject.toml --output-file requirements-dev.txt

screenshots: $(VENV)/dev.stamp ## take every screen again
	@$(PYTHON) -m practice.screenshots

packages: ## the Debian packages that the tests need, where they may be installed
	@.ci/packages

# Ctrl-C ends an installation with a sentence of ours, instead of what Python says of itself then, and takes away what a first
# one has left half-done; an environment that somebody else made there stays. The status is 0 then: make was interrupted,
# too, and says so with its own.
interruptible = said=$$(mktemp); \
	ended() { rm -f "$$said"; [ -e $(VENV)/run.stamp ] || [ -e $(VENV)/dev.stamp ] || \
	  [ ! -e $(VENV)/ours ] || rm -rf $(VENV); \
	  echo; echo "Stopped before everything was installed; the next make begins it again."; exit $$1; }; \
	trap 'ended 0' INT; trap 'ended 143' TERM;
quietly = $(1) 2>"$$said" || { cat "$$said" >&2; rm -f "$$said"; $(2) exit 1; }; rm -f "$$said"
.PRECIOUS: $(PYTHON)

$(VENV)/run.stamp: requirements.txt | $(PYTHON)
	@echo "Installing what Outpost needs into $(VENV); this takes a minute, once."
	@$(interruptible) $(call quietly,$(PIP) -r requirements.txt)
	@touch $@

# Everything of requirements.txt is in requirements-dev.txt, in the same version.
$(VENV)/dev.stamp: requirements-dev.txt | $(PYTHON)
	@echo "Installing what the tests need into $(VENV); this takes a minute, once."
	@$(interruptible) $(call quietly,$(PIP) -r requirements-dev.txt)
	@touch $@ $(VENV)/run.stamp

$(PYTHON):
	@$(interruptible) for one in python3.11 python3.12 python3.13 python3.14 python3; do \
	  if $$one -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then found=$$one; break; fi; \
	done; \
	if [ -z "$$found" ]; then rm -f "$$said"; echo "Outpost needs Python 3.11 or newer; none was found on the PATH." >&2; exit 1; fi; \
	$(call quietly,mkdir -p $(VENV) && touch $(VENV)/ours && $$found -m venv $(VENV),rm -rf $(VENV); \
	  echo "$$found can't make an environment; on Debian install the package python3-venv." >&2;)
