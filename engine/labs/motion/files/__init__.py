"""Files of motion: BVH, NPZ and NPY in; BVH, GLB, NPZ and CSV out."""
