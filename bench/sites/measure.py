"""Runs a command and prints a row: sites, seconds, sites a minute, processor seconds, sites a processor second, largest memory in MB, complete scans."""
import resource
import subprocess
import sys
import time

name, count, out = sys.argv[1], int(sys.argv[2]), sys.argv[3]
begin = time.time()
with open(out, "wb") as file:
    code = subprocess.run(sys.argv[4:], stdin=sys.stdin, stdout=file, stderr=subprocess.DEVNULL, check=False).returncode
took = time.time() - begin
use = resource.getrusage(resource.RUSAGE_CHILDREN)
processor = use.ru_utime + use.ru_stime
with open(out, encoding="utf-8") as file:
    whole = sum('"ssdeep"' in line and line.count('"sha256"') >= 8 for line in file)
print(f"| {name} | {count} | {took:.1f} | {60 * count / took:.0f} | {processor:.1f} | {count / processor:.1f} | {use.ru_maxrss / 1024:.0f} | {whole} of {count} |", flush=True)
sys.exit(0 if whole == count else code or 1)
