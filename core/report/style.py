"""How a report in HTML looks: light or dark as its reader has it, on paper as well."""

STYLE = """
:root { color-scheme: light dark; --ink: #1c2430; --soft: #5b6675; --line: #dde3ea; --page: #fbfcfd; --card: #fff;
  --bar: #3b6fd4; --rail: #e8edf5; --up: #1d7f4f; --down: #b3403a; }
@media (prefers-color-scheme: dark) { :root { --ink: #e4e8ee; --soft: #9aa6b5; --line: #2c3541; --page: #12161c;
  --card: #191f27; --bar: #6f9cf0; --rail: #253041; --up: #58c48e; --down: #ee8b84; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink); font: 16px/1.55 system-ui, "Segoe UI", Roboto, sans-serif; }
main { max-width: 62rem; margin: 0 auto; padding: 2.5rem 1.25rem 4rem; }
h1 { font-size: 1.9rem; line-height: 1.2; margin: 0 0 .3rem; }
h2 { font-size: 1.25rem; margin: 2.6rem 0 .8rem; padding-bottom: .3rem; border-bottom: 1px solid var(--line); }
h3 { font-size: 1rem; margin: 1.4rem 0 .4rem; }
p { margin: .4rem 0; } .soft { color: var(--soft); font-size: .9rem; }
bdi { overflow-wrap: anywhere; }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(8.6rem, 1fr)); gap: .7rem; margin: 1.4rem 0 0; padding: 0; }
.cards div { background: var(--card); border: 1px solid var(--line); border-radius: .6rem; padding: .7rem .9rem; }
.cards dt { color: var(--soft); font-size: .8rem; } .cards dd { margin: 0; font-size: 1.05rem; font-weight: 600; }
details { margin: .35rem 0; } details details { margin-left: 1.1rem; }
summary { display: grid; grid-template-columns: 1fr 9rem 10.5rem; gap: .8rem; align-items: center; cursor: pointer;
  padding: .45rem .7rem; background: var(--card); border: 1px solid var(--line); border-radius: .5rem; list-style: none; }
summary::-webkit-details-marker { display: none; }
summary .name::before { content: "\\25B8"; color: var(--soft); display: inline-block; width: 1.1em; }
details[open] > summary .name::before { content: "\\25BE"; }
summary:focus-visible { outline: 2px solid var(--bar); outline-offset: 2px; }
.top > summary .name { font-weight: 650; } .figures { color: var(--soft); font-size: .85rem; text-align: right; font-variant-numeric: tabular-nums; }
.bar { display: block; height: .55rem; border-radius: .3rem; background: var(--rail); overflow: hidden; }
.bar i { display: block; height: 100%; background: var(--bar); border-radius: .3rem; }
.body { padding: .3rem .7rem .5rem 1.8rem; } .body p { margin: .25rem 0; }
blockquote { margin: .35rem 0; padding: .15rem 0 .15rem .8rem; border-left: 3px solid var(--rail); font-size: .93rem; }
.held { color: var(--soft); font-style: italic; margin: .3rem 0 .3rem 1.8rem; }
table { border-collapse: collapse; width: 100%; font-size: .92rem; } td, th { padding: .3rem .6rem .3rem 0; text-align: left; vertical-align: top; border-bottom: 1px solid var(--line); }
th { font-weight: 500; color: var(--soft); width: 12rem; } td.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; width: 7rem; } td.wide { width: 35%; vertical-align: middle; }
svg { display: block; width: 100%; height: 5rem; } svg.small { width: 9rem; height: 1.8rem; } rect { fill: var(--bar); } rect.part { opacity: .4; }
svg.map { height: auto; background: var(--card); border: 1px solid var(--line); border-radius: .6rem; }
svg.map text { font: 700 3px system-ui, sans-serif; fill: var(--ink); text-anchor: middle; dominant-baseline: central; paint-order: stroke; stroke: var(--card); stroke-width: .7px; }
.m0 { fill: #0072b2; } .m1 { fill: #d08400; } .m2 { fill: #009e73; } .m3 { fill: #b5a800; } .m4 { fill: #d55e00; } .m5 { fill: #c4679f; } .m6 { fill: #6a70d8; } .mx { fill: var(--soft); }
.d1 { opacity: .3; } .d2 { opacity: .52; } .d3 { opacity: .76; } svg.swatch { display: inline-block; width: .8rem; height: .8rem; vertical-align: -.05rem; border-radius: .2rem; } .legend th { width: 4rem; }
.move { display: grid; grid-template-columns: 1fr 9rem; gap: .8rem; align-items: center; padding: .5rem 0; border-bottom: 1px solid var(--line); }
.rising { color: var(--up); } .falling { color: var(--down); }
footer { margin-top: 3rem; color: var(--soft); font-size: .85rem; }
@media (max-width: 40rem) { summary, .move { grid-template-columns: 1fr; gap: .3rem; } .figures { text-align: left; } details details { margin-left: .5rem; } th { width: auto; } }
@media print { body { background: #fff; } details { break-inside: avoid-page; } }
"""
"""The style sheet; it names no font, picture or other file."""
