#!/usr/bin/env python3
"""Records the own vectors of the fingerprint tests with real clients on loopback.

usage: record.py FOLDER    writes tls-hellos.jsonl, dtls-hellos.jsonl and http2-openings.jsonl into FOLDER

Needs openssl, curl, chromium and tshark 4. JA3 and JA3S are what tshark says of the same bytes; JA4 is worked out
below from the published rule, apart from the C# code. A row holds the bytes of one side until the hello was whole.
"""
import hashlib
import json
import os
import selectors
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import threading


def own_certificate(folder):
    key, cert = os.path.join(folder, "key.pem"), os.path.join(folder, "cert.pem")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key,
                    "-out", cert, "-days", "2", "-subj", "/CN=vectors.test", "-addext", "subjectAltName=DNS:vectors.test"],
                   check=True, capture_output=True)
    return key, cert


def client_hello_of(command, port, listener, answers=0):
    """Runs a client against a listener that reads one hello and hangs up."""
    client = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        listener.settimeout(20)
        peer, _ = listener.accept()
        with peer:
            peer.settimeout(5)
            data = b""
            while not whole(data):
                part = peer.recv(65536)
                if not part:
                    break
                data += part
            return data
    finally:
        client.terminate()
        client.wait()


def whole(data):
    message, at = b"", 0
    while at + 5 <= len(data):
        size = struct.unpack(">H", data[at + 3:at + 5])[0]
        message += data[at + 5:at + 5 + size]
        at += 5 + size
    return len(message) >= 4 and len(message) >= 4 + int.from_bytes(message[1:4], "big")


def relay(command, server_port, key_cert, server_args, before=None):
    """Runs a client through a recording relay to openssl s_server; gives both directions. `before` runs unrecorded."""
    key, cert = key_cert
    server = subprocess.Popen(["openssl", "s_server", "-accept", str(server_port), "-key", key, "-cert", cert, "-quiet", *server_args],
                              stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        listener.settimeout(20)
        for _ in range(100):
            try:
                probe = socket.create_connection(("127.0.0.1", server_port), 1)
                break
            except OSError:
                threading.Event().wait(0.05)
        probe.close()
        if before:
            first = subprocess.Popen([c.replace("PORT", str(server_port)) for c in before], stdin=subprocess.PIPE,
                                     stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            threading.Event().wait(1)
            first.terminate()
            first.wait()
        client = subprocess.Popen([c.replace("PORT", str(port)) for c in command], stdin=subprocess.PIPE,
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        down, _ = listener.accept()
        up = socket.create_connection(("127.0.0.1", server_port))
        sent = {"client": b"", "server": b""}

        def pump(source, sink, name):
            source.settimeout(2)
            try:
                while part := source.recv(65536):
                    sent[name] += part
                    sink.sendall(part)
            except OSError:
                pass

        threads = [threading.Thread(target=pump, args=a) for a in ((down, up, "client"), (up, down, "server"))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(5)
        client.terminate()
        server.terminate()
        client.wait()
        server.wait()
        down.close()
        up.close()
    return sent["client"], sent["server"]


def checksum(data):
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    total = (total >> 16) + (total & 0xFFFF)
    return ~(total + (total >> 16)) & 0xFFFF


def capture(path, payload, from_server=False):
    """Wraps bytes of one direction as a raw-IP capture of one TCP stream."""
    client, server = (bytes([192, 0, 2, 1]), 40000), (bytes([192, 0, 2, 2]), 443)
    with open(path, "wb") as out:
        out.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 101))
        source, sink = (server, client) if from_server else (client, server)
        for at in range(0, len(payload), 1400):
            part = payload[at:at + 1400]
            tcp = struct.pack(">HHIIBBHHH", source[1], sink[1], 1 + at, 1, 0x50, 0x18, 64240, 0, 0) + part
            ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(tcp), 1, 0, 64, 6, 0, source[0], sink[0])
            packet = ip[:10] + struct.pack(">H", checksum(ip)) + ip[12:] + tcp
            out.write(struct.pack("<IIII", 0, at, len(packet), len(packet)) + packet)


def tshark(payload, fields, from_server=False):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "one.pcap")
        capture(path, payload, from_server)
        text = subprocess.run(["tshark", "-r", path, "-Y", "tls.handshake.type == %d" % (2 if from_server else 1), "-T", "fields",
                               "-E", "occurrence=f", *[a for f in fields for a in ("-e", f)]], check=True, capture_output=True, text=True).stdout
    return text.splitlines()[0].split("\t")


