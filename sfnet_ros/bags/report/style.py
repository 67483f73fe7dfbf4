"""How the page of an evaluation looks, beside what all pages have."""

STYLE = """
.quiet { color: #666 }
.warning { border-left: 4px solid #e69f00; padding-left: .8rem }
.wide { overflow-x: auto }
table { border-collapse: collapse; font-variant-numeric: tabular-nums }
th, td { text-align: right; padding: .2rem .8rem; border-bottom: 1px solid #e5e5e5; white-space: nowrap }
th { font-weight: 500 }
th:first-child { text-align: left }
/* Names of models are long, and their columns need not be. */
th:not(:first-child) { white-space: normal; vertical-align: bottom }
th[colspan] { text-align: center }
td { min-width: 7rem }
.swatch { display: inline-block; width: .8em; height: .8em; margin-right: .5em; border-radius: 2px }
.legend > span { white-space: nowrap; margin-right: 1.2em }
.more { color: #666; font-size: .85em }
.better { color: #00734f }
.worse { color: #b03a00 }
svg { display: block; width: 100%; max-width: 680px; height: auto }
svg text { font-size: 12px; fill: #444 }
svg text.light { fill: #fff }
svg .grid { stroke: #e8e8e8 }
svg .axis { stroke: #888 }
.pair { display: flex; flex-wrap: wrap; gap: 1rem }
.pair > div { flex: 1 1 300px; max-width: 360px }
.sides { display: flex; flex-wrap: wrap; gap: .6rem 1.2rem }
.sides > div { flex: 1 1 440px; max-width: 640px; min-width: 0 }
.frames { display: flex; flex-wrap: wrap; gap: .4rem }
figure { margin: 0; flex: 1 1 220px; max-width: 420px }
figcaption { color: #666; font-size: .85em }
img, video { width: 100%; display: block }
video { max-width: 640px }
"""
