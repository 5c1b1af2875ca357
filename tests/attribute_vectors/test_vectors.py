from __future__ import annotations

import json

import numpy as np
import pytest

from musicvae.attribute_vectors import (
    ATTRIBUTES,
    attribute_changes,
    attribute_vectors,
    attributes_path,
    load_vectors,
    save_vectors,
)
from musicvae.errors import InputError
from musicvae.lazy_note_seq import NoteSequence
from musicvae.plot.attribute_chart import attribute_chart, attribute_table
from musicvae.plot.curves import Curve, Panel, curve_chart
from musicvae.plot.drawing import Drawing, Label, Line

NAMES = [attribute.name for attribute in ATTRIBUTES]
RNG = np.random.default_rng(2)


def some_values(count: int = 40) -> np.ndarray:
    return RNG.random((count, 5))


def texts(drawing: Drawing) -> list[str]:
    return [shape.text for shape in drawing.shapes if isinstance(shape, Label)]


def test_a_vector_is_the_mean_of_the_upper_quarter_less_that_of_the_lower():
    z, values = RNG.normal(size=(40, 6)), some_values()
    vectors = attribute_vectors(z, values)
    for k, name in enumerate(NAMES):
        order = np.argsort(values[:, k])
        expected = z[order[30:]].mean(axis=0) - z[order[:10]].mean(axis=0)
        np.testing.assert_allclose(vectors.vector(name), expected, rtol=1e-5, atol=1e-6)
    assert (vectors.counts == 10).all()


def test_a_dimension_that_carries_the_attribute_is_found():
    values = some_values(400)
    z = RNG.normal(size=(400, 8))
    z[:, 3] = values[:, 1] * 10
    vector = attribute_vectors(z, values).vector("note_density")
    assert np.argmax(np.abs(vector)) == 3
    assert vector[3] > 0


def test_pieces_without_a_value_are_left_aside():
    z, values = RNG.normal(size=(40, 3)), some_values()
    values[:20, 0] = np.nan
    z[:20] += 1000
    vectors = attribute_vectors(z, values)
    assert np.abs(vectors.vector("c_diatonic")).max() < 5
    assert vectors.counts[0].sum() == 10


def test_an_attribute_that_no_piece_has_is_left_out_with_the_reason():
    values = some_values()
    values[:, [0, 2]] = np.nan
    values[:, 3] = 0.5
    vectors = attribute_vectors(RNG.normal(size=(40, 3)), values)
    assert vectors.names == ("note_density", "syncopation_8th")
    with pytest.raises(InputError, match="only 0 of 40 pieces have a value"):
        vectors.vector("c_diatonic")
    with pytest.raises(InputError, match=r"the same value, 0\.5"):
        vectors.vector("syncopation_16th")
    with pytest.raises(InputError, match="did you mean 'note_density'"):
        vectors.vector("note_densiti")


def test_where_most_pieces_share_a_value_the_others_stand_against_them():
    z, values = np.zeros((40, 2)), some_values()
    values[:, 3] = 0.0
    values[35:, 3] = 0.4
    z[35:, 1] = 1.0
    np.testing.assert_allclose(attribute_vectors(z, values).vector("syncopation_16th"), [0, 1])


def test_too_few_pieces_are_refused():
    with pytest.raises(InputError, match="at least 8"):
        attribute_vectors(np.zeros((3, 2)), some_values(3))
    with pytest.raises(InputError, match="no attribute tells"):
        attribute_vectors(np.zeros((9, 2)), np.zeros((9, 5)))


def test_vectors_are_read_as_they_were_written(tmp_path):
    vectors = attribute_vectors(RNG.normal(size=(40, 6)), some_values())
    path = attributes_path(tmp_path / "model.ckpt-7")
    save_vectors(path, vectors, config="cat-mel_2bar_small", step=7, music="tests")
    again = load_vectors(path, z_size=6)
    assert again.names == vectors.names
    np.testing.assert_array_equal(again.vectors, vectors.vectors)
    report = json.loads(path.with_suffix(".json").read_text())
    assert report["config"] == "cat-mel_2bar_small"
    assert set(report["attributes"]) == set(NAMES)


def test_the_same_vectors_give_the_same_bytes(tmp_path):
    vectors = attribute_vectors(RNG.normal(size=(40, 6)), some_values())
    for name in ("a.npz", "b.npz"):
        save_vectors(tmp_path / name, vectors, config="x", step=1)
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()


