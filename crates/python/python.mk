# The Python package: docs/python.md.

.PHONY: wheel test-python

wheel: ## Build the Python package's wheel into dist/
	$(PYTHON) -m pip wheel --no-deps --wheel-dir dist ./crates/python

test-python: ## Install the Python package into a fresh environment and test it there, beside Gymnasium and others
	$(PYTHON) crates/python/tests/run.py $(ARGS)
