# Every target is one line of a real tool, or one script.

PORT ?= 3000
FILE ?=
RENDITIONS ?=
S3 ?=
ARCH ?=
STAGE ?= default
TARGET ?=
SECONDS ?= 600
QUICK ?=
KEEP ?=
URL ?=
MAIL_TO ?=
WAIT ?= 120
JSON ?=
DRY_RUN ?=
DATA ?=

TEMPLATES := template.yaml $(patsubst %,infra/%.yaml,network database media site monitoring waf)

# What is also run against LocalStack's S3: one of each way in which objects come, go and are read.
FOREIGN := flows::publish flows::instant::segments flows::deriving::a_video flows::deriving::a_newer flows::bin::what_is_deleted_for_good \
	flows::screenshots::a_screenshot_is_shown routes::multipart routes::signed routes::avatar routes::agent_uploads::completing \
	recorder::a_browser_that_writes_webm

MAKEFLAGS += --no-print-directory
export PATH := $(CURDIR)/.tools/venv/bin:$(CURDIR)/.tools/bin:$(PATH)
export SAM_CLI_TELEMETRY := 0

.DEFAULT_GOAL := help
.PHONY: help up sam-local watch test conformance fuzz load bench-media bench-web bench-cost cost check audit fmt openapi build layer deploy undeploy doctor import clean distclean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

up: export PORT := $(PORT)
up: export FILE := $(FILE)
up: export RENDITIONS := $(RENDITIONS)
up: export S3 := $(S3)
up: ## Run everything on this machine and show a share link; PORT=3000, FILE=your-recording.mp4, RENDITIONS=720,480, S3=http://…
	@infra/up.sh

sam-local: export PORT := $(PORT)
sam-local: export FILE := $(FILE)
sam-local: export PATH := $(CURDIR)/.tools/opt/bin:$(PATH)
sam-local: ## Run the API and the transcode function in Lambda's own containers, which needs Docker; PORT=3000, FILE=your-recording.mp4
	@infra/setup.sh sam-local
	cargo build --workspace --locked
	@.tools/venv/bin/python infra/sam-local.py

watch: export PORT := $(if $(filter file,$(origin PORT)),3001,$(PORT))
watch: ## Run the functions that answer requests with cargo lambda watch, on the data of make up, which must run; PORT=3001
	@infra/watch.sh

ifeq ($(S3),)
test: ## Run every test, the browser's included; S3=http://… those that store recordings, at another S3
	@infra/setup.sh test
	cargo build --workspace --locked
	cargo test --workspace --locked --no-fail-fast
	infra/localstack.sh cargo test --workspace --locked --no-fail-fast --test it -- $(FOREIGN)
	python3 -m unittest discover --start-directory infra/cost
	infra/fuzz.sh 10
else
test: export S3 := $(S3)
test:
	@infra/setup.sh test
	cargo build --workspace --locked
	cargo test --workspace --locked --no-fail-fast --test it
endif

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

bench-cost: ## Count what a recording, a view and a login take of what AWS bills, for make cost
	@infra/bench-cost.sh

COST := PEOPLE RECORDINGS MINUTES VIEWS WATCHED MBPS KEEP ENCODED INSTANT RENDITIONS DB CDN STORE
cost: ## Print what a month costs, here and elsewhere; VIEWS=1000, MINUTES=5, CDN=yes, …; HELP=1 for all parameters
	@python3 infra/cost/cost.py $(if $(HELP),help,$(foreach name,$(COST),$(if $($(name)),$(name)='$($(name))')) $(if $(ARCH),ARCH=$(ARCH)))

check: ## Check formatting, lints, documentation, dependencies, the template and the scripts
	@infra/setup.sh check
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings
	cd functions/media/fuzz && cargo fmt --check && cargo clippy --locked -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --document-private-items --locked
	cargo deny --workspace --locked check bans licenses sources
	cargo machete
	sam validate --lint
	cfn-lint $(TEMPLATES)
	.tools/checkov/bin/checkov --config-file .checkov.yaml --file $(TEMPLATES)
	.tools/jsonschema/bin/check-jsonschema --builtin-schema vendor.compose-spec infra/compose.yaml
	shellcheck infra/*.sh layers/ffmpeg/*.sh tests/deploy/*.sh .ci/run

audit: ## Look for published advisories about the dependencies (asks the network)
	@infra/setup.sh check
	cargo deny --workspace --locked check advisories

fmt: ## Format the Rust code
	cargo fmt --all

openapi: ## Write functions/metadata/openapi.json, after a route has changed
	cargo build --workspace --locked
	target/debug/openapi

build: ## Build the functions and the FFmpeg layer for Lambda and print their sizes; ARCH=arm64 (default where it can be built) or x86_64
	@infra/setup.sh build "$(ARCH)"
	@infra/build.sh default "$(ARCH)"

layer: ## Build the FFmpeg layer and prove that it runs; ARCH=x86_64 or arm64 (default this machine's)
	@infra/setup.sh layer "$(ARCH)"
	@layers/ffmpeg/prove.sh $(ARCH)

deploy: ## Build and deploy with SAM; STAGE=default, prod or local; MAIL_TRANSPORT=ses MAIL_FROM=… and other parameters
	@infra/setup.sh build "$(ARCH)"
	@infra/deploy.sh "$(STAGE)" "$(ARCH)"

doctor: export CAP_API_KEY := $(or $(KEY),$(CAP_API_KEY))
doctor: ## Look what is wrong with a site (URL=https://… KEY=… MAIL_TO=…), with the running local cloud, or with what the environment names
	@infra/setup.sh cargo
	@cargo build --quiet --workspace --locked --bin capstan-doctor
	@target/debug/capstan-doctor --wait $(WAIT) $(if $(URL),--url "$(URL)") $(if $(MAIL_TO),--mail-to "$(MAIL_TO)") $(if $(JSON),--json)

import: export DRY_RUN := $(DRY_RUN)
import: ## Take a self-hosted Cap's MySQL and bucket into Capstan, as docs/IMPORT.md says; DRY_RUN=1 to only count
	@infra/setup.sh cargo
	cargo build --workspace --locked
	@target/debug/capstan-import

undeploy: export DATA := $(DATA)
undeploy: ## Delete a deployment; STAGE=default, prod or local; DATA=delete for recordings and keys as well
	@infra/setup.sh deploy
	@infra/undeploy.sh "$(STAGE)"

clean: ## Remove the local cloud's data
	rm -rf .local

distclean: clean ## Remove everything that was built or installed into this checkout
	rm -rf target .tools .aws-sam tests/browser/node_modules
