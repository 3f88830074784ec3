"""Settings of Sphinx for the site; `docs/make.py` gathers its pages and runs it."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import bptt_lab

project = "bptt-lab"
author = "the bptt-lab developers"
copyright = "the bptt-lab developers; code BSD-3-Clause, text CC BY 4.0"
version = release = bptt_lab.__version__

extensions = ["myst_nb", "sphinx.ext.autodoc", "pages.formulas", "pages.docstrings", "pages.looks"]
exclude_patterns = ["gallery/README.md"]
html_math_renderer = "mathml"

myst_enable_extensions = ["dollarmath", "amsmath", "colon_fence", "deflist"]
myst_heading_anchors = 4
myst_heading_slug_func = "pages.anchors.slug"
nb_execution_mode = "off"  # what is shown is what is stored, and that is tested
nb_render_markdown_format = "myst"  # formulas and tables in outputs
nb_merge_streams = True

autodoc_default_options = {"member-order": "bysource"}
autodoc_typehints_format = "short"
add_module_names = False
smartquotes = False  # a quotation mark is often code here

html_theme = "furo"
html_title = "bptt-lab"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_js_files = [("site.js", {"defer": "defer"})]
html_copy_source = False
html_domain_indices = False
html_show_sphinx = False
html_theme_options = {
    "light_css_variables": {
        "color-brand-primary": "#0b5394",
        "color-brand-content": "#0b5394",
        "color-brand-visited": "#6a3d8a",
    },
    "dark_css_variables": {
        "color-brand-primary": "#7db7f0",
        "color-brand-content": "#7db7f0",
        "color-brand-visited": "#c9a4e6",
    },
}
