"""`/docs`: the endpoints on one plain page, made from the OpenAPI document; nothing is loaded from anywhere else.

The document itself is at `/openapi.json`, for tools that read it.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment

router = APIRouter(include_in_schema=False)

_HEADERS = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'"}

_PAGE = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True).from_string("""\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{ title }}: HTTP API</title>
<style>
  body { font: 16px/1.5 system-ui, sans-serif; max-width: 52rem; margin: 2rem auto; padding: 0 1rem }
  section { border-top: 1px solid #8884; padding: .5rem 0 1rem }
  h2 { font: 600 1rem ui-monospace, monospace; overflow-wrap: anywhere }
  table { border-collapse: collapse; font-size: .875rem }
  td { padding: .1rem 1rem .1rem 0; vertical-align: top }
  code { font-family: ui-monospace, monospace }
  :root { color-scheme: light dark }
</style>
<h1>{{ title }} {{ version }}</h1>
<p>{{ description }}</p>
<p>For tools: <a href="openapi.json"><code>/openapi.json</code></a></p>
{% for one in operations %}
<section>
  <h2>{{ one.method }} {{ one.path }}</h2>
  <p>{{ one.description }}</p>
  <table>
  {% for name, text in one.parameters %}
    <tr><td><code>{{ name }}</code></td><td>{{ text }}</td></tr>
  {% endfor %}
  {% for status, text in one.answers %}
    <tr><td>{{ status }}</td><td>{{ text }}</td></tr>
  {% endfor %}
  </table>
</section>
{% endfor %}
</html>
""")


@router.get("/docs")
def page(request: Request) -> HTMLResponse:
    """The page."""
    document = request.app.openapi()
    html = _PAGE.render(**document["info"], operations=list(_operations(document["paths"])))
    return HTMLResponse(html, headers=_HEADERS)


def _operations(paths: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for path, methods in paths.items():
        for method, operation in methods.items():
            yield {
                "method": method.upper(),
                "path": path,
                "description": operation.get("description", ""),
                "parameters": [(one["name"], _about(one)) for one in operation.get("parameters", ())],
                "answers": [
                    (status, one["description"]) for status, one in sorted(operation["responses"].items())
                ],
            }


def _about(parameter: Mapping[str, Any]) -> str:
    schema = parameter.get("schema", {})
    return str(parameter.get("description") or schema.get("description") or "")
