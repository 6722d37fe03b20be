"""Reverse proxies one after another in front of one static nginx, under wrk.

Judged by requests per CPU-second of the proxy: user and system time of its process tree from /proc, so that what the load
generator and the backend use does not count. Every proxy runs on one CPU; wrk and the backend share another where there is one.
Rounds alternate between proxies and bodies, because machines drift.
"""
import argparse, datetime, os, platform, re, shutil, signal, socket, statistics, subprocess, tempfile, time, urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
TICK = os.sysconf("SC_CLK_TCK")
BODIES = {"1k": 1024, "11k": 11 * 1024}
ALL = ["nginx", "haproxy", "caddy", "yarp", "crs", "whorl"]


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def tree(pid):
    """A process and all its descendants."""
    children = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                with open(f"/proc/{entry}/stat") as f:
                    fields = f.read().rsplit(")", 1)[1].split()
                children.setdefault(int(fields[1]), []).append(int(entry))
            except OSError:
                pass
    found, todo = [], [pid]
    while todo:
        found.append(todo.pop())
        todo += children.get(found[-1], [])
    return found


def cpu_seconds(pid):
    total = 0
    for member in tree(pid):
        try:
            with open(f"/proc/{member}/stat") as f:
                fields = f.read().rsplit(")", 1)[1].split()
            total += int(fields[11]) + int(fields[12])
        except OSError:
            pass
    return total / TICK


def memory_mib(pid):
    total = 0
    for member in tree(pid):
        try:
            with open(f"/proc/{member}/smaps_rollup") as f:
                total += int(re.search(r"^Pss:\s+(\d+)", f.read(), re.M).group(1))
        except (OSError, AttributeError):
            pass
    return total / 1024


def template(name, directory, **values):
    with open(os.path.join(HERE, "conf", name)) as f:
        text = f.read()
    for key, value in {"DIR": directory, **values}.items():
        text = text.replace(f"@{key}@", str(value))
    path = os.path.join(directory, name)
    with open(path, "w") as f:
        f.write(text)
    return path


def start(command, cpu, directory, name):
    log = open(os.path.join(directory, name + ".log"), "w")
    pinned = ["taskset", "-c", str(cpu)] + command
    return subprocess.Popen(pinned, stdout=log, stderr=log, cwd=directory, start_new_session=True, env={**os.environ, "DOTNET_gcServer": "0"})


def wait_for(port, path, process, name, directory):
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise SystemExit(f"{name} ended at its start:\n" + open(os.path.join(directory, name + ".log")).read()[-2000:])
        try:
            with urllib.request.urlopen(urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers=BROWSER), timeout=2) as answer:
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.2)
    raise SystemExit(f"{name} does not answer")


BROWSER = {
    "User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "Accept-Language": "en-US,en;q=0.5",
    "Accept-Encoding": "gzip, deflate",
    "Upgrade-Insecure-Requests": "1",
}


def wrk(port, path, seconds, connections, cpu):
    headers = [part for name, value in BROWSER.items() for part in ("-H", f"{name}: {value}")]
    out = subprocess.run(["taskset", "-c", str(cpu), "wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency"] + headers + [f"http://127.0.0.1:{port}{path}"],
                         capture_output=True, text=True, check=True).stdout
    number = lambda pattern: re.search(pattern, out)
    unit = {"us": 1e-3, "ms": 1, "s": 1e3, "m": 6e4}
    latency = lambda share: (lambda m: float(m.group(1)) * unit[m.group(2)])(number(share + r"%\s+([\d.]+)(us|ms|s|m)\b"))
    bad = sum(int(n) for n in re.findall(r"(?:connect|read|write|timeout) (\d+)", out)) + sum(int(n) for n in re.findall(r"Non-2xx or 3xx responses: (\d+)", out))
    return {"requests": int(number(r"(\d+) requests in").group(1)), "rate": float(number(r"Requests/sec:\s+([\d.]+)").group(1)), "p50": latency("50"), "p99": latency("99"), "bad": bad}


