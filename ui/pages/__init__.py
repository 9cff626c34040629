"""Holds the pages, each a script that Streamlit runs; `ui/app.py` lists them.

The folder isn't called `pages`: Streamlit would list its files by itself, before `ui/app.py` can.
"""
