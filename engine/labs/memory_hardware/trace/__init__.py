"""Traces that other simulators read: AiM instructions and DRAMsim3 requests, run by their rules."""