def grease(value):
    return value & 0x0F0F == 0x0A0A and value >> 8 == value & 0xFF


def ja4(stream, transport="t"):
    message, at = b"", 0
    while at < len(stream):
        size = struct.unpack(">H", stream[at + 3:at + 5])[0]
        message += stream[at + 5:at + 5 + size]
        at += 5 + size
    version = int.from_bytes(message[4:6], "big")
    at = 38
    at += 1 + message[at]
    size = int.from_bytes(message[at:at + 2], "big")
    ciphers = [c for c in struct.unpack(f">{size // 2}H", message[at + 2:at + 2 + size]) if not grease(c)]
    at += 2 + size
    at += 1 + message[at]
    end = at + 2 + int.from_bytes(message[at:at + 2], "big")
    at += 2
    types, algorithms, alpn = [], [], b""
    while at < end:
        kind, size = struct.unpack(">HH", message[at:at + 4])
        body = message[at + 4:at + 4 + size]
        at += 4 + size
        if grease(kind):
            continue
        types.append(kind)
        if kind == 13:
            algorithms = [a for a in struct.unpack(f">{len(body) // 2 - 1}H", body[2:]) if not grease(a)]
        elif kind == 16:
            alpn = body[3:3 + body[2]]
        elif kind == 43:
            version = max(v for v in struct.unpack(f">{len(body) // 2}H", body[1:]) if not grease(v))

    def text(values):
        return ",".join(f"{v:04x}" for v in values)

    def short(plain):
        return hashlib.sha256(plain.encode()).hexdigest()[:12] if plain else "0" * 12

    letters = chr(alpn[0]) + chr(alpn[-1]) if alpn else "00"
    names = {0x304: "13", 0x303: "12", 0x302: "11", 0x301: "10"}
    head = f"{transport}{names[version]}{'d' if 0 in types else 'i'}{len(ciphers):02}{len(types):02}{letters}"
    tail = "_" + text(algorithms) if algorithms else ""
    ordered = text(sorted(t for t in types if t not in (0, 16))) + tail
    return {"ja4": f"{head}_{short(text(sorted(ciphers)))}_{short(ordered)}",
            "ja4_r": f"{head}_{text(sorted(ciphers))}_{ordered}",
            "ja4_o": f"{head}_{short(text(ciphers))}_{short(text(types) + tail)}",
            "ja4_ro": f"{head}_{text(ciphers)}_{text(types) + tail}"}


