#!/usr/bin/env bash
# Runs the functions that answer requests with `cargo lambda watch`, which builds each anew when its code has changed, until Ctrl-C. They work
# on the data of a running local cloud, and have the routes and the environment that template.yaml gives them there.
#
#   PORT=3001 STATE=.local infra/watch.sh
set -euo pipefail
cd "$(dirname "$0")/.."

state=${STATE:-.local}
port=${PORT:-3001}
[ -e "$state/ready.json" ] || { echo "watch: no local cloud runs from $state: start it with make up in another terminal" >&2; exit 1; }

# Beside the local cloud's own files, and like them readable for its owner only.
config=$state/watch.toml
(umask 077 && python3 - "$state" "http://127.0.0.1:$port" >"$config") <<'PY'
import json, re, sys

state, base = sys.argv[1:]
with open(f"{state}/functions.json") as file:
    functions = [function for function in json.load(file).values() if function["routes"]]
with open(f"{state}/ready.json") as file:
    ready = json.load(file)
quoted = json.dumps  # what JSON and TOML both call a string

variables, routes = {}, {}
for function in functions:
    variables |= function["environment"]
    for route in function["routes"]:
        # cargo lambda has no default.
        if route != "$default":
            method, path = route.split()
            # A last {name+} takes what is left.
            path = re.sub(r"\{(\w+)\+\}$", r"{*\1}", path)
            routes.setdefault(path, []).append((method, function["program"]))
# All functions share one environment, so the keys are those that may do what any of them does.
variables |= {"WEB_URL": base, "AWS_ACCESS_KEY_ID": ready["accessKeyId"], "AWS_SECRET_ACCESS_KEY": ready["secretAccessKey"]}

print("[env]")
for name, value in variables.items():
    print(f"{name} = {quoted(value)}")
print("[watch.router]")
for path, methods in routes.items():
    print(f"{quoted(path)} = [")
    for method, program in methods:
        print(f"    {{ function = {quoted(program)}, method = {quoted(method)} }},")
    print("]")
PY
exec cargo lambda --global "$config" watch --locked --invoke-address 127.0.0.1 --invoke-port "$port" --disable-cors
