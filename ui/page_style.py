"""How the pages look, beyond Streamlit's own theme."""

from __future__ import annotations

# Colours are those of the theme, made fainter: every pair keeps a contrast of 4.5 or more in light and in dark.
STYLE = """<style>
[data-testid="stMainBlockContainer"] { padding-top: 4rem; }
.pw-hit { padding: 0; }
.pw-compact { border: 1px solid rgba(128, 128, 128, 0.4); border-radius: 8px; }
.pw-compact { padding: 0.6rem 0.8rem; margin: 0.5rem 0; }
.pw-short { font-size: 0.9rem; }
.pw-head { display: flex; gap: 0.6rem; align-items: baseline; }
.pw-rank { font-weight: 700; opacity: 0.8; }
.pw-title { font-weight: 650; overflow-wrap: anywhere; min-width: 0; }
.pw-score { margin-left: auto; font-variant-numeric: tabular-nums; font-weight: 650; }
.pw-place { font-size: 0.875rem; opacity: 0.85; overflow-wrap: anywhere; }
.pw-hidden { font-size: 0.875rem; border-left: 4px solid #d97706; padding-left: 0.6rem; margin: 0.4rem 0; }
.pw-text { white-space: pre-wrap; overflow-wrap: anywhere; margin: 0.5rem 0; }
.pw-stages { display: flex; gap: 0.4rem; flex-wrap: wrap; font-size: 0.8rem; font-variant-numeric: tabular-nums; }
.pw-stage { border: 1px solid rgba(128, 128, 128, 0.5); border-radius: 999px; padding: 0.05rem 0.6rem; }
.pw-plan { font-size: 0.875rem; opacity: 0.85; overflow-wrap: anywhere; }
.pw-word { background: rgba(255, 196, 0, 0.35); color: inherit; border-radius: 3px; padding: 0 0.1em; }
.pw-best { text-decoration: underline 2px rgba(30, 136, 229, 0.7); text-underline-offset: 3px; }
.pw-beside { opacity: 0.8; font-size: 0.9rem; }
.pw-chart { overflow-x: auto; }
.pw-chart img { display: block; width: 100%; min-width: 32rem; max-width: 42rem; height: auto; }
[class*="st-key-hit-"]:focus-within { outline: 2px solid rgba(30, 136, 229, 0.8); }
.pw-scroll { overflow-x: auto; }
.pw-table { border-collapse: collapse; min-width: 100%; font-size: 0.9rem; }
.pw-table th, .pw-table td { text-align: left; padding: 0.25rem 1rem 0.25rem 0; vertical-align: top; }
.pw-table td { border-top: 1px solid rgba(128, 128, 128, 0.3); overflow-wrap: anywhere; min-width: 8rem; }
.pw-table .pw-number { text-align: right; font-variant-numeric: tabular-nums; min-width: 0; overflow-wrap: normal; }
.pw-page { position: relative; max-width: 60rem; margin: 0 auto; border: 1px solid rgba(128, 128, 128, 0.5); }
.pw-page img { display: block; width: 100%; height: auto; }
.pw-box { position: absolute; background: rgba(255, 213, 0, 0.42); mix-blend-mode: multiply; border-radius: 2px; }
.pw-document { white-space: pre-wrap; overflow-wrap: anywhere; max-width: 50rem; line-height: 1.55; }
.pw-passage { background: rgba(255, 213, 0, 0.25); color: inherit; border-radius: 3px; }
.pw-heading { font-weight: 700; }
</style>"""
