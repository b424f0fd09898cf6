# Every target is one line of a real tool, or one script.

PORT ?= 3000
FILE ?=
RENDITIONS ?=
ARCH ?=
STAGE ?= default
TARGET ?=
SECONDS ?= 600
QUICK ?=
KEEP ?=

MAKEFLAGS += --no-print-directory
export PATH := $(CURDIR)/.tools/venv/bin:$(CURDIR)/.tools/bin:$(PATH)
export SAM_CLI_TELEMETRY := 0

.DEFAULT_GOAL := help
.PHONY: help up test conformance fuzz load bench-media bench-web check audit fmt openapi build layer deploy clean distclean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

up: export PORT := $(PORT)
up: export FILE := $(FILE)
up: export RENDITIONS := $(RENDITIONS)
up: ## Run everything on this machine and show a share link; PORT=3000, FILE=your-recording.mp4, RENDITIONS=720,480
	@infra/up.sh

test: ## Run every test, the browser's included
	@infra/setup.sh test
	cargo build --workspace --locked
	cargo test --workspace --locked --no-fail-fast
	infra/fuzz.sh 10

conformance: ## Print what the clients expect, row by row, and whether the local cloud does it
	@infra/setup.sh test
	cargo build --workspace --locked
	cargo test --workspace --locked --test conformance

fuzz: ## Look for input that breaks the readers of media; TARGET=index (default all), SECONDS=600
	@infra/setup.sh fuzz
	@infra/fuzz.sh $(SECONDS) $(TARGET)

load: ## Upload two gigabytes, record two hundred at once and for an hour, and print what that takes
	@infra/setup.sh test
	cargo build --workspace --locked
	@# Each on a cloud of its own, whose functions have done nothing else.
	for what in upload live hour; do cargo test --workspace --locked --test it -- load::$$what --ignored --nocapture || exit; done

bench-media: export QUICK := $(QUICK)
bench-media: export KEEP := $(KEEP)
bench-media: ## Measure the media engine against bare FFmpeg; QUICK=1 for the short recordings only, KEEP=1 to keep them
	@infra/bench-media.sh

bench-web: ## Measure the share page with Chromium's own figures
	@infra/bench-web.sh

check: ## Check formatting, lints, documentation, dependencies, the template and the scripts
	@infra/setup.sh check
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings
	cd functions/media/fuzz && cargo fmt --check && cargo clippy --locked -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --document-private-items --locked
	cargo deny --workspace --locked check bans licenses sources
	cargo machete
	sam validate --lint
	cfn-lint template.yaml infra/*.yaml
	shellcheck infra/*.sh layers/ffmpeg/*.sh .ci/run

audit: ## Look for published advisories about the dependencies (asks the network)
	@infra/setup.sh check
	cargo deny --workspace --locked check advisories

fmt: ## Format the Rust code
	cargo fmt --all

openapi: ## Write functions/metadata/openapi.json, after a route has changed
	cargo build --workspace --locked
	target/debug/openapi

build: ## Build the functions and the FFmpeg layer for Lambda; ARCH=arm64 (default where it can be built) or x86_64
	@infra/setup.sh build "$(ARCH)"
	@infra/build.sh "$(ARCH)"

layer: ## Build the FFmpeg layer and prove that it runs; ARCH=x86_64 or arm64 (default this machine's)
	@infra/setup.sh layer "$(ARCH)"
	@layers/ffmpeg/prove.sh $(ARCH)

deploy: ## Build and deploy with SAM; STAGE=default, prod or local; DATABASE_URL=mysql://… MAIL_TRANSPORT=ses MAIL_FROM=…
	@infra/setup.sh build "$(ARCH)"
	@infra/deploy.sh "$(STAGE)" "$(ARCH)"

clean: ## Remove the local cloud's data
	rm -rf .local

distclean: clean ## Remove everything that was built or installed into this checkout
	rm -rf target .tools .aws-sam tests/browser/node_modules
