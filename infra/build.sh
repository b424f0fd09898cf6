#!/usr/bin/env bash
# Builds the functions that the template names, as Lambda runs them, into target/lambda.
#
#   infra/build.sh [arm64|x86_64]
set -euo pipefail
cd "$(dirname "$0")/.."

arch=$(infra/arch.sh "${1:-}")
bins=()
while read -r bin; do bins+=(--bin "$bin"); done < <(sed -n 's/^ *Binary: *//p' template.yaml)
exec cargo lambda build --release --locked "--${arch/x86_64/x86-64}" "${bins[@]}"
