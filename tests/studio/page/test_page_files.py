"""Tests of music that goes into the page and out of it: files, edits, sessions."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from page_tools import drum_file, near, read_hits

BEAT = [(36, 0.0), (42, 0.5), (38, 1.0), (42, 1.5), (36, 2.0), (36, 2.5), (38, 3.0), (42, 3.5)]
PATTERN = [(pitch, start + bar) for bar in (0, 4) for pitch, start in BEAT]


def test_a_dropped_file_is_humanized_and_downloaded_with_equal_notes(studio) -> None:
    open_studio = studio()
    page = open_studio.page
    open_studio.drop("beat.mid", drum_file(PATTERN))
    page.wait_for_selector(".file.ready")
    assert near(open_studio.hits(), sorted(PATTERN))
    open_studio.button("Humanize").click()
    page.wait_for_selector(".shelf .card")
    played = open_studio.hits()
    assert near(played, sorted(PATTERN), beats=0.25)
    assert not near(played, sorted(PATTERN))
    assert near(read_hits(open_studio.download(open_studio.button("MIDI"))), played)
    assert open_studio.download(open_studio.button("WAV"))[:4] == b"RIFF"
    score = open_studio.download(open_studio.button("MusicXML")).decode()
    assert "<score-partwise" in score and score.count("<unpitched>") >= len(PATTERN)


def test_hi_hats_are_added_and_hits_followed_and_drums_made_of_a_rhythm(studio) -> None:
    open_studio = studio()
    page = open_studio.page
    kicks_and_snares = sorted(hit for hit in PATTERN if hit[0] != 42)
    open_studio.drop("beat.mid", drum_file(kicks_and_snares))
    page.wait_for_selector(".file.ready")

    def job(name: str) -> list[Any]:
        cards = page.locator(".shelf .card").count()
        open_studio.button(name).click()
        open_studio.wait(f"document.querySelectorAll('.shelf .card').length > {cards}")
        return open_studio.hits()

    with_hats = job("Add hi-hats")
    assert [hit for hit in with_hats if hit[0] not in (42, 44, 46)] == kicks_and_snares
    assert len(with_hats) > len(kicks_and_snares)
    followed = job("Follow hits")
    assert near(followed, kicks_and_snares, beats=0.25) and followed != kicks_and_snares
    with page.expect_request("**/api/job") as asked:
        from_rhythm = job("To drums")
    assert asked.value.post_data_json["mode"] == "tap2drum"
    assert from_rhythm not in ([], followed, kicks_and_snares)


@pytest.mark.slow
def test_a_beat_goes_on_is_filled_in_and_a_piece_is_composed(studio) -> None:
    open_studio = studio()
    page = open_studio.page
    open_studio.drop("beat.mid", drum_file(PATTERN))
    page.wait_for_selector(".file.ready")

    def write(name: str, **fields: str) -> list[Any]:
        for label, value in fields.items():
            page.get_by_label(label.replace("_", " ")).fill(value)
        cards = page.locator(".shelf .card").count()
        page.locator(".long-form .primary").click()
        open_studio.wait(f"document.querySelectorAll('.shelf .card').length > {cards}")
        return open_studio.hits()

    open_studio.button("Continue…").click()
    longer = write("Continue", Bars_to_add="2")
    assert "4 bars" in page.inner_text(".editor .hint")
    assert [hit for hit in longer if hit[1] < 8] == sorted(PATTERN)
    open_studio.button("Fill in…").click()
    page.get_by_role("button", name="Bar 2", exact=True).last.click()
    filled = write("Fill in")
    assert [hit for hit in filled if hit[1] < 4] == sorted(hit for hit in PATTERN if hit[1] < 4)
    assert "2 bars" in page.inner_text(".editor .hint")
    open_studio.button("Compose…").click()
    composed = write("Compose", Bars_in_all="6", Form="ABA")
    assert composed and "6 bars" in page.inner_text(".editor .hint")
    assert page.input_value(".clip-name") == "ABA"


@pytest.mark.slow
def test_a_file_dropped_on_a_corner_becomes_that_corner(studio) -> None:
    open_studio = studio()
    page = open_studio.page
    open_studio.drop("mine.mid", drum_file(PATTERN), ".corner.at-0")
    open_studio.wait("document.querySelector('.at-0 .corner-name').textContent === 'mine.mid'")
    page.keyboard.press("1")
    open_studio.wait_for_name("Pad 0 0")
    assert len({pitch for pitch, _ in open_studio.hits()} & {36, 38, 42}) > 1


@pytest.mark.slow
def test_what_is_no_music_is_refused_in_one_line(studio) -> None:
    open_studio = studio()
    open_studio.drop("picture.mid", b"\x89PNG\r\n")
    open_studio.page.wait_for_selector(".toast.error")
    assert "picture.mid" in open_studio.page.inner_text(".toast.error")
    assert all("400" in text for text in open_studio.problems)
    open_studio.problems.clear()


@pytest.mark.slow
def test_a_drawn_hit_is_heard_and_morphed_from(studio) -> None:
    open_studio = studio()
    page = open_studio.page
    open_studio.button("Clear").click()
    assert open_studio.hits() == []
    box = page.locator("#roll").bounding_box()
    # The lowest of nine rows is the kick; eight beats lie across.
    for beat in (0, 2, 4.5):
        page.mouse.click(box["x"] + (beat + 0.1) / 8 * box["width"], box["y"] + box["height"] - 8)
    assert open_studio.hits() == [(36, 0.0), (36, 2.0), (36, 4.5)]
    page.mouse.click(box["x"] + 2.1 / 8 * box["width"], box["y"] + box["height"] - 8)
    assert open_studio.hits() == [(36, 0.0), (36, 4.5)]
    open_studio.button("Morph to the top left corner").click()
    open_studio.wait("document.querySelectorAll('.shelf .card').length === 7")
    page.keyboard.press("Control+z")
    assert len(open_studio.hits()) == 3 or open_studio.hits() == []


def test_a_session_is_saved_and_opened(studio) -> None:
    open_studio = studio()
    page = open_studio.page
    open_studio.button("New seed").click()
    open_studio.wait("scheduled.length >= 0 && document.querySelector('.seed input').value !== '1'")
    page.focus("#pad")
    page.keyboard.press("2")
    open_studio.wait_for_name("Pad 100 0")
    open_studio.button("Keep").click()
    open_studio.drop("beat.mid", drum_file(PATTERN))
    page.wait_for_selector(".file.ready")
    page.locator(".corner-go").nth(1).click()
    open_studio.wait_for_name("Pad 100 0")
    open_studio.button("Similar").click()
    page.wait_for_selector(".shelf .card")
    seed = page.input_value(".seed input")
    saved = open_studio.download(open_studio.button("Save"))
    session = json.loads(saved)
    assert session["musicvae_session"] == 1
    assert session["model"] == "cat-drums_2bar_small"
    assert len(session["favourites"]) == 1
    hits = sorted((note["pitch"], note["start"]) for note in session["clip"]["notes"])

    other = studio()
    other.page.wait_for_selector("#roll .note")
    other.page.set_input_files(
        "#session-picker",
        {"name": "mine.json", "mimeType": "application/json", "buffer": saved},
    )
    other.wait_for_name("Pad 100 0")
    assert sorted(other.hits()) == hits
    assert other.page.input_value(".seed input") == seed
    assert other.page.locator(".shelf .card").count() == 6
    other.page.wait_for_selector(".file.ready")
    assert other.page.inner_text(".file strong") == "beat.mid"
    other.page.get_by_role("tab", name="Favourites").click()
    assert other.page.locator(".shelf .card").count() == 1


@pytest.mark.slow
def test_undo_brings_back_the_seed_and_its_music(studio) -> None:
    open_studio = studio()
    page = open_studio.page
    hits = open_studio.hits()
    open_studio.button("New seed").click()
    open_studio.wait("document.querySelector('.seed input').value !== '1'")
    page.wait_for_timeout(500)
    open_studio.button("Undo").click()
    assert page.input_value(".seed input") == "1"
    assert open_studio.hits() == hits


@pytest.mark.slow
def test_a_clip_is_dragged_out_as_a_midi_file(studio) -> None:
    open_studio = studio()
    kind, name, data = open_studio.page.evaluate(
        """() => {
          const transfer = new DataTransfer();
          document.querySelector('.grip').dispatchEvent(
            new DragEvent('dragstart', {bubbles: true, dataTransfer: transfer}));
          const [kind, name, , , data] = transfer.getData('DownloadURL').split(/[:,]/);
          return [kind, name, data];
        }"""
    )
    assert (kind, name) == ("audio/midi", "Pad-50-50.mid")
    assert near(read_hits(base64.b64decode(data)), open_studio.hits())


@pytest.mark.slow
def test_a_drawn_path_is_rendered_to_one_piece(studio) -> None:
    open_studio = studio()
    page = open_studio.page
    page.get_by_role("tab", name="Path").click()
    page.mouse.move(*open_studio.point_at(0, 0))
    page.mouse.down()
    page.mouse.move(*open_studio.point_at(1, 0.5), steps=8)
    page.mouse.up()
    page.get_by_label("Bars").fill("8")
    open_studio.button("Render the path").click()
    page.wait_for_selector(".shelf .card")
    assert "8 bars" in page.inner_text(".editor .hint")


def test_the_palette_plays_the_cell_that_is_clicked(studio) -> None:
    open_studio = studio()
    page = open_studio.page
    page.get_by_role("tab", name="Palette").click()
    puck = page.locator(".puck")
    page.mouse.click(*open_studio.point_at(0.72, 0.98))
    open_studio.wait_for_name("Pad 75 100")
    assert (puck.get_attribute("data-x"), puck.get_attribute("data-y")) == ("0.750", "1.000")
    lower = open_studio.hits()
    page.focus("#pad")
    for _ in range(3):
        page.keyboard.press("ArrowUp")
    open_studio.wait_for_name("Pad 75 25")
    assert open_studio.hits() != lower
    page.mouse.click(*open_studio.point_at(0.72, 0.98))
    open_studio.wait_for_name("Pad 75 100")
    assert open_studio.hits() == lower


@pytest.mark.slow
def test_a_map_of_the_users_files_can_be_walked(studio) -> None:
    open_studio = studio()
    page = open_studio.page
    for k in range(3):
        open_studio.drop(f"{k}.mid", drum_file(PATTERN[k : 16 - 4 * k]))
    open_studio.wait("document.querySelectorAll('.file.ready').length === 3")
    page.get_by_role("tab", name="Map").click()
    page.locator(".map .primary").click()
    open_studio.wait("document.querySelectorAll('.place').length === 3")
    page.locator(".pad.map").click(position={"x": 90, "y": 120})
    open_studio.wait("document.querySelector('.clip-name').value.startsWith('Map ')")


def test_it_fits_a_phone_and_every_control_has_a_name(studio) -> None:
    open_studio = studio(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    page = open_studio.page
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    controls = page.locator("button:visible, select:visible, input:visible")
    nameless = [
        control.evaluate("e => e.outerHTML.slice(0, 120)")
        for control in controls.all()
        if not control.evaluate(
            "e => (e.ariaLabel || e.textContent || e.labels?.[0]?.textContent || '').trim()"
        )
    ]
    assert nameless == []
