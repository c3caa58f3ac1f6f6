"""What happens when work is interrupted, disks are full and inputs are unusual: measured, and kept as records."""
