#!/usr/bin/env bash
# Makes a MySQL 8 or newer available to the local cloud. With one in place it only looks.
#
#   infra/mysql.sh .tools/mysql
#
# A mysqld of that kind in PATH is used as it is, and the folder stays empty. Else, where there is apt, the server's package is
# unpacked into the folder together with the libraries it wants, its dynamic loader included, and starts through that loader:
#
#   DIR/usr/sbin/mysqld              the server
#   DIR/usr/lib64/ld-linux-x86-64.so.2, DIR/usr/lib/ld-linux-aarch64.so.1   its loader
#   DIR/usr/lib/<triplet>            its libraries (--library-path)
#   DIR/usr/share/mysql              messages and character sets
#
# Nothing on the system changes and no root is needed. Only when this fails is MariaDB installed in its place.
set -euo pipefail

# What one fetch needs at its peak, in MiB: packages, their contents and the result.
NEEDED_MIB=1024

say() { printf 'mysql: %s\n' "$*" >&2; }
fail() { say "$*"; exit 1; }
has() { command -v "$1" >/dev/null 2>&1; }

[ $# = 1 ] || fail "say where to: infra/mysql.sh .tools/mysql"
mkdir -p "$1"
home=$(cd "$1" && pwd -P)
# A plain user's PATH often lacks these, and servers live there.
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin:/opt/homebrew/opt/mysql/bin:/usr/local/opt/mysql/bin

# Of "mysqld  Ver 8.0.36-0ubuntu0.22.04.1 for Linux", the 8. Nothing for MariaDB, which counts its versions differently.
major_version() {
    local text
    text=$("$@" --no-defaults --version 2>/dev/null) || return 0
    case $text in *MariaDB*) return 0 ;; esac
    printf '%s\n' "$text" | sed -n 's/.* Ver \([0-9][0-9]*\)\..*/\1/p'
}

recent() { [ "${1:-0}" -ge 8 ]; }

loader_of() {
    local file
    for file in "$1"/usr/lib64/ld-linux-*.so.* "$1"/usr/lib/ld-linux-*.so.*; do
        if [ -e "$file" ]; then printf '%s\n' "$file"; return; fi
    done
    return 1
}

