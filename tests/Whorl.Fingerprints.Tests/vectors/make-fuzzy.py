#!/usr/bin/env python3
"""Writes fuzzy-documents.jsonl and ssdeep-scores.jsonl with the values that libfuzzy and libtlsh give.

Needs gcc, libfuzzy-dev and libtlsh-dev (Debian). The documents are made from kind, seed and length
exactly as Documents.cs makes them.
"""
import json, os, random, subprocess, tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
WORDS = "login bank the secure of account <div> </div> your password is now".split()
PEER = r"""
#include <cstdio>
#include <cstring>
#include <cstdlib>
#include <fuzzy.h>
#include <tlsh.h>
int main(int argc, char **argv) {
    static char line[1 << 16];
    if (argc > 1) {
        while (fgets(line, sizeof line, stdin)) {
            line[strcspn(line, "\n")] = 0;
            char *tab = strchr(line, '\t');
            *tab = 0;
            printf("%d\n", fuzzy_compare(line, tab + 1));
        }
        return 0;
    }
    while (fgets(line, sizeof line, stdin)) {
        line[strcspn(line, "\n")] = 0;
        FILE *file = fopen(line, "rb");
        fseek(file, 0, SEEK_END);
        long size = ftell(file);
        rewind(file);
        unsigned char *data = (unsigned char *)malloc(size + 1);
        if (fread(data, 1, size, file) != (size_t)size) return 1;
        fclose(file);
        char digest[FUZZY_MAX_RESULT];
        fuzzy_hash_buf(data, size, digest);
        Tlsh tlsh;
        tlsh.final(data, size);
        printf("%s\t%s\n", digest, tlsh.getHash());
        free(data);
    }
}
"""


def xorshift(seed):
    state = seed | 1
    while True:
        state ^= state << 13 & 0xFFFFFFFF
        state ^= state >> 17
        state ^= state << 5 & 0xFFFFFFFF
        yield state


def rand(seed, length):
    states = xorshift(seed)
    return bytes(next(states) >> 11 & 0xFF for _ in range(length))


def make(kind, seed, length):
    if kind == "random":
        return rand(seed, length)
    if kind == "few":
        return bytes(ord("a") + (b & 3) for b in rand(seed, length))
    if kind == "same":
        return bytes([seed & 0xFF]) * length
    if kind == "zero-tail":
        return rand(seed, length // 2) + bytes(length - length // 2)
    out, states = "", xorshift(seed)
    while len(out) < length:
        state = next(states)
        out += WORDS[(state >> 7) % 12] + ("\n" if (state >> 20) % 9 == 0 else " ")
    return out[:length].encode()


def mutate(rng, digest):
    block, first, second = digest.split(":", 2)
    letters = "ABCdef019+/"
    for _ in range(rng.randint(0, 3)):
        where = rng.randint(0, 4)
        if where == 0:
            block = str(rng.choice([3, 6, 12, 24, 48, 96, 192, 5]))
        elif where == 1:
            at = rng.randint(0, len(first))
            first = first[:at] + rng.choice(letters) * rng.randint(1, 5) + first[at:]
        elif where == 2:
            at = rng.randint(0, len(second))
            second = second[:at] + rng.choice(letters) * rng.randint(1, 5) + second[at:]
        elif where == 3:
            at = rng.randint(0, len(first))
            first = first[:at] + first[at + rng.randint(1, 8):]
        else:
            first, second = second, first
    return block + rng.choice([":"] * 9 + [""]) + first + ":" + second + rng.choice(["", "", "", ',"a b"'])


def main():
    rng = random.Random(20)
    rows = []
    for kind in ["random", "few", "same", "zero-tail", "text"]:
        lengths = [0, 1, 6, 7, 8, 49, 50, 51, 64, 191, 192, 193, 255, 256, 257, 384, 1000, 1536, 4096, 12289]
        lengths += [rng.randint(1, 3000) for _ in range(15)] + [rng.randint(3000, 60000) for _ in range(8)]
        rows += [{"kind": kind, "seed": rng.randint(1, 1 << 30), "length": n} for n in lengths]
    rows.append({"kind": "random", "seed": 77, "length": 700000})
    with tempfile.TemporaryDirectory() as folder:
        source, peer = os.path.join(folder, "peer.cpp"), os.path.join(folder, "peer")
        open(source, "w").write(PEER)
        subprocess.run(["g++", "-O2", "-o", peer, source, "-lfuzzy", "-ltlsh"], check=True)
        paths = []
        for index, row in enumerate(rows):
            paths.append(os.path.join(folder, str(index)))
            open(paths[-1], "wb").write(make(**row))
        answers = subprocess.run([peer], input="\n".join(paths) + "\n", text=True, capture_output=True, check=True).stdout
        for row, answer in zip(rows, answers.splitlines()):
            row["ssdeep"], tlsh = answer.split("\t")
            if row["length"] >= 256:  # Debian's 3.4.4 refuses less; the current reference starts at 50
                row["tlsh"] = "T1" + tlsh if tlsh else ""
        digests = [row["ssdeep"] for row in rows]
        pairs = []
        for _ in range(400):
            one = rng.choice(digests)
            pairs.append((mutate(rng, one), mutate(rng, one if rng.random() < 0.8 else rng.choice(digests))))
        text = "".join(f"{a}\t{b}\n" for a, b in pairs)
        scores = subprocess.run([peer, "compare"], input=text, text=True, capture_output=True, check=True).stdout.split()
    with open(os.path.join(HERE, "fuzzy-documents.jsonl"), "w") as out:
        out.writelines(json.dumps(row) + "\n" for row in rows)
    with open(os.path.join(HERE, "ssdeep-scores.jsonl"), "w") as out:
        out.writelines(json.dumps({"a": a, "b": b, "score": int(s)}) + "\n" for (a, b), s in zip(pairs, scores))


main()
