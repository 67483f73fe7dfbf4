"""Turn recordings into data sets that a network can be trained on."""
