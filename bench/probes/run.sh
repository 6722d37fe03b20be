#!/usr/bin/env bash
# JARM scans a second over 200 TLS targets: Whorl beside a scanner that works as the published one does, on bare loopback and behind a relay that holds every
# answer back for 50 ms. Needs nginx, openssl, python3. Writes a table to standard output.
set -euo pipefail
cd "$(dirname "$0")/../.."
targets=${TARGETS:-200}
sequential=${SEQUENTIAL_TARGETS:-20} # behind the relay one target takes it about a second
whorl=${WHORL:-src/Whorl/bin/Release/net10.0/whorl}
folder=$(mktemp -d)
pids=()
stop() {
    for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
    rm -rf "$folder"
}
trap stop EXIT
chmod 755 "$folder"

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=bench.test -keyout "$folder/key.pem" -out "$folder/cert.pem" 2>/dev/null
cat > "$folder/nginx.conf" <<CONF
worker_processes 2; daemon off; pid $folder/nginx.pid; error_log /dev/null;
events { worker_connections 8192; }
http {
    access_log off;
    client_body_temp_path $folder/a; proxy_temp_path $folder/b; fastcgi_temp_path $folder/c; uwsgi_temp_path $folder/d; scgi_temp_path $folder/e;
    server { listen 0.0.0.0:18443 ssl backlog=4096; ssl_certificate $folder/cert.pem; ssl_certificate_key $folder/key.pem; ssl_protocols TLSv1.2 TLSv1.3; }
}
CONF
nginx -p "$folder" -c "$folder/nginx.conf" & pids+=($!)
python3 bench/probes/relay.py 50 18444 18443 & pids+=($!)
for port in 18443 18444; do
    for _ in $(seq 100); do (exec 3<>/dev/tcp/127.0.0.1/$port) 2>/dev/null && break; sleep 0.1; done
done

list() { for i in $(seq 1 "$1"); do echo "127.77.$((i / 250)).$((i % 250 + 1)):$2"; done; }
export WHORL_Node__Data="$folder/data" WHORL_Probes__Connections=2000 WHORL_Probes__ConnectionsPerSecond=100000 WHORL_Probes__TargetConnectionsPerSecond=10000

# seconds of a command, and how many different values it found
measure() {
    local name=$1 count=$2 begin end
    shift 2
    begin=$(date +%s.%N)
    "$@" > "$folder/out"
    end=$(date +%s.%N)
    local lines values
    lines=$(grep -c '"\(tls\.\)\?jarm": *"[0-9a-f]*[1-9a-f]' "$folder/out" || true)
    values=$(grep -o 'jarm": *"[0-9a-f]\{62\}' "$folder/out" | grep -o '[0-9a-f]\{62\}' | sort -u | tr '\n' ' ')
    python3 -c "import sys; b, e, n = float(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3]); print(f'| {sys.argv[4]} | {n} | {e - b:.2f} | {n / (e - b):.1f} | {sys.argv[5]} of {n} | {sys.argv[6][:62]} |')" "$begin" "$end" "$count" "$name" "$lines" "$values"
}
scan() { list "$1" "$2" | "$whorl" probe - --jarm --json --allow 127.0.0.0/8 --concurrency 400 --timeout 0:01:00 2>/dev/null; }

echo "| what | targets | seconds | scans/s | answered | value |"
echo "|---|---|---|---|---|---|"
measure "sequential, loopback" "$targets" bash -c "python3 bench/probes/sequential.py $(list "$targets" 18443 | tr '\n' ' ')"
measure "Whorl, loopback (with start)" "$targets" scan "$targets" 18443
measure "Whorl, loopback (with start)" "$((targets * 10))" scan "$((targets * 10))" 18443
measure "sequential, 50 ms" "$sequential" bash -c "python3 bench/probes/sequential.py $(list "$sequential" 18444 | tr '\n' ' ')"
measure "Whorl, 50 ms (with start)" "$targets" scan "$targets" 18444
measure "Whorl, 50 ms (with start)" "$((targets * 10))" scan "$((targets * 10))" 18444
