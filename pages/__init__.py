"""What a person sees: Streamlit pages that read, show and call one function of the engine."""
