"""What a model of motion remembers: seen exactly, erased, and made to fade faster or slower."""
