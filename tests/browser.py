"""A headless browser, for looking at what people will look at."""

from __future__ import annotations

import json
import subprocess
import tempfile
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
ARGUMENTS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--allow-file-access-from-files",
    "--virtual-time-budget=20000",
)
_MERMAID = """<!doctype html><meta charset="utf-8"><body><div id="drawn"></div><pre id="problem"></pre>
<script src="file://%(library)s"></script>
<script>
mermaid.initialize({startOnLoad: false, securityLevel: "strict"});
mermaid.parse(%(text)s)
  .then(() => mermaid.render("chart", %(text)s))
  .then((made) => { document.getElementById("drawn").innerHTML = made.svg; document.title = "drawn"; })
  .catch((error) => { document.getElementById("problem").textContent = String(error); document.title = "failed"; });
</script></body>"""


@cache
def installed() -> tuple[str, str]:
    """The browser's program and the file with Mermaid, put there where they are missing."""
    done = subprocess.run([str(ROOT / "scripts" / "browser")], capture_output=True, text=True, check=False, timeout=600)
    assert done.returncode == 0, done.stderr
    browser, library = done.stdout.split()
    return browser, library


def dom(page: Path) -> str:
    """The document that the page at `page` has become once its scripts have run."""
    with tempfile.TemporaryDirectory() as profile:
        command = [installed()[0], *ARGUMENTS, f"--user-data-dir={profile}", "--dump-dom", page.as_uri()]
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=90).stdout


def mermaid(text: str, scratch: Path) -> str:
    """A document with the drawing that Mermaid makes of `text`; fails with what Mermaid says of a text it refuses."""
    page = scratch / "mermaid.html"
    page.write_text(_MERMAID % {"library": installed()[1], "text": json.dumps(text).replace("</", "<\\/")})
    seen = dom(page)
    assert "<title>drawn</title>" in seen, seen[seen.find('<pre id="problem">') :][:1500]
    return seen
