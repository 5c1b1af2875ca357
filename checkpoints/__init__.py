"""The trained models that ship with musicvae, each with its model card."""
