#!/bin/sh
# Whorl beside other readers of capture files on this machine: see measure.py for what is measured, --help for how.
# Needs the packages libndpi-bin, p0f and tshark (peers that are absent are left out) and ../shared/data/fingerprints.
set -eu
cd "$(dirname "$0")"
exec python3 measure.py "$@"
