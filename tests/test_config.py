"""Tests of named configurations, against Magenta's own values."""

from __future__ import annotations

import json
import pickle

import pytest
import tomli_w

from musicvae import configs
from musicvae.components import Component, Options
from musicvae.config import list_configs, load_config, read_config
from musicvae.config_map import as_config
from musicvae.converters import build_converter
from musicvae.converters.drum_classes import FULL, REDUCED, ROLAND
from musicvae.errors import ConfigError

ALIASES = {
    "groovae_2bar_hits_control": "groovae_2bar_hits_control_tfds",
    "cat-drums_2bar_small.lokl": "cat-drums_2bar_small",
    "cat-drums_2bar_small.hikl": "cat-drums_2bar_small",
}
ENCODERS = {
    "BidirectionalLstmEncoder": "bidirectional_lstm",
    "HierarchicalLstmEncoder": "hierarchical_lstm",
}
DECODERS = {
    "CategoricalLstmDecoder": "categorical",
    "GrooveLstmDecoder": "groove",
    "MultiLabelRnnNadeDecoder": "nade",
    "MultiOutCategoricalLstmDecoder": "multi_out_categorical",
    "SplitMultiOutLstmDecoder": "split",
    "HierarchicalLstmDecoder": "hierarchical",
}
MAGENTA_NAMES = sorted(
    [
        *("cat-mel_2bar_small", "cat-mel_2bar_big", "cat-mel_2bar_med_chords"),
        *("cat-drums_2bar_small", "cat-drums_2bar_big"),
        *("nade-drums_2bar_reduced", "nade-drums_2bar_full"),
        *("flat-trio_16bar", "hierdec-trio_16bar", "hier-trio_16bar"),
        *("flat-mel_16bar", "hierdec-mel_16bar", "hier-mel_16bar"),
        *("hier-multiperf_vel_1bar_med", "hier-multiperf_vel_1bar_big"),
        *("hier-multiperf_vel_1bar_med_chords", "hier-multiperf_vel_1bar_big_chords"),
        *("groovae_4bar", "groovae_2bar_humanize", "groovae_2bar_tap_fixed_velocity"),
        "groovae_2bar_tap_fixed_velocity_note_dropout",
        *("groovae_2bar_add_closed_hh", "groovae_2bar_hits_control_tfds"),
    ]
)


@pytest.fixture(scope="module")
def magenta(golden) -> dict:
    return json.loads((golden / "configs.json").read_text())


def described(component: Component) -> dict:
    """A component in the words of the golden file, as far as models go."""
    return {
        "type": component.type,
        **{key: list(value) for key, value in component.options.items()},
        **({"core": described(component.core)} if component.core else {}),
    }


def expected_encoder(golden: dict) -> dict:
    expected = {"type": ENCODERS[golden["class"]]}
    if "level_lengths" in golden:
        expected["level_lengths"] = golden["level_lengths"]
        expected["core"] = {"type": ENCODERS[golden["core_encoder_cls"]]}
    return expected


def expected_decoder(golden: dict) -> dict:
    expected = {"type": DECODERS[golden["class"]]}
    for key in ("output_depths", "level_lengths", "disable_autoregression"):
        if key in golden:
            expected[key] = golden[key]
    if "core_decoder" in golden:
        expected["core"] = expected_decoder(golden["core_decoder"])
    if "core_decoders" in golden:
        [core] = {json.dumps(expected_decoder(each)) for each in golden["core_decoders"]}
        expected["core"] = json.loads(core)
    return expected


def test_the_golden_file_and_the_package_name_the_same_23(magenta) -> None:
    assert sorted(magenta) == MAGENTA_NAMES
    assert set(MAGENTA_NAMES) <= {config.name for config in list_configs()}


@pytest.mark.parametrize("name", MAGENTA_NAMES)
def test_hyperparameters_are_magentas(name, magenta) -> None:
    hparams = load_config(name).hparams
    for key, value in magenta[name]["hparams"].items():
        ours = getattr(hparams, key)
        assert (list(ours) if isinstance(ours, tuple) else ours) == value, key


@pytest.mark.parametrize("name", MAGENTA_NAMES)
def test_the_models_parts_are_magentas(name, magenta) -> None:
    config = load_config(name)
    assert described(config.encoder) == expected_encoder(magenta[name]["encoder"])
    assert described(config.decoder) == expected_decoder(magenta[name]["decoder"])


CONVERTERS = {
    "OneHotMelodyConverter": "melody",
    "DrumsConverter": "drums",
    "GrooveConverter": "groove",
    "TrioConverter": "trio",
    "MultiInstrumentPerformanceConverter": "multitrack",
}
# Under the same name in both, with the same values.
SAME_OPTIONS = (
    *("min_pitch", "max_pitch", "valid_programs", "condition_on_key", "roll_output", "gap_bars"),
    *("humanize", "tapify", "fixed_velocities", "add_instruments", "hits_as_controls"),
    *("max_note_dropout_probability", "split_bars", "max_bars", "slice_bars", "num_velocity_bins"),
    *("min_num_instruments", "max_num_instruments", "min_total_events"),
    "max_events_per_instrument",
)
# What this package has one value for: {name: that value in Magenta's words}.
FIXED = {
    "steps_per_quarter": (4, 24),
    "steps_per_bar": (16, 96),
    "steps_per_second": (None,),
    "pad_to_total_time": (False,),
    "presplit_on_time_changes": (True, False),
    "roll_input": (True,),
    "num_velocity_bins": (None, 8),
    "num_offset_bins": (None,),
    "categorical_outputs": (None,),
    "split_instruments": (False, None),
    "hop_size": (None,),
    "hop_size_bars": (1,),
    "chunk_size_bars": (1,),
    "max_num_chunks": (1,),
    "max_steps_truncate": (96,),
    "first_subsequence_only": (False,),
    "drop_tracks_and_truncate": (False,),
}


@pytest.mark.parametrize("name", MAGENTA_NAMES)
def test_the_converters_arguments_are_magentas(name, magenta) -> None:
    golden = dict(magenta[name]["converter"])
    kind = CONVERTERS[golden.pop("class")]
    converter = build_converter(load_config(name).converter)
    assert load_config(name).converter.type == kind
    options = converter.config
    assert options.max_tensors_per_input == golden["max_tensors_per_input"]
    for key in SAME_OPTIONS:
        # Multitrack takes all pitches: Magenta's min_pitch and max_pitch are no option there.
        if key in golden and hasattr(options, key):
            ours = getattr(options, key)
            assert (list(ours) if isinstance(ours, tuple) else ours) == golden[key], key
    for key, values in FIXED.items():
        assert golden.get(key, values[0]) in values, key
    assert {"triad": "TriadChordOneHotEncoding", None: None}[
        getattr(options, "chord_encoding", None)
    ] == golden.get("chord_encoding")
    if "slice_steps" in golden:
        assert converter.num_steps == golden["slice_steps"]
    if "dedupe_event_lists" in golden:
        assert options.dedupe == golden["dedupe_event_lists"]
    tables = {9: REDUCED, 61: FULL}
    if kind == "drums":
        classes = tables[len(golden["pitch_classes"])]
        assert {"reduced": REDUCED, "full": FULL}[options.classes] is classes
        assert [list(pitches) for pitches in classes] == golden["pitch_classes"]
    if kind == "groove":
        assert [list(pitches) for pitches in ROLAND] == golden["pitch_classes"]
        assert [list(pitches) for pitches in REDUCED] == golden["infer_pitch_classes"]


@pytest.mark.parametrize("name", MAGENTA_NAMES)
def test_the_examples_shapes_are_magentas(name, magenta) -> None:
    depths, golden = magenta[name]["depths"], magenta[name]["converter"]
    spec = build_converter(load_config(name).converter).spec
    assert spec.input_depth == depths["input"]
    assert spec.output_depth == depths["output"]
    assert spec.control_depth == depths["control"]
    assert spec.num_segments == int((golden["length_shape"] or [0])[0])
    assert list(spec.part_depths) == golden.get("split_output_depths", [])
    assert spec.end_token == (golden["end_token"] or None)


@pytest.mark.parametrize("name", MAGENTA_NAMES)
def test_augmentation_and_dataset_are_magentas(name, magenta) -> None:
    config = load_config(name)
    assert config.tfds_name == magenta[name]["tfds_name"]
    augmenter = magenta[name]["augmenter"]
    if augmenter is None:
        assert config.augmentation is None
    else:
        assert list(config.augmentation.transpose_range) == augmenter["transpose_range"]
        assert config.augmentation.stretch_range == augmenter["stretch_range"]


@pytest.mark.parametrize(("alias", "name"), ALIASES.items())
def test_names_of_published_checkpoints_are_aliases(alias, name) -> None:
    assert load_config(alias) == load_config(name)


def test_a_configuration_survives_its_own_file(tmp_path) -> None:
    shipped = list_configs()
    assert len(shipped) >= 23
    for config in shipped:
        path = tmp_path / "config.toml"
        path.write_text(tomli_w.dumps(config.to_dict()))
        assert read_config(path) == config


def test_every_configuration_says_what_it_makes() -> None:
    assert [config.name for config in list_configs() if not config.description] == []


