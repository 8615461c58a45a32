"""What must not be a Streamlit page: small server-rendered routes without a websocket."""
