# One command each for a newcomer, a developer and the machine that checks. Needs Debian 12 or 13
# with make, python3 (3.11 or newer) and python3-venv; everything else goes into .venv.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# Compiled modules are kept, whatever the environment says: without them each worker of pytest and
# each program that a test starts compiles everything anew.
unexport PYTHONDONTWRITEBYTECODE
export PYTHONPYCACHEPREFIX := $(CURDIR)/$(VENV)/pycache
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help demo pictures run check test coverage test-one test-plain test-bare test-machine bench soak simulate findings format lock readers fast clean release

help: ## Say what there is
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

demo: $(READY) ## Try it here: a till, a service, sample cards (SERIAL=1: a serial line to write to; STAFF=1: with log-in; PLAIN=1: as lines)
	@$(BIN)/taptill demo $(if $(SERIAL),--serial) $(if $(STAFF),--staff) $(if $(PLAIN),--plain) $(if $(LANGUAGE),--language $(LANGUAGE))

# Mypy and the import contracts run beside the tests, which wait for something now and then; what
# they say comes last, and either makes the command fail.
define beside_types
@$(BIN)/ruff format --check . && $(BIN)/ruff check .
@{ $(BIN)/mypy; types=$$?; $(BIN)/lint-imports --no-cache && [ $$types -eq 0 ]; } >$(VENV)/types.log 2>&1 & \
  beside=$$!; \
  $(1); tests=$$?; \
  wait $$beside; types=$$?; cat $(VENV)/types.log; \
  [ $$types -eq 0 ] || echo "types or import contracts: FAILED" >&2; \
  [ $$tests -eq 0 ] || echo "tests: FAILED" >&2; \
  [ $$types -eq 0 ] && [ $$tests -eq 0 ]
endef

# More workers than two cores, because many tests wait for something.
EVERY_TEST = $(BIN)/pytest -q -n 4 --dist loadfile --no-loadscope-reorder -m "not bench"

check: $(READY) ## Format, lint, types, import contracts, fast tests: 55 seconds on two quiet cores
	$(call beside_types,$(BIN)/pytest -q -n 4 --dist loadfile -m "not slow and not bench" --hypothesis-profile=few)

test: $(READY) ## The whole check, with coverage and the tests that run the real program: 7 minutes
	$(call beside_types,$(EVERY_TEST))
	@$(MAKE) --no-print-directory coverage

# Each of these rooms by its own tests, and of those by examples: a branch that none of them reaches
# is deleted or tested. Laws and slow tests would take more than double the time.
coverage: $(READY) ## Lines and branches of the rooms that decide, which their own short tests do not reach
	$(BIN)/pytest -q -n 2 --dist loadfile -m "not slow and not bench and not hypothesis" --cov --cov-report= \
	  tests/domain tests/checkout tests/settlement tests/readers/frames tests/ui/keys
	$(BIN)/coverage report

test-one: $(READY) ## One file or folder of tests, slow ones too, to the first that fails (T=tests/... K=expression)
	@[ -n "$(T)" ] || { echo "which one? make test-one T=tests/checkout/test_till_void.py K=window" >&2; exit 64; }
	@$(BIN)/pytest -q -x -m "not bench" $(T) $(if $(K),-k '$(K)')

test-plain: $(READY) ## Every test of make test, and nothing else: for a second Python (PYTHON=, VENV=)
	$(EVERY_TEST)

test-bare: $(READY) ## As root: make demo and make test in fresh roots of Debian 12 and 13 (RELEASE=, SHORT=1)
	@$(BIN)/python -m tests.bare $(RELEASE) $(if $(SHORT),--short)

test-machine: $(READY) ## As root: a booted Debian in an emulated machine, from the archive to a sale (RELEASE=, ARCHITECTURE=, SCENARIO=, SHORT=1, CUTS=, PICTURES=1)
	@$(BIN)/python -m tests.machine $(SCENARIO) $(if $(RELEASE),--release $(RELEASE)) $(if $(SHORT),--short) \
	  $(if $(ARCHITECTURE),--architecture $(ARCHITECTURE)) $(if $(CUTS),--cuts $(CUTS)) $(if $(PICTURES),--pictures)

