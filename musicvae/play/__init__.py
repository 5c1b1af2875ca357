"""What a person plays with in latent space: sampling, morphing, steering, grooves.

Each job is a function of a trained model that returns an `Outcome`: pieces with the names and
latent positions that they have. `musicvae-generate` is these functions with flags.

    model = TrainedModel("cat-mel_2bar_small")
    outcome = interpolate(model, start, end, steps=9)
    outcome.pieces[4].sequence

Axes: N pieces, T time step, Z columns of z.
"""
