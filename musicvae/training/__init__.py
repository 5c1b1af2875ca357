"""Training: from compact examples to checkpoints, on whatever devices there are.

    >>> import musicvae as mv
    >>> beats = [beat.sequence for beat in mv.load("cat-drums_2bar_small").sample(8, seed=1)]
    >>> sizes = "batch_size=4,z_size=4,enc_rnn_size=[8],dec_rnn_size=[8]"
    >>> config = "cat-drums_2bar_small"
    >>> mv.train(config, beats, run_dir="run", num_steps=1, hparams=sizes, num_workers=1).step
    1

The loop is in trainer.py; what one step does on several devices in step.py; what people see of it
in progress.py, report.py and summaries.py.
"""
