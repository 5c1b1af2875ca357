"""Flags that would do nothing are errors that say where they belong."""

from __future__ import annotations

import pytest

from musicvae.cli import generate
from musicvae.cli.flag_scopes import (
    FLAGS_AGAINST,
    FLAGS_BESIDE,
    MODES_OF_FLAGS,
    check_flags,
    check_model_flags,
    flags_given,
    modes_help,
)
from musicvae.cli.generate_modes import MODES
from musicvae.config import load_config
from musicvae.converters import build_converter
from musicvae.errors import InputError


@pytest.mark.parametrize("flag", MODES_OF_FLAGS)
def test_a_flag_of_some_modes_is_refused_in_all_others_with_their_names(flag):
    own = MODES_OF_FLAGS[flag]
    assert own
    assert set(own) < set(MODES)
    for mode in own:
        check_flags(mode, {flag, FLAGS_BESIDE.get(flag, flag)})
    for mode in set(MODES) - set(own):
        message = f"--{flag} has no effect with --mode={mode}"
        with pytest.raises(InputError, match=message) as caught:
            check_flags(mode, {flag})
        assert all(name in str(caught.value) for name in own)


@pytest.mark.parametrize(
    ("mode", "flags", "message"),
    [
        ("sample", {"bar"}, "--bar has no effect with --mode=sample"),
        ("sample", {"closeness"}, "it belongs to similar"),
        ("sample", {"strict"}, "--strict has no effect"),
        ("similar", {"whole"}, "--whole has no effect .*; it belongs to reconstruct"),
        ("similar", {"nokeep_hits"}, "--nokeep_hits has no effect"),
        ("tap2drum", {"timing"}, "it belongs to humanize and follow_hits"),
        ("reconstruct", {"whole", "bar"}, "--bar has no effect beside --whole"),
        ("humanize", {"strict", "bar"}, "--strict has no effect beside --bar"),
        ("humanize", {"nokeep_hits", "velocity"}, "--velocity has no effect beside --nokeep_hits"),
        ("sample", {"recursive"}, "--recursive has no effect without --input_dir"),
        ("sample", {"plot_format"}, "--plot_format has no effect without --plot"),
        ("sample", {"soundfont"}, "--soundfont has no effect without --wav"),
        ("humanize", {"temperature"}, "--temperature has no effect with .*, whose hits"),
        ("attribute", {"num_outputs"}, "--num_outputs has no effect with --mode=attribute"),
    ],
)  # fmt: skip
def test_what_has_no_effect_is_said(mode, flags, message):
    with pytest.raises(InputError, match=message):
        check_flags(mode, flags)


def test_what_has_an_effect_passes():
    check_flags("sample", {"temperature", "num_outputs", "seed", "plot", "plot_format"})
    check_flags("humanize", {"temperature", "nokeep_hits"})
    check_flags("add_hihat", {"temperature", "keep_hits", "bar"})
    check_flags("reconstruct", {"whole", "input_dir", "recursive", "overwrite"})


def test_flags_of_music_that_a_model_does_not_write_are_refused():
    drums, groove, tune, trio = (
        build_converter(load_config(name).converter)
        for name in (
            "cat-drums_2bar_small",
            "groovae_4bar",
            "cat-mel_2bar_small",
            "flat-trio_16bar",
        )
    )
    for converter in (drums, groove):
        check_model_flags(converter, "x", {"drum_map"})
        with pytest.raises(InputError, match="--program has no effect with config 'x'"):
            check_model_flags(converter, "x", {"program"})
    check_model_flags(tune, "x", {"program"})
    check_model_flags(trio, "x", {"program", "drum_map"})
    with pytest.raises(InputError, match="--drum_map has no effect with config 'x'"):
        check_model_flags(tune, "x", {"drum_map"})


def test_every_flag_of_the_table_exists_and_its_help_names_its_modes():
    names = {*MODES_OF_FLAGS, *FLAGS_BESIDE, *FLAGS_BESIDE.values()}
    names |= {each for others in FLAGS_AGAINST.values() for each in others}
    assert names <= set(generate.FLAGS)
    for name in MODES_OF_FLAGS:
        assert generate.FLAGS[name].help.endswith(modes_help(name))
        assert modes_help(name).startswith(" Modes: ")
    assert modes_help("linear") == " Modes: interpolate, grid and morph."
    assert modes_help("bar") == " Modes: all but sample, continue, infill and compose."


def test_only_flags_that_the_user_gave_count():
    for name in generate.FLAGS:
        generate.FLAGS[name].unparse()
    generate.FLAGS(["musicvae-generate", "--bar=3", "--nokeep_hits", "--seed", "4"])
    assert flags_given(generate.FLAGS) == {"bar", "nokeep_hits", "seed"}
    for name in generate.FLAGS:
        generate.FLAGS[name].unparse()
