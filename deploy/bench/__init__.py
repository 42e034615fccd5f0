"""How much the pipeline adds to the model's own time: `python -m deploy.bench`, beside calling the model directly."""
