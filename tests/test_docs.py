"""Tests that the documentation says what the package does."""

from __future__ import annotations

import hashlib
import importlib
import pathlib
import re
import tomllib

import pytest

from musicvae.config import list_configs, parse_config
from musicvae.hparams import FIELDS

CHECKOUT = pathlib.Path(__file__).resolve().parents[1]


def read(path: str) -> str:
    return (CHECKOUT / path).read_text(encoding="utf-8")


def test_the_table_of_configurations_lists_each_with_its_description() -> None:
    table = read("docs/configurations.md")
    configs = list_configs()
    assert len(configs) >= 23
    for config in configs:
        assert f"| `{config.name}` | {config.description} |" in table
        assert all(f"`{alias}`" in table for alias in config.aliases)


def test_every_model_that_ships_is_listed_and_has_a_card() -> None:
    page = read("docs/shipped-models.md")
    archives = sorted((CHECKOUT / "checkpoints").glob("*.tar.gz"))
    assert archives
    for archive in archives:
        name = archive.name.removesuffix(".tar.gz")
        assert f"| [{name}](../checkpoints/{name}.md) |" in page
        assert hashlib.sha256(archive.read_bytes()).hexdigest() in read(f"checkpoints/{name}.md")


def test_the_example_of_an_own_configuration_can_be_read() -> None:
    [example] = re.findall(r"```toml\n(.*?)```", read("docs/configurations.md"), re.DOTALL)
    config = parse_config(tomllib.loads(example), "slow-melodies", source="docs")
    assert config.hparams.max_seq_len == 64
    assert config.converter.options["slice_bars"] == 4
    assert config.hparams.free_bits == 24.0


def test_hyperparameters_named_in_the_docs_exist() -> None:
    for options in re.findall(r"--hparams=(\S+)", read("docs/configurations.md")):
        names = re.findall(r"(\w+)=", options)
        assert names
        assert set(names) <= set(FIELDS)


def test_links_between_documents_lead_somewhere() -> None:
    pages = [CHECKOUT / "README.md", CHECKOUT / "CONTRIBUTING.md", *CHECKOUT.glob("docs/*.md")]
    assert len(pages) > 3
    links = [
        (page, target)
        for page in pages
        for target in re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
        if "://" not in target
    ]
    assert links
    assert [(page.name, to) for page, to in links if not (page.parent / to).exists()] == []


def commands() -> dict[str, str]:
    """Command names and the modules that they run."""
    scripts = tomllib.loads(read("pyproject.toml"))["project"]["scripts"]
    return {name: target.split(":")[0] for name, target in scripts.items()}


def command_lines(text: str) -> list[list[str]]:
    """The lines of a document's code blocks that run one of our commands, split into words."""
    blocks = re.findall(r"^```\w*\n(.*?)^```$|((?:^    .*\n)+)", text, re.MULTILINE | re.DOTALL)
    lines = "\n".join("".join(block) for block in blocks).replace("\\\n", " ").splitlines()
    words = [line.replace("$ ", "").split() for line in lines]
    return [line for line in words if line[1:] and pathlib.Path(line[0]).name in commands()]


PAGES = ["README.md", *sorted(f"docs/{page.name}" for page in CHECKOUT.glob("docs/*.md"))]


@pytest.mark.parametrize("page", PAGES)
def test_commands_in_the_docs_use_flags_that_exist(page) -> None:
    for line in command_lines(read(page)):
        name = pathlib.Path(line[0]).name
        module_name = f"musicvae.cli.{line[1]}" if name == "musicvae" else commands()[name]
        module = importlib.import_module(module_name)
        for word in line[1:]:
            if word.startswith("--"):
                name = word[2:].split("=")[0]
                switch = name.removeprefix("no").removeprefix("-")
                assert name in module.FLAGS or switch in module.FLAGS, line


def test_every_command_has_a_module_that_runs() -> None:
    assert {"musicvae-convert", "musicvae-train", "musicvae-generate"} <= commands().keys()
    assert {
        "convert_dir_to_note_sequences",
        "music_vae_train",
        "music_vae_generate",
    } <= commands().keys()
    for module in commands().values():
        assert callable(importlib.import_module(module).run)


def test_the_readme_opens_with_one_block_that_makes_music_and_one_that_tests() -> None:
    blocks = re.findall(r"^```sh\n(.*?)^```$", read("README.md"), re.MULTILINE | re.DOTALL)
    assert "musicvae-generate" in blocks[0]
    assert "pytest" in blocks[1]
    assert all("python3 -m venv .venv" in block for block in blocks[:2])
