"""The pocket model: a text-to-image diffusion model whose weights live in the repository and run on a CPU."""

from services.generation.pocket.torchvision_operators import declare_missing_operators

declare_missing_operators()
