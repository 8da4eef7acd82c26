"""Results of the KV-cache lab as figures: no model, no torch, no Streamlit."""
