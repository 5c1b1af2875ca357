"""Training: from compact examples to checkpoints, on whatever devices there are.

    placement = place(None) trainer = Trainer(config, converter, placement, RunFolder("run"),
    TrainingOptions(num_steps=1000)) trainer.train(examples)

The loop is in trainer.py; what one step does on several devices in step.py; what people see of it
in progress.py, report.py and summaries.py.
"""
