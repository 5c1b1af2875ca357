"""The groove modes as methods of a model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Unpack

from musicvae.generate import grooves
from musicvae.generate.keywords import SamplingKeywords, sampling_options
from musicvae.generate.music import MusicLike, as_piece
from musicvae.generate.results import Result

if TYPE_CHECKING:
    from musicvae.generate.trained_model import TrainedModel


class GrooveMethods:
    """What models of drums with velocity and timing can do; see `musicvae.Model`.

    Attributes:
      trained: the model.
    """

    trained: TrainedModel

    def humanize(
        self,
        music: MusicLike,
        n: int = 1,
        *,
        others: Sequence[GrooveMethods] = (),
        **options: Unpack[SamplingKeywords],
    ) -> Result:
        """Plays drums with velocities and timing; needs a model such as groovae_2bar_humanize.

        Args:
          music: drums.
          n: how many versions.
          others: models of other lengths; the longest that fits plays each stretch.
          **options: see `SamplingKeywords`.

        Raises:
          ConfigError: the model is not made for it.
          InputError: the drums do not fit.

        Examples:
          >>> import musicvae as mv
          >>> beat = mv.load("cat-drums_2bar_small").sample(1, seed=1)[0]
          >>> played = mv.load("groovae_2bar_humanize").humanize(beat, seed=1)[0]
          >>> len(played.sequence.notes) == len(beat.sequence.notes)
          True
        """
        return self._groove("humanize", music, n, options, others)

    def tap2drum(
        self,
        music: MusicLike,
        n: int = 1,
        *,
        others: Sequence[GrooveMethods] = (),
        **options: Unpack[SamplingKeywords],
    ) -> Result:
        """Makes drums of a tapped rhythm; needs a model such as groovae_2bar_tap_fixed_velocity.

        Args:
          music: notes of any kind.
          n: how many versions.
          others: models of other lengths; the longest that fits plays each stretch.
          **options: see `SamplingKeywords`.

        Raises:
          ConfigError: the model is not made for it.
          InputError: the taps do not fit.

        Examples:
          >>> import musicvae as mv
          >>> taps = mv.load("cat-drums_2bar_small").sample(1, seed=1)[0]
          >>> mv.load("groovae_2bar_tap_fixed_velocity").tap2drum(taps, 2, seed=1)
          <Result: 2 samples as a list>
        """
        return self._groove("tap2drum", music, n, options, others)

    def add_hihat(
        self, music: MusicLike, n: int = 1, **options: Unpack[SamplingKeywords]
    ) -> Result:
        """Adds closed hi-hats to drums; needs a model such as groovae_2bar_add_closed_hh.

        Args:
          music: drums.
          n: how many versions.
          **options: see `SamplingKeywords`.

        Raises:
          ConfigError: the model is not made for it.
          InputError: the drums do not fit.

        Examples:
          >>> import musicvae as mv
          >>> beat = mv.load("cat-drums_2bar_small").sample(1, seed=1)[0]
          >>> more = mv.load("groovae_2bar_add_closed_hh").add_hihat(beat, seed=1)[0]
          >>> len(more.sequence.notes) >= len(beat.sequence.notes)
          True
        """
        return self._groove("add_hihat", music, n, options)

    def follow_hits(
        self,
        hits: MusicLike,
        n: int = 1,
        *,
        style: MusicLike | None = None,
        **options: Unpack[SamplingKeywords],
    ) -> Result:
        """Plays given hits in another manner; needs a model that is controlled by hits.

        Args:
          hits: drums, whose hits are played.
          n: how many versions.
          style: drums whose manner is taken; None for a new one each time.
          **options: see `SamplingKeywords`.

        Raises:
          ConfigError: the model is not made for it.
          InputError: an input does not fit.

        Examples:
          >>> import musicvae as mv
          >>> beat = mv.load("cat-drums_2bar_small").sample(1, seed=1)[0]
          >>> mv.load("groovae_2bar_hits_control_tfds").follow_hits(beat, 2, seed=1)
          <Result: 2 samples as a list>
        """
        manner = None if style is None else as_piece(style)
        return grooves.follow_hits(
            self.trained, as_piece(hits), n, sampling_options(options), style=manner
        )

    def _groove(
        self,
        mode: str,
        music: MusicLike,
        n: int,
        options: SamplingKeywords,
        others: Sequence[GrooveMethods] = (),
    ) -> Result:
        return grooves.play_groove(
            self.trained,
            mode,
            as_piece(music),
            n,
            sampling_options(options),
            [other.trained for other in others],
        )
