# What a person does with this project. `make` alone lists it.

CONSOLE ?= 1
DATA ?= data
DEMO ?= data-demo
PROFILE ?= fast
BINARY = target/$(PROFILE)/anc-relay
UPSTREAM = target/$(PROFILE)/anc-scripted-upstream

.PHONY: help run demo build console test soak clients check fmt bench bench-full generate screenshots clean

help:
	@echo 'make run              build everything and start the relay on ./$(DATA)'
	@echo 'make run CONSOLE=0    the same without the web console (needs no Node)'
	@echo 'make demo             the same on ./$(DEMO), with sample accounts, tokens and a month of usage'
	@echo 'make test             every check and test'
	@echo 'make soak             hours of random operations and sudden deaths against the books (STEPS=, ROUNDS=)'
	@echo 'make clients          real client programs (Claude Code, Codex, Gemini CLI, SDKs) against the relay'
	@echo 'make check            format, lints and structure only: the quick part of make test'
	@echo 'make bench            the benchmark: beside nginx, the ledger alone, the pages of the console (PARTS=, BENCH_ROWS=, BENCH_TOKENS=)'
	@echo 'make bench-full       the same with ten million requests of 400 000 tokens'
	@echo 'make screenshots      pictures of every page of the console, for docs/images'
	@echo 'make generate         the OpenAPI document and the types made from it'

run: build
	@exec $(BINARY) serve --data $(DATA) $(ARGS)

demo: build
	@test -e $(DEMO)/demo.txt || $(BINARY) demo --data $(DEMO)
	@cat $(DEMO)/demo.txt
	@exec $(BINARY) serve --data $(DEMO) $(ARGS)

ifeq ($(CONSOLE),1)
build: console
	ANC_CONSOLE=require cargo build --quiet --profile $(PROFILE) --package anc-relay
else
build:
	cargo build --quiet --profile $(PROFILE) --package anc-relay --no-default-features
endif

console:
	@scripts/console.sh

test:
	@scripts/test.sh

soak:
	@scripts/soak.sh

clients:
	@scripts/clients.sh $(ARGS)

check:
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --quiet -- --deny warnings
	cargo xtask

fmt:
	cargo fmt --all
	cd console && npm run --silent format

bench:
	@scripts/bench.sh

bench-full:
	@BENCH_ROWS=10000000 BENCH_TOKENS=400000 scripts/bench.sh

generate:
	cargo run --quiet --package anc-relay -- openapi > console/openapi.json
	cd console && npm run --silent generate

screenshots: build
	@scripts/browser.sh
	@rm -f docs/images/*.png
	@ANC_BINARY=$(CURDIR)/$(BINARY) npm --prefix console run --silent pictures

clean:
	cargo clean
	rm -rf console/dist console/node_modules tests/sdk/node_modules tests/clients/node_modules
