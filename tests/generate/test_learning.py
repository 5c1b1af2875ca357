"""`mv.attributes`: directions to more of an attribute, and to groups of pieces."""

from __future__ import annotations

import numpy as np
import pytest
from pieces import drum_beat, melody
from tiny_models import write_run

import musicvae as mv
from musicvae.attribute_vectors.groups import group_vectors
from musicvae.errors import InputError, NoExamplesError
from musicvae.formats.tfrecord import write_note_sequences


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> mv.Model:
    folder = tmp_path_factory.mktemp("run")
    write_run(folder, "cat-mel_2bar_small")
    return mv.load(folder, batch_size=32)


@pytest.fixture(scope="module")
def music(tmp_path_factory):
    """Folders of low and high melodies, and one of drums."""
    folder = tmp_path_factory.mktemp("music")
    for name, lowest in (("low", 48), ("high", 66)):
        (folder / name).mkdir()
        for k in range(6):
            piece = melody(lowest=lowest + k)
            del piece.notes[1 : 1 + k]
            mv.write(piece, folder / name / f"{k}.mid")
    (folder / "drums").mkdir()
    mv.write(drum_beat(), folder / "drums" / "beat.mid")
    return folder


def test_the_directions_of_groups_are_those_of_their_codes(model, music):
    found = mv.attributes(
        model, groups=[music / "low", f"{music}/high/"], num_tests=2, num_workers=1
    )
    tables = {name: mv.encode(model, music / name, num_workers=1) for name in ("low", "high")}
    expected = group_vectors(
        np.concatenate([table.mu for table in tables.values()]),
        [file for table in tables.values() for file in table.files],
        [name for name, table in tables.items() for _ in table.files],
    )
    assert found.vectors.names == ("low", "high")
    assert found.groups.files == (6, 6)
    np.testing.assert_allclose(found.vectors.vectors, expected.vectors.vectors, atol=1e-5)
    moved = model.steer(music / "low" / "0.mid", "high", [0, 1], vectors=found.vectors, seed=1)
    step = moved[1].z - moved[0].z
    np.testing.assert_allclose(step, found.vectors.vector("high"), rtol=1e-3, atol=1e-3)


def test_attributes_are_learnt_from_folders_records_and_sequences_alike(model, music, tmp_path):
    pieces = [mv.read(path).sequence for path in sorted((music / "high").iterdir())]
    pieces += [mv.read(path).sequence for path in sorted((music / "low").iterdir())]
    records = tmp_path / "music.tfrecord"
    write_note_sequences(records, pieces)
    found = [
        mv.attributes(model, source, num_tests=1).vectors for source in (pieces, records, [records])
    ]
    assert "note_density" in found[0].names
    for other in found[1:]:
        np.testing.assert_array_equal(other.vectors, found[0].vectors)
    with pytest.raises(InputError, match="need at least 8 pieces"):
        mv.attributes(model, music / "high", num_tests=1)


def test_mistakes_are_one_line(model, music, tmp_path):
    low = music / "low"
    for arguments, message in (
        ({}, "either music or groups"),
        ({"music": low, "groups": [low, low]}, "either music or groups"),
        ({"groups": str(low)}, "give two folders or more, as a list"),
        ({"groups": [low]}, "give two folders or more, as a list"),
        ({"groups": [low, low]}, "two groups are called 'low'; rename a folder"),
        ({"groups": [low, tmp_path / "none"]}, "none' does not exist"),
        ({"groups": [low, tmp_path]}, "no music file"),
        ({"groups": [low, music / "high"], "num_tests": 0}, "at least 1, not 0"),
        ({"music": []}, "must be TFRecord paths or NoteSequences"),
    ):
        with pytest.raises(InputError, match=message) as error:
            mv.attributes(model, num_workers=1, **arguments)
        assert "\n" not in str(error.value)
    with pytest.raises(NoExamplesError):
        mv.attributes(model, groups=[low, music / "drums"], num_workers=1)
