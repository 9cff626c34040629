"""Holds the pages, each a script that Streamlit runs; `ui/app.py` lists them.

Streamlit would list the files of a folder of this name by itself; `ui/web/server.py` keeps it from that.
"""
