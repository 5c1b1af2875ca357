"""The named configurations that ship with musicvae, one TOML file each, and their table."""

from musicvae.config import Config
from musicvae.config_map import CONFIG_MAP, EditableConfig, merge_hparams, update_config
from musicvae.config_map import EditableHParams as HParams

__all__ = ["CONFIG_MAP", "Config", "EditableConfig", "HParams", "merge_hparams", "update_config"]
