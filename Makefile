# One door in: everything this project does, by name. Needs Python >= 3.11 and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DATA ?= data
# `make run PORT=8001` moves the sample chapter there, with its links.
PORT ?=
AT_PORT = $(if $(PORT),FEDI_CHAPTER_BASE_URL=http://localhost:$(PORT))
LOCK = $(VENV)/lock/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url --no-emit-find-links
# Each test is named before it begins, so that the log tells which one hung, and may take long.
LONG = -v -o faulthandler_timeout=600

# Installs a lock file as it stands: no pip chooses a version, and `pip check` tells what is missing.
# Of pip's lines every tenth download is shown, and whatever is out of the ordinary.
define install
@rm -f $(VENV)/.failed
@{ $(BIN)/python -m pip install --disable-pip-version-check --no-deps --require-hashes -r $(1) 2>&1 \
  || touch $(VENV)/.failed; } | awk -v all="$$(grep -c '^[a-z].*==' $(1))" ' \
  /^(Collecting|Processing) / { if (++n % 10 == 0) print "  fetched " n " of " all; next } \
  /^Installing / { print "  installing"; next } \
  /^ +(Using cached|Downloading|Preparing|Installing) |^ +━|^(Looking|Ignoring|Requirement|Successfully)/ { next } \
  NF { print }'
@test ! -e $(VENV)/.failed
@$(BIN)/python -m pip check --disable-pip-version-check >$(VENV)/.check || { cat $(VENV)/.check; exit 1; }
endef

.DEFAULT_GOAL := help
.PHONY: help setup setup-dev run test test-all slow lint fix bench docs demo interop browser package lock wheel docker clean

help: ## show this list
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(VENV)/.runtime: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("fedi-chapter needs Python 3.11 or newer; this is " + sys.version.split()[0]) if sys.version_info < (3, 11) else None'
	@test -x $(BIN)/pip || $(PYTHON) -m venv $(VENV)
	@echo "setting up, once: this takes about a minute, longer on a slow network"
	$(call install,requirements.lock)
	@site=$$($(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))') && \
	  echo '$(CURDIR)' > "$$site/fedi_chapter_checkout.pth"
	@printf '#!%s\nimport sys\nfrom fedi_chapter.__main__ import main\nsys.exit(main())\n' '$(CURDIR)/$(BIN)/python' > $(BIN)/fedi-chapter
	@chmod +x $(BIN)/fedi-chapter
	@touch $@

$(VENV)/.dev: $(VENV)/.runtime requirements-dev.lock
	@echo "setting up the tools for tests, once: about a minute, longer on a slow network"
	$(call install,requirements-dev.lock)
	@touch $@

setup: $(VENV)/.runtime ## make the environment from the lock
setup-dev: $(VENV)/.dev ## the same, with the tools for tests

run: $(VENV)/.runtime ## serve a local sample chapter at http://localhost:8000 (or PORT=)
	@$(AT_PORT) $(BIN)/fedi-chapter sample --data $(DATA)
	@$(AT_PORT) $(BIN)/fedi-chapter run --data $(DATA) $(if $(PORT),--port $(PORT))

test: $(VENV)/.dev ## all fast tests (under five minutes)
	@$(BIN)/python -m pytest -q -n auto --dist worksteal -m "not browser and not interop and not slow"

# Each kind in a process of its own: what drives the browser leaves a running event loop behind,
# and no other loop can start beside it.
test-all: test slow browser interop ## every test there is

slow: $(VENV)/.dev ## what takes minutes: crashes, the wheel, the demo
	@$(BIN)/python -m pytest $(LONG) -m "slow and not browser and not interop"

browser: $(VENV)/.dev ## the pages in a real Chromium
	@$(BIN)/python -m pytest -v tests/browser

interop: $(VENV)/.dev ## a real Fedify server, and two chapters as real processes
	@$(BIN)/python -m pytest $(LONG) tests/interop

package: $(VENV)/.dev ## the built wheel, installed alone
	@$(BIN)/python -m pytest $(LONG) tests/packaging

lint: $(VENV)/.dev ## ruff, mypy strict, import contracts, spelling
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/codespell fedi_chapter docs docker tests benchmarks *.md

fix: $(VENV)/.dev ## format, and mend what can be mended by itself
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

bench: $(VENV)/.dev ## the figures of benchmarks/README.md, measured here
	@$(BIN)/python -m benchmarks

docs: $(VENV)/.dev ## write docs/reference anew from the code
	@PYTHONPATH=. $(BIN)/python docs/reference/generate.py

demo: $(VENV)/.runtime ## two chapters and a fediverse member on this machine
	@$(BIN)/fedi-chapter demo

# Each lock is for every Python and system we name; it holds hashes, and no address.
lock: $(VENV)/.dev ## lock anew what pyproject.toml asks for
	@test -x $(VENV)/lock/bin/uv || { $(PYTHON) -m venv $(VENV)/lock && $(VENV)/lock/bin/pip install --quiet uv; }
	@$(LOCK) --extra postgres pyproject.toml -o requirements.lock
	@$(LOCK) pyproject.toml --group dev -o requirements-dev.lock

wheel: $(VENV)/.dev ## build the wheel into dist/
	@$(BIN)/python -m hatchling build -t wheel

docker: ## build the container image
	@docker build -f docker/Dockerfile -t fedi-chapter .

clean: ## remove the environment and everything built
	@rm -rf $(VENV) dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
