"""Hostile inputs: what a stranger, or chance, may hand to the package, made from a seed.

Each kind makes an input and says what is to be done with it. An input is answered as it should be
when it is accepted, or refused in one line; within its time and memory, and without a file written
outside the folder that it was given, code run, or a connection made.

    mutation.py     bytes, text and numbers, spoiled
    trial.py        one input, within its bounds
    runner.py       many inputs, in processes of their own that may die
    report.py       the table, and faults that can be replayed
    kinds.py        the kinds by name: music.py, archives.py, checkpoints.py, ...
"""
