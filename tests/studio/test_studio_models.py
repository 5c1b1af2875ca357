"""Every family of models in the studio."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Post = Callable[..., Any]

SHIPPED = [
    "cat-mel_2bar_small",
    "groovae_4bar",
    "hierdec-mel_16bar_small",
    "hierdec-trio_16bar_small",
    "nade-drums_2bar_reduced",
]


def play_everything(client: Any, model: str, source: dict[str, Any], **more: Any) -> Any:
    """Samples, fills a pad, walks in it and reads a file; returns the model's card."""

    def post(path: str, **body: Any) -> Any:
        reply = client.post(path, json={"model": model, "seed": 1, **more, **body})
        assert reply.status_code == 200, f"{path}: {reply.text}"
        return reply.json()

    card = client.get("/api/model", params={"name": model}).json()
    clips = post("/api/sample", count=4)["clips"]
    assert all(clip["length"] == 4 * card["bars"] for clip in clips if clip["notes"])
    corners = [{"id": clip["id"]} for clip in clips]
    assert len(post("/api/pad", corners=corners, size=2)["clips"]) == 4
    point = post("/api/pad_point", corners=corners, x=0.5, y=0.5)["clip"]
    assert len(point["z"]) == card["z_size"]
    bars = 2 * card["bars"]
    path = post("/api/path", corners=corners, points=[[0, 0], [1, 1]], bars=bars)["clip"]
    assert path["length"] == 4.0 * bars
    found = post("/api/read", **source)
    assert found["clips"], found["notes"]
    job = post("/api/job", mode="reconstruct", source=source)
    assert job["model"] == model
    assert abs(job["clip"]["length"] - found["piece"]["length"]) < 4.0
    return card


def test_melodies_are_played(client: Any, tune: dict[str, str]) -> None:
    card = play_everything(client, "cat-mel_2bar_small", tune)
    assert card["family"] == "melody" and card["lowest_pitch"] < card["highest_pitch"]
    assert [part["drum"] for part in card["parts"]] == [False]


def test_given_hits_are_followed_wherever_they_come_from(
    tiny_client: Callable[[str], Any], beat: dict[str, str]
) -> None:
    name = "groovae_2bar_hits_control_tfds"
    with tiny_client(name) as client:
        assert client.get("/api/model").json()["hits"]
        refused = client.post("/api/sample", json={"count": 1})
        assert refused.status_code == 400 and "give control" in refused.json()["error"]
        play_everything(client, name, beat, control=beat)
        done = client.post("/api/job", json={"mode": "follow_hits", "source": beat}).json()
        assert done["model"] == name and done["clip"]["notes"]
        assert client.post("/api/attributes", json={}).json()["attributes"] == []


def test_chords_are_played_over(tiny_client: Callable[[str], Any], tune: dict[str, str]) -> None:
    name = "cat-mel_2bar_med_chords"
    with tiny_client(name) as client:
        assert client.get("/api/model").json()["chords"]
        card = play_everything(client, name, tune, chords="C Am")
        sample = {"count": 1, "seed": 1, "chords": "C Am F G"}
        (clip,) = client.post("/api/sample", json=sample).json()["clips"]
        # Four chords fill two windows.
        assert clip["length"] == 8.0 * card["bars"]
        assert [figure for _, figure in clip["chords"]] == ["C", "Am", "F", "G"]


def test_several_instruments_are_played(tiny_client: Callable[[str], Any]) -> None:
    with tiny_client("hier-multiperf_vel_1bar_med") as client:
        card = client.get("/api/model").json()
        assert (card["family"], card["bars"], card["steps_per_quarter"]) == ("multitrack", 1, 24)
        (clip,) = client.post("/api/sample", json={"count": 1, "seed": 1}).json()["clips"]
        assert clip["length"] == 4.0


@pytest.mark.slow
@pytest.mark.parametrize("name", SHIPPED)
def test_all_that_ship_are_played(client: Any, post: Post, name: str) -> None:
    clips = post("/api/sample", model=name, count=1, seed=2)["clips"]
    source = {"clip": {**clips[0], "z": None, "name": "a sample"}}
    play_everything(client, name, source)
