"""Training of the pocket model: data, prior, decoder, upsampler, export, evaluation and model card."""
