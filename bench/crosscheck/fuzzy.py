#!/usr/bin/env python3
"""ssdeep and TLSH of `whorl hash` beside Debian's ssdeep and tlsh on 10,000 files from 0 bytes to 10 MB, generated and real, and the
scores of the digests against each other. Repeatable: the generated files come from a seed; real ones are this system's own.

Needs ssdeep, tlsh-tools, and Release builds of src/Whorl and bench/Whorl.Bench. Usage: fuzzy.py [FILES] > results.md
"""
import itertools, os, random, subprocess, sys, tempfile, time

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
WHORL = os.path.join(ROOT, "src/Whorl/bin/Release/net10.0/whorl")
BENCH = ["dotnet", os.path.join(ROOT, "bench/Whorl.Bench/bin/Release/net10.0/Whorl.Bench.dll")]
FILES = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
REAL = FILES // 4
LONGEST = 10_000_000
# Debian's tlsh 3.4.4 wants 256 bytes; the method's published form, which Whorl follows, wants 50.
PEER_TLSH_LEAST = 256
SCORED = 700
WORDS = "login bank the secure of account <div> </div> your password is now <p> href= price cart".split()


def make(rng, length, earlier):
    kind = rng.randrange(6)
    if kind == 0:
        return rng.randbytes(length)
    if kind == 1:
        return bytes(rng.choices(b"abcd", k=min(length, 65536))) * (length // 65536 + 1)
    if kind == 2:
        return bytes([rng.randrange(256)]) * length
    if kind == 3 and earlier:
        # A relative of an earlier file: cut, grown or with a piece replaced.
        data = bytearray(rng.choice(earlier))
        at = rng.randrange(len(data) + 1)
        data[at:at + rng.randrange(1, 400)] = rng.randbytes(rng.randrange(400))
        return bytes(data)
    if kind == 4:
        return rng.randbytes(length // 2) + bytes(length - length // 2)
    text = " ".join(rng.choices(WORDS, k=min(length, 300_000) // 5 + 1)).encode()
    return (text * (length // len(text) + 1))[:length]


def lengths(rng, count):
    """Every small length, the ends of the range, then as many of each order of magnitude."""
    fixed = list(range(0, 520)) + [3 * 64 * 2 ** n + d for n in range(14) for d in (-1, 0, 1)] + [LONGEST - 1, LONGEST]
    fixed = fixed[:count]
    while len(fixed) < count:
        fixed.append(int(10 ** rng.uniform(1, 5.3)) if rng.random() < 0.997 else int(10 ** rng.uniform(5.3, 7)))
    return fixed


def real_files(count):
    found = []
    for folder in ("/usr/share", "/usr/lib", "/usr/bin", "/etc"):
        for at, folders, names in os.walk(folder):
            folders.sort()
            for name in sorted(names):
                path = os.path.join(at, name)
                if os.path.isfile(path) and not os.path.islink(path) and os.access(path, os.R_OK) and os.path.getsize(path) <= LONGEST and path.isprintable() and '"' not in path:
                    found.append(path)
    random.Random(7).shuffle(found)
    return found[:count]


def lines(*command):
    return subprocess.run(command, capture_output=True, text=True, errors="surrogateescape").stdout.splitlines()


def batches(paths, size=400):
    for at in range(0, len(paths), size):
        yield paths[at:at + size]


def compare_scores(folder, method, digests):
    path = os.path.join(folder, "digests")
    with open(path, "w") as out:
        out.write("\n".join(digests) + "\n")
    ours = {}
    for line in lines(*BENCH, "scores", method, path):
        first, second, *score = map(int, line.split())
        ours[first, second] = tuple(score)
    theirs = {}
    listing = os.path.join(folder, "listing")
    with open(listing, "w") as out:
        if method == "ssdeep":
            out.write("ssdeep,1.1--blocksize:hash:hash,filename\n" + "".join(f'{d},"{i}"\n' for i, d in enumerate(digests)))
        else:
            out.write("".join(f"{d[2:]}\t{i}\n" for i, d in enumerate(digests)))
    if method == "ssdeep":
        for line in lines("ssdeep", "-c", "-a", "-x", listing):
            if line:
                first, second, score = line.replace('"', "").split(",")
                theirs.setdefault((min(int(first), int(second)), max(int(first), int(second))), set()).add((int(score),))
    else:
        for flags, place in (([], 0), (["-xlen"], 1)):
            for line in lines("tlsh", "-xref", *flags, "-l", listing):
                first, second, score = line.split("\t")
                key = min(int(first), int(second)), max(int(first), int(second))
                theirs.setdefault(key, [None, None])[place] = int(score)
        theirs = {key: {tuple(value)} for key, value in theirs.items()}
    wrong = [(key, ours[key], theirs[key]) for key in theirs if theirs[key] != {ours[key]}]
    alike = sum(1 for key in theirs if (ours[key][0] > 0 if method == "ssdeep" else ours[key][0] <= 100))
    return len(theirs), len(ours), alike, wrong


def main():
    rng, started = random.Random(1), time.time()
    with tempfile.TemporaryDirectory(prefix="whorl-crosscheck-") as folder:
        paths, earlier = [], []
        for i, length in enumerate(lengths(rng, FILES - REAL)):
            data = make(rng, length, earlier)[:LONGEST]
            if 2000 < len(data) < 60_000:
                earlier = (earlier + [data])[-200:]
            paths.append(os.path.join(folder, f"{i}"))
            with open(paths[-1], "wb") as out:
                out.write(data)
        paths += real_files(REAL)
        size = {path: os.path.getsize(path) for path in paths}

        ours = {}
        for batch in batches(paths):
            for line in lines(WHORL, "hash", *batch):
                path, _, _, ssdeep, tlsh, *_ = line.split("\t")
                ours[path] = ssdeep, tlsh
        peer = {}
        for batch in batches(paths):
            for line in lines("ssdeep", "-s", *batch)[1:]:
                digest, path = line.split(",", 1)
                peer[path.strip('"')] = digest
        ssdeep_wrong = [p for p in paths if p not in ours or ours[p][0] != peer.get(p)]

        tlsh_wrong, compared, short, none = [], 0, 0, 0
        for path in paths:
            if size[path] < PEER_TLSH_LEAST:
                short += 1
                continue
            said = lines("tlsh", "-f", path)
            theirs = said[0].split("\t")[0] if said else ""
            compared += 1
            none += theirs == ""
            if path not in ours or ours[path][1][2:] != theirs:
                tlsh_wrong.append((path, size[path], ours.get(path), theirs))

        usable = [p for p in paths if ours[p][1]]
        chosen = random.Random(3).sample(usable, min(SCORED, len(usable)))
        ssdeep_scores = compare_scores(folder, "ssdeep", sorted({ours[p][0] for p in chosen}))
        tlsh_scores = compare_scores(folder, "tlsh", sorted({ours[p][1] for p in chosen}))

        print(f"| what | compared | different |\n|---|---|---|")
        print(f"| ssdeep digests, `ssdeep` {lines('ssdeep', '-V')[0]} | {len(paths)} files, {sum(size.values()) / 1e6:.0f} MB, {min(size.values())} to {max(size.values())} bytes ({len(paths) - REAL} generated, {REAL} real) | {len(ssdeep_wrong)} |")
        print(f"| TLSH digests, `tlsh` 3.4.4 | {compared} files of {PEER_TLSH_LEAST} bytes and more ({none} of them have none, by both); {short} shorter ones are not hashed by it | {len(tlsh_wrong)} |")
        print(f"| ssdeep scores | {ssdeep_scores[0]} of {ssdeep_scores[1]} pairs, both ways round; {ssdeep_scores[2]} score above 0 | {len(ssdeep_scores[3])} |")
        print(f"| TLSH distances, with and without length | {tlsh_scores[0]} of {tlsh_scores[1]} pairs; {tlsh_scores[2]} at 100 or nearer | {len(tlsh_scores[3])} |")
        for wrong in itertools.islice(itertools.chain(ssdeep_wrong, tlsh_wrong, ssdeep_scores[3], tlsh_scores[3]), 20):
            print("different:", wrong, file=sys.stderr)
        print(f"{time.time() - started:.0f} s", file=sys.stderr)
        return 1 if ssdeep_wrong or tlsh_wrong or ssdeep_scores[3] or tlsh_scores[3] else 0


sys.exit(main())
