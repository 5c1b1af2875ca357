"""The named configurations that ship with musicvae, one TOML file each, and their table."""

from musicvae.config import Config
from musicvae.config_map import CONFIG_MAP, EditableConfig

__all__ = ["CONFIG_MAP", "Config", "EditableConfig"]
