"""The lab's own small networks of motion; nobody's published weights."""
