"""A studio that was started with a style: what is drawn from it, and what moves within it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from studio_tools import client_of, start
from tiny_models import write_run

from musicvae.cli import studio as command
from musicvae.codes import CodeTable
from musicvae.errors import InputError
from musicvae.styles import Style, fit_style, save_style

CONFIG, STEP, Z, AXES = "cat-drums_2bar_small", 5, 8, 3

Post = Callable[..., Any]


@pytest.fixture(scope="module")
def style() -> Style:
    """A style of five windows: draws lie in four of eight directions."""
    mu = np.random.default_rng(0).standard_normal((5, Z)).astype(np.float32)
    table = CodeTable(("song.mid",) * 5, np.arange(1, 6), mu, None, CONFIG, STEP)
    meanings = ("note density 2 to 5", "", "syncopation 0.1 to 0.4")
    return dataclasses.replace(fit_style(table, AXES), meanings=meanings)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("run")
    write_run(folder, CONFIG)
    return folder


@pytest.fixture(scope="module")
def client(folder: Any, style: Style) -> Iterator[Any]:
    from musicvae.studio.models import GivenStyle

    studio = start(GivenStyle(style, "mine.style.npz"), run_dir=str(folder))
    with client_of(studio) as found:
        yield found
    studio.close()


@pytest.fixture(scope="module")
def post(client: Any) -> Post:
    def send(path: str, **body: Any) -> Any:
        reply = client.post(path, json={"seed": 4, **body})
        assert reply.status_code == 200, reply.text
        return reply.json()

    return send


def places(clips: list[Any]) -> Any:
    return np.array([clip["z"] for clip in clips], np.float32)


def test_the_card_says_what_the_styles_axes_do(client: Any, style: Style) -> None:
    found = client.get("/api/model").json()["style"]
    assert (found["name"], found["files"], found["windows"]) == ("mine.style.npz", 1, 5)
    assert [axis["meaning"] for axis in found["axes"]] == [*style.meanings]
    assert found["axes"][0]["share"] == pytest.approx(float(style.shares[0]), abs=1e-3)


def test_samples_are_the_styles_own_unless_something_else_is_asked(
    post: Post, style: Style
) -> None:
    drawn = style.draw(np.random.default_rng(4), 3)
    np.testing.assert_allclose(places(post("/api/sample", count=3)["clips"]), drawn, atol=1e-6)
    for other in ({"style": False}, {"prior": "standard"}):
        found = places(post("/api/sample", count=3, **other)["clips"])
        assert not style.holds(found).any()


def test_the_pad_stays_in_the_style(post: Post, style: Style) -> None:
    own = post("/api/sample", count=2)["clips"]
    foreign = post("/api/sample", count=2, style=False)["clips"]
    corners = [{"clip": clip} for clip in (*own, *foreign)]
    inside = places(post("/api/pad", corners=corners, size=2)["clips"])
    np.testing.assert_allclose(inside[:2], places(own), atol=1e-5)
    np.testing.assert_allclose(inside[2:], style.placed(places(foreign)), atol=1e-4)
    point = post("/api/pad_point", corners=corners, x=0, y=1)["clip"]
    np.testing.assert_allclose(places([point]), inside[2:3], atol=1e-5)
    ends = post("/api/morph", start=corners[0], end=corners[3], count=2)["clips"]
    np.testing.assert_allclose(places(ends), inside[[0, 3]], atol=1e-5)
    outside = places(post("/api/pad", corners=corners, size=2, style=False)["clips"])
    np.testing.assert_allclose(outside[2:], places(foreign), atol=1e-5)


def test_a_place_in_the_style_is_decoded(post: Post, style: Style) -> None:
    clip = post("/api/style_point", position=[1.5, -0.5])["clip"]
    wanted = style.decode([[1.5, -0.5, 0.0]])
    np.testing.assert_allclose(places([clip]), wanted, atol=1e-5)
    again = post("/api/decode", z=[clip["z"]])["clips"][0]
    assert clip["notes"] == again["notes"] and clip["notes"]


def test_a_square_of_the_style_goes_along_its_first_axes_beside_the_others(
    post: Post, style: Style
) -> None:
    clips = post("/api/style_map", position=[9, 9, 0.5], size=3)["clips"]
    a = np.array([[x, y, 0.5] for y in (-2, 0, 2) for x in (-2, 0, 2)])
    np.testing.assert_allclose(places(clips), style.decode(a), atol=1e-5)
    mapped = post("/api/job", mode="grid", count=3)["clips"]
    np.testing.assert_allclose(places(mapped), style.map(3), atol=1e-5)


def test_variations_move_along_the_axes_alone(post: Post, style: Style) -> None:
    (clip,) = post("/api/sample", count=1)["clips"]
    clips = post("/api/similar", source={"clip": clip}, count=5, closeness=0.3)["clips"]
    moved = places(clips) - places([clip])
    assert np.linalg.matrix_rank(moved, tol=1e-3) == len(style.axes)


def test_what_a_style_cannot_do_is_refused_in_one_line(client: Any, tiny_client: Any) -> None:
    def refusal(found: Any, path: str, **body: Any) -> str:
        reply = found.post(path, json=body)
        assert reply.status_code == 400, reply.text
        return reply.json()["error"]

    assert "the style has 3 axes" in refusal(client, "/api/style_point", position=[0.0] * 4)
    both = refusal(client, "/api/sample", style=True, prior="standard")
    assert "leave one of them out" in both
    with tiny_client(CONFIG) as other:
        assert other.get("/api/model").json()["style"] is None
        assert "no style for this model" in refusal(other, "/api/style_point", position=[])
        assert "no style for this model" in refusal(other, "/api/sample", style=True)


def test_a_style_of_another_model_or_step_does_not_start(folder: Any, style: Style) -> None:
    from musicvae.studio.models import GivenStyle

    for other, reason in (
        (dataclasses.replace(style, config="cat-mel_2bar_small"), "is of config 'cat-mel_2bar_"),
        (dataclasses.replace(style, step=6), "was learnt on step 6"),
    ):
        with pytest.raises(InputError, match=f"mine.style.npz {reason}"):
            start(GivenStyle(other, "mine.style.npz"), run_dir=str(folder))


def test_the_command_takes_the_styles_model_and_says_what_is_no_style(
    style: Style, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "mine.style.npz"
    save_style(path, dataclasses.replace(style, config="cat-mel_2bar_small"))
    served: list[Any] = []
    monkeypatch.setattr(command, "_serve", lambda *given: served.append(given) or 0)

    def run(**flags: Any) -> None:
        wanted = {"config": None, "run_dir": None, "checkpoint_file": None, "hparams": ""}
        values = SimpleNamespace(flag_values_dict=lambda: {**wanted, **flags})
        monkeypatch.setattr(command, "FLAGS", values)
        command.main([])

    run(style=str(path))
    choice, given, _ = served[0]
    assert (choice.config.name, given.name) == ("cat-mel_2bar_small", "mine.style.npz")
    with pytest.raises(InputError, match="no style at"):
        run(style=str(tmp_path / "none.npz"))
    run(style=None)
    assert (served[1][0].config.name, served[1][1]) == (command.DEFAULT_CONFIG, None)
