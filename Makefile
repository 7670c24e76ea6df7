# What people do with this repository. Each target says what it lacks on this machine.
.PHONY: help run web test torture fuzz bench

CARGO_RUN = cargo run --release --quiet
BUILT = $(or $(CARGO_TARGET_DIR),$(CURDIR)/target)
KILLS ?= 500
SECONDS ?= 600
PEERS ?= yes
BENCH ?=

help:
	@echo "make run      builds everything and starts Maru with demo data on http://localhost:8080"
	@echo "make test     checks everything, as CI does; closes with 'N passed, N failed'"
	@echo "make torture  kills the server again and again and checks what clients saw (KILLS=$(KILLS))"
	@echo "make fuzz     feeds the parsers and a whole connection with anything (SECONDS=$(SECONDS) each)"
	@echo "make bench    measures speed and size beside Spring and RabbitMQ (PEERS=no: alone; bench/README.md says how)"

# Data is kept in ./data. Ctrl-C ends it.
run: web
	@.ci/needs cargo cc
	cargo build --release --bin maru
	@exec $(CARGO_RUN) --bin maru -- serve --demo

web: web/dist/index.html

web/dist/index.html: node_modules/.package-lock.json $(shell find web -type f -not -path '*/node_modules/*' -not -path 'web/dist/*' -not -path 'web/e2e/*' 2>/dev/null)
	npm run build

node_modules/.package-lock.json: package-lock.json
	@.ci/needs node npm
	npm ci --no-audit --no-fund
	@touch $@

test:
	@.ci/setup
	@$(MAKE) --no-print-directory node_modules/.package-lock.json
	@cargo run --quiet --package xtask -- test

torture:
	@.ci/setup
	cargo build --release --bin maru
	MARU_BIN=$(BUILT)/release/maru KILLS=$(KILLS) cargo test --package tests --test torture -- --nocapture

fuzz:
	@.ci/needs cargo cc c++
	@cargo run --quiet --package xtask -- fuzz $(SECONDS)

bench:
	@.ci/needs cargo cc
	@[ "$(PEERS)" = no ] || bench/setup
	cargo build --release --bin maru
	cargo build --release --package broker --example plain
	$(CARGO_RUN) --package bench -- $(if $(filter no,$(PEERS)),--no-peers) $(BENCH)
