"""Ranking, stage by stage: candidates → features → score → explore slots → diversify → reasons. One file a stage."""
