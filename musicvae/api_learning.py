"""The functions of `import musicvae as mv` that learn from music where to go in latent space."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, overload

from musicvae.api import encode
from musicvae.api_arguments import Examples, note_sequences, trained_model
from musicvae.errors import InputError

if TYPE_CHECKING:
    from musicvae.generate.learning_attributes import AttributeResult
    from musicvae.generate.learning_groups import GroupResult
    from musicvae.generate.model import Model
    from musicvae.generate.trained_model import TrainedModel
    from musicvae.styles import Style


@overload
def attributes(
    model: str | os.PathLike[str] | Model | TrainedModel,
    music: Examples,
    *,
    groups: None = None,
    max_examples: int = 10_000,
    num_tests: int = 256,
    temperature: float = 0.5,
    seed: int = 0,
    num_workers: int | None = None,
) -> AttributeResult: ...


@overload
def attributes(
    model: str | os.PathLike[str] | Model | TrainedModel,
    music: None = None,
    *,
    groups: Sequence[str | os.PathLike[str]],
    max_examples: int = 10_000,
    num_tests: int = 256,
    temperature: float = 0.5,
    seed: int = 0,
    num_workers: int | None = None,
) -> GroupResult: ...


def attributes(
    model: str | os.PathLike[str] | Model | TrainedModel,
    music: Examples | None = None,
    *,
    groups: Sequence[str | os.PathLike[str]] | None = None,
    max_examples: int = 10_000,
    num_tests: int = 256,
    temperature: float = 0.5,
    seed: int = 0,
    num_workers: int | None = None,
) -> AttributeResult | GroupResult:
    """Learns the directions of latent space that change an attribute, or lead to a group's music.

    Args:
      model: a model without controls, or what `musicvae.load` takes.
      music: TFRecords of NoteSequences, a folder of music files or NoteSequences, to learn the
        attributes from.
      groups: in place of `music`, two or more folders of music files, whose names are the
        directions': each leads from the others to its own.
      max_examples: how many examples to draw from `music`.
      num_tests: how many windows to try the directions on, at least 1.
      temperature: at which those are decoded.
      seed: random seed.
      num_workers: processes that look for the windows of groups; None for one a core.

    Returns:
      What was learnt: its `vectors` are for `model.steer`, its `changes` say what each direction
      does, and of groups `groups.accuracy` says how well they can be told apart.

    Raises:
      NoExamplesError: a group has no window of the model's.
      InputError: music and groups are given, or neither; files are missing, there is too little
        music, or the model has controls.

    Examples:
      >>> import musicvae as mv
      >>> model = mv.load("cat-drums_2bar_small")
      >>> for folder, seed in (("jazz", 1), ("rock", 2)):
      ...     for k, sample in enumerate(model.sample(2, seed=seed)):
      ...         sample.write(f"{folder}/{k}.mid")
      >>> found = mv.attributes(model, groups=["jazz", "rock"], num_tests=1, num_workers=1)
      >>> found.vectors.names
      ('jazz', 'rock')
      >>> model.steer("jazz/0.mid", "rock", [0.0, 1.0], vectors=found.vectors, seed=1)
      <Result: 2 samples as a ...>
    """
    from musicvae.data.music_folder import MusicFolder
    from musicvae.generate.learning_attributes import learn_attributes
    from musicvae.generate.learning_groups import label_of, learn_groups

    if (music is None) == (groups is None):
        raise InputError("give the music to learn from: either music or groups")
    if num_tests < 1 or max_examples < 1:
        number = min(num_tests, max_examples)
        raise InputError(f"num_tests and max_examples must be at least 1, not {number}")
    if groups is not None:
        if isinstance(groups, str | os.PathLike) or len(groups) < 2:
            raise InputError(f"groups={groups}: give two folders or more, as a list")
        sources = [(label_of(path), MusicFolder(os.fspath(path), True)) for path in groups]
        for _, source in sources:
            source.check()
        return learn_groups(
            trained_model(model),
            sources,
            num_tests=num_tests,
            temperature=temperature,
            seed=seed,
            num_workers=num_workers,
        )
    assert music is not None
    return learn_attributes(
        trained_model(model),
        note_sequences(music),
        max_examples=max_examples,
        num_tests=num_tests,
        temperature=temperature,
        seed=seed,
    )


def style(
    model: str | os.PathLike[str] | Model | TrainedModel,
    music: str | os.PathLike[str],
    *,
    axes: int = 6,
    seed: int = 0,
    num_workers: int | None = None,
) -> Style:
    """Learns a small latent space of a few files.

    Args:
      model: a model, or what `musicvae.load` takes.
      music: a folder of music files, whose subfolders count too, or TFRecords of NoteSequences.
      axes: how many axes, 2 to 8.
      seed: random seed of the pieces that tell what the axes do.
      num_workers: processes that look for windows; None for one a core.

    Returns:
      The style, for `model.sample(4, style=...)`, `similar`, `grid` and `morph`;
      `musicvae.styles.save_style` writes it.

    Raises:
      NoExamplesError: the music has no window of the model's.
      InputError: files are missing, or there is too little music.

    Examples:
      >>> import musicvae as mv
      >>> model = mv.load("cat-drums_2bar_small")
      >>> for k, sample in enumerate(model.sample(8, seed=1)):
      ...     sample.write(f"songs/{k}.mid")
      >>> style = mv.style(model, "songs", axes=2, num_workers=1)
      >>> style.axes.shape
      (2, 256)
      >>> model.sample(2, style=style, seed=1)
      <Result: 2 samples as a list>
    """
    from musicvae.generate.styles import with_meanings
    from musicvae.styles import fit_style

    trained = trained_model(model)
    found = fit_style(encode(trained, music, num_workers=num_workers), axes)
    if trained.converter.spec.control_depth:
        return found
    return with_meanings(trained, found, seed=seed)
