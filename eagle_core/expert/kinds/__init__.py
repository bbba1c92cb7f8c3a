"""Experts of anomalib's that stand in for PatchCore with our bank: one file each, behind one small protocol. No bank, no coreset."""
