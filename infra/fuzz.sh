#!/usr/bin/env bash
# Runs the fuzz targets of `media`, each for some seconds, as many at once as there are processors.
#
#   infra/fuzz.sh SECONDS [TARGET…]      without a target: all of functions/media/fuzz/fuzz_targets
#
# What is found goes to target/fuzz/crashes, inputs that reached something new to target/fuzz/corpus: the next run starts there.
set -euo pipefail

if [ "${1:-}" = one ]; then
    seconds=$2 target=$3
    log=$work/$target.log corpus=$work/corpus/$target crashes=$work/crashes/$target
    mkdir -p "$corpus" "$crashes"
    seeds=seeds/$target
    [ -d "$seeds" ] || seeds=seeds/files
    if "$programs/$target" -max_total_time="$seconds" -rss_limit_mb=512 -max_len=65536 -timeout=5 -verbosity=1 \
        -artifact_prefix="$crashes/" -print_final_stats=1 "$corpus" "$seeds" >"$log" 2>&1
    then
        awk -v target="$target" '/^Done / { print "fuzz: " target ": " $2 " runs in " $5 " s, nothing found" }' "$log"
        exit
    fi
    grep -v '^#[0-9]' "$log" | tail -n 60
    found=$(sed -n 's/^artifact_prefix=.*Test unit written to //p' "$log" | tail -n 1)
    echo "fuzz: $target failed; the whole log is $log; the same again:"
    echo "    $programs/$target -rss_limit_mb=512 -timeout=5 $found"
    exit 1
fi

cd "$(dirname "$0")/../functions/media/fuzz"
case ${1:-} in '' | *[!0-9]*) echo "fuzz: say for how many seconds: infra/fuzz.sh SECONDS [TARGET…]" >&2; exit 2 ;; esac
seconds=$1
shift
if [ $# = 0 ]; then
    for file in fuzz_targets/*.rs; do set -- "$@" "$(basename "$file" .rs)"; done
fi
for target in "$@"; do
    [ -e "fuzz_targets/$target.rs" ] || { echo "fuzz: there is no target $target" >&2; exit 2; }
done

cargo build --quiet --locked
work=$(cd ../../.. && pwd)/target/fuzz
programs=${CARGO_TARGET_DIR:-$work}/$(rustc --print host-tuple)/debug
export work programs
# xargs ends with 123 when a run failed, after all of them.
printf '%s\n' "$@" | xargs -n 1 -P "$(getconf _NPROCESSORS_ONLN)" "$BASH" ../../../infra/fuzz.sh one "$seconds"