def decisions(path, count):
    """Addresses that no client of this bench has, spread over IPv4 and IPv6."""
    with open(path, "w") as f:
        for i in range(count):
            f.write(f"45.{i >> 16 & 255}.{i >> 8 & 255}.{i & 255}\n" if i % 4 else f"2001:db8:{i >> 16:x}:{i & 65535:x}::1\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seconds", type=int, default=8, help="length of one run (default %(default)s)")
    parser.add_argument("--warm", type=int, default=30, help="seconds of load before the first run of what compiles as it goes (default %(default)s)")
    parser.add_argument("--rounds", type=int, default=3, help="runs of each proxy and body (default %(default)s)")
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--only", nargs="+", choices=ALL, default=ALL)
    parser.add_argument("--bodies", nargs="+", choices=list(BODIES), default=list(BODIES))
    parser.add_argument("--whorl", help="a published whorl (default: publishes one, ReadyToRun, into a temporary folder)")
    parser.add_argument("--decisions", type=int, default=100_000)
    parser.add_argument("--no-write", action="store_true", help="print only; write nothing to bench/results")
    options = parser.parse_args()

    directory = tempfile.mkdtemp(prefix="whorl-bench-")
    os.chmod(directory, 0o755)  # nginx workers run as another user
    cpus = sorted(os.sched_getaffinity(0))
    proxy_cpu, load_cpu = cpus[0], cpus[-1]
    os.makedirs(os.path.join(directory, "www"))
    for name, size in BODIES.items():
        with open(os.path.join(directory, "www", name), "w") as f:
            f.write("x" * size)
    running = []
    try:
        backend_port = free_port()
        backend = start(["nginx", "-c", template("backend.conf", directory, BACKEND=backend_port), "-p", directory], load_cpu, directory, "backend")
        running.append(backend)
        wait_for(backend_port, "/1k", backend, "backend", directory)

        proxies = {}
        for name in options.only:
            port = free_port()
            values = {"PORT": port, "BACKEND": backend_port}
            if name == "nginx":
                command = ["nginx", "-c", template("nginx.conf", directory, **values), "-p", directory]
            elif name == "crs":
                template("crs-main.conf", directory)
                command = ["nginx", "-c", template("crs.conf", directory, **values), "-p", directory]
            elif name == "haproxy":
                command = ["haproxy", "-db", "-f", template("haproxy.cfg", directory, **values)]
            elif name == "caddy":
                os.environ["GOMAXPROCS"] = "1"
                command = ["caddy", "run", "--config", template("Caddyfile", directory, **values), "--adapter", "caddyfile"]
            elif name == "yarp":
                out = os.path.join(directory, "yarp")
                subprocess.run(["dotnet", "publish", os.path.join(HERE, "yarp"), "-c", "Release", "-o", out, "-v", "q"], check=True, stdout=subprocess.DEVNULL)
                command = ["dotnet", os.path.join(out, "yarp.dll"), str(port), str(backend_port)]
            else:
                whorl = options.whorl
                if whorl is None:
                    out = os.path.join(directory, "publish")
                    subprocess.run(["dotnet", "publish", os.path.join(ROOT, "src", "Whorl"), "-c", "Release", "-r", "linux-x64", "--self-contained", "-p:PublishReadyToRun=true", "-p:PublishSingleFile=true", "-o", out, "-v", "q"], check=True, stdout=subprocess.DEVNULL)
                    whorl = os.path.join(out, "whorl")
                command = [whorl, "run", "--config", template("whorl.yaml", directory, CONSOLE=free_port(), **values)]
            process = start(command, proxy_cpu, directory, name)
            running.append(process)
            wait_for(port, "/1k", process, name, directory)
            if name == "whorl" and options.decisions:
                path = os.path.join(directory, "decisions.txt")
                decisions(path, options.decisions)
                done = subprocess.run([command[0], "decisions", "import", path, "--action", "block", "--config", command[-1]], capture_output=True, text=True, cwd=directory)
                print("decisions:", (done.stdout + done.stderr).strip()[-300:] or done.returncode, flush=True)
            proxies[name] = (process, port)
            wrk(port, "/1k", options.warm if name in ("whorl", "yarp") else 3, options.connections, load_cpu)  # code is compiled, connections are open
            os.killpg(process.pid, signal.SIGSTOP)

        results = {}
        for round_number in range(options.rounds):
            for body in options.bodies:
                for name, (process, port) in proxies.items():
                    os.killpg(process.pid, signal.SIGCONT)
                    wrk(port, f"/{body}", 1, options.connections, load_cpu)
                    before = cpu_seconds(process.pid)
                    run = wrk(port, f"/{body}", options.seconds, options.connections, load_cpu)
                    run["cpu"] = cpu_seconds(process.pid) - before
                    run["memory"] = memory_mib(process.pid)
                    os.killpg(process.pid, signal.SIGSTOP)
                    run["per_cpu"] = run["requests"] / run["cpu"]
                    results.setdefault((body, name), []).append(run)
                    print(f"{round_number + 1} {body:>4} {name:8} {run['per_cpu']:9,.0f} req/CPU-s {run['rate']:9,.0f} req/s p50 {run['p50']:.2f} ms p99 {run['p99']:.2f} ms {run['memory']:.0f} MiB, {run['bad']} bad", flush=True)
        text = report(results, options)
        print(text)
        if not options.no_write:
            folder = os.path.join(ROOT, "bench", "results")
            os.makedirs(folder, exist_ok=True)
            with open(os.path.join(folder, f"edge-{datetime.date.today()}.md"), "w") as f:
                f.write(text)
    finally:
        for process in running:
            try:
                os.killpg(process.pid, signal.SIGCONT)
                os.killpg(process.pid, signal.SIGTERM)
            except ProcessLookupError:
                pass
        for process in running:
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
        shutil.rmtree(directory, ignore_errors=True)


