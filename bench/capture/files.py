#!/usr/bin/env python3
"""Makes the two large capture files of the benchmark from the shared captures.

mix:    all Ethernet captures again and again, with other addresses each time, until the size is reached.
hellos: the openings of all TLS connections (SYN, SYN-ACK, hello, answer, ends) again and again, until there are enough hellos.
"""
import glob
import json
import os
import struct
import sys

HEADER = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1)
SYNS = 0x02
OPENING = 6


def frames(path):
    """Frames of a little-endian microsecond pcap with Ethernet; nothing of others."""
    with open(path, "rb") as file:
        data = file.read()
    if data[:4] != b"\xd4\xc3\xb2\xa1" or struct.unpack_from("<I", data, 20)[0] & 0xFFFF != 1:
        return
    at = 24
    while at + 16 <= len(data):
        seconds, micros, captured, original = struct.unpack_from("<IIII", data, at)
        if at + 16 + captured > len(data):
            return
        yield seconds * 1_000_000 + micros, original, data[at + 16 : at + 16 + captured]
        at += 16 + captured


def ip_at(frame):
    """Where the IP header begins, behind VLAN tags; 0 where there is none."""
    at = 12
    while frame[at : at + 2] in (b"\x81\x00", b"\x88\xa8", b"\x91\x00"):
        at += 4
    kind = frame[at : at + 2]
    return at + 2 if kind in (b"\x08\x00", b"\x86\xdd") else 0


def moved(frame, number):
    """The frame with both addresses moved, so that every copy has conversations of its own."""
    at = ip_at(frame)
    if not at or len(frame) < at + 40 and frame[at] >> 4 == 6 or len(frame) < at + 20:
        return frame
    copy = bytearray(frame)
    places = (at + 12, at + 16) if frame[at] >> 4 == 4 else (at + 8, at + 24)
    for place in places:
        value = struct.unpack_from(">H", copy, place)[0]
        # Multicast and loopback stay what they are.
        if copy[place] < 224 and copy[place] != 127 or frame[at] >> 4 == 6:
            struct.pack_into(">H", copy, place + (1 if frame[at] >> 4 == 4 else 2), (struct.unpack_from(">H", copy, place + (1 if frame[at] >> 4 == 4 else 2))[0] + number) & 0xFFFF)
    return bytes(copy)


def key_of(frame):
    at = ip_at(frame)
    if not at or frame[at] >> 4 != 4 or frame[at + 9] != 6:
        return None
    tcp = at + (frame[at] & 15) * 4
    if len(frame) < tcp + 20:
        return None
    one, two = (frame[at + 12 : at + 16], frame[tcp : tcp + 2]), (frame[at + 16 : at + 20], frame[tcp + 2 : tcp + 4])
    return (min(one, two), max(one, two)), frame[tcp + 13], frame[tcp + (frame[tcp + 12] >> 4) * 4 :]


def write(path, groups, enough):
    """Writes the groups of frames again and again; times go on from copy to copy."""
    count = size = 0
    now = 1_700_000_000_000_000
    number = 0
    with open(path, "wb", buffering=1 << 20) as file:
        file.write(HEADER)
        while not enough(size, number):
            for group in groups:
                start = group[0][0]
                for time, original, frame in group:
                    now = max(now + 1, now + min(max(time - start, 0), 20))
                    frame = moved(frame, number)
                    file.write(struct.pack("<IIII", now // 1_000_000, now % 1_000_000, len(frame), original) + frame)
                    size += 16 + len(frame)
                    count += 1
            number += 1
    return {"path": path, "packets": count, "bytes": size, "copies": number}


def main(folder, target, megabytes, hellos):
    paths = sorted(glob.glob(os.path.join(folder, "pcap", "*.pcap")))
    every = [group for group in (list(frames(path)) for path in paths) if group]
    openings = []
    for group in every:
        flows = {}
        for entry in group:
            key = key_of(entry[2])
            if key:
                flows.setdefault(key[0], []).append((entry, key[1], key[2]))
        for flow in flows.values():
            if not flow[0][1] & SYNS:
                continue
            hello = next((i for i, (_, _, payload) in enumerate(flow) if payload[:2] == b"\x16\x03" and payload[5:6] == b"\x01"), None)
            if hello is None:
                continue
            ends = [entry for entry, flags, _ in flow[hello + 1 :] if flags & 5][:2]
            chosen = [entry for entry, _, _ in flow[: max(OPENING, hello + 2)]]
            openings.append(chosen + [entry for entry in ends if entry not in chosen])
    mix = write(os.path.join(target, "mix.pcap"), every, lambda size, _: size >= megabytes * 1_000_000)
    heavy = write(os.path.join(target, "hellos.pcap"), openings, lambda _, number: number * len(openings) >= hellos)
    heavy["hellos"] = heavy["copies"] * len(openings)
    json.dump({"mix": mix, "hellos": heavy}, sys.stdout, indent=2)
    print()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
