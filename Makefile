# Everything a developer or CI types. Each target makes what it needs; nothing outside this folder is changed,
# except that `make run` keeps the model it pulled in hub's own home (HUB_HOME).
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PLUGINS := $(sort $(wildcard plugins/*/pyproject.toml))
PLUGIN_DIRS := $(patsubst %/pyproject.toml,./%,$(PLUGINS))
# Enough for a first answer: no PyTorch, whose download is as large as all the rest ten times over.
FIRST := ./plugins/llamacpp ./plugins/onnx ./plugins/text
# Runtimes that a plugin works without, and its tests do not.
EXTRAS := "openmodelhub-onnx[genai]" "openmodelhub-quantize[all]" "openmodelhub-torch[torchao]"
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
# Benchmarks that measure on news, which a wheel of gensim carries: read out of it, never installed.
ON_NEWS := benchmarks/distill.py benchmarks/prune.py benchmarks/quantize.py
PROMPT ?= Why is the sky blue?
PYTEST_ARGS ?=

.PHONY: run test lint docs bench downstream format clean

run: $(VENV)/.installed  ## install, pull a real language model, and answer
	$(BIN)/hub run smollm2-135m --max-tokens 80 "$(PROMPT)"

test: $(VENV)/.dev  ## install what the tests need, and run them all
	$(BIN)/python -m pytest $(PYTEST_ARGS)

lint: $(VENV)/.dev  ## formatting, lint and types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	MYPYPATH="$$(echo $(PLUGIN_DIRS) | tr ' ' :)" $(BIN)/mypy hub $(addsuffix /hub_*,$(PLUGIN_DIRS))

format: $(VENV)/.dev  ## format and mend what can be mended
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: $(VENV)/.dev  ## write the generated pages again
	$(BIN)/python -m hub.registry.generate
	$(BIN)/python -m hub.cli.reference
	$(BIN)/python docs/generate_hooks.py
	$(BIN)/python docs/generate_tree.py

bench: $(VENV)/.dev  ## the figures that the project claims, as ratios against a peer in the same run
	for script in $(filter-out $(ON_NEWS),$(wildcard benchmarks/*.py)); do $(BIN)/python $$script || exit 1; done
	test -d .cache/news || $(PIP) download --no-deps --dest .cache/news gensim==4.4.0
	for script in $(ON_NEWS); do $(BIN)/python $$script .cache/news/gensim-*.whl || exit 1; done

downstream: $(VENV)/.dev  ## plugins of this repository, new ones, and those of the commit before, on the core as it is here
	$(BIN)/python .ci/downstream.py --base $(or $(BASE),HEAD~1)

clean:
	rm -rf $(VENV) .cache .mypy_cache .pytest_cache .ruff_cache build dist

$(VENV)/.made:
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Python 3.11 or newer is needed, this is %s. Try: make PYTHON=python3.12" % sys.version.split()[0])'
	$(PYTHON) -m venv $(VENV)
	$(PIP) install --upgrade "pip>=25.1"
	@touch $@

$(VENV)/.installed: $(VENV)/.made pyproject.toml constraints.txt $(PLUGINS)
	$(PIP) install --constraint constraints.txt --editable . $(addprefix --editable ,$(FIRST))
	@touch $@

$(VENV)/.dev: $(VENV)/.installed
	$(PIP) install --constraint constraints.txt --group dev $(addprefix --editable ,$(PLUGIN_DIRS)) $(EXTRAS)
	@touch $@
