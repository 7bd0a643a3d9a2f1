# Everything runs in .venv, made by the first target that needs it from Python 3.11 or later.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DEMO := build/demo

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-all lint docs train bench bench-quality bench-rules bench-language bench-speed fuzz bench-survey build clean

help: ## Show this help
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 18

setup: $(VENV)/.ready ## Make the virtual environment with the project and its tools

$(VENV)/.ready: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Python 3.11 or later is needed; name one with: make PYTHON=python3.11 …" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	@touch $@

demo: $(VENV)/.ready ## Clean the fixtures; show where report, shards and removals are
	@rm -rf $(DEMO)
	@$(BIN)/python tests/golden.py $(DEMO)/raw
	$(BIN)/cleaner run $(DEMO)/raw -o $(DEMO)/out
	@echo
	@echo "One of the texts, line by line (- went, ~ lost a part):"
	@$(BIN)/cleaner explain $(DEMO)/raw/en/section-label-bullets.txt
	@echo
	@$(BIN)/cleaner report $(DEMO)/out -o $(DEMO)/report.html
	@echo
	@echo "what was removed, to look at: $(DEMO)/report.html"
	@echo "the same, to judge:           $(BIN)/cleaner review $(DEMO)/out"
	@echo "clean shards:  $(DEMO)/out/clean/     every removal: $(DEMO)/out/removed/"
	@echo "rejected:      $(DEMO)/out/rejected/  the books:     $(DEMO)/out/run.json"
	@echo "another text:  $(BIN)/cleaner explain $(DEMO)/raw/…"
	@echo "and all back:  $(BIN)/cleaner restore $(DEMO)/out -o $(DEMO)/back"

test: $(VENV)/.ready ## Run the tests
	$(BIN)/python -m pytest

test-all: $(VENV)/.ready ## Run the tests, those that take more than ten seconds each as well
	$(BIN)/python -m pytest -m ''

lint: $(VENV)/.ready ## Check style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

docs: $(VENV)/.ready ## Build the documentation as a site into build/docs/site; broken links are errors
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[docs]'
	$(BIN)/python tools/docs.py

train: $(VENV)/.ready ## Train the models of lines and blocks again, and those that bench-quality measures with (needs the data)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[train]'
	$(BIN)/python bench/train_text.py
	$(BIN)/python bench/train_blocks.py

bench-quality: $(VENV)/.ready ## Quality on labelled pages and texts, beside other tools (needs the data and make train)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[bench,train]'
	@# it asks for an older chardet than ours and works with this one
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps 'readability-lxml>=0.8.4'
	$(BIN)/python bench/quality.py --json bench/results/quality.json
	@echo
	$(BIN)/python bench/text.py
	$(BIN)/python bench/forms.py
	$(BIN)/python bench/left_out.py

bench-rules: $(VENV)/.ready ## Precision and recall of the rules alone, on sites that they were not written from
	$(BIN)/python bench/rules.py

bench-language: $(VENV)/.ready ## Detectors of language: right, wrong, CPU time (others than ours: pip install -e '.[bench]')
	$(BIN)/python bench/language.py

bench-speed: $(VENV)/.ready ## Time and memory of the chains beside other tools (needs the data), and by workers and size
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[speed]'
	$(BIN)/python bench/speed.py --json bench/results/speed.json $(if $(AGAINST),--against $(AGAINST))
	$(BIN)/python bench/scaling.py --json bench/results/scaling.json --picture docs/pictures/scaling.svg

fuzz: $(VENV)/.ready ## Look for inputs that break a law, five minutes for each of the targets
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[fuzz]'
	$(BIN)/python tests/fuzzing.py --seconds 300 ingest segments rules patterns blocks restored chain_text chain_html

bench-survey: $(VENV)/.ready ## Corpus evidence on an invented corpus whose truth is known, on labelled pages, and by size
	$(BIN)/python bench/survey.py truth
	$(BIN)/python bench/survey.py pages
	$(BIN)/python bench/survey.py scale 12500 125000

bench: $(VENV)/.ready ## Speed of loading and matching rules, as ratios; report and review of a million removals
	$(BIN)/python bench/matching.py
	$(BIN)/python bench/audit.py

build: $(VENV)/.ready ## Build wheel and sdist into dist/
	$(BIN)/python -m build

clean: ## Remove everything that was made here
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
