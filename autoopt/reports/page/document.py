"""The page itself: sections as HTML with figures, styles and plotly inside, under a policy that lets nothing in or out."""

import base64
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from importlib import resources
from string import Template
from typing import Any

from autoopt.errors import UsageError
from autoopt.reports.page.again import load, reproduce
from autoopt.reports.page.charts import front, history, importance, parallel, slices
from autoopt.reports.page.course import ablation, curves, failures, time
from autoopt.reports.page.figures import plain
from autoopt.reports.page.findings import Findings, Plot, Section
from autoopt.reports.page.markup import Markup, element, joined
from autoopt.reports.page.outcome import changed, leaderboard, outcome

SECTIONS = (
    outcome, changed, leaderboard, history, parallel, importance, ablation, slices, front, curves, time, failures,
    reproduce, load,
)  # fmt: skip
"""What makes each section, in the order of the page."""


def check_plotly() -> None:
    """Check that figures can be drawn.

    Raises:
        UsageError: The package plotly is missing.
    """
    try:
        import plotly.offline  # noqa: F401
    except ImportError as error:
        raise UsageError(
            f"The report was asked for, but its figures need the package plotly, which cannot be imported ({error}). "
            "Expected it beside autoopt. Install it: pip install 'autoopt[report]'"
        ) from error


def document(found: Findings) -> str:
    """Return the page of a run as one text of HTML.

    Raises:
        UsageError: The package plotly is missing.
    """
    check_plotly()
    from plotly.offline import get_plotlyjs

    sections = [section(found) for section in SECTIONS]
    falling = found.objective.direction == "min"
    figures = {plot.name: plain(plot.figure, falling) for plot in _plots(sections)}
    scripts = [_script(get_plotlyjs()), _script(_file("report.js"))]
    name = str(found.asked.get("project") or "run")
    return Template(_file("report.html")).substitute(
        policy=_policy(scripts),
        title=element("title", f"{name}: what autoopt found"),
        style=_file("report.css"),
        heading=element("h1", f"What autoopt found: {name}"),
        links=joined(element("li", element("a", each.title, href=f"#{each.name}")) for each in sections),
        sections=joined(_section(each) for each in sections),
        figures=_data(figures),
        scripts="".join(f"<script>{script}</script>" for script in scripts),
    )


def _plots(sections: Sequence[Section]) -> Iterator[Plot]:
    for section in sections:
        yield from (piece for piece in (*section.content, *section.gallery) if isinstance(piece, Plot))


def _section(section: Section) -> Markup:
    content = [_figure(piece) if isinstance(piece, Plot) else piece for piece in section.content]
    gallery = [_figure(plot) for plot in section.gallery]
    content += [element("div", *gallery, class_="gallery")] if gallery else []
    heading = element("h2", section.title, id=f"{section.name}-title")
    return element(
        "section", heading, *content, id=section.name, aria_labelledby=f"{section.name}-title", tabindex="-1"
    )


def _figure(plot: Plot) -> Markup:
    style = f"height: {plot.height}px" + (f"; min-width: {plot.least}px" if plot.least else "")
    drawn = element(
        "div", class_="plot", data_figure=plot.name, style=style, role="img", aria_label=plot.said
    )
    if plot.least:
        label = f"Figure that scrolls: {plot.said}"
        drawn = element("div", drawn, class_="scrolls", role="region", aria_label=label, tabindex="0")
    return element("figure", drawn, element("figcaption", plot.said))


def _file(name: str) -> str:
    return resources.files("autoopt.reports.page").joinpath(name).read_text(encoding="utf8")


def _script(text: str) -> str:
    """Return a script that no text in it can end; a browser reads every line's end as a newline."""
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("</script", "<\\/script")


def _data(content: Mapping[str, Any]) -> str:
    """Return JSON that ends no script, whatever words are in it."""
    plain_text = json.dumps(content, separators=(",", ":"), allow_nan=False)
    return plain_text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _policy(scripts: Sequence[str]) -> str:
    """Return what the page may do: run the two scripts that it was written with, and reach nothing outside."""
    hashes = " ".join(f"'sha256-{_digest(script)}'" for script in scripts)
    # Plotly sets styles, and draws pictures of its own making.
    return (
        f"default-src 'none'; script-src {hashes}; style-src 'unsafe-inline'; img-src data: blob:; base-uri 'none'; "
        "form-action 'none'"
    )


def _digest(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode("utf8")).digest()).decode("ascii")
