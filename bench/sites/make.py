"""Makes web sites for the bench: a page of its own for each, icon and five assets, as files of a web server."""
import os
import random
import sys

folder, count = sys.argv[1], int(sys.argv[2])
words = "account verify secure login bank payment update customer service wallet bonus offer confirm identity support card transfer limited today".split()
shared = os.path.join(folder, "shared")
os.makedirs(shared)
noise = random.Random(7)
assets = {"kit.js": 24_000, "app.js": 60_000, "style.css": 12_000, "theme.css": 20_000, "logo.png": 18_000}
for name, size in assets.items():
    with open(os.path.join(shared, name), "w", encoding="ascii") as file:
        file.write("".join(f"{noise.choice(words)}({noise.randrange(10**6)});\n" for _ in range(size // 18)))
with open(os.path.join(shared, "favicon.ico"), "wb") as file:
    file.write(noise.randbytes(4286))
for number in range(count):
    site = os.path.join(folder, f"127.77.{number // 250}.{number % 250 + 1}")
    os.makedirs(site)
    for name in [*assets, "favicon.ico"]:
        os.link(os.path.join(shared, name), os.path.join(site, name))
    one = random.Random(number)
    text = "\n".join(f"<div class=row><p>{' '.join(one.choices(words, k=20))}</p><a href='https://out{one.randrange(40)}.example/{one.randrange(999)}'>{one.choice(words)}</a></div>" for _ in range(110))
    with open(os.path.join(site, "index.html"), "w", encoding="ascii") as file:
        file.write(
            f"<!doctype html><html lang=en><head><meta charset=utf-8><title>Shop {number}: {one.choice(words)}</title><link rel=icon href=/favicon.ico>"
            f"<link rel=stylesheet href=/style.css><link rel=stylesheet href=/theme.css><script src=/kit.js></script><script src=/app.js></script>"
            f"<script>gtag('config', 'G-{number % 90:08d}AB');</script></head><body><img src=/logo.png><form method=post action=/post.php>"
            f"<input name=user><input type=password name=pass></form>\n{text}\n</body></html>\n"
        )
