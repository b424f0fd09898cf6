#!/usr/bin/env bash
# Builds with SAM what is deployed, the functions and the FFmpeg layer, and prints how large each is.
#
#   infra/build.sh PROFILE [arm64|x86_64]
#
# PROFILE is one of samconfig.toml. What is built goes to SAM_BUILD_DIR, by default .aws-sam/build.
set -euo pipefail
cd "$(dirname "$0")/.."

arch=$(infra/arch.sh "${2:-}")
export ARCH=$arch
build=${SAM_BUILD_DIR:-.aws-sam/build}

# SAM builds one function after the other, the longest step of each on a single core. What was built before, all at once, it finds done.
options=(--locked "--${arch/x86_64/x86-64}")
[ "${SAM_BUILD_MODE:-}" = debug ] || options+=(--release)
while read -r bin; do options+=(--bin "$bin"); done < <(sed -n 's/^ *Binary: *//p' template.yaml)
cargo lambda build "${options[@]}"
sam build --config-env "$1" --build-dir "$build" --parameter-overrides "Architecture=$arch"

python3 - "$build" "$arch" <<'PY'
import pathlib, sys, tempfile, zipfile

build, arch = sys.argv[1:]
print(f"\n{arch:28}{'zipped':>12}{'in Lambda':>12}")
for folder in sorted(pathlib.Path(build).iterdir()):
    # The others are nested templates.
    if not (folder / "bootstrap").exists() and not (folder / "bin").exists():
        continue
    files = [path for path in folder.rglob("*") if path.is_file()]
    with tempfile.TemporaryFile() as package:
        # As SAM packs them.
        with zipfile.ZipFile(package, "w", zipfile.ZIP_DEFLATED) as archive:
            for path in files:
                archive.write(path, path.relative_to(folder))
        zipped = package.tell()
    print(f"{folder.name:28}{zipped / 1e6:9.1f} MB{sum(path.stat().st_size for path in files) / 1e6:9.1f} MB")
PY
