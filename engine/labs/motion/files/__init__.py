"""Files of motion: BVH, NPZ, NPY and CSV in; BVH, GLB, NPZ and CSV out."""
