"""The append-only audit log: Merkle tree hashes, chained, verified."""
