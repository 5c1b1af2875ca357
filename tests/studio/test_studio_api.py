"""What the API's requests give: music in latent space, and work on pieces."""

from __future__ import annotations

import base64
import io
import zipfile
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from musicvae.formats.midi import midi_to_note_sequence

Post = Callable[..., Any]


def hits(clip: dict[str, Any]) -> list[tuple[float, int]]:
    return sorted((note["start"], note["pitch"]) for note in clip["notes"])


@pytest.fixture(scope="module")
def corners(post: Post) -> list[dict[str, Any]]:
    return [{"clip": clip} for clip in post("/api/sample", count=4, seed=3)["clips"]]


def test_the_card_says_what_the_page_draws(client: Any) -> None:
    card = client.get("/api/model").json()
    assert (card["family"], card["bars"], card["steps_per_quarter"]) == ("drums", 2, 4)
    assert [row["name"] for row in card["drum_classes"]][:2] == ["Kick", "Snare"]
    assert card["prior"] and "note_density" in card["prior_conditions"]
    assert {"sample", "morph", "reconstruct"} <= {*card["modes"]} and "humanize" not in card[
        "modes"
    ]


def test_models_are_listed_with_their_modes(client: Any) -> None:
    models = {each["name"]: each for each in client.get("/api/models").json()["models"]}
    assert models["cat-drums_2bar_small"]["loaded"]
    assert "humanize" in models["groovae_2bar_humanize"]["modes"]
    assert models["hierdec-trio_16bar_small"]["family"] == "trio"


def test_samples_are_two_bars_and_repeat_by_their_seed(post: Post) -> None:
    first = post("/api/sample", count=3)
    assert [clip["length"] for clip in first["clips"]] == [8.0] * 3
    again = post("/api/sample", count=3, seed=first["seed"])
    assert again["clips"] == first["clips"]
    assert all(clip["seed"] == first["seed"] for clip in again["clips"])
    assert post("/api/sample", count=1, seed=first["seed"] + 1)["clips"] != first["clips"][:1]


def test_a_samples_place_gives_it_again(post: Post) -> None:
    (clip,) = post("/api/sample", count=1, seed=5)["clips"]
    (again,) = post("/api/decode", z=[clip["z"]], seed=clip["seed"])["clips"]
    assert again["notes"] == clip["notes"]
    assert again["z"] == clip["z"]


def test_tempo_and_standard_prior_are_as_asked(post: Post) -> None:
    learned = post("/api/sample", count=1, seed=5, tempo=90)["clips"][0]
    standard = post("/api/sample", count=1, seed=5, prior="standard")["clips"][0]
    assert (learned["tempo"], learned["length"]) == (90, 8.0)
    assert learned["z"] != standard["z"]


def test_a_pads_corners_are_the_corners_and_its_middle_is_between(
    post: Post, corners: list[Any]
) -> None:
    pad = post("/api/pad", corners=corners, size=3, seed=1, temperature=0)
    z = np.array([clip["z"] for clip in pad["clips"]])
    own = np.array([corner["clip"]["z"] for corner in corners])
    np.testing.assert_allclose(z[[0, 2, 6, 8]], own, atol=1e-5)
    # The middle of two is nearer to each than they are to each other.
    apart = np.linalg.norm(own[0] - own[1])
    assert max(np.linalg.norm(z[1] - own[0]), np.linalg.norm(z[1] - own[1])) < 0.9 * apart
    assert len({str(hits(clip)) for clip in pad["clips"]}) > 3


def test_a_place_is_the_same_however_its_corners_come(post: Post, corners: list[Any]) -> None:
    place = {"x": 0.25, "y": 0.75, "seed": 1}
    by_clip = post("/api/pad_point", corners=corners, **place)
    ids = [{"id": corner["clip"]["id"]} for corner in corners]
    assert post("/api/pad_point", corners=ids, **place)["clip"] == by_clip["clip"]
    kept = [{"id": name} for name in by_clip["corners"]]
    assert post("/api/pad_point", corners=kept, **place)["clip"] == by_clip["clip"]
    moved = post("/api/pad_point", corners=kept, x=0.9, y=0.1, seed=1)
    assert moved["clip"]["notes"] != by_clip["clip"]["notes"]


