"""Channels are files of a mounted Secret."""

from __future__ import annotations

from pathlib import Path

from slipway.notify.channels import chosen, read


def test_a_channel_is_a_file_with_a_url_a_line(tmp_path: Path) -> None:
    (tmp_path / "default").write_text("# the team\nslack://a/b/c/#ops\n\n  mailto://u:p@example.com \n")
    (tmp_path / "pager").write_text("pagerduty://i@k")
    assert read(tmp_path) == {
        "default": ("slack://a/b/c/#ops", "mailto://u:p@example.com"),
        "pager": ("pagerduty://i@k",),
    }


def test_what_the_kubelet_keeps_beside_them_is_none(tmp_path: Path) -> None:
    data = tmp_path / "..2026"
    data.mkdir()
    (data / "default").write_text("json://a")
    (tmp_path / "..data").symlink_to(data)
    (tmp_path / "default").symlink_to(tmp_path / "..data" / "default")
    assert read(tmp_path) == {"default": ("json://a",)}


def test_a_release_that_names_none_uses_the_default() -> None:
    assert chosen([], {"default": ("a",), "pager": ("b",)}) == (["default"], [])
    assert chosen([], {"pager": ("b",)}) == ([], [])


def test_a_release_uses_what_it_names_once_and_what_is_not_there_is_said() -> None:
    channels = {"default": ("a",), "pager": ("b",)}
    assert chosen(["pager", "nobody", "pager"], channels) == (["pager"], ["nobody"])
