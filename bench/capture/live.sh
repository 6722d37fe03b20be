#!/usr/bin/env bash
# Sustained rate without drops over veth: whorl's capture role and tcpdump writing to /dev/null, each on one core, tcpreplay on the other.
# Run by ./dev bench capture-live [FILE]; needs root, two cores, tcpdump and tcpreplay. Makes two namespaces and removes them.
set -euo pipefail
cd "$(dirname "$0")/../.."

seconds="${SECONDS_EACH:-5}"
rates="${RATES:-50000 100000 150000 200000 300000 400000 0}" # packets a second; 0: as fast as tcpreplay can
whorl="src/Whorl/bin/Release/net10.0/whorl"
work="$(mktemp -d)"
sensor="whorlbench-s" sender="whorlbench-a"
started=()

finish() {
    for pid in "${started[@]}"; do kill "$pid" 2>/dev/null || true; done
    ip netns del "$sensor" 2>/dev/null || true
    ip netns del "$sender" 2>/dev/null || true
    rm -rf "$work"
}
trap finish EXIT

file="${1:-}"
if [ -z "$file" ]; then
    python3 bench/capture/files.py "${WHORL_TEST_DATA:-../shared/data}/fingerprints" "$work" 100 10000 >/dev/null
    file="$work/mix.pcap"
fi

ip netns add "$sensor"
ip netns add "$sender"
ip -n "$sensor" link add s0 mtu 65000 type veth peer name a0 mtu 65000 netns "$sender"
ip netns exec "$sensor" sysctl -qw net.ipv6.conf.s0.disable_ipv6=1
ip netns exec "$sender" sysctl -qw net.ipv6.conf.a0.disable_ipv6=1
ip -n "$sensor" link set s0 up
ip -n "$sender" link set a0 up

# Sends for some seconds at a rate; prints frames sent and frames a second.
send() {
    local speed=(--pps="$1")
    [ "$1" = 0 ] && speed=(--topspeed)
    taskset -c 1 ip netns exec "$sender" tcpreplay --preload-pcap -i a0 "${speed[@]}" --loop=0 --duration="$2" "$file" 2>&1 |
        awk '/^Actual:/ { sent = $2 } /^Rated:/ { gsub(",", ""); rate = $(NF - 1) } END { printf "%d %d\n", sent, rate }'
}

metric() { curl -s --unix-socket "$work/data/whorl.sock" http://whorl/metrics | awk -v name="$1" '$1 ~ "^" name { sum += $2 } END { printf "%d\n", sum }'; }

row() { printf '%-8s %10s %10d %12d %12d %10d   %s\n' "$@"; }

measure_tcpdump() {
    taskset -c 0 ip netns exec "$sensor" tcpdump -i s0 -n -s 0 -B 32768 -w /dev/null 2>"$work/tcpdump.txt" &
    local pid=$! sent rate cpu
    started+=("$pid")
    until grep -q listening "$work/tcpdump.txt"; do read -rt 0.1 <> <(:) || true; done
    read -r sent rate < <(send "$1" "$seconds")
    read -rt 1 <> <(:) || true
    cpu=$(awk '{ print $14 + $15 }' "/proc/$pid/stat")
    kill -INT "$pid"
    wait "$pid" || true
    row tcpdump "$1" "$rate" "$sent" "$(awk '/packets captured/ { print $1 }' "$work/tcpdump.txt")" "$(awk '/dropped by kernel/ { print $1 }' "$work/tcpdump.txt")" "${cpu} CPU ticks"
}

measure_whorl() {
    local frames drops told sent rate cpu
    frames=$(metric whorl_capture_frames) drops=$(metric whorl_capture_kernel_drops) told=$(metric whorl_capture_observations)
    cpu=$(awk '{ print $14 + $15 }' "/proc/$whorl_pid/stat")
    read -r sent rate < <(send "$1" "$seconds")
    read -rt 3 <> <(:) || true
    cpu=$(($(awk '{ print $14 + $15 }' "/proc/$whorl_pid/stat") - cpu))
    row whorl "$1" "$rate" "$sent" "$(($(metric whorl_capture_frames) - frames))" "$(($(metric whorl_capture_kernel_drops) - drops))" \
        "$(($(metric whorl_capture_observations) - told)) observations, ${cpu} CPU ticks, $(awk '/VmRSS/ { print int($2 / 1024) }' "/proc/$whorl_pid/status") MB"
}

printf '%s, %s\n' "$(awk -F: '/model name/ { print $2; exit }' /proc/cpuinfo | xargs)" "$(date -u +%F)"
printf '%-8s %10s %10s %12s %12s %10s\n' tool wanted/s sent/s sent seen dropped
for rate in $rates; do measure_tcpdump "$rate"; done

WHORL_Node__Data="$work/data" WHORL_Capture__Interfaces__0="$sensor:s0" taskset -c 0 "$whorl" run --roles capture >"$work/whorl.txt" 2>&1 &
whorl_pid=$!
started+=("$whorl_pid")
until grep -q 'Capture listens' "$work/whorl.txt"; do read -rt 0.2 <> <(:) || kill -0 "$whorl_pid"; done
send 100000 8 >/dev/null # the compiler finishes its work while this runs
read -rt 3 <> <(:) || true
for rate in $rates; do measure_whorl "$rate"; done
