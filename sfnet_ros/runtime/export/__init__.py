"""From a model to files that other runtimes read."""
