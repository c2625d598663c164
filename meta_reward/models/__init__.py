"""Every call of a model: the gateway with its cache, limits, retries and billing; providers behind it."""
