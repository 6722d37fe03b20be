#!/usr/bin/env python3
"""JARM as its published scanner takes it: ten connections one after another, one read each, one target after another.

    sequential.py HOST:PORT...     a line of JSON for each target; --host NAME asks for that name (default: example.com)

It shares no code with Whorl: the hellos are the recorded ones of tests/Whorl.Fingerprints.Tests/vectors, the rule for the hash is written down here anew.
"""
import hashlib
import json
import os
import re
import socket
import sys

VECTORS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../tests/Whorl.Fingerprints.Tests/vectors/jarm-probes.jsonl")
NUMBERED = """0004 0005 0007 000a 0016 002f 0033 0035 0039 003c 003d 0041 0045 0067 006b 0084 0088 009a 009c 009d 009e 009f 00ba 00be 00c0 00c4 c007 c008 c009
c00a c011 c012 c013 c014 c023 c024 c027 c028 c02b c02c c02f c030 c060 c061 c072 c073 c076 c077 c09c c09d c09e c09f c0a0 c0a1 c0a2 c0a3 c0ac c0ad c0ae c0af
cc13 cc14 cca8 cca9 1301 1302 1303 1304 1305""".split()


def filled(masked, host):
    """The hello with fresh random bytes: runs of dots are random, those of four hex digits are GREASE. Its recorded host has the length of ours."""
    def fresh(run):
        length = len(run.group())
        if length == 4:
            return ("%xa" % (os.urandom(1)[0] >> 4)) * 2
        return os.urandom(length // 2).hex()
    hello = re.sub(r"\.+", fresh, masked)
    return bytes.fromhex(hello.replace(b"example.com".hex(), host.encode().hex()))


def component(reply):
    if not reply or len(reply) < 44 or reply[0] != 22 or reply[5] != 2:
        return "|||"
    session = reply[43]
    head = reply[session + 44:session + 46].hex() + "|" + reply[9:11].hex() + "|"
    try:
        if reply[session + 47] == 11 or reply[session + 50:session + 53] == b"\x0e\xac\x0b" or reply[82:85] == b"\x0f\xf0\x0b" or session + 42 >= int.from_bytes(reply[3:5], "big"):
            return head + "|"
        at, end = session + 49, int.from_bytes(reply[session + 47:session + 49], "big") + session + 48
        types, alpn = [], ""
        while at < end:
            kind, length = reply[at:at + 2], int.from_bytes(reply[at + 2:at + 4], "big")
            types.append(kind.hex())
            if kind == b"\x00\x10":
                alpn = reply[at + 7:at + 4 + length].decode()
            at += 4 + length
        return head + alpn + "|" + "-".join(types)
    except (IndexError, UnicodeDecodeError):
        return head + "|"


def jarm(raw):
    parts = [part.split("|") for part in raw]
    if all(part == ["", "", "", ""] for part in parts):
        return "0" * 62
    front = "".join("%02x" % (NUMBERED.index(c) + 1 if c in NUMBERED else 70 if c else 0) + ("abcdef"[int(v[3])] if v else "0") for c, v, _, _ in parts)
    return front + hashlib.sha256("".join(a + e for _, _, a, e in parts).encode()).hexdigest()[:32]


def scan(address, port, hellos, host):
    raw = []
    for masked in hellos:
        try:
            with socket.create_connection((address, port), timeout=20) as connection:
                connection.sendall(filled(masked, host))
                raw.append(component(connection.recv(1484)))
        except socket.timeout:
            return ["|||"] * 10
        except OSError:
            raw.append("|||")
    return raw


def main():
    arguments = sys.argv[1:]
    host = "example.com"
    if arguments[0] == "--host":
        host, arguments = arguments[1], arguments[2:]
    assert len(host) == len("example.com"), "a name of the same length, so that no length in the hellos changes"
    with open(VECTORS, encoding="ascii") as file:
        hellos = [json.loads(line)["hex_with_random_bytes_masked"] for line in file]
    for target in arguments:
        address, port = target.rsplit(":", 1)
        raw = scan(address, int(port), hellos, host)
        print(json.dumps({"target": target, "jarm": jarm(raw), "raw": ",".join(raw)}), flush=True)


if __name__ == "__main__":
    main()
