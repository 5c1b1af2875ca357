"""A trained model in use: music to latent vectors and latent vectors to music.

    model = TrainedModel("cat-mel_2bar_big", batch_size=8, checkpoint_dir_or_path="cat-mel.tar")
    sequences = model.sample(n=4, length=32, temperature=0.5)
    z, mu, sigma = model.encode([sequences[0]])

Music is NoteSequences, times in seconds.

Axes: N pieces, T time step, C controls, Z columns of z.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from musicvae.converters import Example, Extraction
from musicvae.errors import InputError, MultipleExamplesError, NoExamplesError
from musicvae.generate.arrays import Encoded, trimmed
from musicvae.generate.input_windows import fit_window
from musicvae.generate.tensor_model import TensorModel
from musicvae.grid import DEFAULT_QPM
from musicvae.latent import slerp
from musicvae.prior import DEFAULT_GUIDANCE, Target
from musicvae.prior.choice import PriorChoice
from musicvae.sequences import describe_rejections, tempo_at


class TrainedModel(TensorModel):
    """A model with the weights of a checkpoint; see TensorModel for how it is loaded."""

    def sample(
        self,
        n: int | None = None,
        length: int | None = None,
        temperature: float = 1.0,
        same_z: bool = False,
        c_input: npt.ArrayLike | None = None,
        *,
        seed: int | None = None,
        prior: PriorChoice = None,
        attributes: Mapping[str, str | float] | None = None,
        guidance: float = DEFAULT_GUIDANCE,
        **rendering: Any,
    ) -> list[Any]:
        """Writes new music.

        Args:
          n: how many pieces; None for `batch_size`.
          length: the most steps; None for the configuration's `max_seq_len`.
          temperature: at least 0; 0 takes the most likely value of each step.
          same_z: whether all pieces come from one latent vector.
          c_input: controls, float `[T, C]` for all pieces or `[N, T, C]`; T may count bars.
          seed: makes this call repeatable; None goes on with the model's own randomness.
          prior: "learned", "standard" for N(0, I), a file of `musicvae-prior`, or a prior; None for
            what the model was loaded with, the learned one where there is one.
          attributes: what the music is to have, such as `{"note_density": "high"}`: "low",
            "medium", "high" or a value of each.
          guidance: how strongly, 0 (not at all) or more; 1 is as the training music has them.
          **rendering: qpm, velocity and program of the notes, as for `decode`.

        Returns:
          N NoteSequences.

        Raises:
          InputError: an argument is out of range, or controls are missing.

        Examples:
          >>> from musicvae import TrainedModel
          >>> model = TrainedModel("cat-drums_2bar_small", batch_size=4)
          >>> [type(sequence).__name__ for sequence in model.sample(2, seed=1)]
          ['NoteSequence', 'NoteSequence']
        """
        return [
            *self.stream(
                *(n, length, temperature, same_z, c_input),
                seed=seed,
                prior=prior,
                attributes=attributes,
                guidance=guidance,
                **rendering,
            )
        ]

    def stream(
        self,
        n: int | None = None,
        length: int | None = None,
        temperature: float = 1.0,
        same_z: bool = False,
        c_input: npt.ArrayLike | None = None,
        *,
        seed: int | None = None,
        prior: PriorChoice = None,
        attributes: Mapping[str, str | float] | None = None,
        guidance: float = DEFAULT_GUIDANCE,
        **rendering: Any,
    ) -> Iterator[Any]:
        """Writes new music as `sample` does, and hands out the pieces as they are finished.

        `batch_size` pieces are finished together: 1 gives the first one soonest, more give all of
        them sooner. For the steps of a piece as they are written see `stream_tensors`.

        Args:
          n: as for `sample`, as are all others.
          length: the most steps.
          temperature: at least 0.
          same_z: whether all pieces come from one latent vector.
          c_input: controls.
          seed: makes this call repeatable.
          prior: where latent vectors come from.
          attributes: what the music is to have.
          guidance: how strongly.
          **rendering: qpm, velocity and program of the notes.

        Yields:
          N NoteSequences.

        Raises:
          InputError: an argument is out of range, or controls are missing; before any is written.

        Examples:
          >>> from musicvae import TrainedModel
          >>> model = TrainedModel("cat-drums_2bar_small", batch_size=1)
          >>> pieces = model.stream(100, seed=1)
          >>> next(pieces) == model.sample(100, seed=1)[0]
          True
        """
        n = self.batch_size if n is None else n
        targets = [Target(name, value) for name, value in (attributes or {}).items()]
        z = self.sample_z(1 if same_z else n, seed, prior=prior, targets=targets, guidance=guidance)
        z = np.repeat(z, n, axis=0) if same_z else z
        return self._stream(z, length, temperature, c_input, seed, **rendering)

    def encode(
        self,
        note_sequences: Any,
        assert_same_length: bool = False,
        *,
        seed: int | None = None,
        strict: bool = True,
    ) -> Encoded:
        """Finds the latent vectors of pieces of music.

        Args:
          note_sequences: NoteSequences.
          assert_same_length: whether it is an error if they are not all equally long.
          seed: makes z repeatable.
          strict: whether each must have exactly one example in it, as in Magenta; else it is fitted
            to one, as `musicvae.Model.encode` does.

        Returns:
          (z, mu, sigma), each float32 `[N, Z]`.

        Raises:
          NoExamplesError: a sequence has no example; the message says why.
          MultipleExamplesError: a sequence has several, with `strict`.
          InputError: they differ in length and must not, or the model cannot encode.

        Examples:
          >>> from musicvae import TrainedModel
          >>> model = TrainedModel("cat-drums_2bar_small", batch_size=4)
          >>> sequences = model.sample(1, temperature=0.2, seed=1)
          >>> model.encode(sequences, seed=1).mu.shape
          (1, 256)
        """
        examples = [self.one_example(sequence, strict=strict) for sequence in note_sequences]
        lengths = {tuple(np.ravel(example.length)) for example in examples}
        if assert_same_length and len(lengths) > 1:
            raise InputError(f"the pieces differ in length: {sorted(lengths)} steps")
        return self.encode_examples(examples, seed=seed)

    def extract(self, note_sequence: Any) -> Extraction:
        """Finds the examples in a piece of music, with the same tables that `encode` uses.

        Args:
          note_sequence: a NoteSequence, not changed.
        """
        return self.converter.extract(note_sequence, pitch_map="inference")

    def one_example(self, note_sequence: Any, *, strict: bool = True) -> Example:
        """Returns the only example in a piece of music.

        Args:
          note_sequence: a NoteSequence, not changed.
          strict: as for `encode`.

        Raises:
          NoExamplesError: it has none; the message says why.
          MultipleExamplesError: it has several, with `strict`.
        """
        name = note_sequence.filename or note_sequence.id or "the sequence"
        if not strict:
            return fit_window(note_sequence, self.converter, name=name).example
        extraction = self.extract(note_sequence)
        if not extraction.examples:
            raise NoExamplesError(
                f"{name}: no example of {self._kind} in it: "
                f"{describe_rejections(extraction.rejections, note_sequence)}"
            )
        if len(extraction.examples) > 1:
            raise MultipleExamplesError(
                f"{name}: {len(extraction.examples)} examples of {self._kind} in it; cut it to one"
            )
        return extraction.examples[0]

    def encode_examples(self, examples: Sequence[Example], *, seed: int | None = None) -> Encoded:
        """Finds the latent vectors of examples.

        Args:
          examples: what `extract` or `one_example` gave.
          seed: makes z repeatable.
        """
        has_controls = self.converter.spec.control_depth > 0
        return self.encode_tensors(
            [example.inputs for example in examples],
            [example.length for example in examples],
            [example.controls for example in examples] if has_controls else None,
            seed=seed,
        )

    def decode(
        self,
        z: npt.ArrayLike,
        length: int | None = None,
        temperature: float = 1.0,
        c_input: npt.ArrayLike | None = None,
        *,
        seed: int | None = None,
        qpm: float | Sequence[float] = DEFAULT_QPM,
        velocity: int = 80,
        program: int | None = None,
    ) -> list[Any]:
        """Writes the music of latent vectors.

        Args:
          z: float `[N, Z]`.
          length: the most steps; None for the configuration's `max_seq_len`.
          temperature: at least 0; 0 takes the most likely value of each step.
          c_input: controls, float `[T, C]` for all pieces or `[N, T, C]`; T may count bars.
          seed: makes this call repeatable.
          qpm: tempo in quarter notes a minute, one for all pieces or one each.
          velocity: 1 to 127, where the representation has none.
          program: MIDI program 0 to 127 in place of the representation's own.

        Returns:
          N NoteSequences.

        Raises:
          InputError: an argument is out of range, or controls are missing.

        Examples:
          >>> from musicvae import TrainedModel
          >>> model = TrainedModel("cat-drums_2bar_small", batch_size=4)
          >>> [sequence] = model.decode(model.sample_z(1, seed=1), temperature=0, qpm=90)
          >>> sequence.tempos[0].qpm
          90.0
        """
        rendering: dict[str, Any] = {"qpm": qpm, "velocity": velocity, "program": program}
        return [*self._stream(z, length, temperature, c_input, seed, **rendering)]

    def _stream(
        self,
        z: npt.ArrayLike,
        length: int | None,
        temperature: float,
        c_input: npt.ArrayLike | None,
        seed: int | None,
        *,
        qpm: float | Sequence[float] = DEFAULT_QPM,
        velocity: int = 80,
        program: int | None = None,
    ) -> Iterator[Any]:
        """Checks what is asked for, and returns what gives the pieces as they are finished."""
        requests = [*self._requests(z, length, temperature, c_input, seed)]
        count = sum(len(own) for own, _ in requests)
        tempos = iter(np.broadcast_to(np.asarray(qpm, np.float64), [count]))

        def pieces() -> Iterator[Any]:
            for own, options in requests:
                controls = options["controls"]
                for k, outputs in enumerate(trimmed(self._decoded(own, options))):
                    yield self.converter.to_notes(
                        outputs,
                        None if controls is None else controls[k, : len(outputs)],
                        qpm=float(next(tempos)),
                        velocity=velocity,
                        program=program,
                    )

        return pieces()

    def interpolate(
        self,
        start_sequence: Any,
        end_sequence: Any,
        num_steps: int,
        length: int | None = None,
        temperature: float = 1.0,
        assert_same_length: bool = True,
        *,
        c_input: npt.ArrayLike | None = None,
        seed: int | None = None,
        qpm: float | None = None,
        velocity: int = 80,
        program: int | None = None,
        strict: bool = True,
    ) -> list[Any]:
        """Writes a series of pieces that leads from one to another.

        Args:
          start_sequence: a NoteSequence.
          end_sequence: likewise.
          num_steps: how many pieces, both ends included; at least 1.
          length: the most steps; None for the configuration's `max_seq_len`.
          temperature: at least 0; 0 takes the most likely value of each step.
          assert_same_length: whether it is an error if the two differ in length.
          c_input: controls, float `[T, C]` for all pieces or `[num_steps, T, C]`.
          seed: makes this call repeatable.
          qpm: tempo; None leads from the start's to the end's.
          velocity: 1 to 127, where the representation has none.
          program: MIDI program 0 to 127 in place of the representation's own.
          strict: as for `encode`.

        Returns:
          `num_steps` NoteSequences.

        Raises:
          NoExamplesError: a sequence has no example.
          MultipleExamplesError: a sequence has several, with `strict`.
          InputError: an argument is out of range.

        Examples:
          >>> from musicvae import TrainedModel
          >>> model = TrainedModel("cat-drums_2bar_small", batch_size=4)
          >>> start, end = model.sample(2, temperature=0.2, seed=1)
          >>> len(model.interpolate(start, end, 5, seed=1))
          5
        """
        if num_steps < 1:
            raise InputError(f"num_steps={num_steps} must be at least 1")
        ends = [start_sequence, end_sequence]
        mu = self.encode(ends, assert_same_length, strict=strict).mu
        share = np.linspace(0.0, 1.0, num_steps)
        tempos = np.interp(share, [0.0, 1.0], [tempo_at(sequence) for sequence in ends])
        return self.decode(
            slerp(mu[0], mu[1], share),
            length,
            temperature,
            c_input,
            seed=seed,
            qpm=tempos.tolist() if qpm is None else qpm,
            velocity=velocity,
            program=program,
        )

    @property
    def _kind(self) -> str:
        return f"config '{self.config.name}' ({self.converter.num_steps} steps)"
