"""What [augment] may say, in a file and on the command line."""

from __future__ import annotations

import pytest

from musicvae.augmentation import Augmentation
from musicvae.config import list_configs, load_config, read_config
from musicvae.errors import ConfigError


def test_drum_changes_are_off_in_every_named_configuration() -> None:
    configs = list_configs()
    assert len(configs) >= 23
    on = [c.name for c in configs if c.augmentation is not None and c.augmentation.is_for_drums]
    assert on == []


def test_the_command_line_is_laid_over_the_configuration_s() -> None:
    config = load_config("cat-mel_2bar_small").override("", "transpose_range=[-2,7]")
    assert config.augmentation == Augmentation((-2, 7))
    drums = load_config("cat-drums_2bar_small")
    assert drums.augmentation is None and drums.override("z_size=3").augmentation is None
    both = drums.override("", "drop_voice_probability=0.3,rotate_probability=1")
    assert both.augmentation == Augmentation(drop_voice_probability=0.3, rotate_probability=1.0)
    assert both.override("", "rotate_probability=0").augmentation == Augmentation(
        drop_voice_probability=0.3
    )


def test_a_file_may_state_drum_changes_and_they_survive_it(tmp_path) -> None:
    import tomli_w

    path = tmp_path / "mine.toml"
    path.write_text('base = "nade-drums_2bar_full"\n[augment]\nrotate_probability = 0.25\n')
    config = read_config(path)
    assert config.augmentation == Augmentation(rotate_probability=0.25)
    path.write_text(tomli_w.dumps(config.to_dict()))
    assert read_config(path) == config


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("drop_voice_probability=1.5", "= 1.5 is out of range; it must be between 0.0 and 1.0"),
        ("rotate_probability=-0.1", "rotate_probability = -0.1 is out of range"),
        ("rotate_probability=nan", "rotate_probability = nan is out of range"),
        ("rotate_probability=often", "--augment: rotate_probability=often does not fit"),
        ("rotate_probability=[0.1]", "--augment: rotate_probability=[0.1] does not fit"),
        ("drop_voices=0.1", "'drop_voices' is unknown; did you mean 'drop_voice_probability'?"),
        ("drop_voice_probability", "--augment: cannot read 'drop_voice_probability'"),
        ("transpose_range=3", "write transpose_range=[LOW,HIGH]"),
        ("transpose_range=[3]", "write transpose_range=[LOW,HIGH]"),
        ("transpose_range[0]=3", "write transpose_range=[LOW,HIGH]"),
        ("transpose_range=[5,-5]", "transpose_range = [5, -5] is empty"),
    ],
)
def test_what_does_not_fit_is_an_error_that_names_it(text: str, message: str) -> None:
    with pytest.raises(ConfigError) as error:
        load_config("cat-drums_2bar_small").override("", text)
    assert message in str(error.value)