def tls_rows(key_cert):
    openssl = ["openssl", "s_client", "-connect", "127.0.0.1:PORT"]
    curl = ["curl", "-sk", "--resolve", "vectors.test:PORT:127.0.0.1", "https://vectors.test:PORT/"]
    profile = tempfile.mkdtemp()
    chromium = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={profile}", "--ignore-certificate-errors",
                "--host-resolver-rules=MAP vectors.test 127.0.0.1", "https://vectors.test:PORT/"]
    clients = {
        "curl": curl, "curl http/1.1": [*curl, "--http1.1"], "curl tls 1.2": [*curl, "--tls-max", "1.2"],
        "openssl": [*openssl, "-servername", "vectors.test"], "openssl no sni": [*openssl, "-noservername"],
        "openssl tls 1.2": [*openssl, "-tls1_2", "-servername", "vectors.test"], "openssl tls 1.1": [*openssl, "-tls1_1", "-cipher", "ALL:@SECLEVEL=0"],
        "openssl tls 1.0 no ticket": [*openssl, "-tls1", "-no_ticket", "-cipher", "ALL:@SECLEVEL=0"],
        "openssl alpn": [*openssl, "-alpn", "spdy/9,x", "-servername", "a.vectors.test"],
        "openssl odd groups": [*openssl, "-groups", "X448:P-521", "-sigalgs", "RSA-PSS+SHA512", "-ciphersuites", "TLS_CHACHA20_POLY1305_SHA256"],
        "chromium": chromium,
    }
    for name, command in clients.items():
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
            data = client_hello_of([c.replace("PORT", str(port)) for c in command], port, listener)
        yield row(name, data)
    servers = {
        "openssl 1.3": ([*openssl, "-servername", "vectors.test"], []),
        "openssl 1.3 hello retry": ([*openssl, "-groups", "X25519:P-384"], ["-groups", "P-384"]),
        "openssl 1.2": ([*openssl, "-tls1_2", "-alpn", "h2,http/1.1"], ["-alpn", "http/1.1"]),
        "openssl 1.0": ([*openssl, "-tls1", "-cipher", "ALL:@SECLEVEL=0"], ["-cipher", "ALL:@SECLEVEL=0"]),
    }
    for at, (name, (command, args)) in enumerate(servers.items()):
        client, server = relay(command, 24430 + at, key_cert, args)
        yield row("relay " + name, hello_only(client), server)
    with tempfile.TemporaryDirectory() as folder:
        ticket = os.path.join(folder, "ticket")
        for name, extra in (("tls 1.3 psk", []), ("tls 1.2 ticket", ["-tls1_2"])):
            named = [*openssl, *extra, "-servername", "vectors.test"]
            client, server = relay([*named, "-sess_in", ticket], 24450, key_cert, [], before=[*named, "-sess_out", ticket])
            yield row("resumed " + name, hello_only(client), server)


def hello_only(data):
    for end in range(1, len(data) + 1):
        if whole(data[:end]):
            size = struct.unpack(">H", data[3:5])[0]
            return data[:max(end, 5 + size)]
    return data


def row(name, client, server=None):
    ja3, full = tshark(client, ["tls.handshake.ja3", "tls.handshake.ja3_full"])
    out = {"name": name, "client": client.hex(), "ja3": ja3, "ja3_full": full, **ja4(client)}
    if server is not None:
        plain = server[:2048]
        ja3s, full = tshark(plain, ["tls.handshake.ja3s", "tls.handshake.ja3s_full"], from_server=True)
        out |= {"server": plain.hex(), "ja3s": ja3s, "ja3s_full": full}
    return out


def udp_capture(path, datagrams, from_server):
    source, sink = ((192, 0, 2, 2), 4433), ((192, 0, 2, 1), 40000)
    if not from_server:
        source, sink = sink, source
    with open(path, "wb") as out:
        out.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 101))
        for at, part in enumerate(datagrams):
            udp = struct.pack(">HHHH", source[1], sink[1], 8 + len(part), 0) + part
            ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 1, 0, 64, 17, 0, bytes(source[0]), bytes(sink[0]))
            packet = ip[:10] + struct.pack(">H", checksum(ip)) + ip[12:] + udp
            out.write(struct.pack("<IIII", 0, at, len(packet), len(packet)) + packet)


def udp_tshark(datagrams, from_server):
    field = "dtls.handshake.ja3" + ("s" if from_server else "")
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "one.pcap")
        udp_capture(path, datagrams, from_server)
        text = subprocess.run(["tshark", "-r", path, "-d", "udp.port==4433,dtls", "-Y", field, "-T", "fields", "-e", field],
                              check=True, capture_output=True, text=True).stdout
    return text.split()


