"""Node and Chromium, for tests of the studio's page, and the page as a person uses it."""

from __future__ import annotations

import base64
import contextlib
import dataclasses
import io
import os
import pathlib
import shutil
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import mido
import pytest

CHECKOUT = pathlib.Path(__file__).resolve().parents[3]
SOURCE = CHECKOUT / "studio"
STATIC = CHECKOUT / "musicvae" / "studio" / "static"

# Keeps what the scheduler hands out, and stands in for a MIDI port and what it was sent.
_RECORDER = """
window.scheduled = [];
window.addEventListener('musicvae-scheduled', ({detail: {kind, time, beat, note}}) =>
  window.scheduled.push({kind, time, beat, pitch: note && note.pitch}));
// The first pass of so many beats all of whose clocks are there: the page was not held up.
window.wholePass = (beats) => {
  const clocks = window.scheduled.filter(({kind}) => kind === 'clock').map(({beat}) => beat);
  for (let first = 0; clocks.length && first < Math.max(...clocks); first += beats) {
    const inside = clocks.filter((beat) => beat >= first - 1e-6 && beat < first + beats - 1e-6);
    const over = clocks.some((beat) => beat >= first + beats);
    if (inside.length === beats * 24 && over) return {first};
  }
  return null;
};
window.sent = [];
const input = {id: 'in', name: 'Test keys', type: 'input', onmidimessage: null};
const output = {id: 'out', name: 'Test port', type: 'output', state: 'connected',
  send: (data, time) => window.sent.push([time ?? performance.now(), ...data])};
window.midiInput = input;
navigator.requestMIDIAccess = async () => ({
  inputs: new Map([['in', input]]), outputs: new Map([['out', output]]), onstatechange: null});
"""

# (pitch, start in quarter notes), rounded as a file's ticks allow.
Hit = tuple[int, float]


def require_node() -> str:
    """Returns the path of npm; skips the test unless the page's packages are installed."""
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("Node is not installed")
    if not (SOURCE / "node_modules" / "vite").is_dir():
        pytest.skip("the page's packages are not installed; run `npm ci` in studio")
    return npm


def require_chromium() -> str:
    """Returns the path of a Chromium; skips the test unless one is there."""
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        pytest.skip("Chromium is not installed; `apt-get install chromium`")
    return found


@contextlib.contextmanager
def started(*flags: str) -> Iterator[str]:
    """Starts a studio by its command, and gives its address."""
    pytest.importorskip("fastapi", reason="the extra studio is not installed")
    pytest.importorskip("uvicorn", reason="the extra studio is not installed")
    command = [sys.executable, "-m", "musicvae.cli.studio", "--no-open", "--port=0", *flags]
    environment = {**os.environ, "TF_NUM_INTRAOP_THREADS": "1", "PYTHONUNBUFFERED": "1"}
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment
    )
    try:
        assert process.stdout is not None
        said = []
        for line in process.stdout:
            said.append(line)
            if line.startswith("The studio is at "):
                yield line.split()[4]
                break
        else:
            raise AssertionError("".join(said))
    finally:
        process.terminate()
        process.wait(20)


