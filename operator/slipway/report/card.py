"""model_card.md: what the model is, what was measured, and what was not."""

from __future__ import annotations

from jinja2 import Environment, PackageLoader, StrictUndefined

from slipway.api.revision import ModelRevision
from slipway.gates.inline.logged import Logged
from slipway.report.story import Story
from slipway.words.text import figure


def environment(autoescape: bool) -> Environment:
    """Where templates come from, with the filters that they share."""
    made = Environment(
        loader=PackageLoader("slipway.report"), autoescape=autoescape, undefined=StrictUndefined, trim_blocks=False
    )
    made.filters |= {"cell": cell, "figure": figure}
    return made


def card(story: Story) -> str:
    """The card of what production serves; of the newest revision where it serves nothing."""
    revision = story.subject
    described = story.versions.get(revision.spec.model.version) if revision else None
    text = (
        environment(autoescape=False)
        .get_template("model_card.md.j2")
        .render(
            story=story,
            revision=revision,
            serving=revision is not None and revision is story.live,
            served_how=_served(revision),
            described=described is not None,
            tags=sorted(described.tags.items()) if described else (),
            metrics=_logged(described.metrics) if described else (),
        )
    )
    return text.rstrip() + "\n"


def _logged(metrics: Logged) -> list[tuple[str, float]]:
    """The figures that count, each with the dataset that it is of where MLflow was told."""
    usable = ((name, each) for name, figures in sorted(metrics.figures.items()) for each in figures)
    return [
        (f"{name} ({each.dataset})" if each.dataset else name, each.value)
        for name, each in usable
        if each.value is not None
    ]


def cell(text: str) -> str:
    """`text` inside a Markdown table: on one line, and nothing in it that Markdown or HTML would take for its own."""
    flat = " ".join(str(text).split())
    for character in "\\`*_[]<>|":
        flat = flat.replace(character, f"&#{ord(character)};")
    return flat


def _served(revision: ModelRevision | None) -> str:
    fetched = revision.status.fetched if revision else None
    if fetched is None or fetched.compiled is None:
        return "unknown"
    how = "compiled to ONNX, proven equal to the original" if fetched.compiled else "natively"
    return f"{how}: {cell(fetched.message)}" if fetched.message else how
