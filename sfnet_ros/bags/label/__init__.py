"""Copy recordings with a model's labels added, in chunks that outlive the process that computed them."""
