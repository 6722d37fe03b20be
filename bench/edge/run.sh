#!/bin/sh
# Whorl beside other reverse proxies on this machine: see measure.py for what is measured, --help for how long and which.
set -eu
cd "$(dirname "$0")"
exec python3 measure.py "$@"
