"""Tests that the documentation says what the package does."""

from __future__ import annotations

import pathlib
import re
import tomllib

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
