"""Styles the pages beyond Streamlit's own theme."""

from __future__ import annotations

# What the browser draws before Streamlit has said how wide the page is, and before there is anything on it.
FIRST_STYLE = """<style>
[data-testid="stMainBlockContainer"] { max-width: none !important; padding: 4rem 1rem 2rem !important; }
[data-testid="stAppSkeleton"] { visibility: hidden; }
/* What has no key is a note of one line, or ends what is seen of a page. */
[data-testid="stElementContainer"]:not([class*="st-key-"]) > [data-testid="stSkeleton"] { height: 22px; }
/* A field under its name. */
:is([class*="st-key-labelled"] [data-testid="stElementContainer"], .st-key-chosen):has([data-testid="stSkeleton"]) {
  min-height: 68px; }
.st-key-wanted_text:has([data-testid="stSkeleton"]) { min-height: 200px; }
[data-testid="stLayoutWrapper"]:has(> :is(.st-key-unseen, .st-key-unseen-heading)) { position: absolute; }
.st-key-hits > [data-testid="stElementContainer"]:first-child:has([data-testid="stSkeleton"]) { min-height: 100vh; }
/* What stands below something of any height is seen once that is there. */
.st-key-hits:has([data-testid="stSkeleton"]) > [data-testid="stElementContainer"]:not(:first-child),
.st-key-grid:has([data-testid="stSkeleton"]) > *,
[data-testid="stLayoutWrapper"]:has(> .st-key-grid [data-testid="stSkeleton"]) ~ *,
[data-testid="stMainBlockContainer"]:has(.st-key-reading-bar [data-testid="stSkeleton"]) { visibility: hidden; }
@media (min-width: 864px) {
[data-testid="stMainBlockContainer"] { padding-left: 5rem !important; padding-right: 5rem !important; }
}
</style>"""