def test_a_place_at_temperature_0_is_the_pads_cell(post: Post, corners: list[Any]) -> None:
    pad = post("/api/pad", corners=corners, size=3, temperature=0, seed=1)
    point = post("/api/pad_point", corners=corners, x=0.5, y=1.0, temperature=0, seed=1)
    assert hits(point["clip"]) == hits(pad["clips"][7])


def test_notes_edited_by_hand_make_another_corner(post: Post, corners: list[Any]) -> None:
    edited = {**corners[0]["clip"], "z": None, "notes": corners[0]["clip"]["notes"][:4]}
    before = post("/api/pad_point", corners=corners, x=0.0, y=0.0, seed=1)
    after = post("/api/pad_point", corners=[{"clip": edited}, *corners[1:]], x=0, y=0, seed=1)
    assert after["clip"]["z"] != before["clip"]["z"]


def test_a_place_in_another_models_space_is_not_taken_for_ones_own(
    post: Post, corners: list[Any]
) -> None:
    clip = corners[0]["clip"]
    assert clip["model"] == "cat-drums_2bar_small"
    own = post("/api/encode", source={"clip": {**clip, "id": ""}})["clip"]
    assert own["z"] == clip["z"]
    foreign = {**clip, "id": "", "model": "nade-drums_2bar_reduced"}
    read = post("/api/encode", source={"clip": foreign})["clip"]
    assert read["z"] != clip["z"] and read["model"] == "cat-drums_2bar_small"


def test_taps_are_notes(post: Post) -> None:
    taps = [{"pitch": 60, "start": beat / 2, "end": beat / 2 + 0.1} for beat in range(16)]
    source = {"notes": taps, "tempo": 100, "length": 8}
    done = post("/api/job", mode="tap2drum", source=source, seed=1)
    assert done["model"] == "groovae_2bar_tap_fixed_velocity"
    assert (done["clip"]["tempo"], done["clip"]["length"]) == (100, 8.0)
    assert done["clip"]["notes"] and all(note["drum"] for note in done["clip"]["notes"])