@dataclasses.dataclass
class Studio:
    """An open page.

    Attributes:
      page: Playwright's page.
      problems: errors that its console or its scripts reported.
      asked: addresses that it sent requests to.
    """

    page: Any
    problems: list[str]
    asked: list[str]

    @classmethod
    def open(cls, browser: Any, address: str, **options: Any) -> Studio:
        """Opens the page and waits for its first music."""
        options.setdefault("viewport", {"width": 1440, "height": 900})
        context = browser.new_context(accept_downloads=True, **options)
        context.add_init_script(_RECORDER)
        studio = cls(context.new_page(), [], [])
        page = studio.page
        page.set_default_timeout(150_000)
        page.on("request", lambda request: studio.asked.append(request.url))
        page.on("pageerror", lambda error: studio.problems.append(str(error)))
        page.on(
            "console",
            lambda said: studio.problems.append(said.text) if said.type == "error" else None,
        )
        page.goto(address)
        page.wait_for_selector("#roll .note")
        return studio

    def button(self, name: str) -> Any:
        """The button of a name."""
        return self.page.get_by_role("button", name=name, exact=True).first

    def hits(self) -> list[Hit]:
        """Pitches and starts of the notes in the editor."""
        found = self.page.eval_on_selector_all(
            "#roll .note", "notes => notes.map(n => [+n.dataset.pitch, +n.dataset.start])"
        )
        return sorted((pitch, round(start, 2)) for pitch, start in found)

    def scheduled(self, kind: str) -> list[dict[str, Any]]:
        """What the scheduler handed out of a kind."""
        return self.page.evaluate("kind => scheduled.filter(e => e.kind === kind)", kind)

    def play_a_pass(self, beats: int) -> int:
        """Plays until so many beats in a row were handed out whole; returns the first of them."""
        self.button("Play").click()
        found = self.page.wait_for_function("beats => wholePass(beats)", arg=beats)
        return int(found.json_value()["first"])

    def wait(self, condition: str) -> None:
        """Waits until a JavaScript expression is true."""
        # A function: the page's policy lets no text be evaluated.
        self.page.wait_for_function(f"() => {condition}")

    def wait_for_name(self, name: str) -> None:
        """Waits until the clip in the editor has a name."""
        text = "name => document.querySelector('.clip-name').value === name"
        self.page.wait_for_function(text, arg=name)

    def point_at(self, x: float, y: float) -> tuple[float, float]:
        """A place of the pad on the screen."""
        box = self.page.locator("#pad").bounding_box()
        return box["x"] + box["width"] * (0.1 + 0.8 * x), box["y"] + box["height"] * (0.1 + 0.8 * y)

    def drop(self, name: str, data: bytes, onto: str = "main") -> None:
        """Drops a file from the desktop onto an element."""
        self.page.evaluate(
            """([name, text, onto]) => {
              const transfer = new DataTransfer();
              const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
              transfer.items.add(new File([bytes], name));
              const options = {bubbles: true, cancelable: true, dataTransfer: transfer};
              for (const type of ['dragenter', 'dragover', 'drop']) {
                document.querySelector(onto).dispatchEvent(new DragEvent(type, options));
              }
            }""",
            [name, base64.b64encode(data).decode(), onto],
        )

    def download(self, button: Any) -> bytes:
        """Clicks a button and returns the file that comes."""
        with self.page.expect_download() as coming:
            button.click()
        return pathlib.Path(coming.value.path()).read_bytes()


def drum_file(hits: list[Hit], qpm: float = 120.0) -> bytes:
    """A MIDI file of drums, each hit at full steps."""
    track = mido.MidiTrack([mido.MetaMessage("set_tempo", tempo=mido.bpm2tempo(qpm))])
    events = []
    for pitch, start in hits:
        events.append((round(start * 480), "note_on", pitch, 100))
        events.append((round(start * 480) + 60, "note_off", pitch, 0))
    last = 0
    for tick, kind, pitch, velocity in sorted(events):
        message = mido.Message(kind, channel=9, note=pitch, velocity=velocity, time=tick - last)
        track.append(message)
        last = tick
    song = mido.MidiFile(ticks_per_beat=480)
    song.tracks.append(track)
    written = io.BytesIO()
    song.save(file=written)
    return written.getvalue()


def read_hits(data: bytes) -> list[Hit]:
    """Pitches and starts, in quarter notes, of a MIDI file's notes."""
    song = mido.MidiFile(file=io.BytesIO(data))
    hits = []
    for track in song.tracks:
        tick = 0
        for message in track:
            tick += message.time
            if message.type == "note_on" and message.velocity:
                hits.append((message.note, round(tick / song.ticks_per_beat, 2)))
    return sorted(hits)


def near(first: list[Hit], second: list[Hit], beats: float = 0.02) -> bool:
    """Whether two lists have the same pitches, at most so many quarter notes apart."""
    return len(first) == len(second) and all(
        a[0] == b[0] and abs(a[1] - b[1]) <= beats for a, b in zip(first, second, strict=True)
    )
