from __future__ import annotations

import midi_files as files
import numpy as np
import pytest

from musicvae.checkpoints import save_checkpoint
from musicvae.cli import inspect
from musicvae.errors import DataError, InputError
from musicvae.formats.midi import midi_to_note_sequence
from musicvae.formats.tfrecord import write_note_sequences


@pytest.fixture
def say(capsys):
    """Runs the command in this process and returns what it prints."""

    def run(*arguments):
        rest = inspect.FLAGS(["musicvae-inspect", *map(str, arguments)])[1:]
        try:
            inspect.main(rest)
        finally:
            inspect.FLAGS.unparse_flags()
            for name in ("config", "pitch_map", "all", "max_pieces"):
                inspect.FLAGS[name].unparse()
        return capsys.readouterr().out

    return run


def test_a_midi_file_and_a_configuration_give_tracks_examples_and_reasons(say, tmp_path):
    (tmp_path / "song.mid").write_bytes(files.scale(4))
    text = say(tmp_path / "song.mid", "--config=cat-mel_2bar_small")
    assert "song.mid: 2.0 s, 1 bars, 4 notes" in text
    assert "0 Acoustic grand piano" in text
    assert "examples: 0" in text
    assert "1 bars of melody; a window needs 2" in text


def test_a_tracks_name_stays_in_its_line_with_its_control_characters_shown(say, tmp_path):
    beat = b"".join(files.note(0, pitch, 240) for pitch in (36, 42, 38, 42) * 4)
    name = files.meta(0, 3, b"Drums\x1b[2J\r\n\tx")
    (tmp_path / "song.kar").write_bytes(files.midi(name + beat + files.END))
    text = say(tmp_path / "song.kar")
    assert text.count(r"'Drums\x1b[2J\r\n\tx'") == 2
    assert text.replace("\n", "").isprintable()


def test_without_a_configuration_the_music_alone_is_shown(say, tmp_path):
    (tmp_path / "song.mid").write_bytes(files.scale(4))
    text = say(tmp_path / "song.mid")
    assert "4 notes" in text
    assert "examples" not in text


def test_a_tfrecord_is_summed_up(say, tmp_path):
    sequences = []
    for length in (4, 8, 16):
        sequences.append(midi_to_note_sequence(files.scale(length)))
        sequences[-1].id = f"song {length}"
    write_note_sequences(tmp_path / "x@2.tfrecord", sequences)
    text = say(f"{tmp_path}/x-00000-of-00002.tfrecord", "--config=cat-mel_2bar_small")
    assert "song 4: 1 bars, 4 notes, 0 examples (shorter than one window)" in text
    assert "song 16: 4 bars, 16 notes" in text
    assert ": 2 pieces, 20 notes" in text
    assert "from 1 of the pieces" in text
    both = say(f"{tmp_path}/x@2.tfrecord")
    assert both.count(" pieces, ") == 2


def test_what_cannot_be_inspected_is_named(say, tmp_path):
    (tmp_path / "bad.mid").write_bytes(b"junk")
    with pytest.raises(InputError, match=r"bad\.mid' cannot be used: .*\(not_midi\)"):
        say(tmp_path / "bad.mid")
    with pytest.raises(InputError, match="no file matches"):
        say(tmp_path / "nothing")
    with pytest.raises(InputError, match="give files"):
        say()
    write_note_sequences(tmp_path / "x", [midi_to_note_sequence(files.scale())])
    (tmp_path / "x").write_bytes((tmp_path / "x").read_bytes() * 2 + b"rest")
    with pytest.raises(DataError, match="record 2"):
        say(tmp_path / "x")


@pytest.mark.slow
def test_a_run_folder_shows_its_step_its_variables_and_what_it_fits(say, shared):
    text = say(shared / "golden/run/groovae_2bar_humanize")
    assert "a run folder" in text
    assert "fits --config=groovae_2bar_humanize --hparams=" in text
    assert "decoder/output_projection/kernel" in text


def test_a_checkpoint_of_something_else_is_shown_as_far_as_its_names_go(say, tmp_path):
    arrays = {
        "dense/kernel": np.zeros([3, 4], np.float32),
        "_CHECKPOINTABLE_OBJECT_GRAPH": np.zeros([1], np.float32),
        "two\nlines \x1b[2J": np.zeros([1], np.float32),
    }
    save_checkpoint(tmp_path, 1, arrays)
    text = say(tmp_path / "model.ckpt-1")
    assert "fits none of the named configurations" in text
    assert "dense/kernel" in text
    assert "and 2 with names that no model here has" in text
    assert "\x1b" not in text
