#!/usr/bin/env bash
# Builds what runs on Lambda, without the slow link-time optimisation, and counts what a recording, a view and a login take of what AWS bills.
#
#   infra/bench-cost.sh
set -euo pipefail
cd "$(dirname "$0")/.."

[ "$(uname)" = Linux ] || { printf 'bench-cost: only Linux tells in /proc what a process takes\n' >&2; exit 1; }
infra/setup.sh test
cargo build --workspace --locked --profile measured
exec python3 tests/bench/cost.py --programs "${CARGO_TARGET_DIR:-target}/measured" --state .local/bench-cost --output infra/cost/measured.json
