"""The site shows Markdown as GitHub does."""

from __future__ import annotations

import pytest
from scripts.docs_hooks import on_page_markdown


@pytest.mark.parametrize(
    ("written", "read"),
    [
        pytest.param("By reason:\n- one\n- two", "By reason:\n\n- one\n- two", id="a list after a paragraph"),
        pytest.param("Then:\n1. one", "Then:\n\n1. one", id="a numbered list"),
        pytest.param("- one\n  more\n- two", "- one\n  more\n- two", id="an entry of two lines"),
        pytest.param("```\na:\n- b\n```", "```\na:\n- b\n```", id="YAML in a fence"),
        pytest.param(r"| `a \| b` | c |", "| `a | b` | c |", id="a bar in a table's code"),
        pytest.param(r"| a \| b | c |", r"| a \| b | c |", id="a bar in a table's text"),
    ],
)
def test_what_python_markdown_reads_otherwise_is_rewritten(written: str, read: str) -> None:
    assert on_page_markdown(written) == read