def dtls_rows(key_cert):
    """openssl s_client through a recording UDP relay to openssl s_server; one datagram a string."""
    key, cert = key_cert
    cases = {
        "openssl dtls 1.2": (["-dtls1_2", "-servername", "vectors.test", "-alpn", "h2"], ["-dtls1_2"]),
        "openssl dtls 1.2 fragmented": (["-dtls1_2", "-mtu", "256", "-servername", "vectors.test"], ["-dtls1_2", "-mtu", "256", "-listen"]),
        "openssl dtls 1.0": (["-dtls1", "-cipher", "ALL:@SECLEVEL=0"], ["-dtls1", "-cipher", "ALL:@SECLEVEL=0", "-listen"]),
    }
    for at, (name, (client_args, server_args)) in enumerate(cases.items()):
        port = 24460 + at
        server = subprocess.Popen(["openssl", "s_server", "-accept", str(port), "-key", key, "-cert", cert, "-quiet", *server_args],
                                  stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        threading.Event().wait(0.5)
        sent = {"client": [], "server": []}
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as down, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as up:
            down.bind(("127.0.0.1", 0))
            up.connect(("127.0.0.1", port))
            client = subprocess.Popen(["openssl", "s_client", "-connect", f"127.0.0.1:{down.getsockname()[1]}", *client_args],
                                      stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            peer = None
            selector = selectors.DefaultSelector()
            selector.register(down, selectors.EVENT_READ)
            selector.register(up, selectors.EVENT_READ)
            while events := selector.select(2):
                for ready, _ in events:
                    if ready.fileobj is down:
                        data, peer = down.recvfrom(65536)
                        sent["client"].append(data)
                        up.send(data)
                    else:
                        data = up.recv(65536)
                        sent["server"].append(data)
                        down.sendto(data, peer)
            client.kill()
            server.kill()
            client.wait()
            server.wait()
        yield {"name": name, "client": [d.hex() for d in sent["client"]], "server": [d.hex() for d in sent["server"]],
               "ja3": udp_tshark(sent["client"], False), "ja3s": udp_tshark(sent["server"], True)}


def http2_rows(key_cert):
    """Clients against a TLS listener that offers h2, sends SETTINGS and records what they send."""
    key, cert = key_cert
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    context.set_alpn_protocols(["h2"])
    profile = tempfile.mkdtemp()
    clients = {
        "curl": ["curl", "-sk", "--http2", "--resolve", "vectors.test:PORT:127.0.0.1", "https://vectors.test:PORT/a?b=c"],
        "curl post": ["curl", "-sk", "--http2", "-d", "x=1", "-H", "X-Odd: 1", "-b", "a=b", "--resolve", "vectors.test:PORT:127.0.0.1", "https://vectors.test:PORT/"],
        "chromium": ["chromium", "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={profile}", "--ignore-certificate-errors",
                     "--host-resolver-rules=MAP vectors.test 127.0.0.1", "https://vectors.test:PORT/"],
    }
    for name, command in clients.items():
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
            listener.settimeout(20)
            client = subprocess.Popen([c.replace("PORT", str(port)) for c in command], stdin=subprocess.DEVNULL,
                                      stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            data = b""
            peer, _ = listener.accept()
            with context.wrap_socket(peer, server_side=True) as tls:
                tls.settimeout(2)
                tls.sendall(bytes([0, 0, 0, 4, 0, 0, 0, 0, 0]))
                try:
                    while part := tls.recv(65536):
                        data += part
                except OSError:
                    pass
            client.terminate()
            client.wait()
        yield {"name": name, "client": data.hex()}


def main():
    folder = sys.argv[1]
    with tempfile.TemporaryDirectory() as scratch:
        key_cert = own_certificate(scratch)
        for file, rows in (("tls-hellos.jsonl", tls_rows), ("dtls-hellos.jsonl", dtls_rows), ("http2-openings.jsonl", http2_rows)):
            with open(os.path.join(folder, file), "w", encoding="ascii") as out:
                for each in rows(key_cert):
                    out.write(json.dumps(each) + "\n")
                    print(each["name"], len(each["client"]), each.get("ja3"), each.get("ja4"), each.get("ja3s"), file=sys.stderr)


main()
