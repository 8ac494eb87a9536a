# The Python package: docs/python.md.

.PHONY: wheel test-python bench-python

wheel: ## Build the Python package's wheel into dist/
	$(PYTHON) -m pip wheel --no-deps --wheel-dir dist ./crates/python

test-python: ## Install the Python package into a fresh environment and test it there, beside Gymnasium and others
	$(PYTHON) crates/python/tests/run.py $(ARGS)

bench-python: ## Measure the Python package against Gymnasium, EnvPool and ale-py
	$(PYTHON) crates/python/bench.py $(ARGS)
