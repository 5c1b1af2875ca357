"""Tests that the page plays: what is heard, when, and how it changes under the pointer."""

from __future__ import annotations

import time

import pytest
from page_tools import near

_KEY_PRESSED = """midiInput.onmidimessage(
  {data: Uint8Array.of(0x90, 60, 50), timeStamp: performance.now()})"""


def test_it_opens_with_music_and_plays_its_notes_in_time(studio) -> None:
    open_studio = studio()
    hits = open_studio.hits()
    assert hits
    first = open_studio.play_a_pass(8)
    open_studio.wait("document.querySelector('#meter').style.getPropertyValue('--level') > 0.01")
    heard = open_studio.scheduled("on")
    start = open_studio.scheduled("start")[0]["time"]
    in_pass = [event for event in heard if first <= event["beat"] < first + 8]
    assert sorted((event["pitch"], round(event["beat"] - first, 2)) for event in in_pass) == hits
    for event in heard:
        assert event["time"] == pytest.approx(start + event["beat"] * 0.5, abs=1e-6)


@pytest.mark.slow
def test_stop_ends_every_note(studio) -> None:
    open_studio = studio()
    open_studio.play_a_pass(2)
    open_studio.button("Stop").click()
    assert len(open_studio.scheduled("on")) == len(open_studio.scheduled("off"))
    assert open_studio.scheduled("stop")


def test_dragging_across_the_pad_changes_the_music_on_the_beat(studio) -> None:
    open_studio = studio()
    page = open_studio.page
    page.mouse.move(*open_studio.point_at(0, 0))
    page.mouse.down()
    open_studio.wait("scheduled.some(({kind}) => kind === 'on')")
    seen = set()
    for x, y in ((0.5, 0.1), (1, 0), (1, 1)):
        page.mouse.move(*open_studio.point_at(x, y), steps=4)
        swaps = len(open_studio.scheduled("swap"))
        open_studio.wait(f"scheduled.filter(({{kind}}) => kind === 'swap').length > {swaps}")
        seen.add(tuple(open_studio.hits()))
    page.mouse.up()
    assert len(seen) > 1
    swaps = open_studio.scheduled("swap")
    assert all(event["beat"] == pytest.approx(round(event["beat"])) for event in swaps)
    puck = page.locator(".puck")
    assert (puck.get_attribute("data-x"), puck.get_attribute("data-y")) == ("1.000", "1.000")


@pytest.mark.slow
def test_arrow_keys_move_on_the_pad(studio) -> None:
    open_studio = studio()
    page = open_studio.page
    before = open_studio.hits()
    page.focus("#pad")
    for _ in range(6):
        page.keyboard.press("Shift+ArrowLeft")
    open_studio.wait_for_name("Pad 0 50")
    assert open_studio.hits() != before


def test_a_midi_port_gets_notes_and_clock_at_their_times(studio) -> None:
    open_studio = studio()
    page = open_studio.page
    page.select_option("#output", "connect")
    open_studio.wait("document.querySelector('#output').value === 'out'")
    hits = open_studio.hits()
    first = open_studio.play_a_pass(8)
    open_studio.button("Stop").click()
    sent = page.evaluate("sent")
    start = next(message[0] for message in sent if message[1] == 0xFA)
    ons = [message for message in sent if message[1] == 0x99 and message[3] > 0]
    beats = [(pitch, (at - start) / 500 - first) for at, _, pitch, _ in ons]
    found = sorted((pitch, round(beat, 2)) for pitch, beat in beats if -0.06 < beat < 7.94)
    # The sound card's clock and the computer's differ by some milliseconds.
    assert near(found, hits, beats=0.06)
    ticks = [message[0] for message in sent if message[1] == 0xF8]
    in_pass = [at for at in ticks if first * 500 - 10 <= at - start]
    assert in_pass[192] - in_pass[0] == pytest.approx(8 * 500, abs=30)
    assert sent[-1][1] == 0xFC
    assert sum(message[1] == 0x89 for message in sent) == len(ons)


@pytest.mark.slow
def test_a_tapped_rhythm_becomes_drums(studio) -> None:
    open_studio = studio()
    page = open_studio.page
    tempo = page.get_by_label("Tempo in beats a minute")
    tempo.fill("240")
    tempo.press("Enter")
    open_studio.button("Tap a rhythm").click()
    open_studio.button("Connect a MIDI keyboard").click()
    open_studio.wait("midiInput.onmidimessage")
    page.locator(".tap-pad").click()
    open_studio.wait("document.querySelector('.tap-pad strong').textContent === 'Tap!'")
    with page.expect_request("**/api/job") as asked:
        while page.locator(".taps.running").count():
            page.keyboard.press("Space")
            time.sleep(0.2)
            page.evaluate(_KEY_PRESSED)
    notes = asked.value.post_data_json["source"]["clip"]["notes"]
    assert {note["velocity"] for note in notes} == {50, 100}
    taps = [note["start"] for note in notes]
    assert len(taps) == page.locator(".tap-line i").count() > 1
    assert taps == sorted(taps)
    assert 0 <= taps[0] <= taps[-1] < 8
    page.wait_for_selector(".shelf .card")
    assert open_studio.hits()


@pytest.mark.slow
def test_the_page_says_that_the_server_is_gone_and_goes_on_when_it_is_back(studio) -> None:
    open_studio = studio()
    page = open_studio.page
    page.route("**/api/**", lambda route: route.abort())
    page.keyboard.press("1")
    page.wait_for_selector(".toast.gone")
    assert "musicvae-studio" in page.inner_text(".toast.gone")
    page.unroute("**/api/**")
    page.wait_for_selector(".toast.gone", state="detached")
    page.get_by_text("The server is back.").wait_for()
    refused = [text for text in open_studio.problems if "ERR_FAILED" in text]
    assert refused == open_studio.problems
    open_studio.problems.clear()
