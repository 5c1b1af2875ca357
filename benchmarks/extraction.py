"""How fast each representation's examples are found in real music.

    python benchmarks/extraction.py [--peer PYTHON] [--midi_root DIR] [--rounds 5] [--configs A,B]

Ours and the peer's (the python of an environment that has Magenta) extract from the same
NoteSequences, in processes of their own that have read them before, in turn. Both make full tensors
of all examples. A case ends with the peer's median time over ours.
"""

from __future__ import annotations

import argparse
import pathlib
import pickle
import subprocess
import sys
import tempfile

from common import case_line, in_turn, machine_line, peer_line, versions_line

from musicvae.errors import MusicVAEError
from musicvae.formats.midi import midi_to_note_sequence

_CHECKOUT = pathlib.Path(__file__).resolve().parents[1]

# Every n-th file of these folders.
SETS = {
    "groove": (("groove_v1.0.0_midionly", 12),),
    "melody": (("pop909_aligned", 20), ("openewld_melody_midi", 10), ("freedoom", 4)),
    "band": (("freedoom", 2), ("pop909_aligned", 60)),
    "chords": (("freedoom", 28), ("pop909_aligned", 210)),
}

CASES = (
    ("cat-mel_2bar_small", "melody"),
    ("hierdec-mel_16bar", "melody"),
    ("cat-drums_2bar_small", "groove"),
    ("nade-drums_2bar_full", "groove"),
    ("groovae_4bar", "groove"),
    ("groovae_2bar_humanize", "groove"),
    ("groovae_2bar_tap_fixed_velocity", "groove"),
    ("groovae_2bar_add_closed_hh", "groove"),
    ("groovae_2bar_hits_control_tfds", "groove"),
    ("hierdec-trio_16bar", "band"),
    ("hier-multiperf_vel_1bar_med", "band"),
    ("cat-mel_2bar_med_chords", "chords"),
    ("hier-multiperf_vel_1bar_med_chords", "chords"),
)


def read_set(midi_root: pathlib.Path, folders: tuple[tuple[str, int], ...]) -> list[bytes]:
    texts = []
    for folder, every in folders:
        paths = sorted(path for path in (midi_root / folder).rglob("*.mid*") if path.is_file())
        for path in paths[::every]:
            try:
                texts.append(midi_to_note_sequence(path.read_bytes()).SerializeToString())
            except MusicVAEError as error:
                print(f"left out: {path.name}: {error}")
    return texts


class Worker:
    """One side's process."""

    def __init__(self, python: str, side: str, sequences: pathlib.Path) -> None:
        script = pathlib.Path(__file__).with_name("extraction_worker.py")
        self._process = subprocess.Popen(
            [python, str(script), side, str(sequences)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self.examples = 0

    def extract(self, config: str, name: str) -> float:
        """Extracts once; returns the seconds that it took."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(config, name, file=self._process.stdin, flush=True)
        answer = self._process.stdout.readline().split()
        if not answer:
            raise SystemExit(f"the process that was to extract {config} ended")
        self.examples = int(answer[1])
        return float(answer[0])

    def close(self) -> None:
        """Ends the process."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()


def measure(ours: Worker, peer: Worker | None, config: str, name: str, rounds: int) -> str:
    # The first run makes the tables that a process needs once, and is not counted.
    ours.extract(config, name)
    mine, others = in_turn(
        lambda: ours.extract(config, name),
        None if peer is None else lambda: peer.extract(config, name),
        rounds,
    )
    if peer is not None and peer.examples != ours.examples:
        print(f"{config}: ours finds {ours.examples} examples, the peer {peer.examples}")
    return case_line(f"{config}, {ours.examples} examples", mine, others)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--peer", help="python of an environment with Magenta")
    parser.add_argument(
        "--midi_root", type=pathlib.Path, default=_CHECKOUT.parent / "shared" / "data" / "midi"
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--configs", help="only these configurations, with commas")
    arguments = parser.parse_args()
    print(machine_line())
    print(versions_line("numpy", "protobuf", "note-seq"))
    if arguments.peer:
        print(peer_line(arguments.peer))
    sets = {name: read_set(arguments.midi_root, folders) for name, folders in SETS.items()}
    print(*(f"{name}: {len(texts)} files" for name, texts in sets.items()), sep=", ")
    with tempfile.TemporaryDirectory() as scratch:
        path = pathlib.Path(scratch) / "sequences.pickle"
        path.write_bytes(pickle.dumps(sets, protocol=4))
        ours = Worker(sys.executable, "ours", path)
        peer = Worker(arguments.peer, "peer", path) if arguments.peer else None
        wanted = arguments.configs.split(",") if arguments.configs else [case for case, _ in CASES]
        for config, name in [case for case in CASES if case[0] in wanted]:
            # Inferring chords takes the peer seconds a file.
            rounds = min(arguments.rounds, 3) if name == "chords" else arguments.rounds
            print(measure(ours, peer, config, name, rounds), flush=True)
        for worker in (ours, peer):
            if worker is not None:
                worker.close()


if __name__ == "__main__":
    main()
