"""What a person has inside a workspace: kernels, cells, packages, git and the course, in the real sandbox."""
