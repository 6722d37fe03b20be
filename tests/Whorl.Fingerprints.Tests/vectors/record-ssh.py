#!/usr/bin/env python3
"""Writes ssh-exchanges.jsonl: what OpenSSH and Dropbear send on loopback up to the end of their KEXINIT.

Needs openssh-server, openssh-client and dropbear-bin (Debian), and root for sshd's /run/sshd.
The expected texts are taken apart here by other code than the library's.
"""
import hashlib, json, os, socket, struct, subprocess, tempfile, threading, time

HERE = os.path.dirname(os.path.abspath(__file__))


def opening(data):
    """The bytes to the end of the first packet; None where they are not complete."""
    at = 0
    while data[at:at + 4] != b"SSH-":
        at = data.find(b"\n", at) + 1
        if at == 0:
            return None
    packet = data.find(b"\n", at) + 1
    if packet == 0 or len(data) < packet + 4:
        return None
    end = packet + 4 + struct.unpack(">I", data[packet:packet + 4])[0]
    return data[:end] if len(data) >= end else None


def relay(port):
    """A listener that passes one connection on and keeps both sides' bytes."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(1)
    seen = {"client": b"", "server": b""}

    def pump(source, target, side):
        try:
            while data := source.recv(65536):
                seen[side] += data
                target.sendall(data)
            target.shutdown(1)
        except OSError:
            pass

    def run():
        client, _ = listener.accept()
        server = socket.create_connection(("127.0.0.1", port))
        threads = [threading.Thread(target=pump, args=args, daemon=True)
                   for args in ((client, server, "client"), (server, client, "server"))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(5)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return listener.getsockname()[1], seen, thread


def row(tool, side, data):
    start = data.index(b"\n", data.index(b"SSH-")) + 1
    payload = data[start + 5:len(data) - data[start + 4]]
    lists, at = [], 17
    for _ in range(10):
        length = struct.unpack(">I", payload[at:at + 4])[0]
        lists.append(payload[at + 4:at + 4 + length].decode())
        at += 4 + length
    first = 2 if side == "client" else 3
    text = ";".join([lists[0], lists[first], lists[first + 2], lists[first + 4]])
    return {"tool": tool, "side": side, "bytes": data.hex(), "banner": data[:start].decode().rstrip("\r\n"),
            "host_keys": lists[1], "text": text, "md5": hashlib.md5(text.encode()).hexdigest()}


def main():
    os.makedirs("/run/sshd", exist_ok=True)
    rows = []
    with tempfile.TemporaryDirectory() as home:
        key, drop_key = os.path.join(home, "key"), os.path.join(home, "drop-key")
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
        subprocess.run(["dropbearkey", "-t", "ed25519", "-f", drop_key], check=True, capture_output=True)
        servers = [
            subprocess.Popen(["/usr/sbin/sshd", "-D", "-f", "/dev/null", "-h", key, "-p", "39022", "-o", "ListenAddress=127.0.0.1", "-o", "PidFile=none"]),
            subprocess.Popen(["dropbear", "-F", "-E", "-r", drop_key, "-p", "127.0.0.1:39023", "-P", os.path.join(home, "pid")]),
        ]
        time.sleep(1)
        ssh = ["ssh", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "BatchMode=yes"]
        chosen = ["-o", "KexAlgorithms=curve25519-sha256,diffie-hellman-group14-sha256", "-o", "Ciphers=aes256-ctr,aes128-ctr",
                  "-o", "MACs=hmac-sha2-256", "-o", "Compression=yes"]
        for client, server, port, command in [
            ("openssh client", "openssh server", 39022, ssh),
            ("openssh client, chosen algorithms", "dropbear server", 39023, ssh + chosen),
            ("dropbear client", "openssh server", 39022, ["dbclient", "-y"]),
        ]:
            listening, seen, thread = relay(port)
            subprocess.run(command + ["-p", str(listening), "nobody@127.0.0.1", "true"], capture_output=True,
                           timeout=10, stdin=subprocess.DEVNULL, env={**os.environ, "HOME": home})
            thread.join(6)
            rows += [row(tool, side, opening(seen[side])) for side, tool in (("client", client), ("server", server))]
        for process in servers:
            process.terminate()
    with open(os.path.join(HERE, "ssh-exchanges.jsonl"), "w") as out:
        out.writelines(json.dumps(each) + "\n" for each in rows)


main()
