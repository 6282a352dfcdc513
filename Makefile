# Everything here works on a machine that has only make and python3 (3.11 or newer, with venv).
PYTHON ?= python3
# Which lock `make venv` installs: all (the bot with its local recogniser), bot (without: for Rekognition), dev.
WITH ?= all
VENV := .venv
PY := $(VENV)/bin/python

.PHONY: help venv run test check format lint types lock clean

help:            ## what there is
	@grep -hE '^[a-z]+: .*## |^[a-z]+: +## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /: /' | column -t -s:

venv: $(VENV)/.$(WITH)  ## set up .venv: the bot and its local recogniser (WITH=bot leaves the recogniser out)

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "FaceTag needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) --version 2>&1). Try: make PYTHON=python3.12 venv" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) \
	  || { echo "Could not make $(VENV): is the venv module there? (Debian and Ubuntu: apt install python3-venv)" >&2; exit 1; }

# A marker for each lock, so that a second `make` installs nothing and a changed lock installs again.
$(VENV)/.%: requirements/%.txt | $(VENV)/bin/python
	$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

run: venv        ## start the bot (python bot.py)
	$(PY) bot.py

test: $(VENV)/.dev   ## the tests
	$(PY) -m pytest

check: $(VENV)/.dev  ## format, lint, types, tests: what CI runs
	$(PY) -m ruff format --check .
	$(PY) -m ruff check .
	$(PY) -m mypy
	$(PY) -m pytest

format: $(VENV)/.dev ## put the code into its format
	$(PY) -m ruff format .
	$(PY) -m ruff check --fix .

# uv resolves for every platform and Python at once, so one lock serves Linux and macOS.
COMPILE = $(VENV)/lock/bin/uv pip compile --quiet pyproject.toml --universal --python-version 3.11 --generate-hashes \
	--custom-compile-command "make lock" --no-emit-index-url

lock: $(VENV)/bin/python  ## resolve the dependencies anew into requirements/
	$(PYTHON) -m venv $(VENV)/lock && $(VENV)/lock/bin/pip install --quiet uv
	$(COMPILE) --output-file requirements/bot.txt
	$(COMPILE) --extra local --extra sandbox --constraints requirements/bot.txt --output-file requirements/all.txt
	$(COMPILE) --extra local --extra sandbox --extra dev --constraints requirements/all.txt --output-file requirements/dev.txt

clean:           ## remove .venv and the caches; data/ stays
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis
