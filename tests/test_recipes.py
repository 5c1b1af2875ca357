"""Tests of the recipes of the shipped models, and of how their music is split and made ready."""

from __future__ import annotations

import json
import pathlib
import tomllib

import mido
import pytest
from tiny_models import write_run

from musicvae.config import load_config
from musicvae.data.splits import HashSplit

SCRIPTS = pathlib.Path(__file__).resolve().parents[1] / "scripts"
RECIPES = tomllib.loads((SCRIPTS / "recipes.toml").read_text(encoding="utf-8"))
MODELS = RECIPES["models"]
# Velocity and timing of these were written by rules or by notation, not played.
MADE_BY_RULE = {"mma_grooves", "mma_trios", "drum_patterns", "nottingham", "rs200", "lieder"}


@pytest.fixture
def scripts(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.syspath_prepend(str(SCRIPTS))
    import music_collections
    import stages

    import snapshots

    return music_collections, stages, snapshots


def write_midi(path: pathlib.Path, notes: list[tuple[int, int, int]]) -> None:
    """Writes (channel, program, pitch) as quarters one after the other in one track."""
    path.parent.mkdir(parents=True, exist_ok=True)
    track = mido.MidiTrack()
    for channel, program, pitch in notes:
        track.append(mido.Message("program_change", channel=channel, program=program))
        track.append(mido.Message("note_on", channel=channel, note=pitch, velocity=90))
        track.append(mido.Message("note_off", channel=channel, note=pitch, time=480))
    mido.MidiFile(tracks=[track]).save(path)


def kind_of(model: str) -> str:
    """Returns the type of a model's converter."""
    return load_config(model).converter.type


def onsets(path: pathlib.Path) -> list[tuple[int, int]]:
    """Returns the (tick, pitch) of the notes of a file's only track."""
    found, time = [], 0
    for message in mido.MidiFile(path).tracks[0]:
        time += message.time
        if message.type == "note_on":
            found.append((time, message.note))
    return found


@pytest.mark.parametrize("model", MODELS)
def test_a_recipe_names_collections_and_hyperparameters_that_exist(model: str) -> None:
    recipe = MODELS[model]
    for name in (*recipe["train"], *recipe["held_out"]):
        assert {"folder", "licence", "credit"} <= set(RECIPES["datasets"][name])
    config = load_config(model)
    for stage in recipe["stages"]:
        config.override(stage["hparams"])
        config.augmentation and config.augmentation.override(stage.get("augment", ""))
        weights = stage.get("weights", recipe.get("weights", {}))
        assert set(weights) <= set(recipe["train"])
        assert stage.get("teacher", "mel_2bar_small") in RECIPES["teachers"]


def test_the_queue_lists_models_that_have_stages_left_to_train(scripts) -> None:
    _, stages, _ = scripts
    order = RECIPES["queue"]["order"]
    assert order and len(set(order)) == len(order)
    for model in order:
        left = stages.stages_to_train(model, MODELS[model], pathlib.Path("work"))
        assert left
        assert all(stage.max_hours <= 24 for stage in left)


def test_models_of_velocity_and_timing_learn_from_drummers_alone() -> None:
    grooves = [name for name in MODELS if kind_of(name) == "groove"]
    assert len(grooves) >= 5
    for name in grooves:
        assert MODELS[name]["train"] == ["groove"]
        assert not MADE_BY_RULE & set(MODELS[name]["held_out"])


def test_melodies_are_learnt_from_no_file_that_holds_their_accompaniment() -> None:
    for name, recipe in MODELS.items():
        if kind_of(name) == "melody":
            assert not {"mma_trios", "mma_grooves"} & set(recipe["train"])
    assert RECIPES["datasets"]["lieder"]["keep_channels"] == [1]
    assert RECIPES["datasets"]["nottingham"]["drop_programs"] == [48]


def test_variations_of_a_groove_lie_in_one_part(scripts, tmp_path: pathlib.Path) -> None:
    music_collections, *_ = scripts
    for k in range(40):
        for end in ("", "End", "Intro"):
            write_midi(tmp_path / "mma_grooves" / f"lib{k}__Groove{end}.mid", [(9, 0, 36)])
    table = RECIPES["datasets"]["mma_grooves"]
    parts = music_collections.split_by_song(tmp_path / "mma_grooves", table, {}, tmp_path)
    by_library = {}
    for name, part in parts.items():
        by_library.setdefault(name.split("__")[0], set()).add(part)
    assert len(parts) == 120 and all(len(found) == 1 for found in by_library.values())
    assert len(set(parts.values())) == 3


def test_an_accompanied_song_lies_in_the_part_of_its_melody(scripts, tmp_path) -> None:
    music_collections, *_ = scripts
    hashed = HashSplit(music_collections.FRACTIONS)
    expected = {}
    for k in range(30):
        write_midi(tmp_path / "pop909_aligned" / "midi" / f"{k:03}.mid", [(0, 0, 60)])
        write_midi(tmp_path / "openewld_melody_midi" / f"It's {k}?.mid", [(0, 0, 60)])
        for style in ("Rock1", "Zydeco"):
            song = f"pop909__{k:03}__{style}.mid"
            expected[song] = hashed.part_of(f"midi/{k:03}.mid")
            other = f"openewld__It_s_{k}___{style}.mid"
            expected[other] = hashed.part_of(f"It's {k}?.mid")
            for name in (song, other):
                write_midi(tmp_path / "mma_trios" / name, [(0, 0, 60)])
    for folder in ("nottingham", "rs200_melodies"):
        (tmp_path / folder).mkdir()
    tables = RECIPES["datasets"]
    found = music_collections.split_by_song(
        tmp_path / "mma_trios", tables["mma_trios"], tables, tmp_path
    )
    assert found == expected
    assert set(expected.values()) == {"train", "validation", "test"}


def test_notes_of_other_channels_and_programs_are_left_out_and_the_rest_stays_in_time(
    scripts, tmp_path: pathlib.Path
) -> None:
    music_collections, *_ = scripts
    write_midi(tmp_path / "all" / "x" / "a.mid", [(0, 0, 60), (1, 48, 40), (0, 5, 62), (0, 48, 41)])
    voice = music_collections.made_ready(tmp_path / "all", {"keep_channels": [1]}, tmp_path / "v")
    assert onsets(voice / "x" / "a.mid") == [(0, 60), (960, 62), (1440, 41)]
    tune = music_collections.made_ready(tmp_path / "all", {"drop_programs": [48]}, tmp_path / "t")
    assert onsets(tune / "x" / "a.mid") == [(0, 60), (960, 62)]
    assert music_collections.made_ready(tmp_path / "all", {}, tmp_path / "n") == tmp_path / "all"


def test_a_stage_is_trained_by_the_command_that_its_table_says(scripts) -> None:
    _, stages, _ = scripts
    table = {"hparams": "batch_size=4", "num_steps": 9, "max_hours": 2, "teacher": "t"}
    recipe = {"train": ["a", "b"], "held_out": ["a"], "weights": {"b": 0.5}, "stages": [table]}
    [stage] = stages.stages_to_train("cat-mel_2bar_small", recipe, pathlib.Path("/w"))
    command = stages.stage_command(
        stage, recipe, pathlib.Path("/d"), pathlib.Path("/start"), pathlib.Path("/teacher")
    )
    assert command[1:] == [
        "-m",
        "musicvae.cli.train",
        "--config=cat-mel_2bar_small",
        "--run_dir=/w/stage_1",
        "--examples_path=/d/a-train.tfrecord,/d/b-train.tfrecord:0.5",
        "--eval_examples_path=/d/a-validation.tfrecord",
        "--hparams=batch_size=4",
        "--num_steps=9",
        "--warm_start=/start",
        "--teacher=/teacher",
    ]


def test_training_goes_on_from_a_snapshot_and_a_worse_one_does_not_replace_it(
    scripts, tmp_path: pathlib.Path
) -> None:
    _, stages, snapshots = scripts
    from musicvae.checkpoints import open_checkpoint

    stage = stages.Stage("cat-mel_2bar_small", 4, {"max_hours": 3}, tmp_path / "m" / "stage_4")
    write_run(stage.run, "cat-mel_2bar_small", step=5)
    stage.best.parent.mkdir()
    (stage.run / "train").rename(stage.best)
    results = [{"step": 5, "best": True, "scalars": {"loss": 2.0, "losses/r_loss": 1.0}}]
    (stage.run / "eval" / "evaluations.json").write_text(json.dumps(results))
    state = {"stages": {stage.name: {"hours": 1.25}}}
    (tmp_path / "queue.json").write_text(json.dumps(state))
    said = snapshots.write_snapshot("m", [stage], tmp_path, tmp_path / "snapshots")
    assert said.startswith("wrote")
    found = snapshots.find_snapshot("m", tmp_path / "snapshots")
    assert found is not None and found[1:] == (4, 5, 1.25)
    assert not found.is_past(stage)
    assert found._replace(hours=3.0).is_past(stage)
    assert found.is_past(stage._replace(number=3))
    with open_checkpoint(found.archive) as small, open_checkpoint(stage.best) as whole:
        assert set(small.weights) == set(whole.weights)
        name = "decoder/output_projection/kernel"
        assert abs(small.read(name) - whole.read(name)).max() <= 0.005 * abs(whole.read(name)).max()
    said = snapshots.write_snapshot("m", [stage], tmp_path, tmp_path / "snapshots")
    assert said == "snapshots/m is of stage 4, step 5 already"
