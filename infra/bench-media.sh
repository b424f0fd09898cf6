#!/usr/bin/env bash
# Builds what runs on Lambda, without the slow link-time optimisation, and measures the media engine with it.
#
#   infra/bench-media.sh
#   QUICK=1 infra/bench-media.sh   the 60 s recordings only
#   KEEP=1 infra/bench-media.sh    keeps the recordings for the next run
set -euo pipefail
cd "$(dirname "$0")/.."

[ "$(uname)" = Linux ] || { printf 'bench-media: only Linux tells in /proc what a process takes\n' >&2; exit 1; }
infra/setup.sh test
cargo build --workspace --locked --profile measured
set -- --programs "${CARGO_TARGET_DIR:-target}/measured" --state .local/bench --output .local/bench-media.json
[ -z "${QUICK:-}" ] || set -- "$@" --quick
[ -z "${KEEP:-}" ] || set -- "$@" --keep
exec python3 tests/bench/media.py "$@"