# Colours are those of the theme, made fainter: every pair keeps a contrast of 4.5 or more in light and in dark.
STYLE = """<style>
[data-testid="stElementContainer"]:has(> .stHtml > :is(style, script):only-child) { position: absolute; }
[data-testid="stTab"][aria-selected="true"] * { color: CanvasText; }
div[data-testid="stSliderThumbValue"], div[data-testid="stSliderThumbValue"] * { color: inherit; }
[data-testid="stButtonGroup"] [data-selected="true"] * { color: CanvasText; font-weight: 600; }
[role="dialog"] [data-testid="stButtonGroup"] [data-selected="true"],
[role="dialog"] [data-testid="stButtonGroup"] [data-selected="true"] * { color: inherit; }
:is([data-testid="stMain"], [role="dialog"]) [data-testid="stPageLink-NavLink"] * { text-decoration: underline; }
:is(.pw-open, .pw-why, summary, .pw-scroll):focus-visible { outline: 2px solid #3273cc; outline-offset: 2px; }
[data-testid="stLayoutWrapper"]:has(> .st-key-language-choice) { position: fixed; top: 0.6rem; right: 1rem;
  width: 8.5rem; z-index: 999991; }
.stHtml .pw-unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); margin: 0; }
.stHtml .pw-name { font-size: 2rem; margin: 1.5rem 0 0; padding: 0; overflow-wrap: anywhere; }
.stHtml .pw-one-of { margin-top: 1.5rem; }
.stHtml .pw-holds { font-size: 1.05rem; margin: 0.5rem 0 0; }
.pw-place, .pw-note, .pw-plan, .pw-count, .pw-page-number { font-size: 0.875rem; opacity: 0.85; }
.pw-place, .pw-note, .pw-plan { overflow-wrap: anywhere; }
.stHtml .pw-count { margin: 0; }
.stHtml .pw-title { font-size: 1rem; font-weight: 650; line-height: 1.3; padding: 0; margin: 0; }
.pw-title { overflow-wrap: anywhere; }
.pw-document-hits { margin: 0.7rem 0 0; }
.pw-document-hits > .pw-title { display: inline; margin-right: 0.6rem; }
.pw-document-hits > .pw-place { display: inline; }
.stHtml .pw-hits { list-style: none; padding: 0; margin: 0; }
.stHtml .pw-hit { padding: 0.25rem 0.6rem; margin: 0.1rem 0; border-left: 3px solid transparent; cursor: pointer; }
.pw-hit:hover { background: rgba(128, 128, 128, 0.08); }
.pw-hit.pw-selected { background: rgba(50, 115, 204, 0.1); border-left-color: #3273cc; }
.pw-head { display: flex; gap: 0.6rem; align-items: baseline; }
.pw-rank { font-size: 0.875rem; opacity: 0.85; font-variant-numeric: tabular-nums; }
.pw-open { min-width: 0; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; font-weight: 600; }
.stHtml a.pw-open { color: inherit; text-decoration: underline; text-underline-offset: 3px; }
.pw-page-number { white-space: nowrap; }
.pw-bar { flex: none; align-self: center; width: 3.2rem; height: 0.4rem; margin-left: auto; border-radius: 3px;
  background: rgba(128, 128, 128, 0.3); overflow: hidden; }
.pw-bar i { display: block; height: 100%; background: #16a34a; }
.pw-weak i { background: rgba(128, 128, 128, 0.9); }
.pw-why { flex: none; border: 0; background: none; color: inherit; font: inherit; font-size: 0.8rem; padding: 0.2rem;
  text-decoration: underline; text-underline-offset: 2px; cursor: pointer; opacity: 0.85; min-height: 24px; }
.pw-snippet { font-size: 0.95rem; line-height: 1.4; overflow: hidden; overflow-wrap: anywhere; }
.pw-prose { display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 3; max-height: 4.2em; }
.pw-cut { min-height: 4.2em; }
.pw-rows table { display: block; overflow: hidden; white-space: nowrap; }
.stHtml .pw-snippet p, .stHtml .pw-snippet ul, .stHtml .pw-snippet ol { margin: 0; font-size: inherit; }
.pw-snippet table { font-size: 0.85rem; }
.pw-snippet th, .pw-snippet td { max-width: 18rem; overflow: hidden; text-overflow: ellipsis; }
.pw-snippet tr:has(> :nth-child(4)) > th { max-width: 7.5rem; }
.pw-snippet .pw-code { max-height: 4.2em; overflow: hidden; }
.pw-prose:has(.pw-code) { max-height: 6.8em; }
.pw-more > summary, .pw-how > summary { font-size: 0.875rem; cursor: pointer; padding: 0.2rem 0.6rem; }
.stHtml .pw-line { margin: 1.2rem 0 0; padding-top: 0.5rem; border-top: 1px solid rgba(128, 128, 128, 0.5);
  font-size: 0.95rem; font-weight: 600; }
.stHtml .pw-question { font-size: 1.15rem; font-weight: 650; padding: 0; margin: 1.2rem 0 0; overflow-wrap: anywhere; }
.pw-exchange { display: grid; grid-template-columns: minmax(0, 6fr) minmax(0, 5fr); gap: 2rem; align-items: start; }
.pw-exchange > .pw-sources:only-child { grid-column: 1 / -1; }
.pw-answer { line-height: 1.65; max-width: 44rem; overflow-wrap: anywhere; }
.pw-claim { border-bottom: 2px solid transparent; }
.pw-claim.pw-shown { background: rgba(50, 115, 204, 0.14); }
.pw-contradicted.pw-claim { border-bottom-color: #c2410c; }
.pw-not-found.pw-claim { border-bottom: 2px dotted rgba(128, 128, 128, 0.9); }
.pw-verdict { border: 1px solid currentColor; border-radius: 12px; background: none; color: inherit; font: inherit;
  font-size: 0.8rem; font-weight: 650; line-height: 1; min-width: 24px; min-height: 24px; padding: 0;
  margin: 0 0.25rem; cursor: pointer; }
.pw-verdict.pw-contradicted { background: #9a3412; color: #fff; }
.stHtml a.pw-number-mark { color: inherit; text-decoration: underline; text-underline-offset: 3px; }
:is(.pw-verdict, .pw-number-mark, .pw-source-open):focus-visible { outline: 2px solid #3273cc; outline-offset: 2px; }
.pw-sources { max-height: calc(100vh - 6rem); overflow: auto; }
.stHtml .pw-source { border: 1px solid rgba(128, 128, 128, 0.4); border-radius: 8px; margin: 0 0 0.6rem;
  padding: 0.6rem 0.8rem; }
.pw-source.pw-shown { border-color: #3273cc; box-shadow: inset 3px 0 #3273cc; }
.stHtml a.pw-source-open { color: inherit; font-weight: 650; text-decoration: underline; text-underline-offset: 3px;
  overflow-wrap: anywhere; }
.pw-source-text { max-height: 11rem; overflow: auto; font-size: 0.9rem; margin-top: 0.3rem; }
.pw-evidence { background: none; color: inherit; text-decoration: underline dotted; text-underline-offset: 3px; }
.pw-evidence.pw-shown { background: rgba(255, 196, 0, 0.35); }
.stHtml .pw-support { font-size: 0.9rem; padding-left: 1.2rem; }
.stHtml .pw-support li { margin: 0.4rem 0; overflow-wrap: anywhere; }
.pw-hidden { border-left: 4px solid #d97706; padding-left: 0.6rem; }
.pw-compact { border: 1px solid rgba(128, 128, 128, 0.4); border-radius: 8px; margin: 0.5rem 0; }
.pw-compact { padding: 0.6rem 0.8rem; }
.pw-compact .pw-title { font-size: 1rem; }
.pw-text { white-space: pre-wrap; overflow-wrap: anywhere; margin: 0.5rem 0; }
.pw-short { font-size: 0.9rem; }
.pw-score { margin-left: auto; font-variant-numeric: tabular-nums; font-weight: 650; }
.pw-word { background: rgba(255, 196, 0, 0.35); color: inherit; border-radius: 3px; padding: 0 0.1em; }
.pw-best { text-decoration: underline 2px rgba(30, 136, 229, 0.7); text-underline-offset: 3px; }
.pw-beside { opacity: 0.85; font-size: 0.9rem; }
.pw-charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 30rem), 1fr)); gap: 1rem 3rem; }
.stHtml .pw-intervals { margin: 0; }
.pw-intervals figcaption { font-weight: 650; margin-bottom: 0.3rem; overflow-wrap: anywhere; }
.stHtml .pw-intervals ul { list-style: none; margin: 0; padding: 0; }
.stHtml .pw-intervals li { display: grid; grid-template-columns: 6rem minmax(4rem, 1fr) 10.5rem; gap: 0.8rem; margin: 0;
  align-items: center; font-size: 0.9rem; overflow-wrap: anywhere; }
.pw-track { position: relative; height: 1.4rem; background: linear-gradient(rgba(128, 128, 128, 0.25) 0 0) center / 100%
  1px no-repeat; }
.pw-interval { position: absolute; top: calc(50% - 2px); height: 4px; border-radius: 2px; background: #3273cc; }
.pw-mean { position: absolute; top: calc(50% - 6px); width: 12px; height: 12px; margin-left: -6px; border-radius: 50%;
  background: #3273cc; border: 2px solid Canvas; }
.pw-zero { position: absolute; top: 0; bottom: 0; width: 1px; background: currentColor; }
.pw-row-value { font-variant-numeric: tabular-nums; }
.pw-scale { display: flex; justify-content: space-between; margin: 0 11.3rem 0 6.8rem; font-size: 0.8rem; }
@media (max-width: 640px) {
.stHtml .pw-intervals li { grid-template-columns: minmax(0, 1fr) auto; gap: 0 0.8rem; }
.pw-track { grid-row: 2; grid-column: 1 / -1; }
.pw-scale { margin: 0; }
}
.pw-chart { overflow-x: auto; }
.pw-chart img { display: block; width: 100%; min-width: 32rem; max-width: 42rem; height: auto; }
.pw-scroll { overflow-x: auto; }
.pw-table { border-collapse: collapse; min-width: 100%; font-size: 0.9rem; }
.pw-table th, .pw-table td { text-align: left; padding: 0.25rem 1rem 0.25rem 0; vertical-align: top; }
.pw-table td { border-top: 1px solid rgba(128, 128, 128, 0.3); overflow-wrap: anywhere; min-width: 8rem; }
.pw-table .pw-number { text-align: right; font-variant-numeric: tabular-nums; min-width: 0; overflow-wrap: normal; }
.pw-sort { border: 0; background: none; color: inherit; font: inherit; font-weight: 650; padding: 0.2rem 0;
  cursor: pointer; min-height: 24px; }
.pw-table .pw-words { text-align: left; }
.stHtml a.pw-action { color: inherit; font-weight: 600; text-decoration: underline; text-underline-offset: 3px; }
:is(.pw-sort, .pw-action):focus-visible { outline: 2px solid #3273cc; outline-offset: 2px; }
.pw-facts { display: grid; grid-template-columns: minmax(6rem, max-content) minmax(0, 1fr); gap: 0.25rem 1rem; }
.stHtml .pw-facts { font-size: 0.9rem; margin: 0; padding: 0; overflow-wrap: anywhere; }
.pw-facts dt { opacity: 0.85; max-width: 9rem; }
.stHtml .pw-facts dd { margin: 0; padding: 0; }
.st-key-preview { position: sticky; top: 4rem; max-height: calc(100vh - 5rem); overflow: auto; padding: 0.8rem;
  border: 1px solid rgba(128, 128, 128, 0.4); border-radius: 8px; }
.st-key-results [data-testid="stColumn"]:has(.st-key-preview) > div { height: 100%; }
@media (max-width: 1099px) {
.st-key-results [data-testid="stHorizontalBlock"] > [data-testid="stColumn"] { min-width: 100%; }
.st-key-results [data-testid="stHorizontalBlock"] > [data-testid="stColumn"]:nth-child(2) { display: none; }
}
@media (max-width: 1099px) {
.pw-exchange { grid-template-columns: minmax(0, 1fr); gap: 1rem; }
.pw-sources { max-height: none; overflow: visible; }
.pw-source.pw-shown { position: fixed; left: 0.5rem; right: 0.5rem; bottom: 0.5rem; z-index: 9; background: Canvas; }
}
@media (max-width: 640px) {
.pw-head { flex-wrap: wrap; row-gap: 0; }
.pw-open { white-space: normal; overflow-wrap: anywhere; max-width: calc(100% - 2rem); display: -webkit-box;
  -webkit-box-orient: vertical; -webkit-line-clamp: 3; }
.pw-rows table { white-space: normal; }
.pw-rows :is(th, td) { overflow-wrap: normal; }
.pw-rows { max-height: 9em; }
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
[data-testid="stLayoutWrapper"]:has(> .st-key-reading-bar) { position: sticky; top: 3.75rem; z-index: 5;
  background: Canvas; border-bottom: 1px solid rgba(128, 128, 128, 0.4); padding-bottom: 0.5rem; }
.pw-ticks { position: relative; height: 24px; border-radius: 3px; background: rgba(128, 128, 128, 0.15); }
.stHtml a.pw-tick { position: absolute; top: 0; width: 24px; height: 24px; margin-left: -12px;
  background: linear-gradient(currentColor, currentColor) center / 4px 100% no-repeat; color: #b45309; }
.stHtml a.pw-tick[aria-current] { color: #3273cc; background-size: 8px 100%; }
[data-testid="stColumn"] [data-testid="stLayoutWrapper"]:has(> .st-key-outline) { position: sticky; top: 15rem; }
.st-key-outline .pw-outline { max-height: calc(100vh - 22rem); overflow: auto; font-size: 0.875rem; }
@media (max-width: 1099px) {
[data-testid="stLayoutWrapper"]:has(> .st-key-reading-bar) { position: static; }
[data-testid="stColumn"] [data-testid="stLayoutWrapper"]:has(> .st-key-outline) { position: static; }
.st-key-outline .pw-outline { max-height: 12rem; }
}
.stHtml .pw-outline ul { list-style: none; padding: 0; margin: 0; }
.stHtml .pw-outline a { color: inherit; display: block; padding: 0.15rem 0; overflow-wrap: anywhere; }
.stHtml .pw-outline a[aria-current] { font-weight: 650; }
.pw-page { position: relative; max-width: 60rem; margin: 0 auto; border: 1px solid rgba(128, 128, 128, 0.5); }
.pw-page img { display: block; width: 100%; height: auto; }
.pw-box { position: absolute; background: rgba(255, 213, 0, 0.42); mix-blend-mode: multiply; border-radius: 2px; }
.pw-document { overflow-wrap: anywhere; max-width: 50rem; line-height: 1.55; }
.pw-passage { background: rgba(255, 213, 0, 0.2); color: inherit; border-radius: 3px; padding: 0.1rem 0.3rem; }
.pw-passage .pw-word { background: none; font-weight: 700; text-decoration: underline 2px; }
.stHtml .pw-heading { font-weight: 700; margin: 0.8rem 0 0.2rem; }
.pw-document table, .pw-snippet table { border-collapse: collapse; }
.stHtml .pw-document th, .stHtml .pw-document td, .stHtml .pw-snippet th, .stHtml .pw-snippet td { text-align: left;
  padding: 0.1rem 0.9rem 0.1rem 0; vertical-align: top; border: 0; border-bottom: 1px solid rgba(128, 128, 128, 0.3); }
.stHtml .pw-document th, .stHtml .pw-snippet th { font-weight: 600; opacity: 0.85; }
.pw-code { white-space: pre-wrap; font-family: "Source Code Pro", monospace; font-size: 0.85rem; margin: 0.3rem 0;
  background: rgba(128, 128, 128, 0.1); padding: 0.3rem 0.6rem; border-radius: 4px; color: inherit; }
@media print {
header, .st-key-outline, .st-key-reading-bar [data-testid="stHorizontalBlock"], .pw-rail { display: none !important; }
.st-key-reading-bar { position: static; }
.stApp, [data-testid="stAppViewContainer"], [data-testid="stMain"] { position: static !important; }
.stApp, [data-testid="stAppViewContainer"], [data-testid="stMain"] { overflow: visible !important; }
.pw-passage { outline: 1px solid #b45309; }
}
@media (prefers-reduced-motion: reduce) {
*, *::before, *::after { animation: none !important; transition: none !important; scroll-behavior: auto !important; }
}
</style>"""
