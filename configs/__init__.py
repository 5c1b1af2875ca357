"""The named configurations that ship with musicvae, one TOML file each, and their table."""

from musicvae.config_map import (
    CONFIG_MAP,
    EditableConfig,
    EditableHParams,
    merge_hparams,
    update_config,
)

Config = EditableConfig
HParams = EditableHParams

__all__ = ["CONFIG_MAP", "Config", "EditableConfig", "HParams", "merge_hparams", "update_config"]
