"""Styles the pages beyond Streamlit's own theme."""

from __future__ import annotations

# Colours are those of the theme, made fainter: every pair keeps a contrast of 4.5 or more in light and in dark.
STYLE = """<style>
[data-testid="stMainBlockContainer"] { padding-top: 4rem; }
[data-testid="stTab"][aria-selected="true"] *, [data-testid="stSliderThumbValue"] * { color: CanvasText; }
[data-testid="stButtonGroup"] [data-selected="true"] * { color: CanvasText; font-weight: 600; }
[data-testid="stMain"] [data-testid="stPageLink-NavLink"] * { text-decoration: underline; }
.pw-hit { padding: 0; }
.pw-compact { border: 1px solid rgba(128, 128, 128, 0.4); border-radius: 8px; }
.pw-compact { padding: 0.6rem 0.8rem; margin: 0.5rem 0; }
.pw-short { font-size: 0.9rem; }
.pw-head { display: flex; gap: 0.6rem; align-items: baseline; }
.pw-rank { font-weight: 700; opacity: 0.8; }
.pw-title { font-weight: 650; overflow-wrap: anywhere; min-width: 0; }
.pw-score { margin-left: auto; font-variant-numeric: tabular-nums; font-weight: 650; }
.pw-relevance { position: relative; padding: 0 0.6rem; border-radius: 4px; overflow: hidden; white-space: nowrap;
  font-size: 0.875rem; font-variant-numeric: tabular-nums; border: 1px solid rgba(128, 128, 128, 0.5); }
.pw-relevance i { position: absolute; inset: 0 auto 0 0; background: #16a34a; opacity: 0.3; }
.pw-weak { opacity: 0.75; }
.pw-place { font-size: 0.875rem; opacity: 0.85; overflow-wrap: anywhere; }
.pw-hidden { font-size: 0.875rem; border-left: 4px solid #d97706; padding-left: 0.6rem; margin: 0.4rem 0; }
.pw-text { white-space: pre-wrap; overflow-wrap: anywhere; margin: 0.5rem 0; }
.pw-badge { border: 1px solid currentColor; border-radius: 4px; padding: 0 0.4rem; margin-left: 0.5rem; }
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
.pw-facts { display: grid; grid-template-columns: minmax(6rem, max-content) minmax(0, 1fr); gap: 0.25rem 1rem; }
.stHtml .pw-facts { font-size: 0.9rem; margin: 0; padding: 0; overflow-wrap: anywhere; }
.pw-facts dt { opacity: 0.85; max-width: 9rem; }
.stHtml .pw-facts dd { margin: 0; padding: 0; }
@media (max-width: 640px) {
.pw-table, .pw-table tbody, .pw-table tr { display: block; }
.pw-table thead { display: none; }
.pw-table tr { border-top: 1px solid rgba(128, 128, 128, 0.3); padding: 0.4rem 0; }
.pw-table td, .pw-table .pw-number { display: grid; grid-template-columns: 8.5rem minmax(0, 1fr); gap: 0.75rem; }
.pw-table td, .pw-table .pw-number { border: 0; padding: 0.1rem 0; min-width: 0; text-align: left; }
.pw-table td::before { content: attr(data-label); opacity: 0.85; overflow-wrap: anywhere; }
.pw-table td:first-child { display: block; font-weight: 600; }
.pw-table td:first-child::before { content: none; }
.pw-table td:empty { display: none; }
}
.pw-page { position: relative; max-width: 60rem; margin: 0 auto; border: 1px solid rgba(128, 128, 128, 0.5); }
.pw-page img { display: block; width: 100%; height: auto; }
.pw-box { position: absolute; background: rgba(255, 213, 0, 0.42); mix-blend-mode: multiply; border-radius: 2px; }
.pw-document { white-space: pre-wrap; overflow-wrap: anywhere; max-width: 50rem; line-height: 1.55; }
.pw-passage { background: rgba(255, 213, 0, 0.25); color: inherit; border-radius: 3px; }
.pw-passage .pw-word { background: none; font-weight: 700; text-decoration: underline 2px; }
.pw-heading { font-weight: 700; }
</style>"""