def test_a_path_is_one_piece_of_as_many_bars(post: Post, corners: list[Any]) -> None:
    clip = post("/api/path", corners=corners, points=[[0, 0], [1, 0], [1, 1]], bars=5, seed=1)
    assert clip["clip"]["length"] == 20.0
    ends = {note["start"] // 4 for note in clip["clip"]["notes"]}
    assert ends <= {0, 1, 2, 3, 4} and 4 in ends


def test_a_morph_begins_and_ends_where_it_should(post: Post, corners: list[Any]) -> None:
    clips = post("/api/morph", start=corners[0], end=corners[1], count=5, seed=1)["clips"]
    assert len(clips) == 5
    np.testing.assert_allclose(clips[0]["z"], corners[0]["clip"]["z"], atol=1e-5)
    np.testing.assert_allclose(clips[4]["z"], corners[1]["clip"]["z"], atol=1e-5)


def test_closeness_1_gives_the_place_itself(post: Post, corners: list[Any]) -> None:
    own = np.array(corners[0]["clip"]["z"])
    for closeness, near in ((1.0, True), (0.2, False)):
        clips = post("/api/similar", source=corners[0], count=2, closeness=closeness, seed=1)
        distances = [np.linalg.norm(np.array(clip["z"]) - own) for clip in clips["clips"]]
        assert all((distance < 1e-4) == near for distance in distances)


def test_a_file_is_read_in_windows_and_whole(post: Post, beat: dict[str, str]) -> None:
    found = post("/api/read", **beat)
    assert [clip["name"] for clip in found["clips"]] == [f"beat.mid, bar {k}" for k in (1, 2, 3)]
    assert all(len(clip["z"]) == 256 and clip["length"] == 8.0 for clip in found["clips"])
    sequence = midi_to_note_sequence(base64.b64decode(beat["midi"]))
    assert len(found["piece"]["notes"]) == len(sequence.notes)
    assert found["piece"]["length"] == 16.0


def test_music_that_the_model_cannot_read_is_shown_with_the_reason(
    post: Post, tune: dict[str, str]
) -> None:
    found = post("/api/read", **tune)
    assert found["clips"] == [] and len(found["piece"]["notes"]) == 32
    assert "no drum notes" in found["notes"][-1]


def test_a_file_is_encoded_and_the_choice_of_its_window_said(
    post: Post, beat: dict[str, str]
) -> None:
    found = post("/api/encode", source=beat)
    assert len(found["clip"]["z"]) == 256 and "of its 3 windows" in found["notes"][0]
    second = post("/api/encode", source=beat, bar=2)
    assert second["clip"]["notes"] == post("/api/read", **beat)["clips"][1]["notes"]


def test_a_map_lays_windows_out_and_can_be_walked(
    post: Post, beat: dict[str, str], corners: list[Any]
) -> None:
    found = post("/api/map", sources=[beat, *corners])
    assert [point["bar"] for point in found["points"]] == [1, 2, 3, 1, 1, 1, 1]
    places = np.array([[point["x"], point["y"]] for point in found["points"]])
    assert np.abs(places).max() == pytest.approx(1.0)
    assert 1 >= found["axes"][0] >= found["axes"][1] > 0
    walked = post("/api/map_point", map=found["map"], x=0.5, y=-0.5, seed=1)["clip"]
    (back,) = post("/api/map", sources=[beat, {"clip": walked}])["points"][3:]
    assert walked["notes"] and back["clip"]["z"] == walked["z"]


def test_an_attribute_is_computed_once_and_moves_samples(post: Post) -> None:
    found = post("/api/attributes")["attributes"]
    assert found == post("/api/attributes")["attributes"]
    (density,) = [each for each in found if each["name"] == "note_density"]
    assert density["mean"] > 0 and density["deviation"] > 0

    def onsets(amount: float) -> int:
        asked = {"note_density": amount}
        clips = post("/api/sample", count=8, seed=1, attributes=asked, temperature=0)["clips"]
        return sum(len(clip["notes"]) for clip in clips)

    assert onsets(-2) < onsets(0) < onsets(2)


def test_a_learned_prior_takes_conditions(post: Post) -> None:
    def onsets(level: str) -> int:
        asked = {"note_density": level}
        clips = post("/api/sample", count=16, seed=1, prior_condition=asked)["clips"]
        return sum(len(clip["notes"]) for clip in clips)

    assert onsets("low") < onsets("high")


@pytest.mark.parametrize("name", ["midi", "wav", "musicxml", "abc"])
def test_clips_become_files(client: Any, corners: list[Any], name: str) -> None:
    if name in ("musicxml", "abc"):
        pytest.importorskip("music21" if name == "musicxml" else "symusic")
    clips = [corner["clip"] for corner in corners[:2]]
    reply = client.post("/api/file", json={"clips": clips, "format": name, "name": "my loop"})
    assert reply.status_code == 200, reply.text
    head = {"midi": b"MThd", "wav": b"RIFF", "musicxml": b"<?xml", "abc": b"X:"}[name]
    assert head in reply.content[:100]
    suffix = {"midi": ".mid"}.get(name, f".{name}")
    assert reply.headers["content-disposition"] == f'attachment; filename="my loop{suffix}"'


def test_a_midi_file_has_the_clips_notes(client: Any, corners: list[Any]) -> None:
    clip = corners[0]["clip"]
    reply = client.post("/api/file", json={"clips": [clip, clip]})
    sequence = midi_to_note_sequence(reply.content)
    # At 120 quarters a minute a quarter lasts half a second.
    written = sorted((round(2 * note.start_time, 4), note.pitch) for note in sequence.notes)
    assert written == sorted(
        (round(note["start"] + shift, 4), note["pitch"])
        for shift in (0.0, 8.0)
        for note in clip["notes"]
    )


def test_clips_that_are_not_joined_come_in_a_zip(client: Any, corners: list[Any]) -> None:
    clips = [corner["clip"] for corner in corners]
    clips[0] = {**clips[0], "name": "../../etc/passwd"}
    reply = client.post("/api/file", json={"clips": clips, "joined": False})
    with zipfile.ZipFile(io.BytesIO(reply.content)) as archive:
        assert archive.namelist()[0] == "01 etc-passwd.mid"
        assert all(archive.read(name).startswith(b"MThd") for name in archive.namelist())


def test_a_job_reconstructs_a_whole_piece(post: Post, beat: dict[str, str]) -> None:
    done = post("/api/job", mode="reconstruct", source=beat, seed=1)
    assert done["model"] == "cat-drums_2bar_small" and done["clip"]["length"] == 16.0
    one = post("/api/job", mode="reconstruct", source=beat, seed=1, whole=False)
    assert one["clip"]["length"] == 8.0


def test_humanizing_goes_to_its_model_and_keeps_every_hit(post: Post, beat: dict[str, str]) -> None:
    done = post("/api/job", mode="humanize", source=beat, seed=1)
    assert done["model"] == "groovae_2bar_humanize"
    given = post("/api/read", **beat)["piece"]
    key = [(round(note["start"] * 4), note["pitch"]) for note in done["clip"]["notes"]]
    assert sorted(key) == [(round(start * 4), pitch) for start, pitch in hits(given)]
    assert len({note["velocity"] for note in done["clip"]["notes"]}) > 3
    stiff = post("/api/job", mode="humanize", source=beat, seed=1, timing=0, velocity=0)
    assert hits(stiff["clip"]) == hits(given)


def test_modes_with_several_inputs_take_them(
    post: Post, beat: dict[str, str], corners: list[Any]
) -> None:
    done = post("/api/job", mode="interpolate", sources=[beat, corners[0]], count=3, seed=1)
    assert len(done["clips"]) == 3
    morph = post("/api/job", mode="morph", sources=[beat, *corners[:2]], count=4, seed=1)
    assert morph["clip"]["length"] == 32.0
    grid = post("/api/job", mode="grid", sources=corners, count=2, seed=1)
    assert len(grid["clips"]) == 4
    steered = post("/api/job", mode="attribute", source=beat, attribute="note_density", seed=1)
    assert [clip["name"] for clip in steered["clips"]][::2] == [
        "note_density -1",
        "note_density +1",
    ]


def test_the_document_of_the_api_and_its_page_name_every_address(client: Any) -> None:
    document = client.get("/api/openapi.json").json()
    expected = {"/api/sample", "/api/pad_point", "/api/path", "/api/map", "/api/job", "/api/file"}
    assert expected <= {*document["paths"]}
    page = client.get("/api")
    assert all(path in page.text for path in document["paths"])
    assert "http://" not in page.text.replace("http://127.0.0.1:8000", "")
    assert "https://" not in page.text and "<script" not in page.text


REFUSED = {
    "unknown mode": ("/api/job", {"mode": "humanise"}, "did you mean 'humanize'"),
    "no input": ("/api/job", {"mode": "humanize"}, "takes 1 input; given are 0"),
    "another size": ("/api/decode", {"z": [[0.0] * 3]}, "z has 3 numbers"),
    "no corner": ("/api/pad", {"corners": []}, "corners: "),
    "out of the square": (
        "/api/pad_point",
        {"corners": [{"z": [0.0] * 256}] * 4, "x": 1.5, "y": 0},
        "x: ",
    ),
    "two kinds": ("/api/encode", {"source": {"id": "a", "z": [0.0]}}, "here it has z and id"),
    "chords": ("/api/sample", {"chords": "C G"}, "plays over no chords"),
    "an unknown attribute": ("/api/sample", {"attributes": {"swing": 1}}, "no knob for"),
    "a condition": ("/api/sample", {"prior_condition": {"swing": "high"}}, "no attribute 'swing'"),
    "not base64": ("/api/read", {"midi": "%%%", "name": "a.mid"}, "is not base64"),
    "not MIDI": ("/api/read", {"midi": "AAAA", "name": "a.mid"}, "does not begin with a MIDI"),
    "another file": ("/api/read", {"midi": "AAAA", "name": "a.exe"}, "is none of"),
    "no bar": ("/api/sample", {"temperature": -1}, "temperature: "),
}


@pytest.mark.parametrize("what", REFUSED)
def test_nonsense_is_refused_in_one_line(client: Any, what: str) -> None:
    path, body, reason = REFUSED[what]
    reply = client.post(path, json=body)
    assert reply.status_code == 400 and [*reply.json()] == ["error"]
    text = reply.json()["error"]
    assert reason in text and "\n" not in text and "--" not in text


def test_what_is_not_known_is_said(client: Any) -> None:
    for path, body in (
        ("/api/sample", {"model": "../../etc/passwd"}),
        ("/api/encode", {"source": {"id": "c00"}}),
        ("/api/map_point", {"map": "m00", "x": 0, "y": 0}),
        ("/api/nothing", {}),
    ):
        reply = client.post(path, json=body)
        assert reply.status_code == 404 and "\n" not in reply.json()["error"]


def test_a_piece_goes_on_and_its_gaps_are_filled(
    tiny_client: Callable[[str], Any], beat: dict[str, str]
) -> None:
    with tiny_client("cat-drums_2bar_small") as client:

        def job(mode: str, **body: Any) -> Any:
            reply = client.post("/api/job", json={"mode": mode, "source": beat, "seed": 1, **body})
            assert reply.status_code == 200, reply.text
            return reply.json()["clip"]

        assert job("continue", bars=2)["length"] == 24.0
        assert job("continue")["length"] == 16.0 + 4 * 8
        filled = job("infill", keep="1-2")
        given = client.post("/api/read", json=beat).json()["piece"]
    kept = [hit for hit in hits(filled) if hit[0] < 8.0]
    assert kept == [hit for hit in hits(given) if hit[0] < 8.0]
    assert [hit for hit in hits(filled) if hit[0] >= 8.0] != hits(given)[len(kept) :]


def test_a_long_piece_is_composed_in_sections(tiny_client: Callable[[str], Any]) -> None:
    with tiny_client("cat-drums_2bar_small") as client:

        def compose(**body: Any) -> Any:
            return client.post("/api/job", json={"mode": "compose", "seed": 1, **body})

        done = compose(bars=8, form="ABA", tempo=90)
        assert done.status_code == 400 and "8 bars do not make 3 sections" in done.json()["error"]
        done = compose(bars=12, form="ABA", tempo=90).json()
        assert (done["clip"]["length"], done["clip"]["tempo"]) == (48.0, 90)
        assert "A again" in done["notes"][0]
        assert "compose" in client.get("/api/model").json()["modes"]
        refused = compose(source={"notes": []})
        assert refused.json()["error"] == "compose takes 0 inputs; given are 1"


def test_long_work_says_how_far_it_is(client: Any, studio: Any) -> None:
    assert client.get("/api/progress", params={"tab": "a"}).json()["working"] is False
    with studio.progress.working("a"):
        studio.progress.report("a", 3, 4)
        found = client.get("/api/progress", params={"tab": "a"}).json()
        assert (found["working"], found["done"], found["total"]) == (True, 3, 4)
        assert found["remaining"] >= 0
        assert not client.get("/api/progress", params={"tab": "b"}).json()["working"]
    assert not client.get("/api/progress", params={"tab": "a"}).json()["working"]


def test_a_map_reports_each_file(post: Post, studio: Any, monkeypatch, beat: Any) -> None:
    seen: list[Any] = []
    monkeypatch.setattr(studio.progress, "report", lambda *said: seen.append(said))
    post("/api/map", sources=[beat, beat], tab="mine")
    assert seen == [("mine", 0, 2), ("mine", 1, 2)]
