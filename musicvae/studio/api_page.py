"""The page that lists the API, made of its OpenAPI document; it needs no network and no script."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

_STYLE = """
:root { color-scheme: light dark; --rule: #8884; --faint: #888; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 1rem; }
h2 { font-size: 1.1rem; margin: 2rem 0 .3rem; border-top: 1px solid var(--rule); }
h2 { padding-top: 1rem; }
code, pre { font: 14px/1.5 ui-monospace, monospace; }
pre { overflow-x: auto; padding: .7rem; border: 1px solid var(--rule); border-radius: 6px; }
table { border-collapse: collapse; width: 100%; }
td { padding: .15rem .8rem .15rem 0; vertical-align: top; }
td:first-child { white-space: nowrap; } .faint { color: var(--faint); }
"""


def api_page(document: Mapping[str, Any]) -> str:
    """Returns the page.

    Args:
      document: the OpenAPI document.
    """
    schemas = document.get("components", {}).get("schemas", {})
    info = document["info"]
    parts = [
        "<!doctype html><html lang=en><meta charset=utf-8>"
        "<meta name=viewport content='width=device-width,initial-scale=1'>",
        f"<title>{escape(info['title'])}: API</title><style>{_STYLE}</style>",
        f"<h1>{escape(info['title'])}: API</h1><p>{escape(info['description'])}</p>",
        "<p>Also as <a href='/api/openapi.json'>an OpenAPI document</a>. "
        "<a href='/'>To the studio</a>.</p>",
        f"<pre>{escape(_EXAMPLE)}</pre>",
    ]
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            parts.append(_operation(path, method, operation, schemas))
    parts.append("<h2>What the names mean</h2>")
    for name in ("Source", "Clip", "Note"):
        parts.append(f"<h3><code>{name}</code></h3>{_table(schemas.get(name, {}))}")
    return "\n".join(parts)


_EXAMPLE = """\
curl -H 'Content-Type: application/json' -d '{"count": 1, "seed": 7}' \\
  http://127.0.0.1:8000/api/sample"""


def _operation(
    path: str, method: str, operation: Mapping[str, Any], schemas: Mapping[str, Any]
) -> str:
    title = f"<h2><code>{method.upper()} {escape(path)}</code> {escape(operation['summary'])}</h2>"
    asked = _schema_name(operation.get("requestBody", {}).get("content", {}))
    answer = _schema_name(operation["responses"].get("200", {}).get("content", {}))
    lines = [title]
    for parameter in operation.get("parameters", ()):
        lines.append(f"<p><code>?{escape(parameter['name'])}=</code></p>")
    if asked:
        lines.append(_table(schemas[asked]))
    if answer:
        fields = ", ".join(schemas[answer].get("properties", {}))
        lines.append(f"<p>gives <code>{{{escape(fields)}}}</code></p>")
    return "\n".join(lines)


def _schema_name(content: Mapping[str, Any]) -> str:
    schema = content.get("application/json", {}).get("schema", {})
    return str(schema.get("$ref", "")).rpartition("/")[2]


def _table(schema: Mapping[str, Any]) -> str:
    rows = "".join(_rows(schema))
    return f"<table>{rows}</table>" if rows else ""


def _rows(schema: Mapping[str, Any]) -> Iterator[str]:
    needed = schema.get("required", ())
    for name, field in schema.get("properties", {}).items():
        words = [_kind(field)]
        if name in needed:
            words.append("needed")
        elif field.get("default") not in (None, [], {}):
            words.append(f"{field['default']} where not given")
        text = escape(field.get("description", ""))
        kind = escape(", ".join(words))
        yield f"<tr><td><code>{escape(name)}</code><td class=faint>{kind}<td>{text}"


def _kind(field: Mapping[str, Any]) -> str:
    """Returns what a field holds, in a word or two."""
    if "$ref" in field:
        return str(field["$ref"]).rpartition("/")[2]
    if "anyOf" in field:
        kinds = [_kind(each) for each in field["anyOf"] if each.get("type") != "null"]
        return " or ".join(dict.fromkeys(kinds))
    if "enum" in field:
        return " | ".join(map(str, field["enum"]))
    if field.get("type") == "array":
        return f"[{_kind(field.get('items', {}))}]"
    bounds = [field.get("minimum"), field.get("maximum")]
    if None not in bounds:
        return f"{field['type']} {bounds[0]:g} to {bounds[1]:g}"
    return str(field.get("type", "any"))
