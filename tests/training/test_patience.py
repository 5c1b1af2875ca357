"""Tests of early stopping."""

from __future__ import annotations

import math

from musicvae.training.patience import Patience


def test_patience_ends_after_so_many_evaluations_without_improvement() -> None:
    patience = Patience(2)
    assert [patience.is_over(loss) for loss in (5.0, 4.0, 4.5, 3.9, 4.0, 3.9)] == [
        False,
        False,
        False,
        False,
        False,
        True,
    ]
    assert patience.best == 3.9
    assert patience.without_improvement == 2


def test_without_a_limit_it_never_ends() -> None:
    patience = Patience(0)
    assert not any(patience.is_over(loss) for loss in (1.0, 2.0, math.nan, 3.0))


def test_a_loss_that_is_not_a_number_is_no_improvement() -> None:
    patience = Patience(1)
    assert not patience.is_over(1.0)
    assert patience.is_over(math.nan)


def test_patience_goes_on_from_earlier_evaluations() -> None:
    patience = Patience(2, [4.0, 4.5])
    assert patience.is_over(4.2)
    assert patience.best == 4.0
