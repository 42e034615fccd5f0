"""The broker of the stack in containers: who may say and hear what."""
