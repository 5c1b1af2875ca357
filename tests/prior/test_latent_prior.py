"""A prior draws what it was fitted to, repeatably, and with what is asked for."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from musicvae.errors import InputError
from musicvae.prior import LatentPrior, Target, parse_targets
from musicvae.prior.axes import latent_axes
from musicvae.prior.conditions import CONDITIONS, condition_scale, rank_features
from musicvae.prior.fitting import FitOptions, Posteriors, fit_prior

Z = 6
DENSITY = [attribute.name for attribute in CONDITIONS].index("note_density")
OPTIONS = FitOptions(num_steps=600, units=48, blocks=2, batch_size=128)


def two_clouds(n: int = 1500) -> Posteriors:
    """Codes at +3 and -3 along the first axis; those at +3 are dense."""
    generator = np.random.default_rng(1)
    side = generator.choice([-1.0, 1.0], n)
    mu = np.zeros((n, Z), np.float32)
    mu[:, 0] = 3 * side
    values = np.full((n, len(CONDITIONS)), np.nan)
    values[:, DENSITY] = 0.3 + 0.1 * side + generator.normal(0, 0.01, n)
    sigma = np.full((n, Z), [0.5, *[1.0] * (Z - 1)], np.float32)
    return Posteriors(mu, sigma, values, np.arange(n) // 10)


@pytest.fixture(scope="module")
def prior() -> LatentPrior:
    return fit_prior(two_clouds(), "two clouds", 5, OPTIONS).prior


def draw(prior: LatentPrior, n: int, *targets: Target, **options) -> np.ndarray:
    return prior.draw(np.random.default_rng(3), n, targets, **options)


def test_axes_whiten_codes_and_put_signal_first() -> None:
    generator = np.random.default_rng(0)
    mu = generator.standard_normal((4000, 3)) @ generator.standard_normal((3, Z))
    sigma = np.full((4000, Z), 0.4)
    axes = latent_axes(mu, sigma)
    z = mu + sigma * generator.standard_normal(mu.shape)
    whitened = (z - axes.mean) @ axes.projection()
    np.testing.assert_allclose(np.cov(whitened.T), np.eye(Z), atol=0.1)
    assert axes.informative(0.1) == 3
    assert np.all(np.diff(axes.signal) <= 0)
    np.testing.assert_allclose(axes.mean + whitened @ axes.basis, z, atol=1e-4)


def test_a_fit_beats_a_gaussian_and_draws_codes_where_music_is_and_nowhere_else(prior) -> None:
    fit = fit_prior(two_clouds(), "two clouds", 5, OPTIONS)
    assert fit.loss < 0.9 * fit.gaussian_loss
    z = draw(prior, 2000)
    first = z[:, 0]
    assert 0.35 < (first > 0).mean() < 0.65
    # A Gaussian of the same mean and variance has 0.38 of its draws there.
    assert (np.abs(first) < 1.5).mean() < 0.08
    np.testing.assert_allclose(np.abs(first).mean(), 3.0, atol=0.3)
    np.testing.assert_allclose(z[:, 1:].std(axis=0), 1.0, atol=0.15)


def test_a_sharper_prior_draws_less_between_the_clouds(prior) -> None:
    # A network cut short smooths the clouds.
    short = dataclasses.replace(OPTIONS, num_steps=25, sharpness=1.0)
    smooth = fit_prior(two_clouds(), "two clouds", 5, short).prior
    sharp = dataclasses.replace(smooth, sharpness=2.0)

    def between(prior: LatentPrior) -> float:
        return float((np.abs(draw(prior, 1000)[:, 0]) < 1.5).mean())

    assert between(sharp) < 0.5 * between(smooth)
    assert prior.sharpness == FitOptions().sharpness > 1.0


def test_a_narrower_prior_keeps_to_the_middle_of_a_cloud(prior) -> None:
    narrow = dataclasses.replace(prior, spread=0.5)
    far = [float(np.abs(np.abs(draw(p, 1000)[:, 0]) - 3).mean()) for p in (prior, narrow)]
    assert far[1] < 0.8 * far[0]
    # Along axes that hold noise alone it draws as before.
    assert draw(narrow, 1000)[:, -1].std() == pytest.approx(1.0, abs=0.15)


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("sharpness", 0.0),
        ("sharpness", 11.0),
        ("spread", 0.0),
        ("spread", 3.0),
        ("temperature", -1.0),
        ("temperature", 101.0),
    ],
)
def test_a_number_out_of_range_is_refused(option: str, value: float) -> None:
    with pytest.raises(InputError, match=f"{option}=.* (must be over 0 and at most|is not in 0)"):
        fit_prior(two_clouds(100), "x", 1, dataclasses.replace(OPTIONS, **{option: value}))


def test_a_seed_repeats_a_draw_and_few_draws_are_the_first_of_many(prior) -> None:
    many = draw(prior, 70)
    np.testing.assert_array_equal(many, draw(prior, 70))
    for few in (1, 5, 40):
        np.testing.assert_array_equal(many[:few], draw(prior, few))
    assert not np.array_equal(many, prior.draw(np.random.default_rng(4), 70))


def test_draws_near_codes_are_other_codes_of_the_same_cloud(prior) -> None:
    codes = draw(prior, 400)
    moved = prior.draw_near(np.random.default_rng(5), codes)
    assert np.abs(moved - codes).max(axis=1).min() > 1e-3
    sides = np.sign(codes[:, 0]), np.sign(moved[:, 0])
    assert (sides[0] == sides[1]).mean() > 0.9
    np.testing.assert_array_equal(prior.draw_near(np.random.default_rng(5), codes), moved)


def test_an_attribute_is_had_when_it_is_asked_for(prior) -> None:
    assert prior.scale.names == ("note_density",)
    dense = draw(prior, 300, Target("note_density", "high"))
    thin = draw(prior, 300, Target("note_density", "low"))
    assert (dense[:, 0] > 0).mean() > 0.95
    assert (thin[:, 0] < 0).mean() > 0.95
    assert (draw(prior, 300, Target("note_density", 0.4))[:, 0] > 0).mean() > 0.95
    no_guidance = draw(prior, 300, Target("note_density", "high"), guidance=0.0)
    assert 0.3 < (no_guidance[:, 0] > 0).mean() < 0.7


def test_a_group_is_had_when_it_is_asked_for() -> None:
    music = two_clouds()
    own = music._replace(groups=(music.mu[:, 0] > 0).astype(np.int64))
    fitted = fit_prior(own, "two clouds", 5, OPTIONS, groups=["Waltz", "polka"]).prior
    assert fitted.scale.groups == ("Waltz", "polka")
    for name, side in (("waltz", -1), ("polka", 1)):
        first = draw(fitted, 300, Target("group", name))[:, 0]
        assert (side * first > 0).mean() > 0.95
    free = draw(fitted, 300)[:, 0]
    assert 0.3 < (free > 0).mean() < 0.7
    # A group goes with an attribute, which the free draws of a group have none of.
    both = draw(fitted, 300, Target("group", "polka"), Target("note_density", "high"))
    assert (both[:, 0] > 0).mean() > 0.95
    with pytest.raises(InputError, match="no group 'poka'; did you mean 'polka'"):
        draw(fitted, 1, Target("group", "poka"))
    with pytest.raises(InputError, match="one group at a time"):
        draw(fitted, 1, Target("group", "polka"), Target("group", "waltz"))


def test_a_prior_without_groups_says_what_fits_one(prior) -> None:
    with pytest.raises(InputError, match="knows no groups, such as 'jazz'; `musicvae-prior --gr"):
        draw(prior, 1, Target("group", "jazz"))
    many = [str(k) for k in range(65)]
    with pytest.raises(InputError, match="65 groups are given; a prior knows 64 at most"):
        fit_prior(two_clouds(100), "many", 1, OPTIONS, groups=many)


def test_what_cannot_be_asked_for_is_said(prior) -> None:
    with pytest.raises(InputError, match="no attribute 'pitch_range' Known to it: note_density"):
        draw(prior, 1, Target("pitch_range", "high"))
    with pytest.raises(InputError, match="asked for twice"):
        draw(prior, 1, Target("note_density", "high"), Target("note_density", "low"))
    with pytest.raises(InputError, match=r"guidance=-1\.0"):
        draw(prior, 1, guidance=-1.0)
    with pytest.raises(InputError, match="n=0"):
        draw(prior, 0)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("note_densty=high", "did you mean 'note_density'"),
        ("note_density", "--attribute=note_density=high"),
        ("note_density=much", "note_density=much: must be low, medium, high or a number"),
        ("note_density=nan", "must be low, medium, high or a number"),
        ("group", "--attribute=group: say which, as in --attribute=group=jazz"),
    ],
)
def test_a_target_that_means_nothing_is_one_line(text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        parse_targets([text])


def test_targets_are_levels_or_values() -> None:
    assert parse_targets(["Note density = High", "pitch-range=12", "group=Hip Hop"]) == (
        Target("note_density", "high"),
        Target("pitch_range", 12.0),
        Target("group", "Hip Hop"),
    )


def test_equal_values_have_the_rank_of_their_middle() -> None:
    values = np.full((100, len(CONDITIONS)), np.nan)
    values[:, DENSITY] = [0.0] * 60 + [1.0] * 40
    scale = condition_scale(values)
    asked = np.array([[0.0], [1.0], [np.nan], [-5.0], [5.0]])
    ranks = scale.ranks(asked)[:, 0]
    np.testing.assert_allclose(ranks[:2], [-0.4, 0.6], atol=0.03)
    assert np.isnan(ranks[2])
    assert (ranks[3], ranks[4]) == (-1.0, 1.0)
    np.testing.assert_allclose(
        rank_features(scale.ranks(asked[1:3])), [[0.6, 1], [0, 0]], atol=0.03
    )


def test_too_little_music_is_refused() -> None:
    few = two_clouds().take(np.arange(20))
    with pytest.raises(InputError, match="at least 32 examples of 2 pieces of music, not 20 of 2"):
        fit_prior(few, "few", 1, OPTIONS)
    one = two_clouds(100)._replace(sources=np.zeros(100, np.int64))
    with pytest.raises(InputError, match="not 100 of 1"):
        fit_prior(one, "one", 1, OPTIONS)
    with pytest.raises(InputError, match="units=0"):
        fit_prior(two_clouds(100), "none", 1, dataclasses.replace(OPTIONS, units=0))


def test_a_fit_is_repeatable() -> None:
    short = dataclasses.replace(OPTIONS, num_steps=20)
    one, other = (fit_prior(two_clouds(200), "again", 1, short).prior for _ in range(2))
    for name, matrix in one.network.weights.items():
        np.testing.assert_array_equal(matrix, other.network.weights[name])
