"""The whole stack on one machine: real parts, each a process, with its data in one folder. `python -m deploy.local`."""