bench: $(READY) ## Measure, each figure next to its floor from the same run
	$(BIN)/python -m tests.benchmarks

soak: $(READY) ## Kill and restart the real program, cut the power of its disk, tap and re-plug a reader, sell for a day (SOAK_ROUNDS=, SEED=, SOAK=word)
	@$(BIN)/python -m tests.soak $(SOAK) $(if $(SOAK_ROUNDS),--rounds $(SOAK_ROUNDS)) $(if $(SEED),--seed $(SEED))

SEEDS ?= 100000
JOBS ?= 2
SMALL_WORLD ?= wide

simulate: $(READY) ## Let SEEDS simulated days pass; one that breaks the promise is told in words
	$(BIN)/python -m tests.simulation --seeds $(SEEDS) --jobs $(JOBS) --small-world $(SMALL_WORLD)

FINDING ?= *

# Each installs the packages that it is about into a folder of its own; what it ends with is in findings/README.md.
findings: ## Run what packages of the field do unexpectedly, and say what changed (needs the network; FINDING=name)
	@changed=0; for finding in findings/$(FINDING).sh; do \
	  [ -f "$$finding" ] || { echo "there is no $$finding" >&2; exit 64; }; \
	  echo "== $$finding"; \
	  timeout 300 sh "$$finding"; ended=$$?; \
	  case $$ended in \
	  0) echo "   unchanged" ;; \
	  69) echo "   NOT TRIED: its packages could not be installed" ;; \
	  124) echo "   CHANGED: not done after 5 minutes" ;; \
	  *) echo "   CHANGED" ;; \
	  esac; \
	  [ $$ended -eq 0 ] || changed=$$((changed + 1)); \
	done; \
	if [ $$changed -ne 0 ]; then echo "$$changed changed or not tried" >&2; exit 1; fi

pictures: $(READY) ## Draw the pictures of the docs anew
	@$(BIN)/python -m tests.ui.pictures

format: $(READY) ## Format and mend what can be mended
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# --universal: one file for every Python from 3.11 and every board.
LOCK = $(VENV)/lock/bin/uv pip compile --quiet --universal --python-version 3.11 \
	--generate-hashes --no-strip-extras --no-emit-index-url --no-annotate --no-header pyproject.toml

lock: $(READY) ## Pin the newest allowed versions anew (needs the network)
	$(BIN)/python -m venv $(VENV)/lock && $(VENV)/lock/bin/pip install --quiet uv
	$(LOCK) -o requirements.lock
	$(LOCK) --extra dev -o requirements-dev.lock
	$(LOCK) --extra keyboard --extra pcsc -o requirements-readers.lock
	$(LOCK) --extra fast -o requirements-fast.lock
	$(LOCK) --extra service -o requirements-service.lock

# No wheels of them exist for a Pi; their tests say so where they are not installed.
readers: $(READY) ## Compile the packages of keyboard and PC/SC readers (needs gcc, swig, libpcsclite-dev)
	$(BIN)/pip install --quiet --require-hashes -r requirements-readers.lock

fast: $(READY) ## Install the compiled parts of the service, where wheels of them exist or gcc is there
	$(BIN)/pip install --quiet --require-hashes -r requirements-fast.lock

release: $(READY) ## Make the archive for a till: one for every board, the same bytes each time (needs the network)
	@$(BIN)/python release/build.py

clean: ## Remove what make has made
	rm -rf $(VENV) dist

$(READY): requirements-dev.lock pyproject.toml
	@command -v $(PYTHON) >/dev/null || { \
	  echo "taptill needs Python 3.11 or newer: sudo apt install python3 python3-venv" >&2; exit 69; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "taptill needs Python 3.11 or newer, this is $$($(PYTHON) --version)." >&2; \
	  echo "On Debian 12 or 13: sudo apt install python3 python3-venv" >&2; exit 69; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { \
	  echo "python3-venv is missing: sudo apt install python3-venv" >&2; exit 69; }
	@echo "making $(VENV): a minute, once" >&2
	@rm -rf $(VENV) && $(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install --quiet --require-hashes -r requirements-dev.lock || { \
	  echo "the packages could not be installed: is the network up?" >&2; exit 69; }
	@$(BIN)/pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@
