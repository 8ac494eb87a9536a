# The comparison with the originals: tests/parity/README.md.

.PHONY: parity parity-short parity-mutations

parity: setup ## Compare with Gymnasium, MuJoCo and ale-py at full size
	$(PYTHON) tests/parity/parity.py

parity-short: setup ## The same in a minute
	$(PYTHON) tests/parity/parity.py --size short

parity-mutations: setup ## Show that each comparison can fail: break one line at a time
	$(PYTHON) tests/parity/mutate.py