def test_a_users_file_may_build_on_a_named_one(tmp_path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('base = "cat-mel_2bar_small"\n[model]\nz_size = 64\n[train]\nfree_bits = 8\n')
    mine = load_config(str(path))
    assert mine.name == "mine"
    assert mine.hparams == load_config("cat-mel_2bar_small").hparams.replace(
        z_size=64, free_bits=8.0
    )
    assert mine.aliases == ()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[model\n", "not a TOML file"),
        ('base = "cat-mel_2bar_smal"', "did you mean 'cat-mel_2bar_small'?"),
        ("[modell]\nz_size = 3", "'modell' is unknown; did you mean 'model'?"),
        ('base = "groovae_4bar"\n[model]\nzsize = 3', "key in [model]: 'zsize' is unknown"),
        ('base = "groovae_4bar"\n[train]\nbatch_size = "x"', "batch_size='x' is not of type int"),
        ("[model]\nz_size = 3", "[encoder] has no type"),
        ('base = "groovae_4bar"\n[augment]\ntranspose_range = 3', "transpose_range = 3 is not of"),
    ],
)
def test_a_wrong_file_says_what_is_wrong(text, message, tmp_path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(text)
    with pytest.raises(ConfigError) as error:
        load_config(str(path))
    assert message in str(error.value)
    assert "mine.toml" in str(error.value)


def test_an_unknown_name_suggests_the_nearest() -> None:
    with pytest.raises(ConfigError, match="did you mean 'cat-mel_2bar_big'"):
        load_config("cat-mel_2bar_bg")


def test_a_missing_file_is_named() -> None:
    with pytest.raises(ConfigError, match=r"nowhere\.toml: cannot read the configuration"):
        load_config("nowhere.toml")


def test_fault_15_one_callers_settings_do_not_leak_into_the_next() -> None:
    first = configs.CONFIG_MAP["cat-mel_2bar_big"]
    first.hparams.max_seq_len = 64
    first.hparams.parse("batch_size=7")
    assert first.frozen().hparams.max_seq_len == 64
    second = configs.CONFIG_MAP["cat-mel_2bar_big"]
    assert (second.hparams.max_seq_len, second.hparams.batch_size) == (32, 512)
    with pytest.raises(AttributeError):
        load_config("cat-mel_2bar_big").name = "other"


def test_notebooks_find_every_name_and_alias() -> None:
    assert set(MAGENTA_NAMES) | set(ALIASES) <= set(configs.CONFIG_MAP)
    with pytest.raises(KeyError, match="did you mean"):
        configs.CONFIG_MAP["groovae_4bars"]
    with pytest.raises(ConfigError, match="batch_size"):
        configs.CONFIG_MAP["groovae_4bar"].hparams.batchsize = 3


def test_configurations_travel_between_processes() -> None:
    editable = configs.CONFIG_MAP["hierdec-trio_16bar"]
    editable.hparams.z_size = 5
    copy = pickle.loads(pickle.dumps(editable))
    assert as_config(copy) == as_config(editable)
    assert as_config("hierdec-trio_16bar") == load_config("hierdec-trio_16bar")


def test_options_are_frozen_and_hashable() -> None:
    options = Options({"level_lengths": [16, 16], "nested": {"a": [1]}})
    assert options["level_lengths"] == (16, 16)
    assert hash(options) == hash(Options({"nested": {"a": [1]}, "level_lengths": [16, 16]}))


@pytest.mark.parametrize(
    "text",
    [
        "a = " + "[" * 5000,
        "a = " + "{b = " * 5000,
        "[model]\nz_size = " + "9" * 5000,
        "encoder = 5",
        'converter = "melody"',
        "aliases = 5",
        "aliases = [[1]]",
        "name = 5",
        "base = 5",
        "[encoder]\ntype = [1]",
        "[decoder]\ntype = 'hierarchical'\ncore = 5",
        "[decoder]\ntype = 'hierarchical'\n[decoder.core]\nrnn_size = [1]",
        "[data]\ntfds_name = 5",
        "\0",
        "\udcff",
        "#" * (2 << 20),
        f"[train]\nlearning_rate = {'9' * 400}",
        f"[converter]\nslice_bars = {2**64}",
    ],
    ids=lambda text: ascii(text[:20]),
)
def test_hostile_toml_is_one_line(tmp_path, text):
    path = tmp_path / "x.toml"
    base = (
        "" if text.startswith(("base", "a =", "[model]", "\0")) else 'base = "cat-mel_2bar_small"\n'
    )
    path.write_bytes((base + text).encode("utf-8", "surrogateescape"))
    with pytest.raises(ConfigError):
        read_config(path)
