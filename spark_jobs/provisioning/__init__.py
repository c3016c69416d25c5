"""The steps of provisioning, each in a module of its own; :mod:`spark_jobs.provision` runs them."""
