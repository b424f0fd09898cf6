#!/usr/bin/env bash
# Prints the processor to build functions for: the one asked for, or the template's default when this toolchain can build it, or this machine's.
#
#   infra/arch.sh [arm64|x86_64]
set -euo pipefail

buildable() { # arm64|x86_64
    local target=x86_64-unknown-linux-gnu
    [ "$1" != arm64 ] || target=aarch64-unknown-linux-gnu
    [ -d "$(rustc --print target-libdir --target "$target")" ]
}

asked=${1:-}
case $asked in
    '')
        if buildable arm64; then
            echo arm64
        else
            echo "build: no Rust standard library for arm64 here, so building for x86_64; rustup target add aarch64-unknown-linux-gnu brings it" >&2
            echo x86_64
        fi
        ;;
    arm64 | x86_64)
        buildable "$asked" || {
            echo "build: no Rust standard library for $asked here: run rustup target add ${asked/arm64/aarch64}-unknown-linux-gnu" >&2
            exit 1
        }
        echo "$asked"
        ;;
    *)
        echo "build: ARCH is arm64 or x86_64, not $asked" >&2
        exit 1
        ;;
esac