def test_an_archive_and_a_prefix_have_their_vectors_beside_them():
    assert attributes_path("a/groove.tar.gz").name == "groove.attributes.npz"
    assert attributes_path("a/model.ckpt-70").name == "model.ckpt-70.attributes.npz"


def test_vectors_that_are_missing_broken_or_for_another_model_are_refused(tmp_path):
    path = tmp_path / "a.npz"
    with pytest.raises(InputError, match="musicvae-attributes"):
        load_vectors(path)
    path.write_bytes(b"PK\x03\x04 broken")
    with pytest.raises(InputError, match="holds no attribute vectors"):
        load_vectors(path)
    np.savez(path, names=np.array(["x"], object), vectors=np.zeros(1))
    with pytest.raises(InputError, match="holds no attribute vectors"):
        load_vectors(path)
    good = attribute_vectors(RNG.normal(size=(9, 4)), some_values(9))
    save_vectors(path, good, config="x", step=1)
    with np.load(path) as arrays:
        stored = dict(arrays)
    for name, value in (
        ("vectors", np.array(3.0)),
        ("vectors", np.full_like(stored["vectors"], np.nan)),
        ("quartiles", np.array(["a"])),
        ("means", np.zeros((1, 1, 1))),
        ("left_out", np.array("[1]")),
        ("left_out", np.array("[" * 9999)),
    ):
        np.savez(path, **{**stored, name: value})
        with pytest.raises(InputError, match="holds no attribute vectors"):
            load_vectors(path)
    save_vectors(path, good, config="x", step=1)
    with pytest.raises(InputError, match="4 dimensions, the model 8"):
        load_vectors(path, z_size=8)


def decode(z: np.ndarray) -> list[NoteSequence]:
    """A model whose first dimension is the number of notes in a bar of sixteenths."""
    pieces = []
    for row in z:
        piece = NoteSequence(total_time=2.0)
        for step in range(int(np.clip(round(float(row[0])), 1, 16))):
            piece.notes.add(
                pitch=60, velocity=80, start_time=step * 0.125, end_time=step * 0.125 + 0.1
            )
        pieces.append(piece)
    return pieces


def density_changes():
    values = np.full((40, 5), np.nan)
    values[:, 1] = np.arange(40)
    z = np.zeros((40, 2))
    z[:, 0] = np.arange(40) / 10
    vectors = attribute_vectors(z, values)
    return attribute_changes(decode, np.array([[8.0, 0.0]] * 3), vectors, length=16)


def test_adding_a_vector_gives_more_and_subtracting_less_of_its_attribute():
    changes = density_changes()
    assert changes.vectors == ("note_density",)
    column = changes.attributes.index("note_density")
    assert changes.baseline[column] == 0.5
    assert changes.percent(added=True)[0, column] == pytest.approx(37.5)
    assert changes.percent(added=False)[0, column] == pytest.approx(-37.5)


def test_a_change_from_nothing_has_no_percentage():
    changes = density_changes()
    column = changes.attributes.index("syncopation_16th")
    assert np.isnan(changes.percent(added=True)[0, column])


def test_the_chart_and_the_table_have_every_change():
    changes = density_changes()
    shown = texts(attribute_chart(changes))
    assert {"+38 %", "-38 %", "?", "Note density", "C diatonic"} <= set(shown)
    table = attribute_table(changes)
    assert "+38 % / -38 %" in table
    assert len({line.count("|") for line in table.splitlines()}) == 1


def test_the_report_has_no_numbers_that_json_does_not_know(tmp_path):
    changes = density_changes()
    vectors = attribute_vectors(RNG.normal(size=(40, 6)), some_values())
    save_vectors(tmp_path / "a.npz", vectors, config="x", step=1, changes=changes)
    text = (tmp_path / "a.json").read_text()
    assert "NaN" not in text
    effect = json.loads(text)["effect"]
    assert effect["percent_when_added"]["note_density"]["note_density"] == 37.5


def test_curves_lie_inside_their_panel():
    points = tuple((k / 4, 3.0 + k) for k in range(5))
    drawing = curve_chart(
        [Panel("Cost", (Curve("a", points), Curve("b", points[:1])))], title="T", x_title="x"
    )
    (line,) = [s for s in drawing.shapes if isinstance(s, Line) and len(s.points) == 5]
    assert all(0 < x < drawing.width and 0 < y < drawing.height for x, y in line.points)
    assert {"0", "8", "Cost", "a", "b"} <= set(texts(drawing))
