# Both commands need Python 3.11 or later and nothing else; the work is done by tools/environment.py,
# which Windows runs directly (see README.md).
PYTHON ?= python3

.PHONY: help lab test test-oldest refresh lint site clean

help:
	@echo "make lab          install into .venv and open your copy of the course, workbook/, in JupyterLab"
	@echo "make test         install into .venv and run all tests and all notebooks"
	@echo "make test-oldest  the same on the oldest supported packages, in .venv-oldest"
	@echo "make refresh      run all notebooks and store their outputs"
	@echo "make lint         ruff on code and notebooks, mypy on the hints of the package"
	@echo "make site         build the site into build/site/"
	@echo "make clean        remove .venv, .venv-oldest and caches"

lab:
	@$(PYTHON) tools/environment.py lab

test:
	@$(PYTHON) tools/environment.py test $(ARGS)

test-oldest:
	@$(PYTHON) tools/environment.py test-oldest $(ARGS)

refresh:
	@$(PYTHON) tools/environment.py refresh $(ARGS)

lint:
	@$(PYTHON) tools/environment.py lint

site:
	@$(PYTHON) tools/environment.py site $(ARGS)

clean:
	rm -rf .venv .venv-oldest .pytest_cache .ruff_cache .mypy_cache .hypothesis
	find src tests tools notebooks -name __pycache__ -prune -exec rm -rf {} +
