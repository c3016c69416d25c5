"""The product on a Kubernetes cluster: the sandbox's doors as NetworkPolicies, and a pod for each sandbox.

``python -m tre.cluster render`` writes the manifests; :mod:`tre.cluster.hub` configures the Hub. See deploy/README.md.
"""
