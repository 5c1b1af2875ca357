from __future__ import annotations

import json
import re
from html.parser import HTMLParser

import pytest
from chromium import Chromium, find_chromium
from pieces import drum_beat, melody, trio

from musicvae.lazy_note_seq import NoteSequence
from musicvae.plot.page import MAX_PIECES, PlayerPiece, page_html, write_page
from musicvae.plot.table import Table

EVIL = "</script><script>alert(1)</script><b onclick='x'>&"


def pieces() -> list[PlayerPiece]:
    return [
        PlayerPiece(drum_beat(), "Drums", "A beat.", b"MThd", "drums.mid"),
        PlayerPiece(melody(), EVIL),
        PlayerPiece(trio(), "Trio"),
        PlayerPiece(NoteSequence(), "Nothing"),
    ]


class _Tags(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))


def test_nothing_is_fetched_from_anywhere():
    tags = _Tags(page_html(pieces(), title="Page")).found
    for tag, attributes in tags:
        assert tag not in ("link", "img", "iframe", "object", "base")
        assert "src" not in attributes
        assert not (attributes.get("href") or "data:").startswith("http")
    policy = next(a["content"] for t, a in tags if t == "meta" and "http-equiv" in a)
    assert policy is not None and policy.startswith("default-src 'none'")


def test_a_title_cannot_break_out_of_the_page():
    table = Table(EVIL, (EVIL, EVIL), ((EVIL, EVIL),), EVIL)
    text = page_html(pieces(), title=EVIL, subtitle=EVIL, tables=[table])
    scripts = [attributes for tag, attributes in _Tags(text).found if tag == "script"]
    assert len(scripts) == 2
    assert "<b onclick" not in text


def test_every_control_has_a_name():
    text = page_html(pieces(), title="Page")
    tags = _Tags(text).found
    ranges = [a for tag, a in tags if tag == "input" and a["type"] == "range" and "id" not in a]
    assert len(ranges) == 4
    assert all(attributes.get("aria-label") for attributes in ranges)
    names = [attributes.get("aria-label") for tag, attributes in tags if tag == "button"]
    assert names[:2] == [None, "Play Drums"]
    assert sum(tag == "svg" and a.get("role") == "img" for tag, a in tags) == 4
    assert ("html", {"lang": "en"}) in tags


def test_the_notes_are_in_the_page_and_a_midi_file_where_it_was_given():
    text = page_html(pieces(), title="Page")
    data = json.loads(re.search(r'id="data">(.*?)</script>', text).group(1))
    notes = data["pieces"][0]["notes"]
    assert len(notes) == len(drum_beat().notes)
    assert notes[0] == [0, 125, 36, 96, -1]
    assert text.count("data:audio/midi;base64,TVRoZA==") == 1


def test_too_many_pieces_are_cut_with_a_word():
    text = page_html([PlayerPiece(NoteSequence(), "x")] * (MAX_PIECES + 1), title="Page")
    assert f"The first {MAX_PIECES} of {MAX_PIECES + 1}." in text
    assert text.count("<article") == MAX_PIECES


def test_the_same_pieces_give_the_same_page(tmp_path):
    for name in ("a.html", "b.html"):
        write_page(tmp_path / name, pieces(), title="Page")
    assert (tmp_path / "a.html").read_bytes() == (tmp_path / "b.html").read_bytes()


MEASURE = """
(async () => {
  const found = [];
  for (let k = 0; k < document.querySelectorAll("article").length; k++) {
    const sound = await renderPiece(k), samples = sound.getChannelData(0);
    let peak = 0, power = 0;
    for (const value of samples) { peak = Math.max(peak, Math.abs(value)); power += value * value; }
    found.push([sound.duration, peak, Math.sqrt(power / samples.length)]);
  }
  return found;
})()
"""
CLICK_AND_WAIT = """
(async () => {
  const article = document.querySelector("article"), button = article.querySelector("button");
  button.click();
  await new Promise(done => setTimeout(done, 700));
  const status = document.getElementById("status").textContent;
  const position = Number(article.querySelector("input").value);
  const seen = [button.textContent, status, position, article.querySelector(".head").hidden];
  button.click();
  return [...seen, button.textContent];
})()
"""


def test_a_browser_plays_every_piece_and_asks_for_nothing_else(tmp_path):
    binary = find_chromium()
    if binary is None:
        pytest.skip("Chromium is not installed")
    path = tmp_path / "page.html"
    write_page(path, pieces(), title="Page")
    with Chromium(binary, tmp_path / "profile") as browser:
        browser.open(path.as_uri())
        assert browser.evaluate("document.documentElement.dataset.ready") == "4"
        drums, tune, three, nothing = browser.evaluate(MEASURE)
        for seconds, peak, loudness in (drums, tune, three):
            assert seconds == pytest.approx(4.6)
            assert 0.1 < peak <= 1.0
            assert loudness > 0.01
        assert nothing[1] == 0.0
        label, status, position, hidden, after = browser.evaluate(CLICK_AND_WAIT)
        assert (label, status, after) == ("Pause", "Playing Drums", "Play")
        assert 200 < position < 4000
        assert not hidden
        fetched = [event["request"]["url"] for event in browser.named("Network.requestWillBeSent")]
        assert fetched == [path.as_uri()]
        assert not browser.named("Runtime.exceptionThrown", "Log.entryAdded")
