"""How good a trained model is, measured on music that it was not trained on.

evaluator.py            loss and accuracy of a model, during training and after
reconstruction.py       accuracy and loss, compared with baselines
groove_errors.py        hits, velocity and timing of drum performances
sample_study.py         new music beside held-out music, and beside the training music
interpolation_study.py  how smooth the way from one piece to another is
language_model.py       how likely a sequence of labels is
profile.py              what music is like: density, pitches, drums, places in the bar
step_labels.py          music as numbers, one for each step and part
similarity.py           distances between distributions and between pieces
model_report.py         all that of one model
report.py               the same as JSON, tables and pictures
report_files.py         and as files
"""