def report(results, options):
    model = re.search(r"model name\s*:\s*(.+)", open("/proc/cpuinfo").read())
    load = os.getloadavg()[1]
    lines = [
        f"# Edge beside other proxies, {datetime.date.today()}",
        "",
        f"{model.group(1) if model else platform.processor()}, {os.cpu_count()} CPUs, Linux {platform.release()}; load average over 5 minutes at the end {load:.1f}. One worker each, pinned to one CPU;",
        f"wrk and a static nginx on another. {options.connections} connections with keep-alive, {options.rounds} alternating rounds of {options.seconds} s; medians. Made by `bench/edge/run.sh`.",
        f"Whorl runs all roles with the shipped rules, {options.decisions:,} decisions and observations stored.",
        "",
    ]
    for body in options.bodies:
        lines += [f"## {BODIES[body]:,} bytes", "", "| proxy | requests per CPU-second | beside nginx | requests/s | p50 ms | p99 ms | memory MiB | failed |", "|---|--:|--:|--:|--:|--:|--:|--:|"]
        median = lambda name, key: statistics.median(run[key] for run in results[(body, name)])
        names = sorted((name for b, name in results if b == body), key=lambda name: -median(name, "per_cpu"))
        base = median("nginx", "per_cpu") if "nginx" in names else None
        for name in names:
            ratio = f"{median(name, 'per_cpu') / base:.2f}" if base else "-"
            lines.append(f"| {name} | {median(name, 'per_cpu'):,.0f} | {ratio} | {median(name, 'rate'):,.0f} | {median(name, 'p50'):.2f} | {median(name, 'p99'):.2f} | {median(name, 'memory'):.0f} | {sum(run['bad'] for run in results[(body, name)])} |")
        lines.append("")
    return "\n".join(lines)


main()
