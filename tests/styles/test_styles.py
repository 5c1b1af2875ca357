"""A latent space of a few files: what it knows, what is drawn from it, and where it is kept."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from pieces import melody
from tiny_models import write_run

import musicvae as mv
from musicvae.codes import CodeTable
from musicvae.errors import InputError
from musicvae.generate.results import SamplingOptions
from musicvae.generate.styles import NEAR, _meaning, decoded_labels, new_vectors
from musicvae.prior import CONDITIONS
from musicvae.styles import Style, fit_style, load_style, save_style
from musicvae.styles.space import FEW_FILES


def table_of(mu, files=()) -> CodeTable:
    bars = np.ones(len(mu), np.int64)
    return CodeTable(tuple(files), bars, np.asarray(mu, np.float32), None, "cat-mel_2bar_small", 5)


@pytest.fixture(scope="module")
def codes() -> np.ndarray:
    """Codes that differ much along two directions of eight, little along the others."""
    generator = np.random.default_rng(0)
    spread = np.array([3.0, 2.0, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1])
    return generator.standard_normal((2000, 8)) * spread + np.arange(8)


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> mv.Model:
    folder = tmp_path_factory.mktemp("run")
    write_run(folder, "cat-mel_2bar_small")
    return mv.load(folder)


def test_the_axes_are_the_directions_along_which_the_codes_differ(codes):
    style = fit_style(table_of(codes), axes=2)
    assert np.abs(style.axes[0]).argmax() == 0 and np.abs(style.axes[1]).argmax() == 1
    np.testing.assert_allclose(np.linalg.norm(style.axes, axis=1), [3.0, 2.0], rtol=0.05)
    np.testing.assert_allclose(style.mean, np.arange(8), atol=0.2)
    assert style.shares.sum() == pytest.approx(1.0, abs=0.01)
    assert style.noise == pytest.approx(0.1, rel=0.1)


def test_a_position_is_encoded_as_it_was_decoded(codes):
    style = fit_style(table_of(codes), axes=2)
    a = np.array([[1.0, -2.0], [0.0, 0.5]])
    np.testing.assert_allclose(style.encode(style.decode(a)), a, rtol=0.01, atol=0.01)
    away = style.decode(a) + np.eye(8)[[5, 5]]
    np.testing.assert_allclose(style.placed(away), style.decode(a), atol=0.2)


def test_draws_are_distributed_as_the_codes_are(codes):
    style = fit_style(table_of(codes), axes=2)
    drawn = style.draw(np.random.default_rng(1), 4000)
    np.testing.assert_allclose(drawn.mean(0), codes.mean(0), atol=0.2)
    np.testing.assert_allclose(drawn.std(0), codes.std(0), rtol=0.1)
    np.testing.assert_array_equal(drawn[:3], style.draw(np.random.default_rng(1), 3))


def test_a_style_holds_its_draws_and_no_others():
    mu = np.random.default_rng(0).standard_normal((5, 8))
    style = fit_style(table_of(mu), axes=2)
    assert style.holds(style.draw(np.random.default_rng(1), 20)).all()
    assert style.holds(style.placed(mu + 1.0)).all()
    assert not style.holds(mu + np.random.default_rng(2).standard_normal((5, 8))).any()


def test_every_file_weighs_alike_however_long_it_is():
    mu = np.concatenate([np.random.default_rng(0).standard_normal((99, 4)), np.full((3, 4), 10.0)])
    files = ["long.mid"] * 99 + ["short.mid"] * 3
    np.testing.assert_allclose(fit_style(table_of(mu, files), 2).mean, np.full(4, 5.0), atol=0.3)


def test_variations_move_along_the_axes_alone_and_stay_where_they_are_at_closeness_1(codes):
    style = fit_style(table_of(codes), axes=2)
    code = codes[3] + np.eye(8)[5]
    generator = np.random.default_rng(0)
    near = style.vary(generator, code, 4, 1.0)
    np.testing.assert_allclose(near, np.tile(code, (4, 1)), atol=1e-4)
    far = style.vary(generator, code, 200, 0.0)
    assert far[:, 0].std() > 2.0
    np.testing.assert_allclose(far[:, 5], code[5], atol=0.1)


def test_a_map_goes_across_the_first_axis_and_down_the_second(codes):
    style = fit_style(table_of(codes), axes=3)
    a = style.encode(style.map(3)).reshape(3, 3, 3)
    np.testing.assert_allclose(a[1, :, 0], [-2.0, 0.0, 2.0], atol=0.05)
    np.testing.assert_allclose(a[:, 1, 1], [-2.0, 0.0, 2.0], atol=0.05)
    np.testing.assert_allclose(a[:, :, 2], 0.0, atol=0.05)


def test_three_windows_are_enough_and_have_fewer_axes(codes):
    assert len(fit_style(table_of(codes[:3]), axes=6).axes) == 2
    for mu, axes, message in (
        (codes[:2], 2, "at least 3 windows, not 2"),
        (np.ones((5, 8)), 2, "too alike for a style"),
        (codes, 9, "axes=9 is not in 2 to 8"),
    ):
        with pytest.raises(InputError, match=message):
            fit_style(table_of(mu), axes)


def test_a_style_comes_back_as_it_was_written(codes, tmp_path):
    style = dataclasses.replace(fit_style(table_of(codes), 3), meanings=("more", "", "less"))
    save_style(tmp_path / "a.style.npz", style)
    found = load_style(tmp_path / "a.style.npz")
    for field in dataclasses.fields(Style):
        one, other = getattr(style, field.name), getattr(found, field.name)
        if field.name == "noise":
            assert one == pytest.approx(other)
        else:
            np.testing.assert_array_equal(np.asarray(one), np.asarray(other))


def test_what_is_no_style_is_one_line(tmp_path):
    np.savez(tmp_path / "other.npz", mu=np.zeros(3))
    (tmp_path / "broken.npz").write_bytes(b"PK\3\4broken")
    (tmp_path / "text.npz").write_text("no style")
    for name, message in (
        ("other.npz", "it has no version, only mu"),
        ("broken.npz", "holds no style"),
        ("text.npz", "holds no style: it is no .npz file"),
    ):
        with pytest.raises(InputError, match=message) as error:
            load_style(tmp_path / name)
        assert "\n" not in str(error.value)
    with pytest.raises(InputError, match="`musicvae-style` learns one"):
        load_style(tmp_path / "none.npz")


def test_modes_move_within_a_style(model, tmp_path):
    mu = np.random.default_rng(0).standard_normal((60, 8)) * np.linspace(0.2, 2.0, 8)
    style = fit_style(table_of(mu), axes=2)
    save_style(tmp_path / "mine.style.npz", style)
    sampled = model.sample(3, style=tmp_path / "mine.style.npz", seed=4)
    np.testing.assert_array_equal(
        np.array([sample.z for sample in sampled]), style.draw(np.random.default_rng(4), 3)
    )
    map_ = model.grid([], 3, style=style, seed=1)
    assert (map_.order, map_.columns, len(map_)) == ("grid", 3, 9)
    np.testing.assert_allclose([sample.z for sample in map_], style.map(3), rtol=1e-5, atol=1e-5)
    tunes = [melody(lowest=lowest) for lowest in (48, 55, 60, 67)]
    here = model.encode(*tunes).mu
    corner = model.grid(tunes, 2, style=style, seed=1)[0]
    np.testing.assert_allclose(corner.z, style.placed(here)[0], rtol=1e-4, atol=1e-4)
    moved = np.array([s.z for s in model.similar(tunes[0], 5, 0.5, style=style, seed=1)]) - here[0]
    assert np.linalg.matrix_rank(moved, tol=1e-3) == 2
    assert len(model.morph(tunes[:2], 3, style=style, seed=1)) == 1


def test_samples_of_few_files_keep_a_distance_from_their_windows(model):
    generator = np.random.default_rng(0)
    mu = generator.standard_normal((30, 8)) * np.linspace(5e-3, 1e-4, 8)
    few, many = (
        fit_style(table_of(mu, [f"{k % files}.mid" for k in range(30)]), axes=2)
        for files in (1, FEW_FILES)
    )
    assert len(few.windows) == 30 and len(many.windows) == 0

    def distances(style: Style, n: int) -> np.ndarray:
        z = new_vectors(model.trained, n, SamplingOptions(seed=3, style=style))
        ours, theirs = (decoded_labels(model.trained, codes) for codes in (z, few.windows))
        return np.array([(theirs != row).any(axis=2).mean(axis=1).min() for row in ours])

    near = (distances(many, 16) <= NEAR).mean()
    assert 0.1 < near < 0.9
    assert (distances(few, 16) > NEAR).all()
    # The first of many samples are those of few.
    np.testing.assert_array_equal(distances(few, 16)[:5], distances(few, 5))


def test_where_all_draws_are_copies_the_least_near_are_taken(model):
    mu = np.random.default_rng(0).standard_normal((30, 8)) * 1e-4
    style = fit_style(table_of(mu, ["song.mid"] * 30), axes=2)
    assert new_vectors(model.trained, 4, SamplingOptions(seed=3, style=style)).shape == (4, 8)


def test_a_style_of_another_model_or_step_is_refused(model, codes):
    style = fit_style(table_of(codes), 2)
    for other, message in (
        (dataclasses.replace(style, config="cat-mel_2bar_big"), "is of config 'cat-mel_2bar_big'"),
        (dataclasses.replace(style, step=6), "was learnt on step 6"),
    ):
        with pytest.raises(InputError, match=message):
            model.sample(1, style=other, seed=1)


def test_an_axis_is_called_by_what_differs_clearly_between_its_ends():
    low = np.random.default_rng(0).standard_normal((24, len(CONDITIONS)))
    high = low.copy()
    density = [attribute.name for attribute in CONDITIONS].index("note_density")
    high[:, density] += 5.0
    assert _meaning(low, low) == ""
    assert _meaning(low, high).startswith("note density ")
    high[:, density] = np.nan
    assert _meaning(low, high) == ""


def test_a_style_is_learnt_from_one_song_and_says_what_its_axes_do(model, tmp_path):
    song = melody()
    for k in range(1, 5):
        for note in melody(lowest=50 + 3 * k).notes:
            copy = song.notes.add()
            copy.CopyFrom(note)
            copy.start_time, copy.end_time = note.start_time + 4 * k, note.end_time + 4 * k
    song.total_time = 20.0
    mv.write(song, tmp_path / "song.mid")
    style = mv.style(model, tmp_path, axes=4)
    assert (style.files, style.codes, len(style.axes)) == (1, 9, 4)
    assert len(style.meanings) == 4
    assert repr(style) == "<Style of 9 windows of 1 file: 4 axes, for cat-mel_2bar_small>"
