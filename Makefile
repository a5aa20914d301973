# Mote Studio. Two commands matter: `make demo` and `make test`; both install what they need.
PYTHON ?= python3
VENV := .venv
HEADLESS := .venv-headless
BIN := $(VENV)/bin
PIP := -m pip install -q --disable-pip-version-check -c packaging/constraints.txt
# One BLAS thread: threaded BLAS costs 4-10x on a busy machine.
export OMP_NUM_THREADS ?= 1
export OPENBLAS_NUM_THREADS ?= 1

.PHONY: demo studio test lint unit gui headless screenshots kit bench clean
.DELETE_ON_ERROR:

demo: $(VENV)/.installed
	@$(BIN)/mote demo --report demo-report

studio: $(VENV)/.installed
	@packaging/system-packages.sh studio
	@$(BIN)/mote studio

test: lint unit gui screenshots headless

lint: $(VENV)/.dev
	$(BIN)/ruff check app plugins tests packaging
	$(BIN)/ruff format --check app plugins tests packaging
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python packaging/check_sizes.py

unit: $(VENV)/.dev
	$(BIN)/python -m pytest tests --ignore=tests/gui -m "not (kit and train)"

gui: $(VENV)/.dev
	QT_QPA_PLATFORM=offscreen $(BIN)/python -m pytest tests/gui

# The contracts: every test but the window's and the training ones, where there is neither Qt nor TensorFlow.
headless: $(HEADLESS)/.installed
	$(HEADLESS)/bin/python packaging/check_headless.py
	$(HEADLESS)/bin/python -m pytest tests/unit tests/jobs tests/plugins -m "not train and not kit"

# Every page of the window, real and on a screen, in both themes and two sizes.
screenshots: $(VENV)/.dev
	@test -d demo-report/project || $(BIN)/mote demo --report demo-report
	xvfb-run -a -s "-screen 0 1920x1080x24" $(BIN)/python -m motestudio.gui.shoot screenshots --project demo-report/project --virtual --check

# The conformance kit over every shipped plugin, those that train too: some minutes.
kit: $(VENV)/.dev
	$(BIN)/python -m pytest tests/plugins -m kit

bench: $(VENV)/.bench
	$(BIN)/mote bench app
	$(BIN)/mote bench features
	$(BIN)/mote bench record
	$(BIN)/mote bench firmware

$(VENV)/.installed: pyproject.toml packaging/constraints.txt packaging/system-packages.sh
	@packaging/system-packages.sh demo
	@echo "Installing Mote Studio into $(VENV) (about 1 GB to download the first time)"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python $(PIP) -U pip
	@$(BIN)/python $(PIP) -e '.[gui,train,flash]'
	@touch $@

$(VENV)/.dev: $(VENV)/.installed
	@packaging/system-packages.sh test
	@$(BIN)/python $(PIP) --group dev
	@touch $@

# The peers that benches measure against, and valgrind to count instructions with.
$(VENV)/.bench: $(VENV)/.dev
	@packaging/system-packages.sh bench
	@$(BIN)/python $(PIP) --group bench
	@touch $@

$(HEADLESS)/.installed: pyproject.toml packaging/constraints.txt
	@$(PYTHON) -m venv $(HEADLESS)
	@$(HEADLESS)/bin/python $(PIP) -U pip
	@$(HEADLESS)/bin/python $(PIP) -e . --group headless
	@touch $@

clean:
	rm -rf $(VENV) $(HEADLESS) demo-report build dist
