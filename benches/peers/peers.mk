# The comparison of speed with other projects: benches/peers/peers.py. More flags for it through ARGS, such as "--seconds 5 --rounds 7".

.PHONY: bench-peers

bench-peers: setup ## Measure against Gymnasium, EnvPool, ale-py, NumPy, gmgn and gym-rs
	$(PYTHON) benches/peers/peers.py $(ARGS)
