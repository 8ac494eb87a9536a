# Commands of this repository; `make` alone lists them.

PYTHON ?= python3
CARGO ?= cargo
# Extra flags for vpg: make pong ARGS="--seed 1 --render"
ARGS ?=
# Training through MPI is built and tested where there is one.
MPI := $(if $(shell command -v mpicc && command -v mpirun),--features vpg/mpi)

.PHONY: help setup verify pong ppo-pong test record-hashes torture lint outside interchange learn learn-pong scaling bench-training

help: ## List these commands
	@sed -nE 's/^([a-z-]+):[^#]*## (.*)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 26

setup: ## Install what is missing (libtorch, CMake) into the per-user cache
	@$(PYTHON) scripts/setup.py

verify: ## The same, checking the contents of every installed file
	@$(PYTHON) scripts/setup.py --verify

pong: setup ## Train on Pong; more flags for vpg through ARGS="..."
	$(CARGO) run -p vpg -- --env Pong $(ARGS)

ppo-pong: setup ## Train on Pong with the example of proximal policy optimization
	$(CARGO) run -p vpg --example ppo_pong

test: setup ## Run all tests
	$(PYTHON) -m unittest discover --start-directory tests/setup
	$(PYTHON) -m doctest scripts/intervals.py scripts/layers.py
	$(CARGO) test --workspace $(MPI)
	$(CARGO) test -p envs --no-default-features --features atari --test golden_atari --test golden_vector_atari --test native
	$(PYTHON) tests/outside/outside.py --atari
	$(PYTHON) tests/torture/torture.py --quick
	@$(if $(MPI),true,echo 'skipped the tests of training through MPI: there is none (docs/reliability.md says how to install it)')

record-hashes: setup ## Write the hashes of short runs anew, after an intended change of arithmetic
	VPG_RECORD_HASHES=1 $(CARGO) test -p vpg --test same_bytes short_runs

torture: setup ## Break trainings in every way and resume them (an hour; ARGS="--minutes 1" for a short soak)
	$(CARGO) build -p vpg
	$(PYTHON) tests/torture/torture.py $(ARGS)

lint: ## Check format, lints, documentation and dependencies
	@$(CARGO) fmt --version >/dev/null && $(CARGO) clippy --version >/dev/null || \
	  { echo 'make lint needs rustfmt and clippy: rustup component add rustfmt clippy' >&2; exit 1; }
	@$(PYTHON) scripts/setup.py --lint
	$(PYTHON) scripts/layers.py
	$(CARGO) fmt --all --check
	$(CARGO) clippy --locked --workspace --all-targets -- -D warnings
	$(CARGO) clippy --locked --workspace --exclude rustgym --all-targets --no-default-features -- -D warnings
	$(CARGO) clippy --locked --workspace --exclude rustgym --all-targets --no-default-features --features atari -- -D warnings
	$(if $(MPI),$(CARGO) clippy --locked --workspace --all-targets $(MPI) -- -D warnings)
	RUSTDOCFLAGS='-D warnings' $(CARGO) doc --locked --workspace --no-deps
	.deps/bin/cargo-deny --log-level error check bans licenses sources

outside: ## Build and run a small crate outside this checkout, without C++ and libtorch
	$(PYTHON) tests/outside/outside.py

interchange: setup ## Have PyTorch, Gymnasium, TensorBoard and pandas read what vpg writes (installs 5 GB into the cache)
	$(PYTHON) tests/interchange/interchange.py

learn: setup ## Train classic control and InvertedPendulum on 3 seeds and check that they learn in time (two minutes)
	$(CARGO) build -p vpg
	$(PYTHON) scripts/learn.py

learn-pong: setup ## The same for Pong on 8 seeds, and for ALE/Pong-v5 on 3 (half an hour)
	$(CARGO) build -p vpg
	$(PYTHON) scripts/learn.py --rows pong --seeds 8
	$(PYTHON) scripts/learn.py --rows sticky-pong

scaling: setup ## Measure training on several processes, and calculate it for more (minutes; needs MPI)
	$(CARGO) build -p vpg --features mpi --bin vpg --example all_reduce
	$(PYTHON) scripts/scaling.py $(ARGS)

bench-training: setup ## Run the write-ups' recipes in PyTorch and in vpg, in turns (ten minutes)
	$(CARGO) build --release -p vpg
	$(PYTHON) benches/training/training.py $(ARGS)

include crates/python/python.mk
include tests/parity/parity.mk
include benches/peers/peers.mk
