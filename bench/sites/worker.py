"""The same steps as a visit of Whorl, one site after the other, with the libraries that Debian has: requests, BeautifulSoup, ssdeep."""
import hashlib
import json
import re
import socket
import ssl
import sys
import time
from urllib.parse import urljoin, urlparse

import requests
import ssdeep
import urllib3
from bs4 import BeautifulSoup, Comment

urllib3.disable_warnings()
HTML_MAX, ASSET_MAX, ICON_MAX, MAX_ASSETS = 512_000, 256_000, 100_000, 10
TRACKERS = [re.compile(pattern) for pattern in (
    r"\bUA-\d{4,10}-\d{1,4}\b", r"\bG-[A-Z0-9]{8,12}\b", r"\bGTM-[A-Z0-9]{4,9}\b", r"\bAW-\d{6,12}\b", r"fbq\('init',\s*'(\d{15,16})'", r"\bym\((\d{7,9})",
    r"hjid:\s*(\d{6,8})", r"\bpk_live_[A-Za-z0-9]{16,}", r"[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}", r"\b(?:bc1|[13])[a-zA-HJ-NP-Z0-9]{25,62}\b", r"\b0x[a-fA-F0-9]{40}\b",
)]


def read(session, url, cap, timeout):
    with session.get(url, timeout=timeout, verify=False, stream=True) as answer:
        body = answer.raw.read(cap, decode_content=True)
        return answer, body


def certificate(host, port):
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with socket.create_connection((host, port), timeout=8) as wire, context.wrap_socket(wire, server_hostname=host) as tls:
        return {"sha256": hashlib.sha256(tls.getpeercert(binary_form=True)).hexdigest(), "version": tls.version(), "cipher": tls.cipher()[0]}


def hashes(body):
    return {"bytes": len(body), "sha256": hashlib.sha256(body).hexdigest(), "ssdeep": ssdeep.hash(body)}


def scan(url):
    begin = time.time()
    session = requests.Session()
    answer, body = read(session, url, HTML_MAX, 8)
    page = BeautifulSoup(body, "html.parser")
    host = urlparse(answer.url).hostname
    links = [urljoin(answer.url, tag.get("src") or tag.get("href")) for tag in page.find_all(["script", "link", "img", "iframe", "a"]) if tag.get("src") or tag.get("href")]
    text = " ".join(page.get_text(" ").lower().split())
    tree = "/".join(tag.name for tag in page.find_all(True))
    source = body.decode("utf-8", "replace")
    record = {
        "url": url, "final": answer.url, "status": answer.status_code, "headers": dict(list(answer.headers.items())[:50]), "html": hashes(body), "text": hashes(text.encode()),
        "dom": hashlib.sha256(tree.encode()).hexdigest(), "title": page.title.get_text() if page.title else None,
        "forms": [{"action": form.get("action"), "fields": [field.get("name") for field in form.find_all("input")]} for form in page.find_all("form")],
        "comments": [str(comment)[:200] for comment in page.find_all(string=lambda part: isinstance(part, Comment))],
        "scripts": [hashlib.sha256(script.get_text().encode()).hexdigest() for script in page.find_all("script") if not script.get("src")],
        "external": sorted({urlparse(link).hostname for link in links if urlparse(link).hostname not in (None, host)})[:50],
        "trackers": sorted({match.group(0) for pattern in TRACKERS for match in pattern.finditer(source)}), "icons": [], "assets": [],
        "tls": certificate(host, urlparse(answer.url).port or 443),
    }
    icons = {urljoin(answer.url, tag["href"]) for tag in page.find_all("link", rel=re.compile("icon")) if tag.get("href")} | {urljoin(answer.url, "/favicon.ico")}
    for icon in icons:
        _, bytes_ = read(session, icon, ICON_MAX, 5)
        record["icons"].append({"sha256": hashlib.sha256(bytes_).hexdigest(), "md5": hashlib.md5(bytes_).hexdigest()})
    wanted = [urljoin(answer.url, tag.get("src") or tag.get("href")) for tag in page.find_all(["script", "link", "img"]) if tag.get("src") or "stylesheet" in (tag.get("rel") or [])]
    for asset in [each for each in wanted if urlparse(each).hostname == host][:MAX_ASSETS]:
        _, bytes_ = read(session, asset, ASSET_MAX, 5)
        record["assets"].append({"url": asset, **hashes(bytes_)})
    record["ms"] = int((time.time() - begin) * 1000)
    return record


for line in sys.stdin:
    try:
        print(json.dumps(scan(line.strip())))
    except (requests.RequestException, OSError) as fault:
        print(json.dumps({"url": line.strip(), "error": str(fault)}))
