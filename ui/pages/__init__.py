"""The pages, each a script that Streamlit runs; `ui/app.py` lists them."""
