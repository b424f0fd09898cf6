#!/usr/bin/env bash
# Becomes a command that has a Docker engine, with the one image that `sam local` wants. Everything of the engine is in DIR.
#
#   FUNCTION=target/debug/transcode unshare --net --pid --fork --kill-child --mount-proc tests/deploy/containers.sh DIR COMMAND…
#
# In namespaces of its own, as above, its bridge, its rules and its processes are nobody else's, and end with it. No registry is asked:
# the image has a shell, and the libraries and authorities of this machine, for which functions such as FUNCTION were built.
set -euo pipefail

home=$1
shift
root=$home/image
mkdir -p "$root"/{bin,dev,etc,opt,proc,sys,tmp,usr/bin,var/runtime,var/task}
chmod 1777 "$root/tmp"
cp "$(command -v busybox)" "$root/bin/busybox"
for name in sh mv chmod ls cat env cp mkdir; do ln -s busybox "$root/bin/$name"; done
ln -s ../../bin/env "$root/usr/bin/env"
printf 'root:x:0:0:root:/root:/bin/sh\n' >"$root/etc/passwd"
printf 'hosts: files dns\n' >"$root/etc/nsswitch.conf"
mkdir -p "$root/etc/ssl/certs"
cp /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/"
while read -r library; do
    mkdir -p "$root$(dirname "$library")"
    cp -L "$library" "$root$library"
done < <(ldd "$FUNCTION" | grep -o '/[^ ]*')

ip link set lo up
export DOCKER_HOST=unix://$home/docker.sock
dockerd --data-root "$home/docker" --exec-root "$home/run" --pidfile "$home/docker.pid" --host "$DOCKER_HOST" >"$home/docker.log" 2>&1 &
end=$((SECONDS + 60))
until docker version >/dev/null 2>&1; do
    if ! kill -0 $! || [ "$SECONDS" -ge "$end" ]; then tail -n 15 "$home/docker.log" >&2; exit 1; fi
    sleep 0.2
done
tar -C "$root" -c . | docker import --change 'WORKDIR /var/task' --change 'ENV LAMBDA_TASK_ROOT=/var/task PATH=/bin:/usr/bin:/opt/bin' - \
    "public.ecr.aws/lambda/provided:al2023-$(uname -m | sed 's/aarch64/arm64/')" >/dev/null
export SAM_SKIP_PULL_IMAGE=1
exec "$@"
