"""The operator's process: watches and listings fill the queue, workers empty it."""
