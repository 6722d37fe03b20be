#!/usr/bin/env bash
# Sites a minute and a processor second: `whorl site` at 64 at once and one after the other, and a Python worker of the same steps. Against local sites, each a
# page, an icon and five assets over TLS, on bare loopback and behind a relay that holds every answer back for 50 ms, as the Internet does.
# Needs nginx, openssl, python3 with requests, bs4, ssdeep. Writes a table to standard output. JARM is left out: the other worker has none.
set -euo pipefail
cd "$(dirname "$0")/../.."
sites=${SITES:-1000}
few=${FEW:-60} # one after the other behind the relay a site takes about a second
whorl=${WHORL:-src/Whorl/bin/Release/net10.0/whorl}
folder=$(mktemp -d)
pids=()
stop() {
    for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
    rm -rf "$folder"
}
trap stop EXIT
chmod 755 "$folder"

/usr/bin/python3 bench/sites/make.py "$folder/sites" "$sites" || exit 1
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=bench.test -keyout "$folder/key.pem" -out "$folder/cert.pem" 2>/dev/null
cat > "$folder/nginx.conf" <<CONF
worker_processes 2; daemon off; pid $folder/nginx.pid; error_log /dev/null;
events { worker_connections 8192; }
http {
    access_log off; gzip on; gzip_types text/css application/javascript; keepalive_timeout 10s;
    types { text/html html; text/css css; application/javascript js; image/png png; image/x-icon ico; }
    client_body_temp_path $folder/a; proxy_temp_path $folder/b; fastcgi_temp_path $folder/c; uwsgi_temp_path $folder/d; scgi_temp_path $folder/e;
    server { listen 0.0.0.0:18543 ssl backlog=4096; ssl_certificate $folder/cert.pem; ssl_certificate_key $folder/key.pem; root $folder/sites/\$host; }
}
CONF
nginx -p "$folder" -c "$folder/nginx.conf" & pids+=($!)
/usr/bin/python3 bench/probes/relay.py 50 18544 18543 & pids+=($!)
for port in 18543 18544; do
    for _ in $(seq 100); do (exec 3<>/dev/tcp/127.0.0.1/$port) 2>/dev/null && break; sleep 0.1; done
done

list() { for i in $(seq 0 $(($1 - 1))); do echo "https://127.77.$((i / 250)).$((i % 250 + 1)):$2/"; done; }
export WHORL_Node__Data="$folder/data" WHORL_Sites__Fetch__Timeout=0:01:00 WHORL_Sites__Fetch__AssetTimeout=0:01:00 WHORL_Sites__Fetch__FaviconTimeout=0:01:00
measure() { local name=$1 count=$2 port=$3; shift 3; list "$count" "$port" | /usr/bin/python3 bench/sites/measure.py "$name" "$count" "$folder/out" "$@" || true; }
scan() { measure "$1" "$2" "$3" "$whorl" site - --json --no-jarm --allow 127.0.0.0/8 --concurrency "$4"; }

echo "| what | sites | seconds | sites/min | CPU s | sites per CPU s | memory MB | complete |"
echo "|---|---|---|---|---|---|---|---|"
scan "Whorl, 64 at once" "$sites" 18543 64
scan "Whorl, one after the other" "$((sites / 4))" 18543 1
measure "Python" "$((sites / 10))" 18543 /usr/bin/python3 bench/sites/worker.py
scan "Whorl, 64 at once, 50 ms away" "$sites" 18544 64
scan "Whorl, one after the other, 50 ms away" "$few" 18544 1
measure "Python, 50 ms away" "$few" 18544 /usr/bin/python3 bench/sites/worker.py