library_path_of() {
    local folder path=$1/usr/lib/mysql/private
    for folder in "$1"/usr/lib/*-linux-gnu; do path=$folder:$path; done
    printf '%s\n' "$path"
}

private_version() {
    local loader
    [ -x "$1/usr/sbin/mysqld" ] || return 0
    loader=$(loader_of "$1") || return 0
    major_version "$loader" --library-path "$(library_path_of "$1")" "$1/usr/sbin/mysqld"
}

if recent "$(private_version "$home")"; then exit; fi
# Ubuntu's AppArmor profile keeps the installed server out of every data directory but its own.
confined() {
    [ "$(command -v mysqld)" = /usr/sbin/mysqld ] && [ -e /etc/apparmor.d/usr.sbin.mysqld ] &&
        [ "$(cat /sys/module/apparmor/parameters/enabled 2>/dev/null)" = Y ]
}

if has mysqld && recent "$(major_version mysqld)" && ! confined; then exit; fi

work=
clean() { [ -z "$work" ] || rm -rf "$work"; }
trap clean EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# apt with lists, cache and package status of its own, so that it resolves and downloads as for an empty machine. The machine's
# ways to its mirrors (proxies, credentials) are kept; its pins, hooks and sources are not.
private_apt() { # sources-list sources-parts
    mkdir -p "$work/lists/partial" "$work/cache/archives/partial" "$work/none"
    : >"$work/status"
    {
        apt-config dump Acquire
        cat <<END
Dir::Etc::parts "$work/none";
Dir::Etc::main "$work/none/apt.conf";
Dir::Etc::preferences "$work/none/preferences";
Dir::Etc::preferencesparts "$work/none";
Dir::Etc::sourcelist "$1";
Dir::Etc::sourceparts "$2";
Dir::State "$work";
Dir::State::lists "$work/lists";
Dir::State::status "$work/status";
Dir::Cache "$work/cache";
Dir::Log "$work";
Acquire::Languages "none";
Acquire::Retries "2";
APT::Sandbox::User "$(id -un)";
APT::Install-Recommends "false";
END
    } >"$work/apt.conf"
    export APT_CONFIG=$work/apt.conf
}

# Downloads the first of the packages that the sources of private_apt offer, with what it depends on.
download() {
    local package
    apt-get -qq update >>"$work/log" 2>&1 </dev/null || return 1
    for package in "$@"; do
        if [ -n "$(apt-cache show --no-all-versions "$package" 2>/dev/null)" ]; then
            say "fetching $package (about 60 MB)"
            apt-get -qq -y --download-only install "$package" >>"$work/log" 2>&1 </dev/null && return
        fi
    done
    return 1
}

# The machine's own suites: Ubuntu has MySQL there. Debian's releases do not, and their lists would be fetched for nothing.
from_own_suites() {
    local list parts
    if grep -qs '^ID=debian$' /etc/os-release && [ -z "$(apt-cache search --names-only '^mysql-server-core-8' 2>/dev/null)" ]; then
        return 1
    fi
    eval "$(apt-config shell list Dir::Etc::sourcelist/f parts Dir::Etc::sourceparts/d)"
    private_apt "$list" "$parts"
    download mysql-server-core-8.4 mysql-server-core-8.0
}

# Debian's unstable suite, which has MySQL, on the mirrors that this machine already uses for Debian.
from_unstable() {
    local keyring mirror
    for keyring in /usr/share/keyrings/debian-archive-keyring.gpg /usr/share/keyrings/debian-archive-keyring.pgp ""; do
        [ ! -e "$keyring" ] || break
    done
    [ -n "$keyring" ] || return 1
    # apt itself reads the sources, in whichever of its formats they are.
    # shellcheck disable=SC2016 # apt's variables
    apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' 2>/dev/null |
        awk '$3 == "main" && $2 !~ /-/ && !seen[$1]++ { print $1 }' >"$work/mirrors"
    while read -r mirror; do
        printf 'deb [signed-by=%s] %s sid main\n' "$keyring" "$mirror" >"$work/unstable.list"
        private_apt "$work/unstable.list" "$work/none"
        if download mysql-server-core mysql-server-core-8.4; then return; fi
        unset APT_CONFIG
    done <"$work/mirrors"
    return 1
}

# Unpacks the packages and keeps what the server opens: itself, the libraries its loader finds, messages and character sets.
unpack() {
    local package folder loader library target
    mkdir "$work/all"
    for package in "$work"/cache/archives/*.deb; do
        dpkg-deb --extract "$package" "$work/all" || return 1
    done
    # Older releases ship some libraries outside /usr.
    for folder in lib lib64; do
        if [ -d "$work/all/$folder" ] && [ ! -L "$work/all/$folder" ]; then
            mkdir -p "$work/all/usr/$folder"
            cp -a "$work/all/$folder/." "$work/all/usr/$folder/"
        fi
    done
    loader=$(loader_of "$work/all") || return 1
    mkdir -p "$work/kept/usr/sbin" "$work/kept/usr/share" "$work/kept/usr/lib/mysql/plugin"
    target=$work/kept${loader#"$work/all"}
    mkdir -p "${target%/*}"
    cp -L "$loader" "$target"
    "$loader" --library-path "$(library_path_of "$work/all")" --list "$work/all/usr/sbin/mysqld" |
        sed -n 's/.* => \(\/[^ ]*\) (.*/\1/p' >"$work/libraries" || return 1
    while read -r library; do
        case $library in "$work/all"/*) ;; *) continue ;; esac
        target=$work/kept${library#"$work/all"}
        mkdir -p "${target%/*}"
        cp -L "$library" "$target"
    done <"$work/libraries"
    cp "$work/all/usr/sbin/mysqld" "$work/kept/usr/sbin/"
    cp -R "$work/all/usr/share/mysql" "$work/kept/usr/share/" 2>/dev/null ||
        cp -R "$work/all/usr/share/mysql-8.0" "$work/kept/usr/share/mysql" || return 1
    recent "$(private_version "$work/kept")"
}

fetch() {
    local free
    has apt-get && has apt-config && has apt-cache && has dpkg-deb || return 1
    free=$(df -Pk "$home" | awk 'NR == 2 { print int($4 / 1024) }')
    [ "$free" -ge "$NEEDED_MIB" ] || fail "too little disk: $free MiB free under $home, and fetching MySQL needs $NEEDED_MIB MiB"
    # Beside its destination, so that the last step is a rename.
    work=$(mktemp -d "$home.XXXXXX")
    if ! { from_own_suites || from_unstable; }; then
        unset APT_CONFIG
        tail -n 5 "$work/log" >&2 2>/dev/null || true
        return 1
    fi
    unset APT_CONFIG
    if ! unpack; then say "the fetched server does not run on this machine"; return 1; fi
    rm -rf "${home:?}/usr"
    mv "$work/kept/usr" "$home/usr"
    say "MySQL is in $home ($(du -sm "$home" | cut -f 1) MB)"
}

# In MySQL's place, when there is no MySQL to be had. The core package brings the server without starting one.
mariadb() {
    local as_root=
    if has mariadbd || has mysqld; then
        say "no MySQL 8 could be had; MariaDB, which is installed here, takes its place"
        return
    fi
    has apt-get || return 1
    if [ "$(id -u)" != 0 ]; then
        has sudo || return 1
        as_root=sudo
    fi
    say "no MySQL 8 could be had; installing MariaDB to take its place"
    $as_root apt-get -qq update >/dev/null 2>&1 </dev/null || true
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends \
        mariadb-server-core mariadb-client-core >/dev/null 2>&1 </dev/null
}

fetch || mariadb ||
    fail "no MySQL was found and none could be fetched: install MySQL 8 or newer so that mysqld is in PATH (macOS: brew install mysql), then try again"
