"""Writing HTML: escaped by default, one style sheet, and a policy that lets nothing else in."""

import base64
import hashlib
import re
from html import escape

STYLE = """
:root{color-scheme:light dark;--line:#8884;--soft:#8881;--mark:#0a6}
body{font:15px/1.5 system-ui,sans-serif;margin:0 auto;max-width:70rem;padding:1rem 1.5rem 4rem}
h1{font-size:1.6rem}h2{margin-top:3rem;border-bottom:1px solid var(--line)}h3{margin:2rem 0 .3rem;font-size:1.05rem}
code,pre{font:13px/1.45 ui-monospace,monospace}code{background:var(--soft);padding:.1em .3em;border-radius:3px}
pre{background:var(--soft);padding:.7rem;overflow:auto;border-radius:4px}
table{border-collapse:collapse;width:100%;margin:.4rem 0 1rem}
td,th{border-bottom:1px solid var(--line);padding:.25rem .5rem;text-align:left;vertical-align:top}
nav{columns:3 16rem;font-size:.9rem}nav a{display:block;text-decoration:none}
details{margin:.3rem 0}summary{cursor:pointer}
.method{display:inline-block;min-width:4.2em;font-weight:700;color:var(--mark)}.soft{opacity:.7}
""".strip()
POLICY = (
    "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'; style-src 'sha256-"
    + base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
    + "'"
)
CODE = re.compile(r"`([^`]+)`")


def page(title: str, body: str) -> str:
    """Return a whole page."""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head><body>{body}</body></html>"
    )


def prose(text: str) -> str:
    """Return paragraphs, with what stands between backticks as code."""
    paragraphs = [part.strip() for part in text.split("\n\n") if part.strip()]
    return "".join(f"<p>{inline(part)}</p>" for part in paragraphs)


def inline(text: str) -> str:
    """Return a line of text, with what stands between backticks as code."""
    return CODE.sub(r"<code>\1</code>", escape(text, quote=False))


def table(head: list[str], rows: list[list[str]]) -> str:
    """Return a table of cells that are HTML already; nothing where there are no rows."""
    if not rows:
        return ""
    first = "".join(f"<th>{escape(cell)}</th>" for cell in head)
    rest = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><tr>{first}</tr>{rest}</table>"


def code(text: str) -> str:
    """Return a piece of code in a line."""
    return f"<code>{escape(text)}</code>"


def link(target: str, label: str) -> str:
    """Return a link; the label is HTML already."""
    return f'<a href="{escape(target)}">{label}</a>'
